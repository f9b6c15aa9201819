"""Ink: the strokes of a finger, pen or mouse, read from JSON and validated here only."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InkError

Stroke: TypeAlias = NDArray[np.float64]
"""Points of one touch: (n, 2) float64 of x, y; n >= 1; y grows downwards; any unit."""

Ink: TypeAlias = tuple[Stroke, ...]

MAX_POINTS = 100_000  # eight minutes of a 200 Hz pen without a pause
MAX_STROKES = 1000  # about two hundred digits; each stroke costs some inferences
MAX_COORDINATE = 1e9


def make_ink(strokes: Iterable[Sequence[Sequence[float]] | Stroke]) -> Ink:
    """Return strokes as validated ink.

    Raises InkError for a stroke without points, a point that is not two finite numbers, or too many points.
    """
    ink = []
    total = 0
    for number, points in enumerate(strokes, 1):
        if number > MAX_STROKES:
            raise InkError(f"more than {MAX_STROKES} strokes: read it in parts")
        total += len(points) if hasattr(points, "__len__") else 0
        if total > MAX_POINTS:
            raise InkError(f"more than {MAX_POINTS} points: use fewer points")
        ink.append(_make_stroke(points, number))
    return tuple(ink)


def _make_stroke(points: Any, number: int) -> Stroke:
    if not isinstance(points, list | tuple | np.ndarray) or len(points) == 0:
        raise InkError(f"stroke {number} has no points: expected [[x, y], ...]")
    try:
        array = np.asarray(points)
    except ValueError:  # ragged: points of different lengths
        array = np.empty(0)
    # kinds i, u, f only: numpy would silently turn "7" and true into numbers
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[1] != 2:
        raise InkError(f"stroke {number}: every point must be two numbers, [x, y]")
    array = array.astype(np.float64)  # before abs, which is negative for the smallest int64
    if not np.all(np.abs(array) <= MAX_COORDINATE):  # false for NaN as well
        raise InkError(f"stroke {number}: a coordinate is not finite or beyond {MAX_COORDINATE:g}")
    return array


def parse_ink(text: str | bytes) -> Ink:
    """Return the ink of one JSON object `{"strokes": [[[x, y], ...], ...]}`; other keys are ignored.

    Raises InkError with a reason of one line.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested brackets
        reason = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise InkError(f"not JSON ({reason}); expected {{'strokes': [[[x, y], ...], ...]}}") from None
    return ink_of_record(record)


def ink_of_record(record: object) -> Ink:
    """Return the ink of an already decoded JSON object."""
    if not isinstance(record, dict) or not isinstance(record.get("strokes"), list):
        raise InkError("no strokes: expected one object {'strokes': [[[x, y], ...], ...]}")
    return make_ink(record["strokes"])


def dump_ink(ink: Ink, **keys: Any) -> str:
    """Return ink as one JSON line, `keys` (label, writer, ...) before the strokes."""
    strokes = [[[round(float(x), 2), round(float(y), 2)] for x, y in stroke] for stroke in ink]
    return json.dumps({**keys, "strokes": strokes}, separators=(",", ":"))


def box_of(ink: Sequence[Stroke]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of one or more strokes."""
    points = np.concatenate(ink)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
