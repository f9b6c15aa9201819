"""How models answer on the same labelled images, batch by batch, so that memory does not grow with the data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...recognition.classifier import Classifier, Logits, softmax
from ...recognition.normalise import DigitImage
from ..metrics import Calibration, mcnemar, wilson

BATCH = 500
MOST_FLIPS = 10_000  # listed; a comparison with more is not read one by one
MOST_PICTURES = 200  # of flips, kept for the page


@dataclass
class Answers:
    """The answers of one model: confusion matrix (10 true, classes read) and calibration."""

    classes: int
    confusion: NDArray[np.int64] = field(init=False)
    calibration: Calibration = field(default_factory=Calibration)

    def __post_init__(self) -> None:
        """Start with no answers."""
        self.confusion = np.zeros((10, self.classes), np.int64)

    def add(self, labels: NDArray[np.uint8], read: NDArray[np.intp], confidence: NDArray[np.float32]) -> None:
        """Count a batch."""
        np.add.at(self.confusion, (labels, read), 1)
        self.calibration.add(confidence, read == labels)

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        n, right = int(self.confusion.sum()), int(np.trace(self.confusion))
        counts, own = self.confusion.sum(axis=1), np.diag(self.confusion)
        return {
            "right": right,
            "accuracy": right / n,
            "interval": list(wilson(right, n)),
            "per_class": [
                {"n": int(c), "right": int(r), "interval": list(wilson(int(r), int(c)))}
                for c, r in zip(counts, own, strict=True)
            ],
            "confusion": self.confusion.tolist(),
            "calibration_error": self.calibration.error,
            "reliability": self.calibration.curve(),
        }


@dataclass
class Pair:
    """A model against the first: who was right where, flipped answers, and how far the logits are apart."""

    only_first: int = 0
    only_second: int = 0
    flipped: int = 0
    signal: float = 0.0
    noise: float = 0.0
    largest: float = 0.0
    flips: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[DigitImage] = field(default_factory=list)

    def add_logits(self, first: Logits, second: Logits) -> None:
        """Add a batch to the deviation of the logits."""
        off = (second - first).astype(np.float64)
        self.signal += float((first.astype(np.float64) ** 2).sum())
        self.noise += float((off**2).sum())
        self.largest = max(self.largest, float(np.abs(off).max()))

    @property
    def snr(self) -> float | None:
        """Signal to noise of the logits in dB; None where they are the same."""
        return 10 * float(np.log10(self.signal / self.noise)) if self.noise and self.signal else None

    def to_json(self, n: int) -> dict[str, Any]:
        """Return the figures; `difference` in points, above 0 where the second is better."""
        return {
            "difference": 100 * (self.only_second - self.only_first) / n,
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
            "mcnemar_p": mcnemar(self.only_first, self.only_second),
            "flipped": self.flipped,
            "agreement": 1 - self.flipped / n,
            "logits_snr_db": self.snr,
            "logits_largest_deviation": self.largest,
            "flips": self.flips,
        }


@dataclass
class Set:
    """A labelled set as all models answered it; the first model is what the others are held against."""

    name: str
    answers: list[Answers]
    pairs: list[Pair]
    skipped: int = 0  # samples that are not one digit, or blank
    n: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "name": self.name,
            "n": self.n,
            "skipped": self.skipped,
            "models": [own.to_json() for own in self.answers],
            "pairs": [pair.to_json(self.n) for pair in self.pairs],
        }


def answer_all(
    name: str, classifiers: Sequence[Classifier], batches: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]
) -> Set:
    """Return what the models make of batches of images (n, 28, 28) and labels (n,), both uint8."""
    count = len(classifiers[0].model.classes)
    found = Set(name, [Answers(count) for _ in classifiers], [Pair() for _ in classifiers[1:]])
    for images, labels in batches:
        add_batch(found, classifiers, images, labels)
    return found


def add_batch(
    found: Set, classifiers: Sequence[Classifier], images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> None:
    """Have each model answer a batch, and count."""
    logits = [_finite(classifier, images) for classifier in classifiers]
    read = [own.argmax(axis=1) for own in logits]
    rows = np.arange(len(labels))
    chances = [softmax(own, c.model.temperature) for own, c in zip(logits, classifiers, strict=True)]
    for answers, own, chance in zip(found.answers, read, chances, strict=True):
        answers.add(labels, own, chance[rows, own])
    for number, pair in enumerate(found.pairs, 1):
        first, second = read[0], read[number]
        pair.only_first += int(((first == labels) & (second != labels)).sum())
        pair.only_second += int(((first != labels) & (second == labels)).sum())
        pair.add_logits(logits[0], logits[number])
        for row in np.flatnonzero(first != second):
            _note_flip(pair, found.n + int(row), images[row], int(labels[row]), chances[0][row], chances[number][row])
    found.n += len(labels)


def _finite(classifier: Classifier, images: NDArray[np.uint8]) -> Logits:
    logits = classifier.logits(images)
    if not np.isfinite(logits).all():
        raise ModelError(f"{classifier.model.path}: puts out what are no numbers (NaN or infinity)")
    return logits


def _note_flip(
    pair: Pair, index: int, image: DigitImage, label: int, first: NDArray[np.float32], second: NDArray[np.float32]
) -> None:
    """Keep one sample that the two read differently, with both models' scores for both answers."""
    pair.flipped += 1
    if len(pair.flips) >= MOST_FLIPS:
        return
    one, two = int(first.argmax()), int(second.argmax())
    pair.flips.append(
        {
            "index": index,
            "label": label,
            "read": [one, two],
            "first_scores": [round(float(first[one]), 4), round(float(first[two]), 4)],
            "second_scores": [round(float(second[one]), 4), round(float(second[two]), 4)],
        }
    )
    if len(pair.pictures) < MOST_PICTURES:
        pair.pictures.append(image)
