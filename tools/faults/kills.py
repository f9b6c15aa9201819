"""Processes that are killed at a random moment, started again in the same home, and killed again."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.storage.paths import VARIABLE, find_paths
from tools.bench.screen import ROOT

from .ledger import Ledger, facts_in, litter

PATIENCE = 60  # seconds for a process to say its first word


@dataclass
class Outcome:
    """What came of a number of kills."""

    kills: int = 0
    confirmed: int = 0  # changes
    in_flight: int = 0  # kills in the middle of a change
    most_litter: int = 0  # files left by writing cut short, at any time
    broken: list[str] = field(default_factory=list)  # promises, each in a sentence

    def to_json(self) -> dict[str, Any]:
        """Return it as figures, of the broken promises the first few."""
        return {
            "kills": self.kills,
            "confirmed": self.confirmed,
            "in_flight": self.in_flight,
            "most_litter": self.most_litter,
            "broken": len(self.broken),
            "first_broken": self.broken[:5],
        }


def killed(command: Sequence[str], environment: Mapping[str, str], after: float) -> list[str]:
    """Start a process, kill it so many seconds after its first line; returns all its lines that came through.

    A negative number kills it that long after its start, whether it has said anything or not.
    """
    read, write = os.pipe()
    said = {"FAULTS_SAID": str(write)}
    child = subprocess.Popen(command, env={**environment, **said}, cwd=ROOT, pass_fds=[write], stderr=subprocess.PIPE)
    os.close(write)
    lines: list[str] = []
    begun = threading.Event()

    def listen() -> None:
        with os.fdopen(read) as pipe:
            for line in pipe:
                lines.append(line)
                begun.set()
        begun.set()

    listener = threading.Thread(target=listen)
    listener.start()
    if after >= 0:
        begun.wait(PATIENCE)
    time.sleep(abs(after))
    child.send_signal(signal.SIGKILL)
    _, errors = child.communicate()
    listener.join()
    if child.returncode != -signal.SIGKILL:
        raise RuntimeError(f"it ended before it was killed: {child.returncode}: {errors.decode()}")
    return [line for line in lines if line.endswith("\n")]


def kill_often(home: Path, module: str, times: int, rng: random.Random, longest: float, **more: str) -> Outcome:
    """Kill `python -m MODULE SEED` so many times at moments up to `longest` seconds from its first word."""
    environment = {**os.environ, **more, VARIABLE: str(home)}
    folders, ledger, outcome = find_paths(environment), Ledger(), Outcome()
    for number in range(times):
        # one of ten in the midst of starting
        after = -rng.uniform(0.05, 0.8) if rng.random() < 0.1 else rng.uniform(0, longest)
        ledger.take(killed([sys.executable, "-m", module, str(rng.randrange(10**9)), "1000000"], environment, after))
        outcome.kills += 1
        outcome.in_flight += bool(ledger.changing)
        left = litter(folders)
        outcome.most_litter = max(outcome.most_litter, len(left))
        for file in left:
            os.utime(file, (0, 0))  # as if it lay there for long: the next that is written must sweep it
        found, faults = facts_in(folders)
        outcome.broken += [f"kill {number}: {fault}" for fault in [*ledger.broken(found), *faults]]
        ledger.settle(found)
    outcome.confirmed = ledger.confirmed
    return outcome
