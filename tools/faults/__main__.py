"""`python -m tools.faults`: try to lose what was confirmed; JSON on standard output, progress on standard error."""

import argparse
import json
import sys
import time
from pathlib import Path

from edge_app.atomic import readable_json, write_atomically

from .shim import ShimError
from .steps import STEPS


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.faults",
        allow_abbrev=False,
        description="Kills the app, takes its power, fills its disk and damages its files, and looks whether what it "
        "had confirmed is there. Linux. Exit status: 0; 1 where a promise was broken; 2 for wrong usage.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--share", type=float, default=1.0, metavar="X", help="how much of it: 0.02 is a short part")
    parser.add_argument("--seed", type=int, default=1, help="of all chance; default %(default)s")
    parser.add_argument("--only", choices=STEPS, action="append", help="this step alone; may be given again")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Try; returns the exit status."""
    args = make_parser().parse_args(argv)
    report = {"seed": args.seed, "share": args.share, "steps": {}}
    names = args.only or list(STEPS)
    broken = 0
    for number, name in enumerate(names, 1):
        about, step = STEPS[name]
        print(f"faults: {number}/{len(names)} {about} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            found = step(args.seed, args.share)
        except ShimError as error:
            print(f"faults: {name}: {error}", file=sys.stderr)
            return 1
        report["steps"][name] = {"about": about, **found}
        broken += found["broken"]
        print(f"faults:     {_in_words(found)}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(json.dumps(report, indent=1))
    if args.json:
        write_atomically(args.json, readable_json(report))
    return 1 if broken else 0


def _in_words(found: dict[str, object]) -> str:
    numbers = [f"{name.replace('_', ' ')} {value}" for name, value in found.items() if isinstance(value, int)]
    sentences = found.get("first_broken")
    return ", ".join(numbers) + (
        "".join(f"\nfaults:     {one}" for one in sentences) if isinstance(sentences, list) else ""
    )


if __name__ == "__main__":
    sys.exit(main())
