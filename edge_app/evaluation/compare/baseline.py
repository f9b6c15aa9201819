"""An earlier report as the baseline: no model may have lost more than `max_drop` points."""

import json
import math
from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

from ...errors import DataError
from ...storage.safe_open import open_regular
from .report.schema import Report

Baseline: TypeAlias = dict[tuple[str, str], tuple[int, float]]
"""n and accuracy by name of the set and of the model."""


def read_baseline(path: Path, sets: Collection[str], models: Collection[str]) -> Baseline:
    """Return the figures of `sets` and `models` in an earlier report; raises DataError where it has none."""
    try:
        with open_regular(path) as file:
            report = json.load(file)
        found = {
            (str(own["name"]), str(model["file"])): (int(own["n"]), float(answers["accuracy"]))
            for own in report["sets"]
            for model, answers in zip(report["models"], own["models"], strict=True)
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path}: no report to compare with ({type(error).__name__}: {error}). Write one with compare --json"
        ) from None
    common = {key: own for key, own in found.items() if key[0] in sets and key[1] in models}
    if not common:
        raise DataError(f"{path}: no set and model in common with this comparison")
    if not all(math.isfinite(accuracy) for _, accuracy in common.values()):
        raise DataError(f"{path}: an accuracy is not a number. Write one with compare --json")
    return common


def regressions(report: Report, baseline: Baseline, max_drop: float) -> list[str]:
    """Return a line for each model that lost more than `max_drop` points, or whose set had another size."""
    lines = []
    for own in report["sets"]:
        for model, answers in zip(report["models"], own["models"], strict=True):
            if (own["name"], model["file"]) not in baseline:
                continue
            n, before = baseline[own["name"], model["file"]]
            where = f"{own['name']}, {model['file']}"
            drop = 100 * (before - answers["accuracy"])
            if n != own["n"]:
                lines.append(f"{where}: {n:,} digits before, {own['n']:,} now: not the same set")
            elif drop > max_drop + 1e-9:
                now = f"{100 * answers['accuracy']:.2f} % now, {drop:.2f} points lost"
                lines.append(f"{where}: {100 * before:.2f} % before, {now}")
    return lines
