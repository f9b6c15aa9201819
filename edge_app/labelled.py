"""Labelled data: ink lines with their writers, or MNIST's test images."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, InkError
from .ink import Ink, ink_of_record
from .mnist import read_mnist

FOLDS = 5


@dataclass(frozen=True)
class LabelledInk:
    """Ink with what it says and the person who wrote it."""

    label: str
    writer: str
    ink: Ink


@dataclass(frozen=True)
class LabelledImage:
    """A digit image, (28, 28) uint8, with what it says."""

    label: str
    writer: str
    image: NDArray[np.uint8]


def read_labelled(path: Path) -> Iterator[LabelledInk | LabelledImage]:
    """Yield labelled ink (.jsonl, .jsonl.gz), or the test images of mnist.npz; raises DataError naming the line."""
    if path.suffix != ".npz":
        yield from read_labelled_ink(path)
        return
    mnist = read_mnist(path)
    for image, label in zip(mnist.x_test, mnist.y_test, strict=True):
        yield LabelledImage(str(label), "MNIST", image)


def read_labelled_ink(path: Path) -> Iterator[LabelledInk]:
    """Yield the labelled ink of a .jsonl file, plain or gzipped; raises DataError naming the line."""
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                number += 1
                record = json.loads(line)
                writer = str(record.get("writer", "unknown"))
                yield LabelledInk(str(record["label"]), _person(writer), ink_of_record(record))
    except FileNotFoundError:
        raise DataError(f"{path}: not found. Expected labelled ink lines (.jsonl, .jsonl.gz)") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InkError) as error:
        raise DataError(f"{path}:{number}: no labelled ink ({type(error).__name__}: {error})") from None


def _person(writer: str) -> str:
    """Return who wrote it: what is before the last slash names the person, the rest one of their files."""
    return writer.rsplit("/", 1)[0]


def is_held_out(writer: str, fold: int, folds: int = FOLDS) -> bool:
    """Return whether a person belongs to validation fold `fold`: by a hash of the name, so for ever."""
    return zlib.crc32(writer.encode()) % folds == fold
