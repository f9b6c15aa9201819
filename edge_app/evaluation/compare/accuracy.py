"""How models answer on the same labelled images, batch by batch, so that memory does not grow with the data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...recognition.classifier import Classifier, Logits, softmax
from ...recognition.normalise import DigitImage
from ..metrics import Calibration, mcnemar, wilson
from .report import schema

BATCH = 500
MOST_FLIPS = 10_000  # listed in the report
MOST_PICTURES = 200  # of flips, kept for the page


class Answers:
    """The answers of one model: confusion matrix (10 true, classes read) and calibration."""

    def __init__(self, classes: int) -> None:
        """Start with no answers."""
        self.confusion = np.zeros((10, classes), np.int64)
        self.calibration = Calibration()

    def add(self, labels: NDArray[np.uint8], read: NDArray[np.intp], confidence: NDArray[np.float32]) -> None:
        """Count a batch."""
        np.add.at(self.confusion, (labels, read), 1)
        self.calibration.add(confidence, read == labels)

    def to_json(self) -> schema.Answers:
        """Return the figures."""
        n, right = int(self.confusion.sum()), int(np.trace(self.confusion))
        classes = zip(self.confusion.sum(axis=1).tolist(), np.diag(self.confusion).tolist(), strict=True)
        return {
            "right": right,
            "accuracy": right / n,
            "interval": list(wilson(right, n)),
            "per_class": [{"n": n, "right": right, "interval": list(wilson(right, n))} for n, right in classes],
            "confusion": self.confusion.tolist(),
            "calibration_error": self.calibration.error,
            "reliability": self.calibration.curve(),
        }


@dataclass
class Pair:
    """A model against the first: which digits only one of them got right, flipped answers, deviation of the logits."""

    only_first: int = 0
    only_second: int = 0
    flipped: int = 0
    signal: float = 0.0
    noise: float = 0.0
    largest: float = 0.0
    flips: list[schema.Flip] = field(default_factory=list)
    pictures: list[DigitImage] = field(default_factory=list)

    def add_logits(self, first: Logits, second: Logits) -> None:
        """Add a batch to the deviation of the logits."""
        off = (second - first).astype(np.float64)
        self.signal += float((first.astype(np.float64) ** 2).sum())
        self.noise += float((off**2).sum())
        self.largest = max(self.largest, float(np.abs(off).max()))

    def add_flip(
        self, index: int, image: DigitImage, label: int, first: NDArray[np.float32], second: NDArray[np.float32]
    ) -> None:
        """Count a digit that the two read differently; the first ones are listed with both models' scores."""
        self.flipped += 1
        if len(self.flips) >= MOST_FLIPS:
            return
        read = [int(first.argmax()), int(second.argmax())]
        scores = [[round(float(own[i]), 4) for i in read] for own in (first, second)]
        self.flips.append(
            {"index": index, "label": label, "read": read, "first_scores": scores[0], "second_scores": scores[1]}
        )
        if len(self.pictures) < MOST_PICTURES:
            self.pictures.append(image)

    def to_json(self, n: int) -> schema.Pair:
        """Return the figures for a set of `n` digits."""
        return {
            "difference": 100 * (self.only_second - self.only_first) / n,
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
            "mcnemar_p": mcnemar(self.only_first, self.only_second),
            "flipped": self.flipped,
            "agreement": 1 - self.flipped / n,
            "logits_snr_db": snr_db(self.signal, self.noise),
            "logits_largest_deviation": self.largest,
            "flips": self.flips,
        }


@dataclass
class Set:
    """A labelled set as answered by all models; the others are compared with the first."""

    name: str
    answers: list[Answers]
    pairs: list[Pair]
    skipped: int = 0  # samples that are not one digit, or blank
    n: int = 0

    def to_json(self) -> schema.LabelledSet:
        """Return the figures."""
        return {
            "name": self.name,
            "n": self.n,
            "skipped": self.skipped,
            "models": [own.to_json() for own in self.answers],
            "pairs": [pair.to_json(self.n) for pair in self.pairs],
        }


def snr_db(signal: float, noise: float) -> float | None:
    """Return a signal-to-noise ratio of powers in dB; None without noise or signal."""
    return 10 * float(np.log10(signal / noise)) if noise and signal else None


def answer_all(
    name: str, classifiers: Sequence[Classifier], batches: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]
) -> Set:
    """Return the answers to batches of images (n, 28, 28) and labels (n,), both uint8."""
    count = len(classifiers[0].model.classes)
    found = Set(name, [Answers(count) for _ in classifiers], [Pair() for _ in classifiers[1:]])
    for images, labels in batches:
        _answer_batch(found, classifiers, images, labels)
    return found


def _answer_batch(
    found: Set, classifiers: Sequence[Classifier], images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> None:
    logits = [_finite_logits(classifier, images) for classifier in classifiers]
    scores = [softmax(own, c.model.temperature) for own, c in zip(logits, classifiers, strict=True)]
    read = [own.argmax(axis=1) for own in logits]
    for answers, own, score in zip(found.answers, read, scores, strict=True):
        answers.add(labels, own, score[np.arange(len(labels)), own])
    for number, pair in enumerate(found.pairs, 1):
        first, second = read[0], read[number]
        pair.only_first += int(((first == labels) & (second != labels)).sum())
        pair.only_second += int(((first != labels) & (second == labels)).sum())
        pair.add_logits(logits[0], logits[number])
        for row in np.flatnonzero(first != second).tolist():
            pair.add_flip(found.n + row, images[row], int(labels[row]), scores[0][row], scores[number][row])
    found.n += len(labels)


def _finite_logits(classifier: Classifier, images: NDArray[np.uint8]) -> Logits:
    logits = classifier.logits(images)
    if not np.isfinite(logits).all():
        raise ModelError(f"{classifier.model.path}: its outputs are not numbers (NaN or infinity)")
    return logits
