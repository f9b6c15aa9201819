"""The report as one HTML page that needs nothing else: tables, plots, pictures of what flipped."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ....recognition.normalise import DigitImage
from . import svg
from .markup import NOT_MEASURED, table
from .page_accuracy import set_section
from .page_cost import cost_section, device_section
from .summary import chance, decibels, share

STYLE = Path(__file__).with_name("page.css")


def make_page(report: dict[str, Any], pictures: Mapping[tuple[str, int], Sequence[DigitImage]]) -> str:
    """Return the page; `pictures` holds the flipped images by name of the set and number of the model."""
    models = report["models"]
    names = [f"{model['type']}" for model in models]
    title = " against ".join(dict.fromkeys(names)) if len(set(names)) == len(names) else f"{len(models)} models"
    style = STYLE.read_text(encoding="utf-8")
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p class='lead'>{escape(_verdict(report))}</p>",
        _models(report),
        *(set_section(report, own, pictures) for own in report["sets"]),
        _robustness(report),
        _layers(report),
        cost_section(report),
        device_section(report),
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_policy(style)}\">"
        f"<title>digitpad: {escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>"
    )


def _policy(style: str) -> str:
    """Return what a browser may do with the page: draw it in this very style with pictures that are in it, no more.

    Whatever a name in a report might hold, no script runs, and nothing is fetched or sent.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


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
