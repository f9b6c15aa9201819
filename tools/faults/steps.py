"""The steps of `make faults`: each tries to break promises in one way, and counts."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .kills import kill_often
from .losses import lose_power, record, scribe_command
from .shim import built

KILLS_OF_THE_STORE, KILLS_OF_THE_WINDOW = 400, 200
CHANGES = 150  # of the scribe, recorded for losses of power
FEW_CHANGES = 20  # in a short part, which still has some of each kind

Step = Callable[[int, float], dict[str, Any]]
"""Tries with a seed, some share of all it could; returns figures, `broken` among them."""


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


STEPS: dict[str, tuple[str, Step]] = {
    "kill-store": ("killing what writes, without a window", kill_the_store),
    "kill-window": ("killing the window while a hand works in it", kill_the_window),
    "power": ("losing the power at every change of a file", lose_the_power),
}
