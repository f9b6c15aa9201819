"""Sleeping until an event comes, without a timer that ticks."""

import ctypes
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pygame

SLEEP = 25  # milliseconds between looks where SDL cannot be asked to wake us

Waiter = Callable[[int | None], None]
"""Returns when an event is there, which stays in the queue, or after so many milliseconds."""


def milliseconds() -> int:
    """Return the time, from any beginning; pygame's own stands still without `pygame.init`, which takes long."""
    return time.monotonic_ns() // 1_000_000


def make_waiter() -> Waiter:
    """Return a function that sleeps until an event is there, or some milliseconds where they are given.

    pygame.event.wait() is a 1 ms poll in disguise (900 wake-ups a second); SDL's own wait is none. It is called in
    the very SDL library that pygame brought; where that cannot be found, a slow poll serves.
    """
    library = loaded_sdl()
    if library is None:
        return _poll
    library.SDL_WaitEvent.argtypes = [ctypes.c_void_p]
    library.SDL_WaitEventTimeout.argtypes = [ctypes.c_void_p, ctypes.c_int]

    def sleep(most: int | None) -> None:
        if most is not None:
            library.SDL_WaitEventTimeout(None, most)
        elif not library.SDL_WaitEvent(None):  # SDL's error return: never spin on it
            _poll(None)

    return sleep


def _poll(most: int | None) -> None:
    started = milliseconds()
    while not pygame.event.peek():
        left = SLEEP if most is None else started + most - milliseconds()
        if left <= 0:
            return
        pygame.time.wait(min(SLEEP, left))


def loaded_sdl() -> ctypes.CDLL | None:
    """Return the SDL 2 library that pygame brought, on Linux."""
    return loaded_library("libSDL2-2")


@cache
def loaded_library(name: str) -> ctypes.CDLL | None:
    """Return the library that this process has loaded from a file whose name begins so; Linux only, None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return None
    for line in maps.splitlines():
        path = line.partition("/")[2]
        if path.rpartition("/")[2].startswith(name):
            return ctypes.CDLL("/" + path)
    return None
