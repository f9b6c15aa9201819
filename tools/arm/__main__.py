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
from edge_app.recognition.interpreter import MODULES, find_runtime
from edge_app.storage.atomic_write import readable_json, write_atomically
from tools.bench.process import ROOT, ProcessError

from .checks import CHECKS, CPUS, Machines
from .recipes import arm64, armhf
from .userland import SUITES, UserlandError, prepare

CACHE = "DIGITPAD_ARM_CACHE"


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.arm",
        allow_abbrev=False,
        description="Runs the app and its tests on emulated 64-bit Arm, as on a Raspberry Pi, and compares int8 "
        f"outputs with this machine's. Needs x86-64 with apt, no root. {CACHE} names the folder for downloads "
        "(default: build/arm). Exit status: 0, or 1 if something differs or fails.",
    )
    parser.add_argument("--suite", choices=SUITES, default="bookworm", help="Debian's release; default: %(default)s")
    parser.add_argument("--only", choices=CHECKS, action="append", help="run this check only; may be given again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Prepare the userland and check it; returns the exit status."""
    args = make_parser().parse_args(argv)
    try:
        if platform.machine() != "x86_64" or sys.platform != "linux":
            raise UserlandError(f"needs x86-64 Linux to compare with; this is {platform.machine()} {sys.platform}")
        report = _run(args.suite, args.only or list(CHECKS))
    except (UserlandError, ProcessError, DigitpadError) as error:
        print(f"test-arm: {error}", file=sys.stderr)
        return 1
    if args.json:
        write_atomically(args.json, readable_json(report))
    faults = [f"{name}: {fault}" for name in CHECKS if name in report for fault in report[name]["faults"]]
    for fault in faults:
        print(f"test-arm: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _run(suite: str, names: list[str]) -> dict[str, Any]:
    cache = Path(os.environ.get(CACHE) or ROOT / "build" / "arm").resolve()
    recipe = arm64(SUITES[suite])
    runtimes = [find_runtime(name).name for name in MODULES if any(wheel.startswith(name) for wheel in recipe.wheels)]
    userland = prepare(cache, recipe, _log)
    userland32 = prepare(cache, armhf(), _log) if "armhf" in names else userland
    emulator = subprocess.run([userland / "qemu", "--version"], capture_output=True, text=True, check=True).stdout
    report: dict[str, Any] = {"suite": suite, "emulator": emulator.partition(" (")[0], "processors": CPUS}
    with TemporaryDirectory(prefix="digitpad-arm-") as folder:
        pythons = Path(sys.executable), userland / "python", userland32 / "python"
        machines = Machines(*pythons, runtimes, Path(folder), cache / "tests.log")
        for name in names:
            started = time.monotonic()
            report[name] = CHECKS[name](machines)
            _log(f"{name}: {time.monotonic() - started:.0f} s, {len(report[name]['faults'])} faults")
    return report


def _log(text: str) -> None:
    print(f"test-arm: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
