"""`python -m tools.bench.scenarios NAME OPTIONS`: writes in the window, and prints each figure's values as JSON."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from edge_app.gui.actions import Action
from edge_app.gui.views import PANELS

from .hand import RATE, Hand, run_with

QUIET_AFTER = 5.0  # seconds after writing in which the page is stored and notices go
MINUTES = 10
WARM_UP = 2  # minutes in which caches fill
PROCESS = Path("/proc/self")

Values = dict[str, list[float]]


def writing(hand: Hand, quick: bool) -> Values:
    """Write five-digit numbers at a hand's pace, in milliseconds; the last lifting of each also on its own."""
    last = []
    for strokes in islice(hand.numbers(), 1 if quick else 20):
        hand.write(strokes)
        last.append(hand.read[-1])
        hand.call(partial(hand.app.do, Action("clear")))
    return {"event_to_pixel": hand.shown, "lift_to_label": hand.read, "last_lift_to_label": last}


def memory(hand: Hand, _: bool) -> Values:
    """Write a number and open each panel once, in MB."""
    hand.write(next(hand.numbers()))
    for name in PANELS:
        # the history, which comes before its entry, has listed the page that was written
        value = {"digit": lambda: 0, "entry": lambda: hand.app.state.pages[0].id}.get(name, lambda: None)()
        hand.call(partial(hand.app.do, Action("open", name)))
        hand.call(partial(setattr, hand.app.state.panel, "value", value))
        hand.call(partial(hand.app.do, Action("escape")))
    return {"resident_memory": [_megabytes("VmRSS")], "peak_memory": [_megabytes("VmHWM")]}


def idle(hand: Hand, quick: bool) -> Values:
    """Write a number and leave the window alone: the share of a core in percent, and wake-ups a second."""
    hand.write(next(hand.numbers()))
    time.sleep(QUIET_AFTER)
    switches, cpu, started = _switches(), time.process_time(), time.perf_counter()
    time.sleep(1 if quick else 10)
    seconds = time.perf_counter() - started
    return {
        "idle_cpu": [100 * (time.process_time() - cpu) / seconds],
        "idle_wake_ups": [(_switches() - switches) / seconds],
    }


def growth(hand: Hand, quick: bool) -> Values:
    """Write ten minutes' worth of numbers as fast as possible: the slope of memory in MB per ten minutes."""
    minutes, memory, points = 0.2 if quick else MINUTES, [_megabytes("VmRSS")], 0
    for strokes in hand.numbers():
        hand.write(strokes, rate=None)
        hand.call(partial(hand.app.do, Action("clear")))
        hand.shown.clear()
        hand.read.clear()
        points += sum(map(len, strokes))
        if points / RATE / 60 >= len(memory) * minutes / MINUTES:
            memory.append(_megabytes("VmRSS"))
        if len(memory) > MINUTES:
            break
    return {"growth": [MINUTES * slope(memory[WARM_UP:])]}


def slope(values: list[float]) -> float:
    """Return by how much evenly spaced values grow from one to the next: the line of least squares."""
    return float(np.polyfit(range(len(values)), values, 1)[0])


def _megabytes(kind: str) -> float:
    """Return this process's memory of a kind in the kernel's status file."""
    lines = dict(line.split(":", 1) for line in (PROCESS / "status").read_text().splitlines())
    return int(lines[kind].split()[0]) / 1000


def _switches() -> int:
    """Return how often the threads of this process have gone to sleep; each time, something woke them again."""
    texts = [(task / "status").read_text() for task in (PROCESS / "task").iterdir()]
    return sum(int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0]) for text in texts)


SCENARIOS: dict[str, Callable[[Hand, bool], Values]] = {
    "writing": writing,
    "memory": memory,
    "idle": idle,
    "growth": growth,
}

if __name__ == "__main__":
    scenario, (size, quick) = SCENARIOS[sys.argv[1]], json.loads(sys.argv[2])
    print(json.dumps(run_with(lambda hand: scenario(hand, quick), size and tuple(size))))
