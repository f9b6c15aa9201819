"""What is done in the window to measure it: `python -m tools.bench.scenarios NAME OPTIONS` prints JSON."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from edge_app.gui.views import PANELS

from .hand import RATE, Hand, run_with
from .samples import Place, numbers, placed

QUIET_AFTER = 5.0  # seconds after writing in which the page is stored and notices go
PROCESS = Path("/proc/self")


def writing(hand: Hand, count: int) -> dict[str, Any]:
    """Write so many five-digit numbers at a hand's pace; returns milliseconds to pixels and to labels."""
    last = []
    for strokes in islice(_different_numbers(hand), count):
        hand.write(strokes)
        last.append(hand.read[-1])
        hand.do("clear")
    return {
        "event_to_pixel": hand.shown,
        "lift_to_label": hand.read,
        "last_lift_to_label": last,
        "late": hand.late,
        "ignored": hand.ignored,
        "unseen": hand.unseen,
        "window": hand.app.surface.get_size(),
    }


def memory(hand: Hand) -> dict[str, Any]:
    """Write a number and open each panel once; returns MB resident, and how they divide."""
    hand.write(next(_different_numbers(hand)))
    for name in PANELS:
        # the history, which comes before its entry, has listed the page that was written
        value = {"digit": lambda: 0, "entry": lambda: hand.app.state.pages[0].id}.get(name, lambda: None)()
        hand.do("open", name)
        hand.have(partial(setattr, hand.app.state.panel, "value", value))
        hand.do("escape")
    status = _status()
    return {
        "resident": status["VmRSS"],
        "peak": status["VmHWM"],
        "parts": {name: status[name] for name in ("RssAnon", "RssFile", "RssShmem")},
    }


def idle(hand: Hand, seconds: float) -> dict[str, Any]:
    """Write a number and let the window be; returns the share of a core and the wake-ups a second it then takes."""
    hand.write(next(_different_numbers(hand)))
    time.sleep(QUIET_AFTER)
    switches, cpu, started = _switches(), time.process_time(), time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - started
    cpu, switches = time.process_time() - cpu, _switches() - switches
    return {"idle_cpu": 100 * cpu / passed, "idle_wake_ups": switches / passed}


def growth(hand: Hand, minutes: float, steps: int) -> dict[str, Any]:
    """Write what fills so many minutes, each point once the one before is shown; returns (minutes, MB) of the steps."""
    found, written = [(0.0, _status()["VmRSS"])], 0.0
    for strokes in _different_numbers(hand):
        hand.write(strokes, rate=None)
        hand.do("clear")
        hand.forget()  # or what grows is the bench
        written += sum(map(len, strokes)) / RATE / 60
        if written >= len(found) * minutes / steps:
            found.append((written, _status()["VmRSS"]))
        if len(found) > steps:
            break
    return {"steps": found}


def _different_numbers(hand: Hand) -> Iterator[list[list[Place]]]:
    rng = random.Random(1)
    return (placed(ink, hand.app.ctx.view.layout.pad, rng) for ink in cycle(numbers()))


def _status() -> dict[str, float]:
    """Return this process's memory in MB, each kind by the kernel's name."""
    lines = (PROCESS / "status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) / 1000 for line in lines if line.endswith(" kB")}


def _switches() -> int:
    """Return how often any thread of this process has gone to sleep: each time, something woke it again."""
    return sum(
        int(line.split()[1])
        for task in (PROCESS / "task").iterdir()
        for line in (task / "status").read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    )


SCENARIOS: dict[str, Callable[..., dict[str, Any]]] = {
    "writing": writing,
    "memory": memory,
    "idle": idle,
    "growth": growth,
}


def main(name: str, options: str) -> None:
    """Run a scenario in a window and print what it found."""
    named = json.loads(options)
    size = named.pop("size")
    print(json.dumps(run_with(partial(SCENARIOS[name], **named), size and tuple(size))))


if __name__ == "__main__":
    main(*sys.argv[1:])
