"""The fewest steps that still break something (delta debugging, Zeller and Hildebrandt, 2002)."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def shrink(steps: Sequence[T], breaks: Callable[[list[T]], bool], seconds: float) -> list[T]:
    """Return few of `steps` that break; all of them where time is up, or where they do not break again."""
    end = time.monotonic() + seconds
    found = list(steps)
    for last in (1, 3, 10, 30, 100, 300, 1000):  # the last of them are the likeliest
        if last < len(found) and time.monotonic() < end and breaks(found[-last:]):
            found = found[-last:]
            break
    parts = 2
    while len(found) >= 2 and time.monotonic() < end:
        size = -(-len(found) // parts)
        for start in range(0, len(found), size):
            rest = found[:start] + found[start + size :]
            if time.monotonic() < end and rest and breaks(rest):
                found, parts = rest, max(2, parts - 1)
                break
        else:
            if parts >= len(found):
                break
            parts = min(len(found), 2 * parts)
    return found
