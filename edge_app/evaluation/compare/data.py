"""Labelled sets as batches of digit images; nothing holds more than one batch."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...datasets.labelled import LabelledImage, LabelledInk, read_labelled
from ...errors import DataError
from ...recognition.normalise import DigitImage, normalise_digit
from .accuracy import BATCH

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images (n, 28, 28) and labels (n,), both uint8."""


class Batches:
    """The digits of a labelled file or folder, batch by batch; `skipped` counts what is not one digit."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet: reading starts with the iteration."""
        self.path = path
        self.skipped = 0

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches; raises DataError for a file that is damaged or holds no digits."""
        self.skipped = 0
        images: list[DigitImage] = []
        labels: list[int] = []
        empty = True
        for sample in read_labelled(self.path):
            if sample.label not in set("0123456789"):
                self.skipped += 1
                continue
            image = _image(sample)
            if not image.any():  # a blank pad is no digit
                self.skipped += 1
                continue
            empty = False
            images.append(image)
            labels.append(int(sample.label))
            if len(images) == BATCH:
                yield np.stack(images), np.array(labels, np.uint8)
                images, labels = [], []
        if empty:
            left = f"; {self.skipped:,} samples are not one digit, or blank" if self.skipped else ""
            raise DataError(f"{self.path}: no labelled digits{left}. Single digits, labelled 0 to 9, are compared")
        if images:
            yield np.stack(images), np.array(labels, np.uint8)


class Some:
    """A seeded choice of digits, each as likely as any other, out of batches that pass by (reservoir, Vitter, 1985)."""

    def __init__(self, count: int, seed: int = 1) -> None:
        """Keep `count` digits, or all where there are fewer."""
        self._random = np.random.default_rng(seed)
        self._kept: list[tuple[DigitImage, int]] = []
        self._count, self._seen = count, 0

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches as they come."""
        for images, labels in batches:
            for image, label in zip(images, labels, strict=True):
                self._seen += 1
                if len(self._kept) < self._count:
                    self._kept.append((image, int(label)))
                elif (at := int(self._random.integers(self._seen))) < self._count:
                    self._kept[at] = (image, int(label))
            yield images, labels

    def batch(self) -> Batch:
        """Return what was kept, in any order: the first of them are a fair choice as well."""
        order = self._random.permutation(len(self._kept))
        images, labels = zip(*(self._kept[i] for i in order), strict=True)
        return np.stack(images), np.array(labels, np.uint8)


def _image(sample: LabelledImage | LabelledInk) -> DigitImage:
    return sample.image if isinstance(sample, LabelledImage) else normalise_digit(sample.ink)
