"""The same models on several devices, as one page."""

from collections.abc import Callable
from html import escape
from typing import Any

from . import svg
from .markup import NOT_MEASURED, table
from .page import wrap
from .schema import MergedReport, MergedRow
from .summary import share, size, time

COLUMNS: list[tuple[str, Callable[[MergedRow], str]]] = [
    ("device", lambda row: row["device"]),
    ("processor", lambda row: row["processor"]),
    ("runtime", lambda row: row["runtime"]),
    ("model", lambda row: row["model"]),
    ("type", lambda row: row["type"]),
    ("accuracy", lambda row: "" if row["accuracy"] is None else share(row["accuracy"])),
    ("median latency", lambda row: NOT_MEASURED if row["median_us"] is None else time(row["median_us"])),
    ("memory", lambda row: size(row["peak_bytes"])),
]


def difference_line(own: dict[str, Any]) -> str:
    """Return a sentence about one model on two devices."""
    one, other = own["devices"]
    return f"{own['model']} on {own['set']}: {one} and {other} read {own['different']:,} of {own['n']:,} differently"


def make_merged_page(merged: MergedReport) -> str:
    """Return the page."""
    measured = [row for row in merged["rows"] if row["median_us"] is not None]
    names = list(dict.fromkeys(row["model"] for row in measured))
    places = list(dict.fromkeys((row["device"], row["runtime"]) for row in measured))
    medians = {(row["device"], row["runtime"], row["model"]): row["median_us"] or 0.0 for row in measured}
    series = [(name, [medians.get((*place, name), 0.0) for place in places]) for name in names]
    title = " and ".join(dict.fromkeys(row["device"] for row in merged["rows"]))
    body = [
        f"<h1>{escape(title)}</h1>",
        table("The same models on each device", merged["rows"], COLUMNS),
        svg.bars("Median latency, one thread", [" ".join(place) for place in places], series, "µs") if places else "",
        "<h2>Answers</h2>",
        *(f"<p>{escape(difference_line(own))}.</p>{_digits(own)}" for own in merged["differences"]),
    ]
    return wrap(title, "".join(body))


def _digits(own: dict[str, Any]) -> str:
    if not own["digits"]:
        return ""
    one, other = own["devices"]
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("sample", lambda digit: f"#{digit['index']}"),
        (one, lambda digit: digit["read"][0]),
        (other, lambda digit: digit["read"][1]),
    ]
    return table(f"The first {len(own['digits'])}", own["digits"], columns)
