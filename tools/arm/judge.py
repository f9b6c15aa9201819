"""Two machines' answers, compared."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def compared(expected: NDArray[Any], got: NDArray[Any]) -> dict[str, Any]:
    """Return how two arrays of whole numbers differ, a sample a row; raises ValueError for other shapes."""
    if expected.shape != got.shape or expected.dtype != got.dtype:
        raise ValueError(f"{got.shape} {got.dtype} against {expected.shape} {expected.dtype}")
    off = np.abs(expected.astype(np.int32) - got.astype(np.int32)).reshape(len(expected), -1)
    return {
        "n": len(off),
        "same_samples": int((off.max(axis=1) == 0).sum()),
        "values": off.size,
        "same_values": int((off == 0).sum()),
        "greatest_difference": int(off.max()),
        "sha256": {"expected": _digest(expected), "got": _digest(got)},
    }


def compared_outputs(expected: NDArray[np.int8], got: NDArray[np.int8]) -> dict[str, Any]:
    """Return how two networks' outputs differ, and how many answers are the same."""
    same = int((expected.argmax(axis=1) == got.argmax(axis=1)).sum())
    return {**compared(expected, got), "same_answers": same}


def compared_pictures(expected: NDArray[np.uint8], got: NDArray[np.uint8]) -> dict[str, Any]:
    """Return how many pixels of two pictures, (height, width, 3), are the same, and the greatest difference."""
    if expected.shape != got.shape:
        raise ValueError(f"{got.shape} against {expected.shape}")
    off = np.abs(expected.astype(int) - got).max(axis=2)
    return {"pixels": off.size, "same_pixels": int((off == 0).sum()), "greatest_difference": int(off.max())}


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
