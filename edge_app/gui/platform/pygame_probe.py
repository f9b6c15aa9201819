"""What the installed pygame can do here: `python -m edge_app.gui.platform.pygame_probe`, run by the doctor."""

import ctypes
import unicodedata
from pathlib import Path
from typing import Any

from ...system.doctor.probe import serve

NEEDED = {
    "KMSDRM": ("libdrm.so.2", "libgbm.so.1", "libEGL.so.1", "libGLESv2.so.2", "libudev.so.1"),
    "wayland": (
        *("libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1", "libxkbcommon.so.0"),
        *("libEGL.so.1", "libGLESv2.so.2"),
    ),
    "x11": ("libXi.so.6",),  # without it, fingers are a mouse
}
"""What SDL's drivers load from the system, and no wheel brings along."""


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return versions, drivers, the driver that SDL chooses, and the letters of the job that no font has.

    `drivers` and `udev` are None where SDL's library cannot be asked (not Linux, or built into pygame).
    """
    try:
        from .display import UNSEEN  # noqa: I001  before pygame: it sets what SDL reads when it is loaded
        import pygame
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        return {"error": (str(error).splitlines() or [type(error).__name__])[0]}
    name = "pygame-ce" if getattr(pygame, "IS_CE", False) else "pygame"
    versions = {"name": name, "version": pygame.version.ver, "sdl": ".".join(map(str, pygame.version.SDL))}
    return {**versions, **_library(), **_chosen(UNSEEN), **_letters(str(job["letters"]))}


def _library() -> dict[str, Any]:
    """Return the drivers that SDL was built with; an error text cannot tell absent from unusable."""
    from .sdl import loaded_sdl

    library = loaded_sdl()
    if library is None:
        return {"drivers": None, "udev": None, "lacking": {}}
    library.SDL_GetVideoDriver.restype = ctypes.c_char_p
    found = [library.SDL_GetVideoDriver(number) for number in range(library.SDL_GetNumVideoDrivers())]
    # SDL loads udev by name when it first looks for devices, so the name is in SDL's file
    udev = b"libudev.so" in Path(library._name).read_bytes()
    return {
        "drivers": [name.decode() for name in found if name],
        "udev": udev,
        "lacking": {driver: [name for name in names if not _loads(name)] for driver, names in NEEDED.items()},
    }


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _chosen(unseen: set[str]) -> dict[str, Any]:
    import pygame

    try:
        pygame.display.init()
    except pygame.error as error:
        return {"driver": "", "seen": False, "refusal": str(error)}
    driver = pygame.display.get_driver()
    pygame.display.quit()
    return {"driver": driver, "seen": driver not in unseen, "refusal": ""}


def _letters(letters: str) -> dict[str, Any]:
    import pygame

    try:
        from ..drawing.fonts import Fonts

        pygame.font.init()
        fonts = Fonts(letters)
    except (ImportError, NotImplementedError, OSError, pygame.error) as error:
        return {"font": None, "missing": [], "font_error": str(error)}
    names = [unicodedata.name(letter, f"U+{ord(letter):04X}") for letter in fonts.missing]
    return {"font": fonts.path or "", "missing": names, "font_error": ""}


if __name__ == "__main__":
    serve(answer)
