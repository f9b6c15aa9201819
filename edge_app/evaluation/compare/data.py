"""Labelled sets as batches of digit images, one in memory at a time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...datasets.labelled import LabelledImage, read_labelled
from ...errors import DataError
from ...recognition.normalise import DigitImage, normalise_digit
from .accuracy import BATCH

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images (n, 28, 28) and labels (n,), both uint8."""


class Batches:
    """The digits of a labelled file or folder; `skipped` counts samples that are not one digit, or blank."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet: reading starts with the iteration."""
        self.path = path
        self.skipped = 0

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches; raises DataError for a file that is damaged or has no digits."""
        self.skipped = 0
        digits: list[tuple[DigitImage, int]] = []
        empty = True
        for sample in read_labelled(self.path):
            if sample.label in set("0123456789"):
                image = sample.image if isinstance(sample, LabelledImage) else normalise_digit(sample.ink)
                if image.any():
                    digits.append((image, int(sample.label)))
                    empty = False
                    if len(digits) == BATCH:
                        yield _stack(digits)
                        digits = []
                    continue
            self.skipped += 1
        if empty:
            left = f"; {self.skipped:,} samples are not one digit, or blank" if self.skipped else ""
            raise DataError(f"{self.path}: no labelled digits{left}. Only single digits, labelled 0 to 9, are compared")
        if digits:
            yield _stack(digits)


class Sampler:
    """A seeded uniform sample of digits from batches that pass by (reservoir sampling, Vitter, 1985)."""

    def __init__(self, count: int, seed: int = 1) -> None:
        """Keep `count` digits, or all where there are fewer."""
        self._rng = np.random.default_rng(seed)
        self._kept: list[tuple[DigitImage, int]] = []
        self._count, self._seen = count, 0

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches unchanged."""
        for images, labels in batches:
            for image, label in zip(images, labels, strict=True):
                self._seen += 1
                if len(self._kept) < self._count:
                    self._kept.append((image, int(label)))
                elif (at := int(self._rng.integers(self._seen))) < self._count:
                    self._kept[at] = (image, int(label))
            yield images, labels

    def batch(self) -> Batch:
        """Return the sample, shuffled, so that its first digits are a uniform sample too."""
        return _stack([self._kept[i] for i in self._rng.permutation(len(self._kept))])


def _stack(digits: Iterable[tuple[DigitImage, int]]) -> Batch:
    images, labels = zip(*digits, strict=True)
    return np.stack(images), np.array(labels, np.uint8)
