"""The window's own process on a disk that fails under it: it must live, say a sentence, and keep what it confirmed."""

import errno
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.storage.paths import VARIABLE, find_paths
from tools.bench.screen import ROOT

from .ledger import Ledger, facts_in

DEEDS = 14  # of the hand in one window
CHANGES = 200  # of files that so many deeds make, about
FOR_EVER = 10**9
KINDS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "broken": errno.EIO}
PATIENCE = 120  # seconds for so many deeds; longer, and the window hangs


@dataclass
class Outcome:
    """What came of a number of windows."""

    windows: int = 0
    confirmed: int = 0
    told: int = 0  # windows that told their owner of the fault
    sentences: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as figures, of the broken promises the first few."""
        numbers = {"windows": self.windows, "confirmed": self.confirmed, "told": self.told}
        return {**numbers, "broken": len(self.broken), "first_broken": self.broken[:5]}


def run_desk(
    home: Path, seed: int, deeds: int, more: Mapping[str, str], begun: Callable[[], object] = lambda: None
) -> tuple[Ledger, str]:
    """Let a hand do things in a window; returns what was confirmed, and what is wrong with how it ended: "" or why.

    `begun` is called when the hand says its first word.
    """
    read, write = os.pipe()
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", **more, VARIABLE: str(home), "FAULTS_SAID": str(write)}
    command = [sys.executable, "-m", "tools.faults.desk", str(seed), str(deeds)]
    ledger = Ledger()
    child = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[write], stderr=subprocess.PIPE, text=True)
    os.close(write)
    with os.fdopen(read) as pipe:
        ledger.take([pipe.readline()])
        begun()
        ledger.take(pipe)
    try:
        _, errors = child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        return ledger, "it hangs"
    return ledger, "" if child.returncode == 0 else f"it ended with {child.returncode}: {errors[-800:]}"


def fail_under_windows(library: Path, below: Path, times: int, rng: random.Random) -> Outcome:
    """Let a hand work in so many windows whose disks fail from some change on, for a while or for ever."""
    outcome = Outcome()
    for number in range(times):
        home = below / str(number)
        home.mkdir()
        kind, at, count = rng.choice(list(KINDS)), rng.randint(1, CHANGES), rng.choice([1, 20, FOR_EVER])
        fault = {"FAULTS_FOLDER": str(home), "FAULTS_ERRNO": str(KINDS[kind]), "FAULTS_FOR": str(count)}
        ledger, wrong = run_desk(
            home, rng.randrange(10**9), DEEDS, {**fault, "FAULTS_AT": str(at), "LD_PRELOAD": str(library)}
        )
        found, faults = facts_in(find_paths({VARIABLE: str(home)}))
        broken = [*ledger.broken(found), *faults, *filter(None, [wrong])]
        outcome.windows += 1
        outcome.confirmed += ledger.confirmed
        outcome.told += bool(ledger.sentences)
        outcome.sentences += ledger.sentences
        outcome.broken += [f"window {number}, {kind} at change {at} for {count}: {one}" for one in broken]
    return outcome
