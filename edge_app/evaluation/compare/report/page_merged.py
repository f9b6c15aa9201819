"""The same models on several devices, as one page."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from ....recognition.normalise import DigitImage
from . import svg
from .markup import NOT_MEASURED, data_uri, table
from .page import wrap
from .schema import Difference, MergedReport, MergedRow
from .summary import share, size, time

COLUMNS: list[tuple[str, Callable[[MergedRow], str]]] = [
    ("device", lambda row: row["device"]),
    ("runtime", lambda row: row["runtime"]),
    ("model", lambda row: row["model"]),
    ("type", lambda row: row["type"]),
    ("accuracy", lambda row: "" if row["accuracy"] is None else share(row["accuracy"])),
    ("median latency", lambda row: NOT_MEASURED if row["median_us"] is None else time(row["median_us"])),
    ("memory", lambda row: size(row["peak_bytes"])),
    ("processor", lambda row: row["processor"]),
]


def difference_lines(merged: MergedReport) -> list[str]:
    """Return a sentence for each model and set that several devices have."""
    if not merged["differences"]:
        return ["no set of digits and model in common, so answers are not compared"]
    return [_difference_line(own) for own in merged["differences"]]


def _difference_line(own: Difference) -> str:
    *most, last = own["devices"]
    count = f"{own['different']:,} of {own['n']:,} digits" if own["different"] else f"none of {own['n']:,} digits"
    return f"{own['model']} on {own['set']}: {', '.join(most)} and {last} read {count} differently"


def make_merged_page(merged: MergedReport, pictures: Mapping[str, Mapping[int, DigitImage]]) -> str:
    """Return the page; `pictures` holds digits by name of the set and index."""
    measured = [row for row in merged["rows"] if row["median_us"] is not None]
    names = list(dict.fromkeys(row["model"] for row in measured))
    places = list(dict.fromkeys((row["device"], row["runtime"]) for row in measured))
    medians = {(row["device"], row["runtime"], row["model"]): row["median_us"] for row in measured}
    series = [(name, [medians.get((*place, name)) for place in places]) for name in names]
    title = f"{len({row['model'] for row in merged['rows']})} models on {_listed(merged)}"
    common = merged["set"]
    caption = f"Accuracy on {common['name']}, n = {common['n']:,}; latency of one image, one thread" if common else ""
    body = [
        f"<h1>{escape(title)}</h1>",
        table(caption or "Latency of one image, one thread", merged["rows"], COLUMNS),
        svg.bars("Median latency, one thread", [", ".join(place) for place in places], series, "µs") if places else "",
        "<h2>Answers</h2>",
        *(f"<p>{escape(line)}.</p>" for line in difference_lines(merged)),
        *(_digits(own, pictures.get(own["set"], {})) for own in merged["differences"]),
    ]
    return wrap(title, "".join(body))


def _listed(merged: MergedReport) -> str:
    *most, last = dict.fromkeys(row["device"] for row in merged["rows"])
    return f"{', '.join(most)} and {last}"


def _digits(own: Difference, pictures: Mapping[int, DigitImage]) -> str:
    """Return the digits that were read differently, each with the answer of every device."""
    if not own["digits"]:
        return ""
    first = "" if len(own["digits"]) == own["different"] else f", the first {len(own['digits'])}"
    return (
        f"<h3>{escape(own['model'])} on {escape(own['set'])}: read differently{first}</h3>"
        f"<div class='flips'>{''.join(_digit(own['devices'], digit, pictures) for digit in own['digits'])}</div>"
        + ("" if pictures else "<p>To see these digits, merge again with the set, by --mnist or --data.</p>")
    )


def _digit(devices: list[str], digit: dict[str, Any], pictures: Mapping[int, DigitImage]) -> str:
    index, label = digit["index"], digit["label"]
    answers = [
        (device, read, "right" if read == label else "wrong")
        for device, read in zip(devices, digit["read"], strict=True)
    ]
    words = "; ".join(f"{device}: {read}, {right}" for device, read, right in answers)
    alt = escape(f"sample {index}, labelled {label}. {words}")
    picture = f"<img src='{data_uri(pictures[index])}' width='84' height='84' alt='{alt}'>" if index in pictures else ""
    lines = "".join(f"<br>{escape(device)}: {read} <b>{right}</b>" for device, read, right in answers)
    return f"<figure>{picture}<figcaption>#{index}, a {label}{lines}</figcaption></figure>"
