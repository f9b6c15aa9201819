"""Steps that are run one after the other: JSON on standard output, progress and broken promises on standard error."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge_app.storage.atomic_write import readable_json, write_atomically
from tools.bench.screen import ProcessError

from .shim import ShimError

Step = Callable[[int, float], dict[str, Any]]
"""Tries with a seed, some share of all it could; returns figures: `broken`, a number, and `first_broken`, sentences."""

Steps = Mapping[str, tuple[str, Step]]


def run_steps(program: str, steps: Steps, description: str, argv: list[str] | None) -> int:
    """Run the steps that the command line asks for; returns the exit status."""
    args = _parser(program, steps, description).parse_args(argv)
    report: dict[str, Any] = {"seed": args.seed, "share": args.share, "steps": {}}
    names = args.only or list(steps)
    for number, name in enumerate(names, 1):
        about, step = steps[name]
        print(f"{program}: {number}/{len(names)} {about} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            found = step(args.seed, args.share)
        except (ShimError, ProcessError) as error:
            print(f"{program}: {name}: {error}", file=sys.stderr)
            return 1
        report["steps"][name] = {"about": about, **found}
        for line in [*found["first_broken"], f"{_in_words(found)}, {time.monotonic() - started:.0f} s"]:
            print(f"{program}:     {line}", file=sys.stderr, flush=True)
    print(json.dumps(report, indent=1))
    if args.json:
        before = json.loads(args.json.read_text())["runs"] if args.add and args.json.exists() else []
        write_atomically(args.json, readable_json({"runs": [*before, report]}))
    return 1 if any(found["broken"] for found in report["steps"].values()) else 0


def _parser(program: str, steps: Steps, description: str) -> argparse.ArgumentParser:
    status = "Linux. Exit status: 0; 1 where a promise was broken or a step could not be run; 2 for wrong usage."
    parser = argparse.ArgumentParser(
        prog=f"python -m tools.{program}", allow_abbrev=False, description=f"{description} {status}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--add", action="store_true", help="to what that file holds of earlier runs")
    parser.add_argument("--share", type=float, default=1.0, metavar="X", help="how much of it: 0.02 is a short part")
    parser.add_argument("--seed", type=int, default=1, help="of all chance; default %(default)s")
    parser.add_argument("--only", choices=steps, action="append", help="this step alone; may be given again")
    return parser


def _in_words(found: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in found.items() if isinstance(value, int | str)
    )
