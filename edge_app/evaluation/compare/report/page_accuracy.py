"""The page's part on a labelled set: accuracy, the paired test, reliability, confusion, what flipped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ....recognition.normalise import DigitImage
from ..accuracy import MOST_FLIPS
from . import svg
from .markup import data_uri, table
from .summary import chance, decibels, share


def set_section(
    report: dict[str, Any], own: dict[str, Any], pictures: Mapping[tuple[str, int], Sequence[DigitImage]]
) -> str:
    """Return all of one labelled set; `pictures` holds flipped images by name of the set and number of the model."""
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
        f"<figure><img src='{data_uri(picture)}' width='84' height='84' alt='{escape(alt)}'>"
        f"<figcaption>#{flip['index']}, a {flip['label']}<br>"
        f"{escape(one)} {scores[0]} <b>{right[0]}</b><br>{escape(two)} {scores[1]} <b>{right[1]}</b></figcaption>"
        "</figure>"
    )
