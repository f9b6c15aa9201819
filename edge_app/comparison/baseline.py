"""An earlier report as the bar: a model may not have become worse than `max_drop` points."""

import json
from pathlib import Path
from typing import Any

from ..errors import DataError


def read_baseline(path: Path) -> dict[tuple[str, str], float]:
    """Return the accuracy by set and type of model; raises DataError for anything but a report of `compare`."""
    try:
        report = json.loads(path.read_text())
        types = [str(model["type"]) for model in report["models"]]
        found = {
            (str(own["name"]), kind): float(model["accuracy"])
            for own in report["sets"]
            for kind, model in zip(types, own["models"], strict=True)
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path}: no report to compare with ({type(error).__name__}: {error}). Write one with compare --json"
        ) from None
    if not found:
        raise DataError(f"{path}: a report without accuracies. Write one with compare --json")
    return found


def regressions(report: dict[str, Any], baseline: dict[tuple[str, str], float], max_drop: float) -> list[str]:
    """Return a line for each model that lost more than `max_drop` points; raises DataError where nothing matches."""
    types = [model["type"] for model in report["models"]]
    lines, met = [], 0
    for own in report["sets"]:
        for kind, model in zip(types, own["models"], strict=True):
            before = baseline.get((own["name"], kind))
            if before is None:
                continue
            met += 1
            drop = 100 * (before - model["accuracy"])
            if drop > max_drop + 1e-9:
                now = 100 * model["accuracy"]
                lines.append(
                    f"{own['name']}, {kind}: {100 * before:.2f} % before, {now:.2f} % now, {drop:.2f} points lost"
                )
    if not met:
        raise DataError("the baseline and this comparison have no set and type of model in common")
    return lines
