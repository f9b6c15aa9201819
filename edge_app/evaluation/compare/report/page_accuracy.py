"""A labelled set on the page: accuracy, paired test, reliability, confusion, flipped digits."""

from collections.abc import Mapping, Sequence
from html import escape

from ....recognition.normalise import DigitImage
from . import svg
from .markup import data_uri, details, table
from .schema import Flip, LabelledSet, Pair, Report
from .summary import chance, decibels, share


def set_section(report: Report, own: LabelledSet, pictures: Mapping[tuple[str, int], Sequence[DigitImage]]) -> str:
    """Return the section of a set; `pictures` holds the flipped digits by name of the set and number of the model."""
    files = [model["file"] for model in report["models"]]
    answers = list(zip(files, own["models"], strict=True))
    parts = [f"<h2>{escape(own['name'])}: {own['n']:,} digits</h2>"]
    if own["skipped"]:
        parts.append(f"<p>{own['skipped']:,} samples that are not one digit, or blank, were left out.</p>")
    parts += [
        table(
            "Accuracy with 95 % Wilson intervals, expected calibration error",
            answers,
            [
                ("model", lambda row: row[0]),
                ("right", lambda row: f"{row[1]['right']:,}"),
                ("accuracy", lambda row: share(row[1]["accuracy"])),
                ("interval", lambda row: "{:.2f} to {:.2f} %".format(*(100 * end for end in row[1]["interval"]))),
                ("calibration error", lambda row: f"{row[1]['calibration_error']:.4f}"),
            ],
        ),
        _pairs(files, own),
        table(
            "Right, by digit",
            range(10),
            [
                ("digit", str),
                ("n", lambda digit: f"{own['models'][0]['per_class'][digit]['n']:,}"),
                *((file, lambda digit, m=m: _right(**m["per_class"][digit])) for file, m in answers),
            ],
        ),
        svg.reliability(
            f"Reliability on {own['name']}: accuracy by confidence",
            [(file, [(p["confidence"], p["accuracy"], int(p["n"])) for p in m["reliability"]]) for file, m in answers],
        ),
        *(
            _confusion(file, m["confusion"], model["classes"])
            for (file, m), model in zip(answers, report["models"], strict=True)
        ),
    ]
    for number, pair in enumerate(own["pairs"], 1):
        parts.append(_flips(files[0], files[number], pair, pictures.get((own["name"], number), [])))
    return "".join(parts)


def _right(right: int, n: int, **_: object) -> str:
    return f"{right:,} ({share(right / n) if n else 'none'})"


def _pairs(files: Sequence[str], own: LabelledSet) -> str:
    return table(
        f"Against {files[0]}: McNemar's exact test on the samples that only one of the two got right",
        zip(files[1:], own["pairs"], strict=True),
        [
            ("model", lambda row: row[0]),
            ("points", lambda row: f"{row[1]['difference']:+.2f}"),
            ("right alone", lambda row: str(row[1]["only_second_right"])),
            ("first right alone", lambda row: str(row[1]["only_first_right"])),
            ("p", lambda row: chance(row[1]["mcnemar_p"])),
            ("flipped", lambda row: str(row[1]["flipped"])),
            ("outputs, signal to noise", lambda row: decibels(row[1]["logits_snr_db"])),
            ("largest deviation", lambda row: f"{row[1]['logits_largest_deviation']:.3f}"),
        ],
    )


def _confusion(file: str, matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    inner = table(
        f"{file}: true digit by row, read as by column",
        range(10),
        [("", str), *((name, lambda row, i=i: str(matrix[row][i] or "·")) for i, name in enumerate(classes))],
    )
    return details(f"Confusion matrix of {file}", inner)


def _flips(first: str, second: str, pair: Pair, pictures: Sequence[DigitImage]) -> str:
    heading = f"<h3>Flipped between {escape(first)} and {escape(second)}: {pair['flipped']:,}</h3>"
    if not pair["flips"]:
        return heading + "<p>They read every sample alike.</p>"
    shown = "".join(_flip(first, second, flip, picture) for flip, picture in zip(pair["flips"], pictures, strict=False))
    rest = pair["flipped"] - len(pictures)
    note = f"<p>{rest:,} more are not shown; --json lists up to 10,000.</p>" if rest > 0 else ""
    return f"{heading}<div class='flips'>{shown}</div>{note}"


def _flip(first: str, second: str, flip: Flip, picture: DigitImage) -> str:
    scores = flip["first_scores"][0], flip["second_scores"][1]
    answers = [
        ("?" if read == 10 else str(read), f"{score:.2f}", "right" if read == flip["label"] else "wrong")
        for read, score in zip(flip["read"], scores, strict=True)
    ]
    words = "; ".join(
        f"{f}: {a} ({score}, {right})" for f, (a, score, right) in zip((first, second), answers, strict=True)
    )
    alt = f"sample {flip['index']}, labelled {flip['label']}. {words}"
    lines = "".join(f"<br>{escape(answer)} {score} <b>{right}</b>" for answer, score, right in answers)
    return (
        f"<figure><img src='{data_uri(picture)}' width='84' height='84' alt='{escape(alt)}'>"
        f"<figcaption>#{flip['index']}, a {flip['label']}{lines}</figcaption></figure>"
    )
