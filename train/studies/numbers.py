"""`python -m train.studies.numbers`: the temperature of paths, and how far a number's confidence can be trusted.

Composes numbers of digits of one writer, fits TEMPERATURE of edge_app/recognition/segmentation.py on them, and measures
the confidence on real numbers. Needs no TensorFlow.
"""

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.labelled import LabelledInk, read_labelled_ink
from edge_app.errors import DigitpadError
from edge_app.evaluation.metrics import calibration, gap
from edge_app.recognition import segmentation
from edge_app.recognition.ink import Ink, Stroke, box_of
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.atomic_write import readable_json, write_atomically

from ..inkdata import deform

SEED = 7
LEAST_DIGITS = 4  # that a writer must have written, of ten
TEMPERATURES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
LENGTHS, SHARES = (2, 3, 4, 5, 6), (0.35, 0.25, 0.2, 0.1, 0.1)
FORTY_ONES = 0.15  # share of numbers that begin with 41: a 4 of two strokes is easily cut before a 1
LIGATURES = {"00": 0.25}  # share of pairs in one stroke
LIGATURE = 0.02  # of all other pairs
LONG_ROOFS = 0.3  # of fives of two strokes
DEFORMED = 0.5  # strength: the network has learned from the digits as they are
DRAWS = 500  # of right and wrong, to find the calibration error that chance alone makes

Writer = dict[str, list[LabelledInk]]
"""A writer's digits by label."""


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m train.studies.numbers`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m train.studies.numbers",
        description="Fit the temperature of paths on numbers composed of one writer's digits, and measure the "
        "confidence of numbers.",
    )
    parser.add_argument("ink", type=Path, nargs="+", metavar="FILE", help="labelled ink of single digits")
    parser.add_argument("--numbers", type=Path, nargs="+", default=[], metavar="FILE", help="real numbers, to test on")
    parser.add_argument("--model", type=Path, metavar="FILE", help="default: the one that ships")
    parser.add_argument("--count", type=int, default=1500, metavar="N", help="numbers to compose; default: 1500")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="write the figures to this file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = make_parser().parse_args(argv)
    try:
        write_atomically(args.json, readable_json(measure(args)))
    except DigitpadError as error:
        print(f"numbers: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return the log loss of each temperature, and the figures of composed and real numbers with the best."""
    recognizer = Recognizer(args.model)
    composed = list(compose([sample for path in args.ink for sample in read_labelled_ink(path)], args.count))
    losses = {}
    for temperature in TEMPERATURES:
        segmentation.TEMPERATURE = temperature
        confidence, _, right = _read(recognizer, composed)
        losses[temperature] = log_loss(confidence, right)
        print(f"temperature {temperature}: log loss {losses[temperature]:.4f}", flush=True)
    segmentation.TEMPERATURE = min(losses, key=losses.__getitem__)
    sets = {"composed": composed} | {path.name: list(read_labelled_ink(path)) for path in args.numbers}
    figures = {name: _figures(recognizer, samples) for name, samples in sets.items()}
    return {"temperature": segmentation.TEMPERATURE, "losses": {str(key): losses[key] for key in losses}, **figures}


def compose(samples: Sequence[LabelledInk], count: int) -> Iterator[LabelledInk]:
    """Yield numbers of 2 to 6 digits of one writer: narrow, wide, touching and ligatured; the same in every run."""
    writers: dict[str, Writer] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        writers[sample.writer][sample.label].append(sample)
    names = sorted(name for name, digits in writers.items() if len(digits) >= LEAST_DIGITS)
    rng = np.random.default_rng(SEED)
    for _ in range(count):
        name = names[rng.integers(len(names))]
        labels = _labels(writers[name], rng)
        digits = [(label, writers[name][label]) for label in labels]
        inks = [(label, own[rng.integers(len(own))].ink) for label, own in digits]
        yield LabelledInk("".join(labels), name, _in_a_row(inks, rng))


def _labels(digits: Writer, rng: np.random.Generator) -> list[str]:
    length = int(rng.choice(LENGTHS, p=SHARES))
    labels = [str(label) for label in rng.choice(sorted(digits), length)]
    return ["4", "1", *labels[2:]] if {"4", "1"} <= set(digits) and rng.random() < FORTY_ONES else labels


def _in_a_row(inks: Sequence[tuple[str, Ink]], rng: np.random.Generator) -> Ink:
    """Return digits side by side, about 1 high, on a line that is not quite straight."""
    space = float(np.clip(rng.normal(0.2, 0.18), -0.08, 0.8))
    out: list[Stroke] = []
    at, before = 0.0, ""
    for label, ink in inks:
        ink = deform(ink, rng, DEFORMED)
        left, top, right, bottom = box_of(ink)
        scale = np.exp(rng.normal(0, 0.1)) / max(bottom - top, (right - left) / 2, 1e-6)
        strokes = [(stroke - [left, top]) * scale + [at, rng.normal(0, 0.07)] for stroke in ink]
        if label == "5" and len(strokes) == 2 and rng.random() < LONG_ROOFS:
            _lengthen_roof(strokes, rng)
        if before and len(strokes) == 1 and rng.random() < LIGATURES.get(before + label, LIGATURE):
            out[-1] = np.concatenate([out[-1], strokes.pop()])
        out += strokes
        at += (right - left) * scale + space + rng.normal(0, 0.06)
        before = label
    return tuple(out)


def _lengthen_roof(strokes: list[Stroke], rng: np.random.Generator) -> None:
    """Stretch the flatter of two strokes to the right."""
    flat = min(range(2), key=lambda i: float(np.ptp(strokes[i][:, 1])))
    start = strokes[flat].min(axis=0)
    strokes[flat] = (strokes[flat] - start) * [rng.uniform(1.2, 2), 1] + start


def _read(
    recognizer: Recognizer, samples: Sequence[LabelledInk]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return of each number its confidence, the product of its digits' confidences, and whether it is read rightly."""
    readings = [recognizer.read(sample.ink) for sample in samples]
    right = np.array([reading.text == sample.label for reading, sample in zip(readings, samples, strict=True)])
    products = [math.prod(digit.confidence for digit in reading.digits) for reading in readings]
    return np.array([reading.confidence for reading in readings], np.float32), np.array(products, np.float32), right


def log_loss(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Return the mean negative logarithm of the probability given to what happened."""
    sure = np.clip(confidence, 1e-4, 1 - 1e-4)
    return float(-np.log(np.where(right, sure, 1 - sure)).mean())


def _figures(recognizer: Recognizer, samples: Sequence[LabelledInk]) -> dict[str, Any]:
    """Return log loss and calibration error with and without the grouping, and the error that chance alone makes."""
    confidence, product, right = _read(recognizer, samples)
    rng = np.random.default_rng(SEED)
    chance = [gap(calibration(confidence, rng.random(len(right)) < confidence)) for _ in range(DRAWS)]
    return {
        "n": len(right),
        "right": int(right.sum()),
        "log_loss": log_loss(confidence, right),
        "log_loss_of_product": log_loss(product, right),
        "calibration_error": gap(calibration(confidence, right)),
        "calibration_error_of_product": gap(calibration(product, right)),
        "calibration_error_by_chance": np.quantile(chance, [0.05, 0.5, 0.95]).tolist(),
    }


if __name__ == "__main__":
    sys.exit(main())
