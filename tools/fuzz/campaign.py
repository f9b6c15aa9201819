"""A target's process, started and watched: one that crashes or hangs is noted with its case, and another goes on."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.screen import ROOT, ProcessError

from .run import CASE, REPORT

BUSY, STUCK = 60.0, 600.0  # seconds of the processor, or in all, from one case to the next: then a process hangs
LAST_WORDS = 2.0  # seconds in which one that hangs says where
LOOK = 0.2  # seconds between two looks at it
MOST_ENDS = 20  # a target that crashes so often is not worth more time
GUIDED = re.compile(r"DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)")  # libFuzzer's last line


@dataclass(frozen=True)
class Wanted:
    """How long, how often, from which seed; `number` is the first try's."""

    seconds: float | None
    tries: int | None
    seed: int
    number: int = 0


def run_target(name: str, wanted: Wanted, folder: Path) -> dict[str, Any]:
    """Let a target fuzz in processes of its own; returns what was tried and found."""
    folder.mkdir(parents=True, exist_ok=True)
    started, total = time.monotonic(), _nothing()
    number = wanted.number
    for _ in range(MOST_ENDS):
        seconds = None if wanted.seconds is None else wanted.seconds - (time.monotonic() - started)
        most = None if wanted.tries is None else wanted.tries - total["tries"]
        if (seconds is not None and seconds <= 0) or (most is not None and most <= 0):
            break
        options = {"target": name, "seed": wanted.seed, "folder": str(folder), "seconds": seconds, "most": most}
        ended = _process(name, {**options, "number": number, "guided": name.endswith("_guided")}, folder)
        report = json.loads((folder / REPORT).read_text()) if (folder / REPORT).exists() else _nothing()
        if ended is None:
            _add(total, report)
            break
        number = _note_end(total, report, ended, folder) + 1
    total["seconds"] = round(time.monotonic() - started, 1)
    return total


def _nothing() -> dict[str, Any]:
    return {
        "tries": 0,
        "seconds": 0.0,
        "slowest_s": 0.0,
        "largest_mb": 0.0,
        "outcomes": {},
        "findings": [],
        "figures": {},
    }


def _add(total: dict[str, Any], report: dict[str, Any]) -> None:
    total["tries"] += report["tries"]
    for peak in ("slowest_s", "largest_mb"):
        total[peak] = max(total[peak], report[peak])
    total["outcomes"] = dict(Counter(total["outcomes"]) + Counter(report["outcomes"]))
    total["figures"].update(report["figures"])
    for finding in report["findings"]:
        _add_finding(total, finding)


def _add_finding(total: dict[str, Any], finding: dict[str, Any]) -> None:
    known = next((other for other in total["findings"] if other["kind"] == finding["kind"]), None)
    if known:
        known["times"] += finding["times"]
    else:
        total["findings"].append(finding)


def _process(name: str, options: dict[str, Any], folder: Path) -> str | None:
    """Run a target until it ends; returns how it ended, None for as it should."""
    for left in (folder / REPORT, folder / CASE):
        left.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.fuzz.inside", name, json.dumps(options)]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, stdout=stderr, stderr=stderr)
        try:
            hung = not _watch(process, folder / CASE)
        finally:
            process.kill()
            process.wait()
    if process.returncode > 0 or not (folder / CASE).exists():  # a fault of the target's own
        raise ProcessError(f"{name}: exit status {process.returncode}: {(folder / 'stderr').read_text()[-2000:]}")
    if hung:
        return "hang"
    return f"crash ({signal.Signals(-process.returncode).name})" if process.returncode else None


def _watch(process: "subprocess.Popen[bytes]", case: Path) -> bool:
    """Return True when the process has ended, False when it has been at one case for too long; that says where."""
    last, since, busy = 0.0, time.monotonic(), _busy(process.pid)
    while process.poll() is None:
        time.sleep(LOOK)
        with contextlib.suppress(OSError):
            if case.stat().st_mtime != last:
                last, since, busy = case.stat().st_mtime, time.monotonic(), _busy(process.pid)
        if time.monotonic() - since > STUCK or _busy(process.pid) - busy > BUSY:
            process.send_signal(signal.SIGUSR1)
            time.sleep(LAST_WORDS)
            return False
    return True


def _busy(process: int) -> float:
    """Return how many seconds of the processor a process has had; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime, stime
    return 0.0


def _note_end(total: dict[str, Any], report: dict[str, Any], ended: str, folder: Path) -> int:
    """Note how a process ended before its time, with the case it was at; returns that one's number."""
    said = (folder / "stderr").read_text(errors="replace")[-4000:]
    first, _, content = (folder / CASE).read_bytes().partition(b"\n")
    known = json.loads(first)
    number = int(known["number"])
    case = f"{ended.split()[0]}-{number}.case"
    (folder / case).write_bytes(content)
    _add(total, {**report, **known, "tries": known["tries"] + 1})
    total["outcomes"]["finding"] = total["outcomes"].get("finding", 0) + 1
    _add_finding(total, {"kind": ended, "said": said, "number": number, "case": case, "times": 1})
    return number


def try_case(name: str, case: Path) -> int:
    """Let a target try one case, and print what comes of it; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="digitpad-fuzz-") as folder:
        options = json.dumps({"case": str(case.resolve()), "folder": folder})
        command = [sys.executable, "-m", "tools.fuzz.inside", name, options]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def coverage(folder: Path) -> dict[str, int]:
    """Return what a coverage-guided process says of itself at its end: edges, features, inputs worth keeping."""
    found = GUIDED.search((folder / "stderr").read_text(errors="replace"))
    return dict(zip(("edges", "features", "corpus"), map(int, found.groups()), strict=True)) if found else {}
