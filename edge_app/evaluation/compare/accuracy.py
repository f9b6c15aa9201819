"""How models answer on the same labelled images, batch by batch, so that only one batch of images is in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...recognition.classifier import Classifier, Logits, softmax
from ...recognition.normalise import DigitImage
from ..metrics import calibration, gap, mcnemar, wilson
from .report import schema

BATCH = 500
MOST_FLIPS = 10_000  # listed in the report
MOST_PICTURES = 200  # of flips, kept for the page


@dataclass
class Pair:
    """How a model's outputs deviate from the first model's, and the digits that the two read differently."""

    signal: float = 0.0
    noise: float = 0.0
    largest: float = 0.0
    flips: list[schema.Flip] = field(default_factory=list)
    pictures: list[DigitImage] = field(default_factory=list)

    def add_outputs(self, first: NDArray[np.float32], second: NDArray[np.float32]) -> None:
        """Add a batch to the deviation of the outputs for the classes that both have."""
        off = (second - first).astype(np.float64)
        self.signal += float((first.astype(np.float64) ** 2).sum())
        self.noise += float((off**2).sum())
        self.largest = max(self.largest, float(np.abs(off).max()))

    def add_flip(
        self, index: int, image: DigitImage, label: int, first: NDArray[np.float32], second: NDArray[np.float32]
    ) -> None:
        """List a digit with both models' scores; the first ones with their picture."""
        if len(self.flips) >= MOST_FLIPS:
            return
        read = [int(first.argmax()), int(second.argmax())]
        # a model of ten classes gives nothing for an eleventh
        scores = [[round(float(own[i]), 4) if i < len(own) else 0.0 for i in read] for own in (first, second)]
        self.flips.append(
            {"index": index, "label": label, "read": read, "first_scores": scores[0], "second_scores": scores[1]}
        )
        if len(self.pictures) < MOST_PICTURES:
            self.pictures.append(image)


class Set:
    """A labelled set as answered by all models, 5 bytes an answer; the other models are compared with the first."""

    def __init__(self, name: str, classifiers: Sequence[Classifier]) -> None:
        """Start without answers."""
        self.name, self.classifiers = name, classifiers
        self.skipped = 0  # samples that are not one digit, or blank
        self.labels = np.empty(0, np.uint8)
        self.read = np.empty((len(classifiers), 0), np.uint8)
        self.confidence = np.empty((len(classifiers), 0), np.float32)
        self.pairs = [Pair() for _ in classifiers[1:]]

    def add(self, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        """Have all models answer a batch: images (n, 28, 28) and labels (n,), both uint8."""
        logits = [_finite_logits(classifier, images) for classifier in self.classifiers]
        scores = [softmax(own, c.model.temperature) for own, c in zip(logits, self.classifiers, strict=True)]
        read = np.stack([own.argmax(axis=1).astype(np.uint8) for own in logits])
        # a softmax drops what all logits have in common, so a model that ends in one is compared by probabilities
        outputs = scores if any(c.has_softmax for c in self.classifiers) else logits
        for pair, own, score, answers in zip(self.pairs, outputs[1:], scores[1:], read[1:], strict=True):
            pair.add_outputs(outputs[0][:, : own.shape[1]], own[:, : outputs[0].shape[1]])
            for row in np.flatnonzero(answers != read[0]).tolist():
                pair.add_flip(len(self.labels) + row, images[row], int(labels[row]), scores[0][row], score[row])
        self.labels = np.append(self.labels, labels)
        self.read = np.append(self.read, read, axis=1)
        self.confidence = np.append(self.confidence, [score.max(axis=1) for score in scores], axis=1)

    def to_json(self) -> schema.LabelledSet:
        """Return the figures."""
        return {
            "name": self.name,
            "n": len(self.labels),
            "skipped": self.skipped,
            "labels": _text(self.labels),
            "models": [self._answers(number) for number in range(len(self.classifiers))],
            "pairs": [self._pair(number, pair) for number, pair in enumerate(self.pairs, 1)],
        }

    def _answers(self, number: int) -> schema.Answers:
        confusion = np.zeros((10, len(self.classifiers[number].model.classes)), np.int64)
        np.add.at(confusion, (self.labels, self.read[number]), 1)
        n, right = len(self.labels), int(np.trace(confusion))
        classes = zip(confusion.sum(axis=1).tolist(), np.diag(confusion).tolist(), strict=True)
        bins = calibration(self.confidence[number], self.read[number] == self.labels)
        return {
            "right": right,
            "accuracy": right / n,
            "interval": list(wilson(right, n)),
            "per_class": [{"n": n, "right": right, "interval": list(wilson(right, n))} for n, right in classes],
            "confusion": confusion.tolist(),
            "calibration_error": gap(bins),
            "read": _text(self.read[number]),
            "reliability": bins,
        }

    def _pair(self, number: int, pair: Pair) -> schema.Pair:
        first, second = (self.read[i] == self.labels for i in (0, number))
        only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
        n, flipped = len(self.labels), int((self.read[0] != self.read[number]).sum())
        return {
            "difference": 100 * (only_second - only_first) / n,
            "only_first_right": only_first,
            "only_second_right": only_second,
            "mcnemar_p": mcnemar(only_first, only_second),
            "flipped": flipped,
            "agreement": 1 - flipped / n,
            "logits_snr_db": snr_db(pair.signal, pair.noise),
            "logits_largest_deviation": pair.largest,
            "flips": pair.flips,
        }


def _text(answers: NDArray[np.uint8]) -> str:
    return "".join("0123456789?"[i] for i in answers.tolist())


def snr_db(signal: float, noise: float) -> float | None:
    """Return a signal-to-noise ratio of powers in dB; None without noise or signal."""
    return 10 * float(np.log10(signal / noise)) if noise and signal else None


def _finite_logits(classifier: Classifier, images: NDArray[np.uint8]) -> Logits:
    logits = classifier.logits(images)
    if not np.isfinite(logits).all():
        raise ModelError(f"{classifier.model.path}: its outputs are not numbers (NaN or infinity)")
    return logits
