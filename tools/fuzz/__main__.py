"""`python -m tools.fuzz [TARGET ...]`: hostile files and random hands against the program; see docs/robustness.md."""

import argparse
import json
import platform
import sqlite3
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edge_app.recognition.interpreter import find_runtime
from edge_app.storage.atomic_write import readable_json, write_atomically
from edge_app.version import __version__
from tools.bench.screen import ROOT, ProcessError

from .campaign import Wanted, coverage, run_target, try_case
from .targets import TARGETS

SECONDS = 60.0
PACKAGES = ("ai-edge-litert", "numpy", "pillow", "pygame-ce", "tomlkit", "atheris")


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz",
        allow_abbrev=False,
        description="Tries hostile input on the program. Exit status: 0, 1 where something was found, 2 where a target "
        "failed.",
        epilog="targets: " + "; ".join(f"{name}: {about}" for name, about in TARGETS.items()),
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all but the guided and the long ones")
    parser.add_argument("--seconds", type=float, help=f"for each target; default: {SECONDS:g}")
    parser.add_argument("--tries", type=int, help="for each target, in place of a time")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--try", type=int, metavar="NUMBER", dest="number", help="this one again")
    parser.add_argument("--case", type=Path, metavar="FILE", help="the case in a file again, and nothing else")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there; other targets' stay")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="for what was found")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Fuzz; returns the exit status."""
    parser = make_parser()
    args = parser.parse_args(argv)
    unknown = set(args.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}: choose from {', '.join(TARGETS)}")
    if (args.number is not None or args.case) and len(args.targets) != 1:
        parser.error("--try and --case need the one target whose they are")
    if args.case:
        return try_case(args.targets[0], args.case)
    seconds = args.seconds if args.seconds or args.tries or args.number is not None else SECONDS
    wanted = Wanted(seconds, 1 if args.number is not None else args.tries, args.seed, args.number or 0)
    found = 0
    for name in args.targets or [name for name in TARGETS if not name.endswith(("_guided", "_long"))]:
        print(f"fuzz: {name}: {TARGETS[name]} ...", file=sys.stderr, flush=True)
        try:
            result = _run(name, wanted, args.folder)
        except ProcessError as error:
            print(f"fuzz: {error}", file=sys.stderr)
            return 2
        found += len(result["findings"])
        print(_summary(name, result, args.folder, args.seed), file=sys.stderr, flush=True)
        if args.json:
            _write(args.json, name, result)
    return 1 if found else 0


def _run(name: str, wanted: Wanted, kept: Path) -> dict[str, Any]:
    """Let a target fuzz in a folder in memory where there is one; what it found moves to `kept`."""
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="digitpad-fuzz-", dir=fast if fast.is_dir() else None) as folder:
        result = run_target(name, wanted, Path(folder))
        if name.endswith("_guided"):
            result["figures"]["coverage"] = coverage(Path(folder))
        for finding in result["findings"]:
            if finding["case"]:
                kept.mkdir(parents=True, exist_ok=True)
                (kept / finding["case"]).write_bytes((Path(folder) / finding["case"]).read_bytes())
    return {"seed": wanted.seed, "digitpad": __version__, "versions": _versions(), **result}


def _versions() -> dict[str, str]:
    runtime = find_runtime()
    found = {"python": platform.python_version(), runtime.name: runtime.version, "sqlite": sqlite3.sqlite_version}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _summary(name: str, result: dict[str, Any], kept: Path, seed: int) -> str:
    """Return what was tried, and for each finding how to see it again."""
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(result["outcomes"].items()))
    lines = [
        f"fuzz: {name}: {result['tries']:,} tries in {result['seconds']:.0f} s ({outcomes}); at most "
        f"{result['slowest_s']:.2f} s and {result['largest_mb']:.0f} MB each; {len(result['findings'])} findings"
    ]
    for finding in result["findings"]:
        lines += [
            f"  {finding['kind']}, {finding['times']} times",
            *("    " + line for line in finding["said"].strip().splitlines()[-12:]),
            f"    again: python -m tools.fuzz {name} --seed {seed} --try {finding['number']}; its bytes: "
            f"{kept / finding['case']}",
        ]
    return "\n".join(lines)


def _write(path: Path, name: str, result: dict[str, Any]) -> None:
    """Put a target's result into the file, in the order of the targets."""
    report = json.loads(path.read_text()) if path.exists() else {}
    findings = [{key: finding[key] for key in ("kind", "number", "times")} for finding in result["findings"]]
    report[name] = {**result, "findings": findings}
    ordered = {target: report[target] for target in TARGETS if target in report}
    write_atomically(path, readable_json(ordered))


if __name__ == "__main__":
    sys.exit(main())
