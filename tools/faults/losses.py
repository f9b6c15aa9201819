"""The scribe's writing recorded, and the power lost at every moment of it."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.storage.paths import VARIABLE, find_paths
from tools.bench.screen import ROOT

from .ledger import Ledger, facts_in
from .power import Disk, ways_to_lose, write_down
from .shim import SAID, Note, read_trace

MEMORY = Path("/dev/shm")  # thousands of files that need not survive anything


@dataclass
class Losses:
    """What came of losing power."""

    changes: int = 0  # of files, of which each may have been the last
    confirmed: int = 0
    crashes: int = 0  # moments times ways to lose what was not synced
    broken: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as figures, of the broken promises the first few."""
        numbers = {"changes": self.changes, "confirmed": self.confirmed, "crashes": self.crashes}
        return {**numbers, "broken": len(self.broken), "first_broken": self.broken[:5]}


def record(library: Path, home: Path, command: list[str], more: Mapping[str, str] | None = None) -> list[Note]:
    """Run a command with a home of its own; returns every change of a file below it, with what was said between."""
    trace = home.with_name(home.name + ".trace")
    trace.touch()
    environment = {
        **os.environ,
        **(more or {}),
        VARIABLE: str(home),
        "LD_PRELOAD": str(library),
        "FAULTS_FOLDER": str(home),
        "FAULTS_TRACE": str(trace),
    }
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    notes = read_trace(trace)
    trace.unlink()
    return notes


def lose_power(notes: list[Note], home: Path, rng: random.Random, share: float = 1.0) -> Losses:
    """Lose power after each change of a trace in each way, or after a share of them; looks at what is found then."""
    disk, ledger, losses = Disk(), Ledger(), Losses()
    disk.folders.add(str(home))
    with tempfile.TemporaryDirectory(prefix="digitpad-power-", dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        for number, note in enumerate(notes):
            if note.kind == SAID:
                ledger.take([note.data.decode()])
                continue
            losses.changes += 1
            disk.take(note)
            if rng.random() < share:
                for way, loses in enumerate(ways_to_lose(rng)):
                    new = Path(scratch) / f"{number}-{way}"
                    new.mkdir()
                    losses.crashes += 1
                    write_down(disk.after_crash(loses), home, new)
                    found, faults = facts_in(find_paths({VARIABLE: str(new)}))
                    broken = [*ledger.broken(found), *faults]
                    losses.broken += [f"change {number}, way {way}: {fault}" for fault in broken]
    losses.confirmed = ledger.confirmed
    return losses


def scribe_command(changes: int, seed: int) -> list[str]:
    """Return what makes so many changes."""
    return [sys.executable, "-m", "tools.faults.scribe", str(seed), str(changes)]
