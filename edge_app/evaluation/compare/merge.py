"""`digitpad compare --merge`: the same models on several devices or runtimes, in one table."""

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...escape import escape
from ...storage.safe_open import open_regular
from .report.schema import MergedReport, MergedRow, Report

LISTED = 100  # differing answers for each pair of devices


def read_reports(paths: Sequence[Path]) -> dict[str, Report]:
    """Return the reports of `compare --json` by device; raises DataError unless they share a model and a set.

    A device is called by its report's file: boards of one kind have one name.
    """
    reports: dict[str, Report] = {}
    for path in paths:
        try:
            with open_regular(path) as file:
                report = json.load(file)
            _check(report)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(
                f"{path}: not a report of this version ({type(error).__name__}: {error}). Write it with compare --json"
            ) from None
        name = escape(path.stem)
        if name in reports:
            raise DataError(f"two reports are called {name}: rename one")
        reports[name] = report
    shared = set.intersection(*({model["sha256"] for model in report["models"]} for report in reports.values()))
    if not shared:
        raise DataError(f"{', '.join(reports)}: no model in common. Compare the same files on each device")
    return reports


def _check(report: Any) -> None:
    """Raise ValueError, KeyError or TypeError unless a report has what is merged."""
    for own in report["sets"]:
        if not all(len(model["read"]) == own["n"] for model in own["models"]):
            raise ValueError("answers are missing")
        if len(own["models"]) != len(report["models"]):
            raise ValueError("models are missing")
    for model in report["models"]:
        if not isinstance(model["file"] + model["sha256"] + model["type"], str):
            raise TypeError("names are no text")
    for cost in report["cost"]:
        if "error" not in cost:
            float(cost["latency_us"]["1"]["median"])
    str(report["device"]["processor"]) + str(report["device"]["board"]) + str(report["runtime"])


def merge(reports: dict[str, Report]) -> MergedReport:
    """Return a row for each device, runtime and model, and the digits that two devices read differently."""
    rows: list[MergedRow] = []
    for device, report in reports.items():
        versions = {own["name"]: own["version"] for own in report["runtimes"]}
        costs = {(own["runtime"], own["model"]): own for own in report["cost"]}
        for number, model in enumerate(report["models"]):
            accuracy = report["sets"][0]["models"][number]["accuracy"]
            for runtime, version in versions.items():
                cost = costs.get((runtime, model["file"]), {})
                rows.append(
                    {
                        "device": device,
                        "processor": report["device"]["board"] or report["device"]["processor"],
                        "runtime": f"{runtime} {version}",
                        "model": model["file"],
                        "type": model["type"],
                        "accuracy": accuracy if runtime == report["runtime"] else None,
                        "median_us": cost["latency_us"]["1"]["median"] if cost.get("latency_us") else None,
                        "peak_bytes": cost.get("peak_bytes"),
                    }
                )
    differences = [_difference(reports, *pair) for pair in combinations(reports, 2)]
    sets = {name: [{"name": own["name"], "n": own["n"]} for own in report["sets"]] for name, report in reports.items()}
    return {"sets": sets, "rows": rows, "differences": [own for found in differences for own in found]}


def _difference(reports: dict[str, Report], one: str, other: str) -> list[dict[str, Any]]:
    """Return how often two devices answered differently, for each set and model that both have."""
    answers = [
        {
            (own["name"], own["n"], model["sha256"]): (model["file"], answers["read"])
            for own in report["sets"]
            for model, answers in zip(report["models"], own["models"], strict=True)
        }
        for report in (reports[one], reports[other])
    ]
    found = []
    for key in answers[0].keys() & answers[1].keys():
        (file, first), (_, second) = (own[key] for own in answers)
        unlike = [i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
        listed = [{"index": i, "read": [first[i], second[i]]} for i in unlike[:LISTED]]
        entry = {"devices": [one, other], "set": key[0], "n": key[1], "model": file}
        found.append({**entry, "different": len(unlike), "digits": listed})
    return sorted(found, key=lambda own: (own["set"], own["model"]))


def summarise_merged(merged: MergedReport) -> str:
    """Return the table and the differences for a terminal."""
    from .report.page_merged import COLUMNS, difference_line

    table = [[head for head, _ in COLUMNS], *([show(row) for _, show in COLUMNS] for row in merged["rows"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, *map(difference_line, merged["differences"])])
