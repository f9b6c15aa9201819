"""Sleeping until an event comes, without a timer that ticks."""

import ctypes
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pygame

SLEEP = 25  # milliseconds between looks where SDL cannot be asked to wake us


def make_waiter() -> Callable[[], None]:
    """Return a function that returns when an event is there and leaves it in the queue.

    pygame.event.wait() is a 1 ms poll in disguise (900 wake-ups a second); SDL's own wait is none. It is called in
    the very SDL library that pygame brought; where that cannot be found, a slow poll serves.
    """
    library = _loaded_sdl()
    if library is None:
        return _poll
    wait = library.SDL_WaitEvent
    wait.argtypes, wait.restype = [ctypes.c_void_p], ctypes.c_int
    # Python runs its own Ctrl-C handler only between bytecodes, and there are none while we sleep in SDL
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def sleep() -> None:
        if not wait(None):  # SDL's error return: never spin on it
            _poll()

    return sleep


def _poll() -> None:
    while not pygame.event.peek():
        pygame.time.wait(SLEEP)


def _loaded_sdl() -> ctypes.CDLL | None:
    """Return the SDL 2 library that this process has loaded already, on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return None
    for line in maps.splitlines():
        path = line.partition("/")[2]
        if path.rpartition("/")[2].startswith("libSDL2-2"):
            return ctypes.CDLL("/" + path)
    return None
