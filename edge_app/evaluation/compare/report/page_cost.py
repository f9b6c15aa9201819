"""The page's part on this device: start, memory, latency, and what it was measured on."""

from typing import Any

from . import svg
from .markup import NOT_MEASURED, table
from .summary import size, time

STATES = {
    "frequency_mhz": "frequency (MHz)",
    "temperature_c": "temperature (°C)",
    "throttled": "throttling flags",
}


def cost_section(report: dict[str, Any]) -> str:
    """Return start, memory and latency with each runtime."""
    if not report["cost"]:
        return f"<h2>Cost</h2><p>{NOT_MEASURED}.</p>"
    parts = ["<h2>Cost on this device</h2>"]
    for runtime in report["runtimes"]:
        costs = [cost for cost in report["cost"] if cost["runtime"] == runtime["name"]]
        name = f"{runtime['name']} {runtime['version']}"
        parts.append(
            table(
                f"{name}: start and memory",
                ["model", "delegate", "load", "first result", "peak memory above an empty process"],
                map(_start, costs),
            )
        )
        rows = [row for cost in costs for row in _latency(cost)]
        head = ["model", "threads", "median", "p90", "p99", "images a second", "energy an image"]
        parts.append(table(f"{name}: one image at a time, warm, models taking turns", head, rows))
        timed = [cost for cost in costs if "error" not in cost]
        if timed:
            medians = [cost["latency_us"]["1"]["median"] for cost in timed]
            plot = svg.bars(
                f"Median latency, {name}", [cost["model"] for cost in timed], [("one thread", medians)], "µs"
            )
            parts.append(plot)
    parts.append(
        "<p>On a machine that has other work too, p99 and the rows with more than one thread show that work. "
        "Where the delegate is none, the runtime's own kernels do the work; XNNPACK's are often faster.</p>"
    )
    own = report["preprocessing_us"]
    parts.append(
        f"<p>From strokes to digit image, the same for all: {time(own['median'])} (p90 {time(own['p90'])}).</p>"
    )
    return "".join(parts)


def _start(cost: dict[str, Any]) -> list[str]:
    if "error" in cost:
        return [cost["model"], f"does not run: {cost['error']}", "", "", ""]
    first = f"{cost['first_result_ms']:.1f} ms"
    return [cost["model"], cost["delegate"], f"{cost['load_ms']:.1f} ms", first, size(cost["peak_bytes"])]


def _latency(cost: dict[str, Any]) -> list[list[str]]:
    return [
        [
            cost["model"],
            threads,
            *(time(own[name]) for name in ("median", "p90", "p99")),
            f"{own['throughput_per_s']:,}",
            NOT_MEASURED if own["energy_uj"] is None else f"{own['energy_uj']:.0f} µJ",
        ]
        for threads, own in cost.get("latency_us", {}).items()
    ]


def device_section(report: dict[str, Any]) -> str:
    """Return what it was measured on, and how that fared."""
    rows = [
        [key.replace("_", " "), NOT_MEASURED if value is None else str(value)]
        for key, value in report["device"].items()
    ]
    for cost in report["cost"]:
        for when, state in cost.get("state", {}).items():
            for key, value in state.items():
                label = f"{STATES[key]} {when} {cost['runtime']}"
                rows.append(
                    [label, NOT_MEASURED if value is None else f"{value:.0f}" if isinstance(value, float) else value]
                )
    rows.append(["digitpad", report["digitpad"]])
    return "<h2>Device</h2>" + table("What was measured on", ["", ""], rows)
