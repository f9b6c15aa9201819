"""Parting of strokes, or of pieces of a picture, into lines of writing, which may slope."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .ink import Stroke, box_of
from .segmentation import line_height

# Lengths are in line heights.
TALL = 0.5  # a lower piece is a roof, a bar, a comma or a dot: it goes to the line of the nearest tall piece
CORE = 0.5  # of a piece's height, around its middle: no line reaches the cores of another, though tails may cross
APART = 0.2  # clear between the cores of two lines
CLEAR = 0.2  # clear between two lines as a rule, tails aside
ABOVE = 0.5  # width in which one line must lie above another, or half the narrower: digits that climb do not
STEEPEST = 0.6  # slope of a line: 31 degrees
SLOPES = np.array(sorted(np.linspace(-STEEPEST, STEEPEST, 61), key=abs))

Line: TypeAlias = tuple[int, ...]
"""Indices of the pieces of one line, ascending."""

Judge: TypeAlias = Callable[[Line, Line, float], bool]
"""Whether pieces above and pieces below, with a gap in line heights between them, are two lines and not one."""


def lines_of(pieces: Sequence[Stroke], are_two: Judge = lambda _above, _below, _gap: True) -> list[Line]:
    """Return the lines from the top, each with its pieces.

    A piece is given by points of its outline, (n, 2) of x, y. Two lines need clear paper between them along a slope,
    and one above the other: a number that climbs is one line, however steeply. `are_two` has the last word.
    """
    boxes = np.array([box_of([piece]) for piece in pieces]).reshape(-1, 4)
    done: list[Line] = []
    rest: list[Line] = [tuple(range(len(pieces)))]
    while rest:
        line = rest.pop(0)
        cut = _cut([pieces[i] for i in line], boxes[list(line)])
        above = tuple(i for i, is_below in zip(line, cut.below, strict=True) if not is_below)
        below = tuple(i for i, is_below in zip(line, cut.below, strict=True) if is_below)
        if below and are_two(above, below, cut.gap):
            rest[:0] = above, below
        else:
            done.append(line)
    return done


class _Cut(NamedTuple):
    """Which pieces are below the clearest paper, none if there are no two lines, and its height."""

    below: NDArray[np.bool_]
    gap: float


def _cut(pieces: Sequence[Stroke], boxes: NDArray[np.float64]) -> _Cut:
    """Return how pieces are parted in two, where the paper is clearest."""
    below, height = np.zeros(len(pieces), bool), line_height(boxes)
    tall = np.flatnonzero(boxes[:, 3] - boxes[:, 1] >= TALL * height)
    own = boxes[tall]
    if len(tall) < 2 or not height or np.ptp(own[:, [1, 3]]) <= (2 * TALL + CLEAR) * height:
        return _Cut(below, 0.0)  # too low for two lines
    tops, bottoms = _extents([pieces[i] for i in tall], own[:, 3] - own[:, 1])
    order = np.argsort(tops + bottoms, axis=1, kind="stable")
    tops, bottoms = np.take_along_axis(tops, order, axis=1), np.take_along_axis(bottoms, order, axis=1)
    clear = np.where(_overlaps(own[order, 0], own[order, 2], height), _clear(tops, bottoms), -np.inf)
    best = clear.max(axis=1)
    for slope in np.argsort(-best, kind="stable"):
        if best[slope] < APART * height:
            break
        at = int(clear[slope].argmax()) + 1
        upper, lower = order[slope, :at], order[slope, at:]
        gaps = _facing(own[upper], own[lower])
        if not len(gaps):
            gaps = np.median(tops[slope, at:]) - bottoms[slope, :at]
        gap = float(np.median(gaps)) / height
        if gap >= CLEAR:
            below[:] = [np.argmin(_distances(box, own)) in lower for box in boxes]
            below[tall] = np.isin(np.arange(len(tall)), lower)
            return _Cut(below, gap)
    return _Cut(below, 0.0)


def _extents(pieces: Sequence[Stroke], heights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the top and the bottom of each piece where lines of each slope are turned level: (slopes, pieces)."""
    points = np.concatenate(pieces)
    starts = np.cumsum([0, *(len(piece) for piece in pieces)])[:-1]
    turned = points[:, 1] - SLOPES[:, None] * points[:, 0]
    tops, bottoms = np.minimum.reduceat(turned, starts, axis=1), np.maximum.reduceat(turned, starts, axis=1)
    # a digit stays upright on a sloping line and is no higher than its box; a ligature follows the line, and is lower
    halves, middles = np.minimum(bottoms - tops, heights) / 2, (tops + bottoms) / 2
    return middles - halves, middles + halves


def _clear(tops: NDArray[np.float64], bottoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the room between the cores of the first 1, 2, ... pieces of each row and those of the others."""
    middles, halves = (tops + bottoms) / 2, CORE * (bottoms - tops) / 2
    return _last(middles - halves, np.minimum) - _first(middles + halves, np.maximum)


def _overlaps(left: NDArray[np.float64], right: NDArray[np.float64], height: float) -> NDArray[np.bool_]:
    """Return whether the first 1, 2, ... pieces of each row lie above some of the others."""
    (left1, right1), (left2, right2) = ((part(left, np.minimum), part(right, np.maximum)) for part in (_first, _last))
    narrower = np.minimum(right1 - left1, right2 - left2)
    least = np.minimum(ABOVE * height, narrower / 2)
    return np.minimum(right1, right2) - np.maximum(left1, left2) >= least


def _facing(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the clear paper between each two boxes of which each is the nearest that the other faces."""
    shared = np.minimum(upper[:, None, 2], lower[:, 2]) - np.maximum(upper[:, None, 0], lower[:, 0])
    gaps = np.where(shared >= 0, lower[:, 1] - upper[:, None, 3], np.inf)
    nearest = (gaps == gaps.min(axis=1, keepdims=True)) & (gaps == gaps.min(axis=0)) & (gaps < np.inf)
    return gaps[nearest]


def _first(values: NDArray[np.float64], of: np.ufunc) -> NDArray[np.float64]:
    """Return the least or greatest of the first 1, 2, ... values of each row, but not of all."""
    return of.accumulate(values, axis=1)[:, :-1]


def _last(values: NDArray[np.float64], of: np.ufunc) -> NDArray[np.float64]:
    """Return the least or greatest of all but the first 1, 2, ... values of each row."""
    return of.accumulate(values[:, ::-1], axis=1)[:, -2::-1]


def _distances(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of a box from others; of those that it touches the nearest middle counts."""
    away = np.maximum(others[:, :2] - box[2:], box[:2] - others[:, 2:]).clip(0)
    middles = (others[:, :2] + others[:, 2:] - box[:2] - box[2:]) / 2
    return np.hypot(*away.T) + 1e-3 * np.hypot(*middles.T)
