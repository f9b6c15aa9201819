"""Training batches: MNIST, drawn ink and ink that is not a digit, mixed anew for each batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.labelled import LabelledInk as Sample
from edge_app.recognition.ink import Ink
from edge_app.recognition.normalise import normalise_bitmap

from . import synthetic
from .augment import Strength, augment
from .inkdata import UNLIKE_DIGITS, draw, side_by_side

NO_DIGIT = 10
REPEAT = 6  # epochs of batches whose targets a teacher makes once
WRITTEN_STRENGTH = 0.7  # of the deformation of digits from templates, which differ already

Drawn: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images (n, 28, 28) and labels (n,), both uint8."""


Teacher: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""Takes images (n, 28, 28, 1) and one-hot labels (n, 11), returns the targets (n, 11), rows summing to 1."""


@dataclass(frozen=True)
class Pool:
    """Images with their share of each batch and the strength of their augmentation."""

    name: str
    drawn: Drawn
    share: float
    strength: Strength

    @property
    def images(self) -> NDArray[np.uint8]:
        """(n, 28, 28) uint8."""
        return self.drawn[0]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(n,) uint8."""
        return self.drawn[1]


class Mixture(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches from several pools in fixed shares; batch k of epoch e is the same in every run.

    With a teacher they are repeated after REPEAT epochs, for teachers take longer than the training.
    """

    def __init__(
        self, pools: Sequence[Pool], batch: int, steps: int, seed: int, teacher: Teacher | None = None, **options: Any
    ) -> None:
        """Mix `pools`, `steps` batches an epoch; `teacher`, if given, makes the targets."""
        super().__init__(**options)
        self._pools, self._steps, self._seed, self._teacher = list(pools), steps, seed, teacher
        self._epoch, self._taught = 0, dict[tuple[int, int], NDArray[np.float32]]()
        total = sum(pool.share for pool in pools)
        bounds = np.cumsum([0] + [pool.share / total for pool in pools])
        self._counts = np.diff(np.rint(bounds * batch).astype(int))

    def __len__(self) -> int:
        """Return the number of batches an epoch."""
        return self._steps

    def start_at(self, epoch: int) -> None:
        """Continue with the batches of `epoch` after an interruption."""
        self._epoch = epoch

    def on_epoch_end(self) -> None:
        """Use other batches in the next epoch."""
        self._epoch += 1

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return (n, 28, 28, 1) float32 in [0, 1] and (n, 11) targets."""
        epoch = self._epoch % REPEAT if self._teacher else self._epoch
        rng = np.random.default_rng((self._seed, epoch, index))
        images, labels = [], []
        for pool, count in zip(self._pools, self._counts, strict=True):
            at = rng.integers(len(pool.images), size=count)
            chosen = pool.images[at].astype(np.float32) / np.float32(255)
            images.append(augment(chosen, rng, pool.strength))
            labels.append(pool.labels[at])
        x = np.concatenate(images)[..., None]
        targets = np.eye(NO_DIGIT + 1, dtype=np.float32)[np.concatenate(labels)]
        if self._teacher:
            if (epoch, index) not in self._taught:
                self._taught[epoch, index] = self._teacher(x, targets)
            targets = self._taught[epoch, index]
        return x, targets


def digits_of(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples that are one digit."""
    return [sample for sample in samples if len(sample.label) == 1 and sample.label in "0123456789"]


def no_digits_of(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples that look like no digit."""
    return [sample for sample in samples if sample.label in UNLIKE_DIGITS]


def draw_digits(samples: Sequence[Sample], copies: int, rng: np.random.Generator) -> Drawn:
    """Return images and labels of `copies` deformed drawings of each digit, and one unchanged."""
    images = [draw(s.ink) for s in samples]
    images += [draw(s.ink, rng) for _ in range(copies) for s in samples]
    labels = np.array([int(s.label) for s in samples], np.uint8)
    return np.stack(images), np.tile(labels, copies + 1)


def draw_written(count: int, rng: np.random.Generator) -> Drawn:
    """Return images and labels of digits written after allographs."""
    labels = rng.integers(0, 10, count)
    images = [draw(synthetic.written_digit(rng, str(label)), rng, WRITTEN_STRENGTH) for label in labels]
    return np.stack(images), labels.astype(np.uint8)


def draw_no_digits(count: int, rng: np.random.Generator, letters: Sequence[Sample], digits: Sequence[Sample]) -> Drawn:
    """Return `count` images that are not a digit: letters and symbols, scribbles, digits grouped wrongly."""
    by_writer: dict[str, list[Sample]] = {}
    for sample in digits:
        by_writer.setdefault(sample.writer, []).append(sample)
    people = [group for group in by_writer.values() if len(group) > 1]
    images = [draw(_no_digit(rng, letters, people), rng) for _ in range(count)]
    return np.stack(images), np.full(count, NO_DIGIT, np.uint8)


def _no_digit(rng: np.random.Generator, letters: Sequence[Sample], people: Sequence[Sequence[Sample]]) -> Ink:
    kind = rng.random()
    if letters and kind < 0.4:
        return letters[rng.integers(len(letters))].ink
    if people and kind < 0.68:
        person = people[rng.integers(len(people))]
        return _wrong_group(rng, person)
    return synthetic.mark(rng)


def _wrong_group(rng: np.random.Generator, person: Sequence[Sample]) -> Ink:
    """Return two or three digits of one person as one, or a digit with a part of its neighbour."""
    count = 2 if rng.random() < 0.75 else 3
    inks = [person[rng.integers(len(person))].ink for _ in range(count)]
    several = [ink for ink in inks if len(ink) > 1]
    if several and rng.random() < 0.3:  # the neighbour's second stroke, grouped by mistake
        inks = [inks[0], several[0][-1:]] if rng.random() < 0.5 else [several[0][:1], inks[-1]]
    return side_by_side(inks, rng)


def merged_mnist(x: NDArray[np.uint8], count: int, rng: np.random.Generator) -> Drawn:
    """Return `count` images of two MNIST digits side by side, normalised as if they were one."""
    images = []
    for _ in range(count):
        one, other = x[rng.integers(len(x), size=2)]
        left, right = _trim(one), _trim(other)
        gap = np.zeros((28, int(rng.integers(3, 10))), np.uint8)  # closer together, two ones look like a thick one
        images.append(normalise_bitmap(np.concatenate([left, gap, right], axis=1)))
    return np.stack(images), np.full(count, NO_DIGIT, np.uint8)


def _trim(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    columns = np.flatnonzero(image.any(axis=0))
    return image[:, columns[0] : columns[-1] + 1]
