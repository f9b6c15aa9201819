"""The steps of `make soak`: each returns figures, with what is broken among them."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.storage.history import MAX_PAGES
from edge_app.storage.log import MOST_BYTES
from edge_app.storage.paths import VARIABLE
from tools.bench.screen import output
from tools.faults.report import Step
from tools.faults.shim import built

from .clock import JUMPS
from .display import is_possible, lose_displays
from .hang import hang_often

DAY = 24.0  # hours
GAP = 8000  # milliseconds between two things that are done, on the mean
STARTS = 16  # of the day's last hours, each in a process of its own
LOSSES, HANGS = 10, 4
WARM = 0.4  # of a window's time, in which its fonts, pictures and pools fill
# What must hold, and why. A Pi Zero 2 has 512 MB, of which the system takes half; a window that is used without pause
# must not need a new start within a month of days like this one. SQLite moves its log into the database at 1,000 pages
# of 4 KB, and one change may follow; ten thousand pages of five digits are 41 MB.
MOST = {"resident": 160.0, "files": 40, "threads": 6, "write_ahead_log": 5.0, "log": 2 * MOST_BYTES / 1e6 + 0.01}
MOST_GROWTH = 4.0  # MB of memory a day, after warming up
MOST_DATABASE = 1.1  # of its size when it was full


def day(seed: int, share: float) -> dict[str, Any]:
    """Spend a day at the window: half of it at an owner's desk, a third as a kiosk, the rest with many new starts."""
    hours = DAY * share
    filled = MAX_PAGES if share == 1 else 300
    with tempfile.TemporaryDirectory(prefix="digitpad-day-") as home:
        desk = part(home, start=0, until=hours / 2, seed=seed, filled=filled)
        kiosk = part(home, start=hours / 2, until=hours * 5 / 6, seed=seed + 1, kiosk=True)
        step = hours / 6 / STARTS
        starts = STARTS if share == 1 else 1
        begins = [hours * 5 / 6 + number * step for number in range(starts)]
        rest = [part(home, start=at, until=at + step, seed=seed + round(at * 100)) for at in begins]
    parts = {"desk": desk, "kiosk": kiosk, "starts": _joined(rest)}
    broken = [f"{name}: {one}" for name, found in parts.items() for one in judge(found["looks"])]
    broken += [f"{name}: it complained: {one}" for name, found in parts.items() for one in found["complaints"]]
    broken += (
        [] if share < 1 else [f"{name}: {one}" for name in ("desk", "kiosk") for one in growth(parts[name]["looks"])]
    )
    summaries = {name: summary(found["looks"]) for name, found in parts.items()}
    del summaries["starts"]["growth_mb_a_day"]  # of windows that were open for some minutes each
    return {
        "hours": hours,
        **{name: sum(found[name] for found in parts.values()) for name in ("seconds", "events", "pages")},
        "windows": 2 + starts,
        "parts": summaries,
        "limits": {**MOST, "growth_mb_a_day": MOST_GROWTH},
        "broken": len(broken),
        "first_broken": broken[:5],
    }


def part(home: str, **options: Any) -> dict[str, Any]:
    """Return what was seen in a part of the day, in a process of its own."""
    environment = {**os.environ, VARIABLE: home, "SDL_VIDEODRIVER": "dummy"}
    if filled := options.pop("filled", 0):
        output([sys.executable, "-m", "tools.soak.fill", str(filled)], environment)
    command = [sys.executable, "-m", "tools.soak.day", json.dumps({"gap": GAP, **options})]
    found: dict[str, Any] = json.loads(output(command, environment))
    return found


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {name: sum(one[name] for one in parts) for name in ("seconds", "events", "pages")}
    return {**whole, **{name: [x for one in parts for x in one[name]] for name in ("complaints", "looks")}}


def judge(looks: Sequence[Mapping[str, float]]) -> list[str]:
    """Return what went beyond its bounds, in words."""
    broken = [
        f"{name} {look[name]:g} at hour {look['hour']:g}, more than {most:g}"
        for name, most in MOST.items()
        for look in looks
        if look[name] > most
    ]
    if looks and looks[-1]["database"] > max(MOST_DATABASE * looks[0]["database"], 1.0) and looks[0]["database"] > 30:
        broken.append(f"the database grew from {looks[0]['database']:.1f} to {looks[-1]['database']:.1f} MB")
    return broken


def growth(looks: Sequence[Mapping[str, float]]) -> list[str]:
    """Return that memory grows, or that what was opened was not closed, in words."""
    grown, files = _growth(looks), [look["files"] for look in _warm(looks)]
    return [
        *([f"memory grows by {grown:.1f} MB a day"] if grown > MOST_GROWTH else []),
        *([f"open files grow: {files}"] if min(files[-3:]) > max(files[:3]) else []),
    ]


def summary(looks: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the most of each figure, and by how much memory grows."""
    names = ("resident", "files", "threads", "database", "write_ahead_log", "log")
    most = {name: round(max(look[name] for look in looks), 2) for name in names}
    resident = [round(look["resident"], 1) for look in looks]
    return {
        "most": most,
        "growth_mb_a_day": round(_growth(looks), 2),
        "resident_mb": resident,
    }


def _warm(looks: Sequence[Mapping[str, float]]) -> Sequence[Mapping[str, float]]:
    return looks[int(np.ceil(WARM * len(looks))) :]


def _growth(looks: Sequence[Mapping[str, float]]) -> float:
    """Return by how many MB a day memory grows once warm: from the median of one half to that of the other.

    Not the line of least squares: an allocator gives 15 MB back for a while when a picture has been drawn.
    """
    warm = _warm(looks)
    halves = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    middles = [np.median([(one["hour"], one["resident"]) for one in half], axis=0) for half in halves]
    (begun, before), (ended, after) = middles
    return float(DAY * (after - before) / (ended - begun))


def clock(_: int, share: float) -> dict[str, Any]:
    """Set the wall clock under a window."""
    with built() as library, tempfile.TemporaryDirectory(prefix="digitpad-clock-") as folder:
        home, wrong = Path(folder) / "home", Path(folder) / "wrong"
        (home / "config").mkdir(parents=True)
        (home / "config" / "settings.toml").write_text('history = "on"\n')
        wrong.write_bytes(bytes(8))
        shim = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(wrong), VARIABLE: str(home), "SDL_VIDEODRIVER": "dummy"}
        command = [sys.executable, "-m", "tools.soak.clock", str(max(1, round(share * len(JUMPS))))]
        found = json.loads(output(command, {**os.environ, **shim}))
    return {**found, "broken": len(found["broken"]), "first_broken": found["broken"]}


def display(_: int, share: float) -> dict[str, Any]:
    """Lose the display under a window, and find another."""
    if reason := is_possible():
        return {"losses": 0, "reason": reason, "broken": 0, "first_broken": []}
    return lose_displays(max(2, round(share * LOSSES))).to_json()


def hang(_: int, share: float) -> dict[str, Any]:
    """Let a window hang, and a manager end it."""
    return hang_often(max(1, round(share * HANGS))).to_json()


STEPS: dict[str, tuple[str, Step]] = {
    "day": ("a day at the window", day),
    "clock": ("setting the wall clock under the window", clock),
    "display": ("losing the display under the window", display),
    "hang": ("ending a window that hangs", hang),
}
