"""Sleeps until an event arrives, without polling, and finds the SDL library that pygame loaded."""

import ctypes
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pygame

SLEEP = 25  # milliseconds between polls where SDL's own wait cannot be called

Waiter = Callable[[int | None], None]
"""Returns when an event is in the queue, where it stays, or after that many milliseconds."""


def milliseconds() -> int:
    """Return a monotonic time; pygame's own clock runs only after `pygame.init`, which is slow."""
    return time.monotonic_ns() // 1_000_000


def make_waiter() -> Waiter:
    """Return a function that sleeps until an event arrives, or for a number of milliseconds if given.

    pygame.event.wait() polls every millisecond (900 wake-ups a second), so SDL's own wait is called, in the library
    that pygame loaded. Where that cannot be found, the queue is polled every SLEEP milliseconds.
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
    """Return the SDL 2 library that pygame loaded; None outside Linux."""
    return loaded_library("libSDL2-2")


@cache
def loaded_library(name: str) -> ctypes.CDLL | None:
    """Return the library that this process loaded from a file whose name starts with `name`; None outside Linux."""
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
