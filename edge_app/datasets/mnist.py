"""MNIST as Keras' mnist.npz, verified to be the canonical arrays, or as IDX files."""

import hashlib
import math
import os
import re
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..storage.safe_open import open_regular, open_unzipped

VARIABLE = "DIGITPAD_MNIST"
IMAGES_IDX, LABELS_IDX = re.compile(r"images([-.])idx3-ubyte"), r"labels\1idx1-ubyte"
MAX_IDX = 1_000_000_000  # bytes; four times the largest set of digits in this format
SHAPES = {"x_train": (60000, 28, 28), "y_train": (60000,), "x_test": (10000, 28, 28), "y_test": (10000,)}
SHA256 = {  # of the arrays in C order, which equal the published IDX files without headers
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
MAX_ENTRY = 50_000_000  # bytes of an array in mnist.npz; the training images have 47 million
# what numpy raises on corrupt files; MemoryError and TokenError: headers of terabytes, or without an end
_DAMAGE: tuple[type[Exception], ...] = (OSError, ValueError, EOFError, RuntimeError, MemoryError, SyntaxError)
_DAMAGE = (*_DAMAGE, tokenize.TokenError, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class Mnist:
    """x: (n, 28, 28) uint8, 0 is paper; y: (n,) uint8, 0 to 9; 60,000 training and 10,000 test images."""

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]


def mnist_path(path: Path | None) -> Path | None:
    """Return `path`, or the file that DIGITPAD_MNIST names, or None."""
    return path or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)


def read_mnist(path: Path) -> Mnist:
    """Return MNIST from Keras' npz; raises DataError unless its content is canonical."""
    try:
        with open_regular(path) as source:
            file = np.load(source, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"{path}: a single array, expected Keras' mnist.npz")
            missing = SHAPES.keys() - set(file.files)
            if missing:
                raise DataError(f"{path}: no array {', '.join(sorted(missing))}; expected Keras' mnist.npz")
            for entry in file.zip.infolist():
                if entry.file_size > MAX_ENTRY:
                    raise DataError(
                        f"{path}: {entry.filename} is {entry.file_size:,} bytes, too large for an array of mnist.npz"
                    )
            arrays = {name: np.asarray(file[name]) for name in SHAPES}
    except FileNotFoundError:
        raise DataError(f"{path}: not found. Expected Keras' mnist.npz") from None
    except _DAMAGE as error:
        reason = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{path}: cannot be read as mnist.npz ({reason[0]})") from None
    return verify_mnist(arrays, str(path))


def verify_mnist(arrays: dict[str, NDArray[Any]], where: str) -> Mnist:
    """Return arrays as MNIST; raises DataError unless shapes, types, labels and SHA-256 are canonical."""
    for name, shape in SHAPES.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise DataError(f"{where}: {name} is {array.shape} {array.dtype}, expected {shape} uint8")
        if name.startswith("y") and array.max() > 9:
            raise DataError(f"{where}: {name} has the label {array.max()}, expected 0 to 9")
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        if digest != SHA256[name]:
            raise DataError(f"{where}: {name} is not MNIST's (SHA-256 {digest[:12]}…, expected {SHA256[name][:12]}…)")
    return Mnist(**arrays)


def read_idx(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (n, 28, 28) and labels (n,) of an IDX file and the label file beside it, plain or gzipped.

    Raises DataError unless both are complete and match.
    """
    images = _read_idx(path, 3)
    labels_path = path.with_name(IMAGES_IDX.sub(LABELS_IDX, path.name))
    labels = _read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28) or len(images) != len(labels):
        raise DataError(f"{path}: images {images.shape} with {len(labels)} labels, expected (n, 28, 28) and n")
    if not len(labels) or labels.max() > 9:
        raise DataError(f"{labels_path}: expected labels from 0 to 9" if len(labels) else f"{path}: no images")
    return images, labels


def _read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Return the array of an IDX file of bytes (LeCun's format: magic, sizes big-endian, content)."""
    try:
        with open_unzipped(path) as file:
            magic, *shape = struct.unpack(f">{dimensions + 1}I", file.read(4 * (dimensions + 1)))
            if magic != 0x800 + dimensions:
                raise DataError(f"{path}: not an IDX file of bytes in {dimensions} dimensions (magic {magic:#010x})")
            expected = math.prod(shape)
            if expected > MAX_IDX:
                raise DataError(f"{path}: its header claims {expected:,} bytes, more than {MAX_IDX:,}")
            content = file.read(expected + 1)
    except FileNotFoundError:
        raise DataError(f"{path}: not found. Images and labels must be in the same folder") from None
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"{path}: cannot be read as IDX ({error})") from None
    if len(content) != expected:
        found = f"more than {expected:,}" if len(content) > expected else f"{len(content):,}"
        raise DataError(f"{path}: {found} bytes of content, its header claims {expected:,}: truncated?")
    return np.frombuffer(content, np.uint8).reshape(shape)
