"""`digitpad compare --merge`: the same models on several devices or runtimes, in one table."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...escape import escape
from ...recognition.normalise import DigitImage
from ...storage.safe_open import open_regular
from .data import Batches
from .report.schema import Difference, LabelledSet, MergedReport, MergedRow, Report

LISTED = 100  # differing answers of each model on each set


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
            raise DataError(f"{path}: {_reason(error)}. Run compare --json there again") from None
        name = escape(path.stem)
        if name in reports:
            raise DataError(f"two reports are called {name}: rename one")
        reports[name] = report
    shared = set.intersection(*({model["sha256"] for model in report["models"]} for report in reports.values()))
    if not shared:
        raise DataError(f"{', '.join(reports)}: no model in common. Compare the same files on each device")
    return reports


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"a report of an earlier version, which has no {error}"
    return f"not a report of compare --json ({error})"


def _check(report: Any) -> None:
    """Raise ValueError, KeyError or TypeError unless a report has what is merged."""
    for own in report["sets"]:
        if not all(len(read) == own["n"] for read in (own["labels"], *(model["read"] for model in own["models"]))):
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
    """Return a row for each device, runtime and model, and the digits that devices read differently."""
    names = _model_names(reports)
    shared = set.intersection(*({_key(own) for own in report["sets"]} for report in reports.values()))
    first = next((own for own in next(iter(reports.values()))["sets"] if _key(own) in shared), None)
    rows: list[MergedRow] = []
    for device, report in reports.items():
        answers = next((own["models"] for own in report["sets"] if first and _key(own) == _key(first)), None)
        costs = {(own["runtime"], own["model"]): own for own in report["cost"]}
        for number, model in enumerate(report["models"]):
            for runtime in report["runtimes"]:
                cost = costs.get((runtime["name"], model["file"]), {})
                asked = answers and runtime["name"] == report["runtime"]
                rows.append(
                    {
                        "device": device,
                        "processor": report["device"]["board"] or report["device"]["processor"],
                        "runtime": f"{runtime['name']} {runtime['version']}",
                        "model": names[model["sha256"]],
                        "type": model["type"],
                        "accuracy": answers[number]["accuracy"] if answers and asked else None,
                        "median_us": cost["latency_us"]["1"]["median"] if cost.get("latency_us") else None,
                        "peak_bytes": cost.get("peak_bytes"),
                    }
                )
    return {
        "set": {"name": first["name"], "n": first["n"]} if first else None,
        "rows": rows,
        "differences": _differences(reports, names),
    }


def _key(own: LabelledSet) -> tuple[str, str]:
    """Return what makes two sets the same: a name, and the labels in order."""
    return own["name"], own["labels"]


def _model_names(reports: dict[str, Report]) -> dict[str, str]:
    """Return each model's name by its SHA-256, with the start of that where two models have one file name."""
    files = {model["sha256"]: model["file"] for report in reports.values() for model in report["models"]}
    return {
        sha256: f"{file} ({sha256[:8]})" if list(files.values()).count(file) > 1 else file
        for sha256, file in files.items()
    }


def _differences(reports: dict[str, Report], names: dict[str, str]) -> list[Difference]:
    """Return for each set and model that several devices have how many digits they did not all read alike."""
    answers: dict[tuple[str, str, str], dict[str, str]] = {}
    for device, report in reports.items():
        for own in report["sets"]:
            for model, found in zip(report["models"], own["models"], strict=True):
                answers.setdefault((*_key(own), model["sha256"]), {})[device] = found["read"]
    differences: list[Difference] = []
    for (name, labels, sha256), read in answers.items():
        if len(read) > 1:
            unlike = [i for i, own in enumerate(zip(*read.values(), strict=True)) if len(set(own)) > 1]
            differences.append(
                {
                    "set": name,
                    "n": len(labels),
                    "model": names[sha256],
                    "devices": list(read),
                    "different": len(unlike),
                    "digits": [
                        {"index": i, "label": labels[i], "read": [own[i] for own in read.values()]}
                        for i in unlike[:LISTED]
                    ],
                }
            )
    return differences


def pictures_of(path: Path, differences: Sequence[Difference]) -> dict[int, DigitImage]:
    """Return the digits in a set that devices read differently, by index; none if it is another set of that name."""
    own = [one for one in differences if one["set"] == escape(path.resolve().name)]
    wanted = {digit["index"]: int(digit["label"]) for one in own for digit in one["digits"]}
    if not wanted:
        return {}
    pictures, start = {}, 0
    for images, labels in Batches(path):
        for index in wanted.keys() & set(range(start, start + len(images))):
            if labels[index - start] != wanted[index]:
                return {}
            pictures[index] = images[index - start]
        start += len(images)
    return pictures if start == own[0]["n"] else {}


def summarise_merged(merged: MergedReport) -> str:
    """Return the table and the differences for a terminal."""
    from .report.page_merged import COLUMNS, difference_lines

    table = [[head for head, _ in COLUMNS], *([show(row) for _, show in COLUMNS] for row in merged["rows"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, *difference_lines(merged)])
