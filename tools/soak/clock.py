"""A wall clock that is set while the window runs, as the network does at a Pi's start: timers must not notice.

`python -m tools.soak.clock JUMPS` runs with disk.c loaded and FAULTS_CLOCK naming the file by which the clock is wrong,
and prints what it saw as JSON.
"""

import json
import os
import random
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_app.gui.app import KEPT_AFTER
from edge_app.storage.history import StoredPage
from tools.bench.hand import Hand, run_with
from tools.bench.samples import numbers, placed

YEAR = 365 * 24 * 3600
JUMPS = [-56 * YEAR, 56 * YEAR, -3 * 3600, 2 * 3600, 3600, -YEAR, 12 * YEAR]  # the first: 1970, where there is no clock
TRUE = datetime.now(UTC).timestamp() - time.monotonic()  # seconds, before any jump
LATE = 20.0  # seconds, after which what is due was forgotten


def set_clock(wrong: int) -> None:
    """Let the wall clock of this process be wrong by so many seconds."""
    path = Path(os.environ["FAULTS_CLOCK"])
    with path.open("r+b") as file:  # it is mapped: the file must stay the same
        file.write(struct.pack("=q", wrong))


def jump_and_write(hand: Hand, jumps: list[int]) -> dict[str, Any]:
    """Set the clock in the midst of each number; each must be stored in time by its timer, and carry the new time."""
    hand.await_model()
    wrong, waits, broken = 0, list[float](), list[str]()
    for count, jump in enumerate(jumps, 1):
        strokes = placed(numbers()[0][:2], hand.app.layout().pad, random.Random(count))
        hand.write(strokes[:1], rate=None)
        wrong += jump
        set_clock(wrong)
        hand.write(strokes[1:], rate=None)
        waits.append(_until_stored(hand, count))
        pages = _pages(hand)
        if len(pages) != count:
            broken.append(f"jump {count}: {len(pages)} pages are kept")
            continue
        away = abs(datetime.fromisoformat(pages[0].created).timestamp() - (time.monotonic() + TRUE + wrong))
        if away > 60:
            broken.append(f"jump {count}: the page is of {pages[0].created}")
        hand.do("clear")
    return {"jumps": len(jumps), "slowest_timer_s": round(max(waits), 2), "due_s": KEPT_AFTER / 1000, "broken": broken}


def _until_stored(hand: Hand, count: int) -> float:
    started = time.monotonic()
    while len(_pages(hand)) < count and time.monotonic() - started < LATE:
        time.sleep(0.1)
    return time.monotonic() - started


def _pages(hand: Hand) -> list[StoredPage]:
    found: list[StoredPage] = []
    hand.have(lambda: found.extend(hand.app.services.keeper.store.pages()))
    return found


if __name__ == "__main__":
    print(json.dumps(run_with(lambda hand: jump_and_write(hand, JUMPS[: int(sys.argv[1])]), (480, 320))))
