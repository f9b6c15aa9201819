"""The report as one HTML page that needs nothing else: tables, plots, pictures of what flipped."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from ..normalise import DigitImage
from . import svg
from .accuracy import MOST_FLIPS
from .summary import chance, decibels, share, size, time

NOT_MEASURED = "not measured"
STATES = {
    "frequency_mhz": "frequency (MHz)",
    "temperature_c": "temperature (°C)",
    "throttled": "throttling flags",
}
STYLE = Path(__file__).with_name("page.css")


def make_page(report: dict[str, Any], pictures: Mapping[tuple[str, int], Sequence[DigitImage]]) -> str:
    """Return the page; `pictures` holds the flipped images by name of the set and number of the model."""
    models = report["models"]
    names = [f"{model['type']}" for model in models]
    title = " against ".join(dict.fromkeys(names)) if len(set(names)) == len(names) else f"{len(models)} models"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p class='lead'>{escape(_verdict(report))}</p>",
        _models(report),
        *(_set(report, own, pictures) for own in report["sets"]),
        _robustness(report),
        _layers(report),
        _cost(report),
        _device(report),
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>digitpad: {escape(title)}</title><style>{STYLE.read_text()}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>"
    )


def _verdict(report: dict[str, Any]) -> str:
    """Return a sentence a model: what it costs against the first on the first set, and what it buys."""
    first, *others = report["models"]
    sentences = []
    for number, model in enumerate(others):
        if report["sets"]:
            own = report["sets"][0]
            pair = own["pairs"][number]
            sentences.append(
                f"{model['file']} against {first['file']}: {pair['difference']:+.2f} points on {own['name']} "
                f"(n = {own['n']:,}, {chance(pair['mcnemar_p'])}), answers flipped: {pair['flipped']}; "
                f"{_ratio(first['bytes'] / model['bytes'], 'smaller', 'larger')}"
                f"{_speed(report, first['file'], model['file'])}."
            )
    return " ".join(sentences)


def _ratio(times: float, more: str, less: str) -> str:
    return f"{times:.1f} times {more}" if times >= 1 else f"{1 / times:.1f} times {less}"


def _speed(report: dict[str, Any], first: str, other: str) -> str:
    """Return how fast the other is with each runtime that was measured, as the end of a sentence."""
    medians = {(c["runtime"], c["model"]): c["latency_us"]["1"]["median"] for c in report["cost"] if "error" not in c}
    return "".join(
        f", {_ratio(medians[r['name'], first] / medians[r['name'], other], 'faster', 'slower')} with {r['name']}"
        for r in report["runtimes"]
        if {(r["name"], first), (r["name"], other)} <= medians.keys()
    )


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a caption, its first column as row headings; cells are escaped here."""
    heads = "".join(f"<th scope='col'>{escape(cell)}</th>" if cell else "<td></td>" for cell in head)
    body = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _models(report: dict[str, Any]) -> str:
    rows = [
        [
            m["file"],
            m["type"],
            f"{m['bytes']:,}",
            str(len(m["classes"])),
            "1 (no card)" if m["temperature"] is None else f"{m['temperature']:g}",
            m["sha256"][:16] + "…",
        ]
        for m in report["models"]
    ]
    return "<h2>Models</h2>" + table("The models", ["file", "type", "bytes", "classes", "temperature", "SHA-256"], rows)


def _set(report: dict[str, Any], own: dict[str, Any], pictures: Mapping[tuple[str, int], Sequence[DigitImage]]) -> str:
    files = [model["file"] for model in report["models"]]
    parts = [f"<h2>{escape(own['name'])}: {own['n']:,} digits</h2>"]
    if own["skipped"]:
        parts.append(f"<p>{own['skipped']:,} samples that are not one digit, or blank, were left out.</p>")
    parts.append(
        table(
            "Accuracy with 95 % Wilson intervals, expected calibration error",
            ["model", "right", "accuracy", "interval", "calibration error"],
            [
                [
                    file,
                    f"{m['right']:,}",
                    share(m["accuracy"]),
                    _interval(m["interval"]),
                    f"{m['calibration_error']:.4f}",
                ]
                for file, m in zip(files, own["models"], strict=True)
            ],
        )
    )
    parts.append(_pairs(files, own))
    digits = [str(d) for d in range(10)]
    classes = zip(*(m["per_class"] for m in own["models"]), strict=True)
    parts.append(
        table(
            "Right, by digit",
            ["digit", "n", *files],
            [
                [digit, f"{counts[0]['n']:,}", *(f"{c['right']:,} ({_part(c['right'], c['n'])})" for c in counts)]
                for digit, counts in zip(digits, classes, strict=True)
            ],
        )
    )
    curves = [
        (file, [(p["confidence"], p["accuracy"], int(p["n"])) for p in m["reliability"]])
        for file, m in zip(files, own["models"], strict=True)
    ]
    parts.append(svg.reliability(f"Reliability on {own['name']}: accuracy by confidence", curves))
    for file, m in zip(files, own["models"], strict=True):
        parts.append(_confusion(file, m["confusion"], report["models"][0]["classes"]))
    for number, pair in enumerate(own["pairs"], 1):
        parts.append(_flips(files[0], files[number], pair, pictures.get((own["name"], number), [])))
    return "".join(parts)


