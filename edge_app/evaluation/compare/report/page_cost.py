"""This device on the page: start-up, memory, latency, and what it was measured on."""

from typing import Any

from . import svg
from .markup import NOT_MEASURED, table
from .schema import Report
from .summary import size, time

STATES = {"frequency_mhz": "frequency (MHz)", "temperature_c": "temperature (°C)", "throttled": "throttling flags"}


def cost_section(report: Report) -> str:
    """Return start-up, memory and latency with each runtime."""
    if not report["cost"]:
        return f"<h2>Cost</h2><p>{NOT_MEASURED}.</p>"
    preprocessing = report["preprocessing_us"]
    return "".join(
        [
            "<h2>Cost on this device</h2>",
            *(_runtime(report, runtime) for runtime in report["runtimes"]),
            "<p>On a machine that is busy with other work, p99 and the rows with more than one thread show that work. "
            "Without a delegate the runtime's own kernels do the work; XNNPACK's are often faster.</p>",
            f"<p>From strokes to digit image, the same for all: {time(preprocessing['median'])} "
            f"(p90 {time(preprocessing['p90'])}).</p>",
        ]
    )


def _runtime(report: Report, runtime: dict[str, str]) -> str:
    costs = [cost for cost in report["cost"] if cost["runtime"] == runtime["name"]]
    measured = [cost for cost in costs if "error" not in cost]
    name = f"{runtime['name']} {runtime['version']}"
    start = table(
        f"{name}: start-up and memory",
        costs,
        [
            ("model", lambda cost: cost["model"]),
            ("delegate", lambda cost: cost.get("delegate") or f"does not run: {cost['error']}"),
            ("load", lambda cost: _milliseconds(cost.get("load_ms"))),
            ("first result", lambda cost: _milliseconds(cost.get("first_result_ms"))),
            (f"answers unlike {report['runtime']}'s", lambda cost: _count(cost.get("differing"))),
            ("peak memory above an empty process", lambda cost: "" if "error" in cost else size(cost["peak_bytes"])),
        ],
    )
    latency = table(
        f"{name}: one image at a time, warm, models taking turns",
        [(cost["model"], threads, own) for cost in measured for threads, own in cost["latency_us"].items()],
        [
            ("model", lambda row: row[0]),
            ("threads", lambda row: row[1]),
            *((key, lambda row, key=key: time(row[2][key])) for key in ("median", "p90", "p99")),
            ("images per second", lambda row: f"{row[2]['throughput_per_s']:,}"),
            ("energy per image", lambda row: _microjoules(row[2]["energy_uj"])),
        ],
    )
    if not measured:
        return start + latency
    medians = [cost["latency_us"]["1"]["median"] for cost in measured]
    names = [cost["model"] for cost in measured]
    return start + latency + svg.bars(f"Median latency, {name}", names, [("one thread", medians)], "µs")


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} ms"


def _microjoules(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.0f} µJ"


def device_section(report: Report) -> str:
    """Return the device, and its state before and after."""
    values: dict[str, Any] = {key.replace("_", " "): value for key, value in report["device"].items()}
    for cost in report["cost"]:
        for when, state in cost.get("state", {}).items():
            values |= {f"{STATES[key]} {when} {cost['runtime']}": value for key, value in state.items()}
    values["digitpad"] = report["digitpad"]
    return "<h2>Device</h2>" + table(
        "What was measured on", values.items(), [("", lambda item: item[0]), ("", lambda item: _shown(item[1]))]
    )


def _shown(value: object) -> str:
    if value is None:
        return NOT_MEASURED
    return f"{value:.0f}" if isinstance(value, float) else str(value)
