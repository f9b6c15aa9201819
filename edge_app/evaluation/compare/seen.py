"""Whether a model is judged on digits that it was trained or calibrated on, as its card says."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.mnist import SHA256, mnist_path, read_mnist
from ...datasets.readers import is_ink
from ...modelfiles.card import CARD, has_card, read_card
from .data import Batch

TRAINED, CALIBRATED = "trained", "calibrated"
KAGGLE = 42_000  # rows of its train.csv


def uses_of(model: Path) -> dict[str, str]:
    """Return the SHA-256 of each set that a model has seen, and whether it was trained or calibrated on it.

    A set is known by its file, MNIST's training images by their pixels. Empty without a card. Raises ModelError.
    """
    if not has_card(model):
        return {}
    card = read_card(model.parent / CARD)
    uses = {str(_entry(card, "calibration").get("sha256")): CALIBRATED}
    data = _entry(card, "training").get("data")
    for own in data if isinstance(data, list) else []:
        if isinstance(own, dict):
            uses[SHA256["x_train"] if own.get("name") == "MNIST" else str(own.get("sha256"))] = TRAINED
    return uses


def _entry(card: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an entry of a card; empty where it is missing or of another kind, as in a card of another program."""
    entry = card.get(name)
    return entry if isinstance(entry, dict) else {}


class Witness:
    """Tells which models have seen the digits of a set that passes by."""

    def __init__(self, uses: Mapping[str, Mapping[str, str]], mnist: Path | None) -> None:
        """Remember what each model has seen; `mnist` is mnist.npz, to recognise single training images with."""
        self._uses, self._mnist = uses, mnist
        self.lines: list[str] = []

    def watch(self, path: Path, name: str, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches unchanged, and add a line for each model that has seen them."""
        pixels, n, known = hashlib.sha256(), 0, 0
        training = self._training_images() if path.suffix != ".npz" and not is_ink(path) else frozenset()
        for images, labels in batches:
            pixels.update(images.tobytes())
            n += len(images)
            known += sum(_digest(image) in training for image in images)
            yield images, labels
        seen = {pixels.hexdigest(): n}  # before the next line, as all of MNIST's training images have that digest
        if path.is_file():
            seen[hashlib.sha256(path.read_bytes()).hexdigest()] = n
        if known:
            seen[SHA256["x_train"]] = known
        if n == KAGGLE and path.suffix == ".csv" and not training:
            seen.setdefault(SHA256["x_train"], 0)
        alike: dict[tuple[str, int], list[str]] = {}
        for model, uses in self._uses.items():
            # trained on it is worse than calibrated on it, and sorts behind
            if own := max(((use, seen[digest]) for digest, use in uses.items() if digest in seen), default=None):
                alike.setdefault(own, []).append(model)
        self.lines += [_line(models, name, *own, n) for own, models in alike.items()]

    @cache  # noqa: B019  one object a comparison
    def _training_images(self) -> frozenset[bytes]:
        """Return MNIST's training images as digests, if a model has seen them and mnist.npz is at hand."""
        file = mnist_path(self._mnist)
        if file is None or not any(SHA256["x_train"] in own for own in self._uses.values()):
            return frozenset()
        return frozenset(map(_digest, read_mnist(file).x_train))


def _line(models: list[str], name: str, use: str, seen: int, n: int) -> str:
    *most, last = models
    who = f"{', '.join(most)} and {last} were" if most else f"{last} was"
    if not seen:
        what = f"{use} on MNIST, and {name} seems to be Kaggle's mixture of its training and test images"
    elif use == CALIBRATED:
        what = f"calibrated on digits of {name}"
    else:
        what = f"trained on {f'all {n:,}' if seen == n else f'{seen:,} of the {n:,}'} digits of {name}"
    return f"warning: {who} {what}. Judge on other digits"


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=8).digest()
