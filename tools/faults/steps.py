"""The steps of `make faults`: each tries to break promises in one way, and counts."""

import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.bench.screen import output

from .disks import fail_under_windows
from .kills import kill_often
from .losses import MEMORY, lose_power, record, scribe_command
from .mounts import cannot_mount, work_on_disks
from .report import Step
from .shim import built

KILLS_OF_THE_STORE, KILLS_OF_THE_WINDOW = 400, 200
CHANGES = 150  # of the scribe, recorded for losses of power
FEW_CHANGES = 20  # in a short part, which still has some of each kind
WINDOWS = 60  # on disks that fail
MOUNTED = 10  # disks of each kind
DAMAGED = 2000  # databases
FIRST = 5  # of the broken promises are told


def kill_the_store(seed: int, share: float) -> dict[str, Any]:
    """Kill a process that writes without a window."""
    return _killed("tools.faults.scribe", seed, max(5, round(share * KILLS_OF_THE_STORE)), 0.6)


def kill_the_window(seed: int, share: float) -> dict[str, Any]:
    """Kill the window's own process while a hand works in it."""
    return _killed("tools.faults.desk", seed, max(3, round(share * KILLS_OF_THE_WINDOW)), 2.0)


def _killed(module: str, seed: int, times: int, longest: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="digitpad-kills-") as home:
        return kill_often(Path(home), module, times, random.Random(seed), longest, SDL_VIDEODRIVER="dummy").to_json()


def lose_the_power(seed: int, share: float) -> dict[str, Any]:
    """Record what is written, and lose what was not synced at every moment of it."""
    with built() as library, tempfile.TemporaryDirectory(prefix="digitpad-power-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        notes = record(library, home, scribe_command(max(FEW_CHANGES, round(share * CHANGES)), seed))
        return lose_power(notes, home, random.Random(seed), max(share, 0.1)).to_json()


def fail_each_change(seed: int, share: float) -> dict[str, Any]:
    """Refuse each change of a file once, in each way."""
    with built() as library, _memory() as folder:
        (below := folder / "homes").mkdir()
        loaded = {"LD_PRELOAD": str(library), "FAULTS_FOLDER": str(below)}
        found = _answer("tools.faults.sweep", seed, max(1, round(1 / share)), loaded)
    broken = [sentence for outcome in found.values() for sentence in outcome.pop("broken")]
    return {"by_fault": found, "tries": sum(one["tries"] for one in found.values()), **_told(broken)}


def fail_under_the_window(seed: int, share: float) -> dict[str, Any]:
    """Let the disk fail under a window in which a hand works."""
    with built() as library, _memory() as folder:
        return fail_under_windows(library, folder, max(2, round(share * WINDOWS)), random.Random(seed)).to_json()


def fill_real_disks(seed: int, share: float) -> dict[str, Any]:
    """Fill a disk of our own under the window, and open one on a read-only disk; nothing where none can be mounted."""
    if reason := cannot_mount():
        return {"windows": 0, "reason": reason, **_told([])}
    with tempfile.TemporaryDirectory(prefix="digitpad-mounts-") as folder:
        return work_on_disks(Path(folder), max(1, round(share * MOUNTED)), random.Random(seed)).to_json()


def damage_the_history(seed: int, share: float) -> dict[str, Any]:
    """Damage the database somewhere, before it is opened or while it is open."""
    found = _answer("tools.faults.damage", seed, max(30, round(share * DAMAGED)), {})
    return {**found, **_told(found["broken"])}


def _answer(module: str, seed: int, number: int, more: Mapping[str, str]) -> dict[str, Any]:
    """Return what a module prints as JSON, run in a process of its own."""
    command = [sys.executable, "-m", module, str(seed), str(number)]
    answer: dict[str, Any] = json.loads(output(command, {**os.environ, **more}))
    return answer


def _told(broken: list[str]) -> dict[str, Any]:
    return {"broken": len(broken), "first_broken": broken[:FIRST]}


@contextmanager
def _memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="digitpad-faults-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


STEPS: dict[str, tuple[str, Step]] = {
    "kill-store": ("killing what writes, without a window", kill_the_store),
    "kill-window": ("killing the window while a hand works in it", kill_the_window),
    "power": ("losing the power at every change of a file", lose_the_power),
    "disk-store": ("failing at every change of a file, without a window", fail_each_change),
    "disk-window": ("failing disks under the window", fail_under_the_window),
    "disk-real": ("filling disks of our own, and read-only ones", fill_real_disks),
    "damage": ("damaging the database", damage_the_history),
}
