"""What was measured, beside what was wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Figure = dict[str, Any]
"""unit, n, best, median, p99; goal, what of it the goal is for, ok; a reason where it was not measured."""


@dataclass(frozen=True)
class Wanted:
    """A figure's unit, and the most that its median or its 99th percentile may be; no limit where it only informs."""

    unit: str
    most: float | None = None
    judged: Literal["median", "p99"] = "p99"


WANTED = {
    "normalise": Wanted("us"),
    "inference": Wanted("us"),
    "five_digit_number": Wanted("us"),
    "self_test": Wanted("us", 5000),
    "first_frame": Wanted("ms", 400, "median"),
    "event_to_pixel": Wanted("ms", 16),
    "lift_to_label": Wanted("ms", 10),
    "last_lift_to_label": Wanted("ms", 10),
    "resident_memory": Wanted("MB", 70),
    "peak_memory": Wanted("MB"),
    "idle_cpu": Wanted("%", 0.5),
    "idle_wake_ups": Wanted("1/s"),
    "growth": Wanted("MB in ten minutes", 1.0),  # an allocator's pages come and go by some tenths
}


def measured(name: str, values: Sequence[float], **more: Any) -> Figure:
    """Return the figure of some values in the unit that is wanted, with more that is worth knowing."""
    if not values:
        return missing(name, "nothing came of it")
    wanted = WANTED[name]
    found = {
        "best": round(min(values), 3),
        "median": round(float(np.median(values)), 3),
        "p99": round(float(np.percentile(values, 99)), 3),
    }
    ok = None if wanted.most is None else found[wanted.judged] <= wanted.most
    return {"unit": wanted.unit, "n": len(values), **found, **_goal(wanted), "ok": ok, **more}


def missing(name: str, reason: str) -> Figure:
    """Return the figure that could not be had."""
    wanted = WANTED[name]
    nothing = dict.fromkeys(("best", "median", "p99"))
    return {"unit": wanted.unit, "n": 0, **nothing, **_goal(wanted), "ok": None, "reason": reason}


def _goal(wanted: Wanted) -> dict[str, Any]:
    return {"goal": wanted.most, "judged": wanted.judged if wanted.most is not None else None}


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much y grows with x: the line of least squares."""
    x, y = np.transpose(points)
    return float(np.polyfit(x, y, 1)[0])


def summary(figures: dict[str, Figure]) -> str:
    """Return the figures as lines to read."""
    lines = [f"{'':20}{'median':>10}{'p99':>10}{'n':>7}  {'goal':18}"]
    for name, figure in figures.items():
        if figure["n"]:
            numbers = f"{figure['median']:10.2f}{figure['p99']:10.2f}{figure['n']:7}"
            goal = "" if figure["goal"] is None else f"{figure['judged']} <= {figure['goal']:g}"
            verdict = {None: "", True: "ok", False: "MISSED"}[figure["ok"]]
            lines.append(f"{name:20}{numbers}  {goal:18}{verdict:8}{figure['unit']}")
        else:
            lines.append(f"{name:20}not measured: {figure['reason']}")
    return "\n".join(lines)
