"""Random hands on the real window: lives of some thousand events, each begun afresh with settings of its own."""

import contextlib
import json
from pathlib import Path

from .hands import SIZES, Step
from .life import LOOK, BrokenError, Lived, Spec, from_case, live, random_spec, to_case
from .run import FoundError, Run
from .shrink import shrink

EVENTS = 4000  # of one life
SHRINKING = 120.0  # seconds
BLOCKS = 10  # of a life, by the least memory of each: a large window, or a picture, is no growth


def fuzz(run: Run) -> None:
    """Try lives until time is up."""
    fuzz_lives(run, EVENTS)


def fuzz_lives(run: Run, events: int) -> None:
    """Try lives of so many events."""
    run.limits.seconds, run.limits.megabytes = float("inf"), float("inf")  # judged by event, and over all lives
    run.figures.update({"events": 0, "kinds": {}, "panels": {}, "milliseconds": {}, "process": []})
    for rng in run.tries():
        spec = random_spec(rng, SIZES)
        run.attempt(to_case(spec, None), lambda spec=spec: _live(run, spec, events))  # type: ignore[misc]


def _live(run: Run, spec: Spec, events: int) -> str:
    try:
        _add(run, live(spec, events=events, beat=run.beat))
        return "lived with a reader's thread" if spec.threaded else "lived"
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


def _add(run: Run, lived: Lived) -> None:
    """Add what came of a life to the figures."""
    figures = run.figures
    figures["events"] += lived.events.total()
    times = {"all": lived.times.total(), **{f"over {ms}": sum(_over(lived, ms)) for ms in (16, 50, 100, 500)}}
    for name, counts in (("kinds", lived.events), ("panels", lived.panels), ("milliseconds", times)):
        figures[name] = {key: figures[name].get(key, 0) + counts.get(key, 0) for key in {**figures[name], **counts}}
    figures["slowest_ms"] = max(figures.get("slowest_ms", 0), max(lived.times))
    size = max(1, len(lived.process) // BLOCKS)
    blocks = [lived.process[at : at + size] for at in range(0, len(lived.process), size)]
    figures["process"] += [
        {"events": LOOK * len(block), **{key: min(look[key] for look in block) for key in block[0]}}
        for block in (blocks if len(lived.process) > 10 * BLOCKS else [lived.process])
        if block
    ]


def _over(lived: Lived, milliseconds: int) -> list[int]:
    return [count for time, count in lived.times.items() if time > milliseconds]


def check(case: bytes, folder: Path) -> str:  # noqa: ARG001  all targets are called alike
    """Live a life again; raises BrokenError."""
    spec, steps = from_case(case)
    live(spec, steps=steps, events=EVENTS, every=1 if steps else 50)
    return "lived"
