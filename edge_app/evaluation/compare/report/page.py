"""The report as one self-contained HTML page: tables, plots, pictures of flipped digits."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ....recognition.normalise import DigitImage
from . import svg
from .markup import NOT_MEASURED, details, table
from .page_accuracy import set_section
from .page_cost import cost_section, device_section
from .schema import Report
from .summary import chance, decibels, share

STYLE = Path(__file__).with_name("page.css")


def make_page(report: Report, pictures: Mapping[tuple[str, int], Sequence[DigitImage]]) -> str:
    """Return the page; `pictures` holds the flipped digits by name of the set and number of the model."""
    types = [model["type"] for model in report["models"]]
    title = " against ".join(types) if len(set(types)) == len(types) else f"{len(types)} models"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p class='lead'>{escape(_headline(report))}</p>",
        *(
            f"<p class='why'>{escape(reason[:1].upper() + reason[1:])}.</p>"
            for reason in [*report["warnings"], *report["why"]]
        ),
        _models(report),
        *(set_section(report, own, pictures) for own in report["sets"]),
        _robustness(report),
        _layers(report),
        cost_section(report),
        device_section(report),
    ]
    return wrap(title, "".join(body))


def wrap(title: str, body: str) -> str:
    """Return a self-contained page."""
    style = STYLE.read_text(encoding="utf-8")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_policy(style)}\">"
        f"<title>digitpad: {escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )


def _policy(style: str) -> str:
    """Return the page's policy: this style and embedded pictures; no scripts, no requests, whatever a name contains."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _headline(report: Report) -> str:
    """Return a sentence for each model: its difference from the first model on the first set, size and speed."""
    first, *others = report["models"]
    own = report["sets"][0]
    return " ".join(
        f"{model['file']} against {first['file']}: {pair['difference']:+.2f} points on {own['name']} "
        f"(n = {own['n']:,}, {chance(pair['mcnemar_p'])}), answers flipped: {pair['flipped']}; "
        f"{_ratio(first['bytes'] / model['bytes'], 'smaller', 'larger')}"
        f"{_speed(report, first['file'], model['file'])}."
        for model, pair in zip(others, own["pairs"], strict=True)
    )


def _ratio(times: float, more: str, less: str) -> str:
    return f"{times:.1f} times {more}" if times >= 1 else f"{1 / times:.1f} times {less}"


def _speed(report: Report, first: str, other: str) -> str:
    """Return how fast the other is with each runtime that was measured, as the end of a sentence."""
    medians = {(c["runtime"], c["model"]): c["latency_us"]["1"]["median"] for c in report["cost"] if "error" not in c}
    return "".join(
        f", {_ratio(medians[r['name'], first] / medians[r['name'], other], 'faster', 'slower')} with {r['name']}"
        for r in report["runtimes"]
        if {(r["name"], first), (r["name"], other)} <= medians.keys()
    )


def _models(report: Report) -> str:
    return "<h2>Models</h2>" + table(
        "The models",
        report["models"],
        [
            ("file", lambda m: m["file"]),
            ("type", lambda m: m["type"]),
            ("in and out", lambda m: m["interface"]),
            ("takes", lambda m: m["input"]),
            ("ends in", lambda m: "softmax" if m["softmax"] else "logits"),
            ("bytes", lambda m: f"{m['bytes']:,}"),
            ("classes", lambda m: str(len(m["classes"]))),
            ("temperature", lambda m: "1 (no card)" if m["temperature"] is None else f"{m['temperature']:g}"),
            ("SHA-256", lambda m: m["sha256"][:16] + "…"),
        ],
    )


def _robustness(report: Report) -> str:
    own = report.get("robustness")
    if not own:
        return ""
    files = [model["file"] for model in report["models"]]
    ways = [("original", own["clean"]), *((way["name"], way["accuracy"]) for way in own["corruptions"])]
    plot = svg.bars(
        f"Accuracy on {own['n']:,} corrupted digits of {own['set']}",
        [name for name, _ in ways],
        [(file, [100 * accuracy[i] for _, accuracy in ways]) for i, file in enumerate(files)],
        "%",
    )
    inner = table(
        f"{own['n']:,} digits of {own['set']}, seed {own['seed']}",
        ways,
        [
            ("corruption", lambda way: way[0]),
            *((file, lambda way, i=i: share(way[1][i])) for i, file in enumerate(files)),
        ],
    )
    return f"<h2>Robustness</h2>{plot}{details('As a table', inner)}"


def _layers(report: Report) -> str:
    if not report["layers"]:
        return ""
    parts = ["<h2>Layer by layer</h2>"]
    for own in report["layers"]:
        if "reason" in own:
            parts.append(f"<p>{escape(own['model'])}: {NOT_MEASURED}, {escape(own['reason'])}.</p>")
            continue
        parts.append(
            table(
                f"{own['model']} against {report['models'][0]['file']}: where the loss arises",
                enumerate(own["layers"]),  # the first is the input
                [
                    ("operator", lambda row: f"{row[0]}. {row[1]['operator']}" if row[0] else row[1]["operator"]),
                    ("output", lambda row: " × ".join(map(str, row[1]["shape"]))),
                    ("signal to noise", lambda row: decibels(row[1]["snr_db"])),
                    ("of the median channel", lambda row: decibels(row[1]["channel_snr_db"])),
                    ("clipped", lambda row: f"{100 * row[1]['clipped']:.2f} %"),
                    (
                        "largest deviation",
                        lambda row: f"{row[1]['largest_deviation']:.3f} of {row[1]['largest_value']:.1f}",
                    ),
                ],
            )
        )
    return "".join(parts)
