"""`python -m tools.arm`: the lean app on emulated 64-bit Arm, compared with this machine."""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge_app.errors import DigitpadError
from edge_app.storage.atomic_write import readable_json, write_atomically
from tools.bench.process import ROOT, ProcessError

from .checks import CHECKS, CPUS, Bench, runtimes_of
from .recipes import arm64, armhf
from .suite import LOG, SuiteError
from .userland import SUITES, Userland, UserlandError, prepare

CACHE = "DIGITPAD_ARM_CACHE"
HOST = "x86_64"


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.arm",
        allow_abbrev=False,
        description="Runs the app and its tests on emulated 64-bit Arm, as on a Raspberry Pi, and compares int8 "
        f"outputs with this machine's. Needs x86-64 with apt, no root. {CACHE} names the folder of what is "
        "downloaded; else it is build/arm. Exit status: 0, or 1 where something differs or fails.",
    )
    parser.add_argument(
        "--suite", choices=SUITES, default=next(iter(SUITES)), help="Debian's release; default: %(default)s"
    )
    parser.add_argument("--only", choices=CHECKS, action="append", help="this check alone; may be given again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Make the userland, check; returns the exit status."""
    args = make_parser().parse_args(argv)
    try:
        if platform.machine() != HOST or sys.platform != "linux":
            raise UserlandError(
                f"this is {platform.machine()} {sys.platform}, and what is compared with is x86-64 Linux"
            )
        report = _examine(args.suite, args.only or list(CHECKS))
    except (UserlandError, SuiteError, ProcessError, DigitpadError) as error:
        print(f"test-arm: {error}", file=sys.stderr)
        return 1
    if args.json:
        write_atomically(args.json, readable_json(report))
    faults = [f"{name}: {fault}" for name in CHECKS if name in report for fault in report[name]["faults"]]
    for fault in faults:
        print(f"test-arm: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _examine(suite: str, names: list[str]) -> dict[str, Any]:
    cache = Path(os.environ.get(CACHE) or ROOT / "build" / "arm")
    started, load = time.monotonic(), round(os.getloadavg()[0], 1)
    recipe = arm64(SUITES[suite])
    runtimes = runtimes_of(recipe.wheels)
    made = prepare(cache, recipe, _say)
    made32 = prepare(cache, armhf(), _say) if "armhf" in names else made
    seconds = {"userland": _since(started)}
    report: dict[str, Any] = {"suite": suite, "emulator": _version(made), "processors": CPUS, "seconds": seconds}
    report["busy_before"] = load
    with TemporaryDirectory(prefix="digitpad-arm-") as folder:
        bench = Bench(Path(sys.executable), made.python, made32.python, Path(folder), cache / LOG)
        for name in names:
            _say(f"{name} ...")
            started = time.monotonic()
            report[name] = CHECKS[name](bench, runtimes)
            seconds[name] = _since(started)
            _say(f"{name}: {seconds[name]} s, {len(report[name]['faults'])} faults")
    return report


def _version(made: Userland) -> str:
    emulator = made.folder / made.recipe.machine.emulator
    said = subprocess.run([emulator, "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].partition(" (")[0]


def _since(started: float) -> int:
    return round(time.monotonic() - started)


def _say(text: str) -> None:
    print(f"test-arm: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