def _part(right: int, n: int) -> str:
    return share(right / n) if n else "none"


def _interval(ends: Sequence[float]) -> str:
    return f"{100 * ends[0]:.2f} to {100 * ends[1]:.2f} %"


def _pairs(files: Sequence[str], own: dict[str, Any]) -> str:
    return table(
        f"Against {files[0]}: McNemar's exact test on the samples that only one of the two got right",
        [
            "model",
            "points",
            "right alone",
            "first right alone",
            "p",
            "flipped",
            "logits, signal to noise",
            "largest off",
        ],
        [
            [
                file,
                f"{p['difference']:+.2f}",
                str(p["only_second_right"]),
                str(p["only_first_right"]),
                chance(p["mcnemar_p"]),
                str(p["flipped"]),
                decibels(p["logits_snr_db"]),
                f"{p['logits_largest_deviation']:.3f}",
            ]
            for file, p in zip(files[1:], own["pairs"], strict=True)
        ],
    )


def _confusion(file: str, matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    rows = [[str(digit), *(str(count) if count else "·" for count in row)] for digit, row in enumerate(matrix)]
    inner = table(f"{file}: true digit by row, read as by column", ["", *classes], rows)
    return f"<details><summary>Confusion matrix of {escape(file)}</summary>{inner}</details>"


def _flips(first: str, second: str, pair: dict[str, Any], pictures: Sequence[DigitImage]) -> str:
    heading = f"<h3>Flipped between {escape(first)} and {escape(second)}: {pair['flipped']:,}</h3>"
    if not pair["flips"]:
        return heading + "<p>They read every sample alike.</p>"
    shown = "".join(_flip(first, second, flip, picture) for flip, picture in zip(pair["flips"], pictures, strict=False))
    rest = pair["flipped"] - len(pictures)
    note = f"<p>{rest:,} more are not shown; --json lists up to {MOST_FLIPS:,}.</p>" if rest > 0 else ""
    return f"{heading}<div class='flips'>{shown}</div>{note}"


def _flip(first: str, second: str, flip: dict[str, Any], picture: DigitImage) -> str:
    one, two = ("?" if read == 10 else str(read) for read in flip["read"])
    right = ["right" if read == flip["label"] else "wrong" for read in flip["read"]]
    scores = f"{flip['first_scores'][0]:.2f}", f"{flip['second_scores'][1]:.2f}"
    said = f"{first}: {one} ({scores[0]}, {right[0]}); {second}: {two} ({scores[1]}, {right[1]})"
    alt = f"sample {flip['index']}, labelled {flip['label']}. {said}"
    return (
        f"<figure><img src='{_data_uri(picture)}' width='84' height='84' alt='{escape(alt)}'>"
        f"<figcaption>#{flip['index']}, a {flip['label']}<br>"
        f"{escape(one)} {scores[0]} <b>{right[0]}</b><br>{escape(two)} {scores[1]} <b>{right[1]}</b></figcaption>"
        "</figure>"
    )


def _data_uri(image: DigitImage) -> str:
    file = io.BytesIO()
    Image.fromarray(255 - image).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _robustness(report: dict[str, Any]) -> str:
    own = report.get("robustness")
    if not own:
        return ""
    files = [model["file"] for model in report["models"]]
    ways = [{"name": "as it is", "accuracy": own["clean"]}, *own["corruptions"]]
    accuracies = [[100 * way["accuracy"][i] for way in ways] for i in range(len(files))]
    plot = svg.bars(
        f"Accuracy on {own['n']:,} spoilt digits of {own['set']}",
        [way["name"] for way in ways],
        list(zip(files, accuracies, strict=True)),
        "%",
    )
    rows = [[way["name"], *map(share, way["accuracy"])] for way in ways]
    inner = table(f"{own['n']:,} digits of {own['set']}, seed {own['seed']}", ["spoilt by", *files], rows)
    return f"<h2>Robustness</h2>{plot}<details><summary>As a table</summary>{inner}</details>"


def _layers(report: dict[str, Any]) -> str:
    if not report["layers"]:
        return ""
    parts = ["<h2>Layer by layer</h2>"]
    for own in report["layers"]:
        if "reason" in own:
            parts.append(f"<p>{escape(own['model'])}: {NOT_MEASURED}, {escape(own['reason'])}.</p>")
            continue
        rows = [
            [
                f"{number}. {layer['operator']}",
                " × ".join(map(str, layer["shape"])),
                decibels(layer["snr_db"]),
                f"{layer['largest_deviation']:.3f} of {layer['largest_value']:.1f}",
            ]
            for number, layer in enumerate(own["layers"], 1)
        ]
        caption = f"{own['model']} against {report['models'][0]['file']}: where the loss arises"
        parts.append(table(caption, ["operator", "output", "signal to noise", "largest deviation"], rows))
    return "".join(parts)


def _cost(report: dict[str, Any]) -> str:
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


def _device(report: dict[str, Any]) -> str:
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
