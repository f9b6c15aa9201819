"""`python -m tools.bench`: prints figures as JSON on standard output, progress and a table on standard error."""

import argparse
import json
import os
import platform
import sys
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge_app import Recognizer
from edge_app.evaluation.compare.device import describe_device, describe_state
from edge_app.modelfiles.selftest import check_expected
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.normalise import normalise_digit
from edge_app.storage.atomic_write import write_atomically

from .hand import numbers
from .process import ProcessError, Screen, find_screen, first_frame, output

Size = tuple[int, int]
WARM_UP = 20  # runs that are not counted


class Goal(NamedTuple):
    """A figure's unit, and the limit of its median or its 99th percentile, if it has one."""

    unit: str
    limit: float | None = None
    judged: str = "p99"


GOALS = {
    "normalise": Goal("us"),
    "inference": Goal("us"),
    "five_digit_number": Goal("us"),
    "self_test": Goal("us", 5000),
    "first_frame": Goal("ms", 400, "median"),
    "event_to_pixel": Goal("ms", 16),
    "lift_to_label": Goal("ms", 10),
    "last_lift_to_label": Goal("ms", 10),
    "resident_memory": Goal("MB", 70),
    "peak_memory": Goal("MB"),
    "idle_cpu": Goal("%", 0.5),
    "idle_wake_ups": Goal("1/s"),
    "growth": Goal("MB in ten minutes", 1.0),
}


class NotMeasurableError(Exception):
    """This system lacks what a step needs."""


def engine(_: Screen, __: Size | None, quick: bool) -> dict[str, list[float]]:
    """Measure recognition without a window, in microseconds."""
    recognizer, number = Recognizer(), numbers()[0]
    image = normalise_digit(number[:1])[None]
    fresh: list[Classifier] = []  # the self-test is of a network that has not run yet

    def timed(function: Callable[[], object], setup: Callable[[], object] = lambda: None) -> list[float]:
        seconds = timeit.repeat(function, setup, repeat=WARM_UP + (20 if quick else 300), number=1)
        return [1e6 * one for one in seconds[WARM_UP:]]

    return {
        "normalise": timed(lambda: normalise_digit(number[:1])),
        "inference": timed(lambda: recognizer.classifier.logits(image)),
        "five_digit_number": timed(lambda: recognizer.read(number), recognizer.clear_cache),
        "self_test": timed(
            lambda: check_expected(fresh.pop()), lambda: fresh.append(Classifier(recognizer.classifier.model))
        ),
    }


def start(screen: Screen, _: Size | None, quick: bool) -> dict[str, list[float]]:
    """Measure process start to first picture, in milliseconds, with the files in the system's cache."""
    times = 2 if quick else 9
    return {"first_frame": [1000 * first_frame(sys.executable, screen.environment) for _ in range(times)]}


def scenario(name: str, screen: Screen, size: Size | None, quick: bool) -> dict[str, list[float]]:
    """Run a scenario in a window of a process of its own."""
    if name != "writing" and not Path("/proc/self/status").exists():
        raise NotMeasurableError("this system has no /proc")
    if name in ("memory", "idle") and screen.driver in ("dummy", "offscreen"):
        raise NotMeasurableError(f"no display (driver {screen.driver}). Debian: sudo apt install xvfb")
    command = [sys.executable, "-m", "tools.bench.scenarios", name, json.dumps([size, quick])]
    return dict(json.loads(output(command, screen.environment)))


STEPS: dict[str, Callable[[Screen, Size | None, bool], dict[str, list[float]]]] = {
    "engine": engine,
    "start": start,
    **{name: partial(scenario, name) for name in ("writing", "memory", "idle", "growth")},
}


def figure(name: str, values: Sequence[float]) -> dict[str, Any]:
    """Return n, best, median and p99 of some values, compared with their goal."""
    unit, limit, judged = GOALS[name]
    found = dict(zip(("best", "median", "p99"), (min(values), *np.percentile(values, [50, 99])), strict=True))
    rounded = {key: round(float(value), 3) for key, value in found.items()}
    ok = None if limit is None else rounded[judged] <= limit
    return {"unit": unit, "n": len(values), **rounded, "goal": limit, "judged": judged, "ok": ok}


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Return the figures as lines to read."""
    lines = [f"{'':20}{'median':>10}{'p99':>10}{'n':>7}"]
    for name, own in figures.items():
        goal = "" if own["ok"] is None else f"{own['judged']} <= {own['goal']:g} {'ok' if own['ok'] else 'MISSED'}"
        lines.append(f"{name:20}{own['median']:10.2f}{own['p99']:10.2f}{own['n']:7} {own['unit']:18}{goal}")
    return "\n".join(lines)


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        allow_abbrev=False,
        description="Measures the window app on this device. It opens the window for some minutes and writes in it: "
        "leave mouse and keyboard alone meanwhile. Exit status: 0, or 1 if a step failed.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--check", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--quick", action="store_true", help="few repetitions: whether it works, not how fast")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window; default: as it opens")
    parser.add_argument("--only", choices=STEPS, action="append", help="run this step only; may be given again")
    return parser


def _size(text: str) -> Size:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected width and height, such as 800x480")
    return int(width), int(height)


def main(argv: list[str] | None = None) -> int:
    """Measure; returns the exit status."""
    args = make_parser().parse_args(argv)
    runtime = find_runtime()
    report: dict[str, Any] = {"runtime": f"{runtime.name} {runtime.version}", "python": platform.python_version()}
    report |= {"machine": platform.machine(), "device": describe_device(), "state_before": _state()}
    report |= {"figures": {}, "skipped": {}, "faults": {}}
    try:
        with find_screen() as screen:
            report["display"] = {key: value for key, value in screen._asdict().items() if key != "environment"}
            for name in args.only or STEPS:
                _run_step(name, screen, args, report)
    except ProcessError as error:
        print(f"bench: the window: {error}", file=sys.stderr)
        return 1
    report["state_after"] = _state()
    text = json.dumps(report, indent=1) + "\n"
    print(text, end="")
    if args.json:
        write_atomically(args.json, text.encode())
    print(table(report["figures"]), file=sys.stderr)
    missed = any(own["ok"] is False for own in report["figures"].values())
    return int(bool(report["faults"]) or (args.check and missed))


def _run_step(name: str, screen: Screen, args: argparse.Namespace, report: dict[str, Any]) -> None:
    print(f"bench: {name} ...", file=sys.stderr, flush=True)
    try:
        found = STEPS[name](screen, args.size, args.quick)
        report["figures"] |= {figure_name: figure(figure_name, values) for figure_name, values in found.items()}
    except (NotMeasurableError, ProcessError) as error:
        report["skipped" if isinstance(error, NotMeasurableError) else "faults"][name] = str(error)
        print(f"bench: {name}: {error}", file=sys.stderr)


def _state() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {**describe_state(), "load": load}


if __name__ == "__main__":
    sys.exit(main())
