"""Labelled data: ink lines with writers, MNIST's test images, or a folder of pictures for each digit."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, ImageError, InkError
from ..escape import print_error
from ..recognition.ink import Ink, ink_of_record
from ..recognition.normalise import SIZE, normalise_bitmap
from ..recognition.pictures import Coverage, open_picture
from ..storage.safe_open import open_regular, open_unzipped
from .mnist import IMAGES_IDX, read_idx, read_mnist
from .readers import MAX_LINE, why_no_picture

FOLDS = 5
NAMED = 5  # files that are left out: of more, the number is given


@dataclass(frozen=True)
class LabelledInk:
    """Ink with its label and its writer."""

    label: str
    writer: str
    ink: Ink


@dataclass(frozen=True)
class LabelledImage:
    """A digit image, (28, 28) uint8, with its label."""

    label: str
    writer: str
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class LabelledPicture:
    """A picture file of one digit, or of lines of digits: `label` has a newline between them."""

    label: str
    writer: str
    kind: str  # photo, scan, canvas: figures are given for each
    path: Path
    single: bool


def read_manifest(path: Path) -> Iterator[LabelledPicture]:
    """Yield the pictures of a manifest, {"file": ..., "label": "12 345"} per line, lines apart by blanks.

    Files are named relative to the manifest; "kind", "single" and "from", who drew it, may be given. Raises DataError.
    """
    number = 0
    try:
        with open_unzipped(path) as file:
            for line in file:
                number += 1
                record = json.loads(line)
                label = "\n".join(str(record["label"]).split())
                single = bool(record.get("single", len(label) == 1))
                kind, writer = (str(record.get(key, "unknown")) for key in ("kind", "from"))
                yield LabelledPicture(label, writer, kind, path.parent / record["file"], single)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}:{number}: not a manifest of pictures ({type(error).__name__}: {error})") from None


def read_labelled(path: Path) -> Iterator[LabelledInk | LabelledImage]:
    """Yield the samples at `path`; raises DataError naming the line or file.

    Labelled ink (.jsonl, .jsonl.gz), the test images of mnist.npz, MNIST's IDX images with their labels beside them, a
    table of labels and grey levels (.csv, as Kaggle's), or a folder with a folder of pictures for each digit.
    """
    if path.is_dir():
        yield from _read_folder(path)
    elif path.suffix == ".npz":
        mnist = read_mnist(path)
        yield from _images(mnist.x_test, mnist.y_test)
    elif path.suffixes[:1] == [".csv"]:
        yield from _read_csv(path)
    elif IMAGES_IDX.search(path.name):
        yield from _images(*read_idx(path))
    else:
        yield from read_labelled_ink(path)


def _read_csv(path: Path) -> Iterator[LabelledImage]:
    """Yield the rows of a table of a label and 784 grey levels, 0 is paper, such as Kaggle's train.csv.

    Raises DataError naming the line.
    """
    number = 0
    try:
        with open_unzipped(path) as file:
            for line in iter(lambda: file.readline(MAX_LINE), b""):
                number += 1
                if number == 1 and b"label" in line:
                    continue
                label, *pixels = map(int, line.split(b","))
                if not 0 <= label <= 9 or len(pixels) != SIZE * SIZE:
                    raise ValueError(f"label {label} and {len(pixels)} values")
                yield LabelledImage(str(label), "CSV", np.frombuffer(bytes(pixels), np.uint8).reshape(SIZE, SIZE))
    except FileNotFoundError:
        raise DataError(f"{path}: not found. Expected a label and 784 grey levels per line") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except ValueError as error:
        raise DataError(f"{path}:{number}: expected a label from 0 to 9 and 784 grey levels ({error})") from None


def _images(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> Iterator[LabelledImage]:
    for image, label in zip(x, y, strict=True):
        yield LabelledImage(str(label), "MNIST", image)


def _read_folder(path: Path) -> Iterator[LabelledImage]:
    """Yield the pictures of the folders 0 to 9 in `path`, each as one normalised digit.

    What else lies there, and pictures that cannot be read, are left out: one line on standard error names them.
    """
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    classes = [entry for entry in entries if entry.is_dir() and entry.name in set("0123456789")]
    if not classes:
        raise DataError(f"{path}: no labelled pictures. Expected a folder for each digit, named 0 to 9")
    left_out = [f"{entry.name} (no folder of a digit)" for entry in entries if entry not in classes]
    for folder in classes:
        for file in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
            try:
                yield LabelledImage(folder.name, path.name, normalise_bitmap(_open_named(file)))
            except ImageError as error:
                left_out.append(f"{folder.name}/{file.name} ({error})")
    if left_out:
        more = f"; and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
        print_error(f"{path}: left out: {'; '.join(left_out[:NAMED])}{more}")


def _open_named(file: Path) -> Coverage:
    """Return the ink of a picture file; raises ImageError, also for a suffix that is not a picture's."""
    if why := why_no_picture(file):
        raise ImageError(why)
    try:
        with open_regular(file) as picture:
            return open_picture(picture)
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from None


def read_labelled_ink(path: Path) -> Iterator[LabelledInk]:
    """Yield the labelled ink of a .jsonl file, plain or gzipped; raises DataError naming the line."""
    number = 0
    try:
        with open_unzipped(path) as file:
            for line in iter(lambda: file.readline(MAX_LINE + 1), b""):
                number += 1
                if len(line) > MAX_LINE:
                    raise InkError(f"more than {MAX_LINE:,} bytes")
                record = json.loads(line)
                writer = str(record.get("writer", "unknown"))
                yield LabelledInk(str(record["label"]), _person(writer), ink_of_record(record))
    except FileNotFoundError:
        raise DataError(f"{path}: not found. Expected labelled ink lines (.jsonl, .jsonl.gz)") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InkError) as error:
        raise DataError(f"{path}:{number}: not labelled ink ({type(error).__name__}: {error})") from None


def _person(writer: str) -> str:
    """Return the person: a writer is named PERSON/FILE or PERSON."""
    return writer.rsplit("/", 1)[0]


def is_held_out(writer: str, fold: int, folds: int = FOLDS) -> bool:
    """Return whether a writer is in validation fold `fold`; a hash of the name decides, so it never changes."""
    return zlib.crc32(writer.encode()) % folds == fold
