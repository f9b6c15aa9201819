"""What the frozen program holds: `python setup.py build_exe` for cx_Freeze, in an environment with digitpad's wheel.

tools/freeze/build runs it on Linux. `bdist_msi` is for Windows, `bdist_mac` and `bdist_dmg` are for macOS; each builds
on its own system only, and none of the three has been run yet.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

from cx_Freeze import Executable, setup
from cx_Freeze.command.build_exe import build_exe
from licences import licences
from PIL import Image

from edge_app.system.desktop.launcher import DATA
from edge_app.version import __version__

NAME = "digitpad"
SUMMARY = "Write numbers by hand and have them read"
AUTHOR = "The digitpad authors"
WINDOWS, MAC = sys.platform == "win32", sys.platform == "darwin"
RUNTIMES = ("tflite_runtime", "ai_edge_litert")  # imported by name at run time, so cx_Freeze cannot find them

# Modules that nothing reaches at run time.
EXCLUDED = [
    *("tkinter", "unittest", "test", "pydoc", "doctest", "pdb", "lib2to3", "distutils", "setuptools", "pip"),
    *("cx_Freeze", "tensorflow"),
    *("ssl", "_ssl", "_hashlib"),  # there is no network; hashlib computes SHA-256 without OpenSSL, too
    *("bz2", "_bz2", "lzma", "_lzma"),  # shutil would load them at every start, 4 MB, for archives that nothing makes
    *("asyncio", "concurrent", "multiprocessing", "xmlrpc", "http.server", "ftplib", "curses", "readline"),
    *("numpy.f2py", "numpy.distutils", "numpy.testing", "numpy.tests", "numpy.core._simd"),
    *("PIL._avif", "PIL._imagingcms", "PIL._imagingmath"),
    *("PIL._imagingmorph", "PIL._imagingtk", "PIL.ImageTk", "PIL.ImageQt"),
    *("pygame.docs", "pygame.examples", "pygame.tests", "pygame.__pyinstaller", "pygame._sdl2", "pygame._camera"),
    *("pygame.camera", "pygame.mixer", "pygame.mixer_music", "pygame.midi", "pygame.pypm", "pygame.sndarray"),
    "pygame.imageext",  # pygame loads it at every start, with libraries for JPEG and others; Pillow reads pictures here
    *("pygame.freetype", "pygame._freetype", "pygame.ftfont", "pygame.gfxdraw", "pygame._debug"),
    *("pygame._render", "pygame.__briefcase"),
]
# cx_Freeze copies a package's folder whole, with excluded extension modules and the libraries that only these need.
UNUSED = [
    *(f"lib/{name.replace('.', '/')}.*" for name in EXCLUDED),
    *("lib/*/test", "lib/*/tests", "lib/ctypes/macholib/fetch*"),
    *("lib/numpy/doc", "lib/numpy/core/include", "lib/numpy/**/*.a", "lib/numpy/**/*.pyi"),
    *("lib/ai_edge_litert/tools", "lib/ai_edge_litert/vendors", "lib/ai_edge_litert/libLiteRt*.so"),
    *(f"lib/pillow.libs/lib{name}*" for name in ("avif", "lcms2")),
    *(f"lib/pygame_ce.libs/lib{name}*" for name in ("SDL2_image", "SDL2_mixer", "FLAC", "asound", "fluidsynth")),
    *(f"lib/pygame_ce.libs/lib{name}*" for name in ("jpeg", "mpg123", "ogg", "opus", "portmidi", "sharpyuv")),
    *(f"lib/pygame_ce.libs/lib{name}*" for name in ("sndfile", "tiff", "vorbis", "wavpack", "webp", "xmp")),
]


class Build(build_exe):  # type: ignore[misc]  # cx_Freeze is installed only where programs are frozen
    """cx_Freeze's command; removes unused files afterwards."""

    def run(self) -> None:
        """Build the folder."""
        super().run()
        for path in [path for pattern in UNUSED for path in Path(self.build_exe).glob(pattern)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def icon(size: int) -> Image.Image:
    """Return the icon of that size."""
    return Image.open(DATA / f"icons/hicolor/{size}x{size}/apps/digitpad.png")


def icon_file(folder: Path) -> Path:
    """Write the icon in the system's format; returns its path."""
    path = folder / f"{NAME}.{'icns' if MAC else 'ico'}"
    if MAC:
        icon(512).save(path)
    else:
        pictures = [icon(size) for size in (256, 64, 48, 32, 24, 16)]
        pictures[0].save(path, sizes=[picture.size for picture in pictures], append_images=pictures[1:])
    return path


def programs(icon: Path) -> list[Executable]:
    """Return the executables. On Windows a program has a console or none: the menu's has none, the commands' has."""
    start = Path(__file__).with_name("start.py")
    if not WINDOWS:
        return [Executable(start, target_name=NAME, icon=icon if MAC else None)]
    menu = {"shortcut_name": NAME, "shortcut_dir": "ProgramMenuFolder"}
    return [
        Executable(start, target_name=f"{NAME}.exe", icon=icon),
        Executable(start, base="gui", target_name=f"{NAME}w.exe", icon=icon, **menu),
    ]


def options(icon: Path, texts: Path) -> dict[str, dict[str, object]]:
    """Return the options of each command."""
    build: dict[str, object] = {
        "packages": ["edge_app", *(name for name in RUNTIMES if importlib.util.find_spec(name))],
        "excludes": EXCLUDED,
        "include_files": [(str(texts), texts.name)],
        "include_msvcr": WINDOWS,
        "replace_paths": [("*", "")],  # a traceback shows module names, not the builder's folders
        "silent_level": 2,  # or it lists the modules of other systems as missing
    }
    msi: dict[str, object] = {
        "upgrade_code": "{6B8C1A52-8B55-4D0C-9E0C-0C6C6E2F6D17}",  # a new version replaces the old by it: keep it
        "all_users": False,  # no administrator needed
        "initial_target_dir": rf"[LocalAppDataFolder]\Programs\{NAME}",
        "install_icon": str(icon),
        "summary_data": {"author": AUTHOR, "comments": SUMMARY},
    }
    mac: dict[str, object] = {
        "bundle_name": NAME,
        "iconfile": str(icon),
        "plist_items": [
            ("CFBundleIdentifier", "arpa.home.digitpad"),
            ("CFBundleShortVersionString", __version__),
            ("LSApplicationCategoryType", "public.app-category.education"),
            ("NSHighResolutionCapable", True),
        ],
    }
    dmg: dict[str, object] = {"volume_label": NAME, "applications_shortcut": True}
    return {"build_exe": build, "bdist_msi": msi, "bdist_mac": mac, "bdist_dmg": dmg}


if __name__ == "__main__":
    build = Path("build")
    build.mkdir(exist_ok=True)
    texts = build / "licences.txt"
    texts.write_text(licences(), encoding="utf-8")  # before setup(), whose egg-info would hide the wheel's metadata
    picture = icon_file(build)
    setup(
        name=NAME,
        version=__version__,
        description=SUMMARY,
        author=AUTHOR,
        license="MIT",
        cmdclass={"build_exe": Build},
        executables=programs(picture),
        options=options(picture, texts),
    )
