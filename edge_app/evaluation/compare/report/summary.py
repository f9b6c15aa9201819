"""The comparison in ten lines for a terminal, and how figures are written."""

from typing import Any

from .schema import LabelledSet, Report


def size(count: float | None) -> str:
    """Return bytes with a unit."""
    if count is None:
        return "not measured"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def time(microseconds: float) -> str:
    """Return a duration with a unit."""
    return f"{microseconds / 1000:.1f} ms" if microseconds >= 1000 else f"{microseconds:.0f} µs"


def share(value: float) -> str:
    """Return a proportion in per cent."""
    return f"{100 * value:.2f} %"


def chance(p: float) -> str:
    """Return a p-value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def decibels(value: float | None) -> str:
    """Return a signal-to-noise ratio; None means identical values."""
    return "the same" if value is None else f"{value:.1f} dB"


def summarise(report: Report) -> str:
    """Return the report as a table with a column for each model."""
    models, sets = report["models"], report["sets"]
    rows = [
        ["", *(model["file"] for model in models)],
        ["type", *(model["type"] for model in models)],
        ["size", *(size(model["bytes"]) for model in models)],
    ]
    for own in sets:
        left = f", {own['skipped']:,} left out" if own["skipped"] else ""
        rows.append([f"{own['name']}, n = {own['n']:,}{left}", *(_accuracy(own, i) for i in range(len(models)))])
    if robustness := report.get("robustness"):
        ways = robustness["corruptions"]
        means = [sum(way["accuracy"][i] for way in ways) / len(ways) for i in range(len(models))]
        rows.append([f"corrupted in {len(ways)} ways, n = {robustness['n']:,}", *map(share, means)])
    first = sets[0]
    rows.append(
        [f"calibration error, {first['name']}", *(f"{own['calibration_error']:.4f}" for own in first["models"])]
    )
    ratios = [decibels(pair["logits_snr_db"]) for pair in first["pairs"]]
    outputs = "probabilities" if any(model["softmax"] for model in models) else "logits"
    rows.append([f"{outputs}, signal to noise, {first['name']}", "", *ratios])
    for runtime in report["runtimes"]:
        costs = [_cost(cost) for cost in report["cost"] if cost["runtime"] == runtime["name"]]
        rows += [[f"{runtime['name']} {runtime['version']}", *costs]] if costs else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
    device = report["device"]
    return "\n".join(
        [
            f"{device['board'] or device['processor']}, governor {device['governor'] or 'unknown'}",
            *lines,
            *report["warnings"],
            *report["why"],
        ]
    )


def _accuracy(own: LabelledSet, index: int) -> str:
    text = share(own["models"][index]["accuracy"])
    if index == 0:
        low, high = own["models"][0]["interval"]
        return f"{text} ({100 * low:.2f} to {100 * high:.2f})"
    pair = own["pairs"][index - 1]
    return f"{text} ({pair['difference']:+.2f}, {chance(pair['mcnemar_p'])}, {pair['flipped']} flipped)"


def _cost(cost: dict[str, Any]) -> str:
    if "error" in cost:
        return "does not run"
    memory = "memory not measured" if cost["peak_bytes"] is None else f"{size(cost['peak_bytes'])} more memory"
    differing = f", {cost['differing']:,} answers differ" if cost.get("differing") else ""
    return f"{time(cost['latency_us']['1']['median'])}, {memory}{differing}"
