"""`python -m tools.bench`: measure, print JSON on standard output, progress and a table on standard error."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from edge_app.evaluation.compare.device import describe_device, describe_state
from edge_app.recognition.interpreter import find_runtime
from edge_app.storage.atomic_write import write_atomically

from .figures import summary
from .screen import ProcessError, Screen, find_screen
from .steps import STEPS, Figures, Size


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        allow_abbrev=False,
        description="Measures the window app on this device. It opens the window for some minutes and writes in it by "
        "itself: leave mouse and keyboard alone meanwhile. Exit status: 0, or 1 where something could not be run.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--check", action="store_true", help="exit 1 when a goal is missed")
    parser.add_argument("--quick", action="store_true", help="few repetitions: whether it works, not how fast")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window; default: as it opens of itself")
    parser.add_argument("--only", choices=STEPS, action="append", help="this step alone; may be given again")
    return parser


def _size(text: str) -> Size:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected width and height, such as 800x480")
    return int(width), int(height)


def main(argv: list[str] | None = None) -> int:
    """Measure; returns the exit status."""
    args = make_parser().parse_args(argv)
    try:
        with find_screen() as screen:
            report = _about(screen)
            report["figures"], faults = _measure(screen, args.only or list(STEPS), args.size, args.quick)
    except ProcessError as error:
        print(f"bench: the window: {error}", file=sys.stderr)
        return 1
    report["state_after"], report["faults"] = _state(), faults
    text = json.dumps(report, indent=1) + "\n"
    print(text, end="")
    if args.json:
        write_atomically(args.json, text.encode())
    print(summary(report["figures"]), file=sys.stderr)
    missed = [name for name, figure in report["figures"].items() if figure["ok"] is False]
    return 1 if faults or (args.check and missed) else 0


def _measure(screen: Screen, names: list[str], size: Size | None, quick: bool) -> tuple[Figures, dict[str, str]]:
    """Return the figures of the steps, and the faults of those that could not be run."""
    figures: Figures = {}
    faults = {}
    for number, name in enumerate(names, 1):
        about, step = STEPS[name]
        print(f"bench: {number}/{len(names)} {about} ...", file=sys.stderr, flush=True)
        try:
            figures.update(step(screen, size, quick))
        except ProcessError as error:
            faults[name] = str(error)
            print(f"bench: {name}: {error}", file=sys.stderr)
    return figures, faults


def _about(screen: Screen) -> dict[str, Any]:
    runtime = find_runtime()
    return {
        "runtime": f"{runtime.name} {runtime.version}",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": describe_device(),
        "state_before": _state(),
        "display": {"driver": screen.driver, "virtual": screen.virtual, "window": screen.window},
    }


def _state() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {**describe_state(), "load": load}


if __name__ == "__main__":
    sys.exit(main())
