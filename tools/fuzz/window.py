"""Random hands on the real window: lives of some thousand events, each begun afresh with settings of its own."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from .hands import SIZES, Step
from .life import BrokenError, Lived, Spec, from_case, live, random_spec, to_case
from .run import FoundError, Run
from .shrink import shrink

EVENTS = 4000  # of one life
SHRINKING = 120.0  # seconds
STATUS = Path("/proc/self/status")


def fuzz(run: Run) -> None:
    """Try lives until time is up."""
    fuzz_lives(run, EVENTS)


def fuzz_lives(run: Run, events: int) -> None:
    """Try lives of so many events."""
    run.limits.seconds, run.limits.megabytes = float("inf"), float("inf")  # judged by event, and over all lives
    total = Totals(run)
    for dice in run.tries():
        spec = random_spec(dice, SIZES)
        run.attempt(to_case(spec, None), lambda spec=spec: total.add(_live(run, spec, events)))  # type: ignore[misc]


def _live(run: Run, spec: Spec, events: int) -> Lived:
    try:
        return live(spec, events=events, beat=run.beat)
    except BrokenError as error:
        if error.kind in run.findings:
            raise FoundError(error.kind, error.said, b"") from None
        steps = error.steps

        def breaks(fewer: list[Step]) -> bool:
            run.beat()
            with contextlib.suppress(BrokenError):
                live(spec, steps=fewer, every=1)
                return False
            return True

        fewest = shrink(steps, breaks, SHRINKING)
        said = f"{error.said}\nsteps: {len(steps)}, of which these are enough: {json.dumps(fewest[-12:])}"
        raise FoundError(error.kind, said, to_case(spec, fewest)) from None


def check(case: bytes, folder: Path) -> str:  # noqa: ARG001  all targets are called alike
    """Live a life again; raises BrokenError."""
    spec, steps = from_case(case)
    live(spec, steps=steps, events=EVENTS, every=1 if steps else 50)
    return "lived"


class Totals:
    """What all lives of a run come to, and what they cost the process that they are lived in."""

    def __init__(self, run: Run) -> None:
        """Begin with nothing."""
        self.figures = run.figures
        self.figures.update({"events": 0, "kinds": {}, "panels": {}, "slowest_event_ms": 0.0, "lives": []})

    def add(self, lived: Lived) -> str:
        """Add a life."""
        figures = self.figures
        figures["events"] += lived.events.total()
        for name, counts in (("kinds", lived.events), ("panels", lived.panels)):
            figures[name] = {key: figures[name].get(key, 0) + counts.get(key, 0) for key in {*figures[name], *counts}}
        figures["slowest_event_ms"] = max(figures["slowest_event_ms"], round(1000 * lived.slowest, 1))
        p99 = round(1000 * float(np.percentile(lived.times, 99)), 1) if lived.times else 0.0
        figures["lives"].append({"events": lived.events.total(), "p99_ms": p99, **process()})
        return "lived"


def process() -> dict[str, Any]:
    """Return MB resident, open files and threads of this process."""
    status = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return {
        "resident_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": int(status["Threads"]),
    }
