"""The comparison in ten lines for a terminal."""

from typing import Any


def size(count: float | None) -> str:
    """Return bytes as people say them."""
    if count is None:
        return "not measured"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def time(microseconds: float | None) -> str:
    """Return a time as people say it."""
    if microseconds is None:
        return "not measured"
    return f"{microseconds / 1000:.1f} ms" if microseconds >= 1000 else f"{microseconds:.0f} µs"


def share(value: float) -> str:
    """Return a share in per cent with two places."""
    return f"{100 * value:.2f} %"


def chance(p: float) -> str:
    """Return a probability; below a thousandth only that."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def decibels(value: float | None) -> str:
    """Return a signal-to-noise ratio; None is the same to the last bit."""
    return "the same" if value is None else f"{value:.1f} dB"


def summarise(report: dict[str, Any]) -> str:
    """Return the report as a table: a line a figure, a column a model."""
    models = report["models"]
    rows: list[list[str]] = [["", *(model["file"] for model in models)], ["type", *(m["type"] for m in models)]]
    rows.append(["size", *(size(model["bytes"]) for model in models)])
    for own in report["sets"]:
        left = f", {own['skipped']:,} left out" if own["skipped"] else ""
        rows.append([f"{own['name']}, n = {own['n']:,}{left}", *(_accuracy(own, i) for i in range(len(models)))])
    robustness = report.get("robustness")
    if robustness:
        ways = robustness["corruptions"]
        means = [sum(way["accuracy"][i] for way in ways) / len(ways) for i in range(len(models))]
        rows.append([f"spoilt in {len(ways)} ways, n = {robustness['n']:,}", *map(share, means)])
    if report["sets"]:
        first = report["sets"][0]
        rows.append(
            [f"calibration error, {first['name']}", *(f"{own['calibration_error']:.4f}" for own in first["models"])]
        )
        rows.append(
            [
                f"logits, signal to noise, {first['name']}",
                "",
                *(decibels(pair["logits_snr_db"]) for pair in first["pairs"]),
            ]
        )
    rows += _cost_rows(report, [model["file"] for model in models])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
    device = report["device"]
    return "\n".join([f"{device['board'] or device['processor']}, governor {device['governor'] or 'unknown'}", *lines])


def _accuracy(own: dict[str, Any], index: int) -> str:
    text = share(own["models"][index]["accuracy"])
    if index == 0:
        low, high = own["models"][0]["interval"]
        return f"{text} ({100 * low:.2f} to {100 * high:.2f})"
    pair = own["pairs"][index - 1]
    return f"{text} ({pair['difference']:+.2f}, {chance(pair['mcnemar_p'])}, {pair['flipped']} flipped)"


def _cost_rows(report: dict[str, Any], files: list[str]) -> list[list[str]]:
    rows = []
    for runtime in report["runtimes"]:
        own = {cost["model"]: cost for cost in report["cost"] if cost["runtime"] == runtime["name"]}
        if own:
            rows.append([f"{runtime['name']} {runtime['version']}", *(_cost(own[file]) for file in files)])
    return rows


def _cost(cost: dict[str, Any]) -> str:
    if "error" in cost:
        return "does not run"
    return f"{time(cost['latency_us']['1']['median'])}, {size(cost['peak_bytes'])} more memory"
