"""The window on the system's screen: opened, turned, and shown; the app sees an upright surface."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_TOUCH_MOUSE_EVENTS", "0")  # a finger is a finger, not a mouse as well
os.environ.setdefault("SDL_MOUSE_AUTO_CAPTURE", "0")  # a captured mouse holds back the end of a touch on X11
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "digitpad")  # what a launcher's StartupWMClass names

import pygame

from ...errors import DisplayError
from ...escape import print_error
from .kms import switch_screens
from .sdl import loaded_library, loaded_sdl

TITLE = "digitpad"
SIZE = (800, 480)
ICON = Path(__file__).with_name("icon.bmp")  # BMP is read without SDL_image, which frozen programs leave out
CONNECTORS = Path("/sys/class/drm")
PAUSE = 0.5  # seconds between looks for a screen
DRIVER_TIMEOUT = 30  # seconds for the screen's driver to be loaded, and for udev to give out the rights to its device
UNSEEN = {"offscreen", "dummy"}  # drivers that SDL falls back to without a display: a window that nobody sees


class Display:
    """The window, and the surface that is drawn on: turned by `rotate` degrees clockwise on the way to the screen."""

    def __init__(
        self,
        *,
        rotate: int = 0,
        fullscreen: bool = False,
        kiosk: bool = False,
        size: tuple[int, int] | None = None,
        screen: int = 0,
    ) -> None:
        """Open the window on a screen, 0 is the first; raises DisplayError if that is impossible."""
        self._screen = screen
        self.rotate = rotate
        # Python's Ctrl-C handler does not run while we sleep in SDL. With the default handler in place, SDL turns
        # SIGINT, like SIGTERM, into a QUIT event, so that the ink is saved.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _quit_on_hangup()
        try:
            pygame.display.init()
            if pygame.display.get_driver() in UNSEEN and not os.environ.get("SDL_VIDEODRIVER"):
                pygame.display.quit()
                raise pygame.error("no display found")
            pygame.font.init()
            # SDL presents through OpenGL by default: 90 MB, ten times the idle work. Only X11
            # can do without; on KMS/DRM, OpenGL ES takes 4 MB less than OpenGL.
            if way := {"x11": "0", "KMSDRM": "opengles2"}.get(pygame.display.get_driver()):
                os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", way)
            pygame.display.set_caption(TITLE)
            pygame.display.set_icon(pygame.image.load(ICON))
            if screen >= (count := pygame.display.get_num_displays()):
                raise pygame.error(f"there is no display {screen}, only 0 to {count - 1}")
            self._open(fullscreen, kiosk, size)
        except pygame.error as error:
            raise DisplayError(
                f"no window can be opened here ({error}). "
                "Without a screen, run: digitpad demo, or digitpad recognize FILE"
            ) from None

    def _open(self, fullscreen: bool, kiosk: bool, wanted: tuple[int, int] | None) -> None:
        size, flags = wanted or SIZE, pygame.RESIZABLE
        self._small = False  # a screen that has no room for anything else
        with contextlib.suppress(pygame.error):
            screen = pygame.display.get_desktop_sizes()[self._screen]
            self._small = wanted is None and (screen[0] <= SIZE[0] or screen[1] <= SIZE[1])
            fullscreen = fullscreen or kiosk or self._small
            size = screen if fullscreen else size
        self.fullscreen = fullscreen
        self._size = wanted or SIZE  # to come back to from full screen
        pygame.display.set_mode(size, flags | (pygame.FULLSCREEN if fullscreen else 0), display=self._screen)
        pygame.mouse.set_visible(not kiosk)
        self.refit()

    def refit(self) -> None:
        """Fit the drawing surface to the window's present size."""
        window = _window()
        size = window.get_size()
        upright = size if self.rotate % 180 == 0 else (size[1], size[0])
        self.surface: pygame.Surface = window if self.rotate == 0 else pygame.Surface(upright)

    def change(self, *, rotate: int, fullscreen: bool, kiosk: bool) -> None:
        """Apply changed settings."""
        self.rotate, fullscreen = rotate, fullscreen or kiosk or self._small
        if fullscreen != self.fullscreen:
            self.fullscreen = fullscreen
            size = pygame.display.get_desktop_sizes()[self._screen] if fullscreen else self._size
            flags = pygame.RESIZABLE | (pygame.FULLSCREEN if fullscreen else 0)
            pygame.display.set_mode(size, flags, display=self._screen)
        pygame.mouse.set_visible(not kiosk)
        self.refit()

    def keep_awake(self, awake: bool) -> None:
        """Keep the system from blanking the screen, or let it."""
        pygame.display.set_allow_screensaver(not awake)

    def switch(self, on: bool) -> None:
        """Switch the screens on or off, their backlights too; where that cannot be done, they stay lit.

        A desktop would not do it: SDL 2 never takes back that it asked for a lit screen (keep_awake).
        """
        driver = pygame.display.get_driver()
        if driver == "KMSDRM":
            switch_screens(on)
        elif driver == "wayland" and (program := shutil.which("wlopm")):
            subprocess.run([program, "--on" if on else "--off", "*"], capture_output=True, check=False)

    def show(self, changed: Sequence[pygame.Rect]) -> None:
        """Show the changed rectangles on the screen."""
        if not changed:
            return
        if self.rotate:
            window, whole = _window(), self.surface.get_rect()
            areas = [area.clip(whole) for area in changed]
            changed = [self._turn_onto(window, area) for area in areas if area]  # in a tiny window, most lie outside
        pygame.display.update(list(changed))

    def _turn_onto(self, window: pygame.Surface, area: pygame.Rect) -> pygame.Rect:
        turned = pygame.transform.rotate(self.surface.subsurface(area), -self.rotate)
        width, height = self.surface.get_size()
        corner = {
            90: (height - area.bottom, area.left),
            180: (width - area.right, height - area.bottom),
            270: (area.top, width - area.right),
        }[self.rotate]
        return window.blit(turned, corner)

    def upright(self, event: pygame.event.Event) -> pygame.event.Event:
        """Return an event with its position on the unrotated surface."""
        if self.rotate == 0:
            return event
        if event.type in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            width, height = _window().get_size()
            x, y = self._upright(event.pos[0] / width, event.pos[1] / height)
            place: dict[str, object] = {
                "pos": (round(x * self.surface.get_width()), round(y * self.surface.get_height()))
            }
        elif event.type in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
            x, y = self._upright(event.x, event.y)
            place = {"x": x, "y": y}
        else:
            return event
        return pygame.event.Event(event.type, {**event.dict, **place})

    def _upright(self, x: float, y: float) -> tuple[float, float]:
        return {90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[self.rotate]


def wait_for_screen(on_wait: Callable[[], object]) -> None:
    """Return when KMS/DRM can draw, calling `on_wait` twice a second; with other drivers, at once.

    A kiosk's service may start before the screen's driver is loaded, and long before the screen is switched on: that
    wait has no end. Without a driver, or without the rights to it, it returns after DRIVER_TIMEOUT.
    """
    if os.environ.get("SDL_VIDEODRIVER", "").lower() != "kmsdrm":
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as in Display: before SDL is initialised
    left, said = round(DRIVER_TIMEOUT / PAUSE), False
    while left:
        states = _connectors()
        if "connected" in states:
            with contextlib.suppress(pygame.error):  # opening the window says why
                pygame.display.init()
                return
        elif not said:
            print_error("no screen is connected yet; waiting for one")
            said = True
        left -= not states or "connected" in states
        on_wait()
        time.sleep(PAUSE)


def _connectors() -> set[str]:
    """Return the states of the plugs for screens: connected, disconnected, unknown."""
    states = set()
    for path in CONNECTORS.glob("card*-*/status"):
        with contextlib.suppress(OSError):  # at boot, the firmware's driver gives way to the real one
            states.add(path.read_text().strip())
    return states


def _quit_on_hangup() -> None:
    """Post QUIT on SIGHUP, sent when the terminal or session closes, as SDL does on SIGTERM; under nohup, ignore it.

    A thread waits for the signal, since Python's handlers do not run while we sleep in SDL.
    """
    if not hasattr(signal, "sigwait") or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return

    def wait() -> None:
        signal.sigwait([signal.SIGHUP])
        with contextlib.suppress(pygame.error):  # the window is closed already
            pygame.event.post(pygame.event.Event(pygame.QUIT))

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # threads that are started from here on inherit that
    threading.Thread(target=wait, name="hangup", daemon=True).start()


def _window() -> pygame.Surface:
    window = pygame.display.get_surface()
    if window is None:
        raise pygame.error("the window is closed")
    return window


def density(screen: int = 0) -> float:
    """Return a screen's dots per inch, 0 if the system does not know it."""
    library = loaded_sdl()
    if library is None:
        return 0.0
    diagonal, across, down = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    library.SDL_GetDisplayDPI.argtypes = [ctypes.c_int, *[ctypes.POINTER(ctypes.c_float)] * 3]
    failed = library.SDL_GetDisplayDPI(screen, ctypes.byref(diagonal), ctypes.byref(across), ctypes.byref(down))
    return 0.0 if failed else float(across.value)


def on_lost_display(act: Callable[[], object]) -> None:
    """Call `act` when the connection to the X server breaks, before Xlib exits the process without saving.

    `act` runs within a call of Xlib, must end the process, and may not use pygame. Only X11 needs this: on Wayland, SDL
    posts QUIT.
    """
    library = loaded_library("libX11.so")
    if library is None or pygame.display.get_driver() != "x11":
        return
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda _: act() and 0)
    library.XSetIOErrorHandler.restype = ctypes.c_void_p
    library.XSetIOErrorHandler(handler)
    _HANDLERS[:] = [handler]


_HANDLERS: list[object] = []  # keeps the callback that Xlib may call from being garbage-collected


def copy_text(text: str) -> bool:
    """Copy text to the clipboard; returns False if there is no clipboard."""
    try:
        if hasattr(pygame.scrap, "put_text"):  # pygame-ce
            pygame.scrap.put_text(text)
        else:
            pygame.scrap.init()
            pygame.scrap.put(pygame.SCRAP_TEXT, text.encode())
    except (pygame.error, NotImplementedError):
        return False
    return True
