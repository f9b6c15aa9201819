"""Gestures among the strokes: a zigzag drawn over earlier ink scratches it out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .ink import Stroke

SAMPLES = 512  # points a line is looked at with: forty swings keep a dozen each
REVERSAL = 0.2  # of the extent along the swings: less of a step back is a tremor, not a turn
LONG = 0.45  # of the second longest swing either way: a shorter one, such as the first and last, does not count
SWINGS = 6  # long ones: 43 of 20,342 strokes of real digits have as many, and none of those lies over earlier ink
SMALL = 0.25  # of the tallest stroke: a lesser zigzag is a finger that trembled on a dot
COVERED = 0.5  # of a stroke's line, to be crossed out
MARGIN = 1.1  # the hull is enlarged: a 0 is crossed out inside its rim, and a pen's line has a width


def scratched(stroke: Stroke, others: Sequence[Stroke]) -> tuple[int, ...]:
    """Return the indices of the earlier strokes that `stroke` crosses out; none unless it is a zigzag.

    A zigzag, or circles one over the other, swings to and fro at least SWINGS times by like lengths. It takes the
    strokes of which half or more lies within its convex hull, and leaves those it only touches.
    """
    low, extent = stroke.min(axis=0), float(np.ptp(stroke, axis=0).max())
    tallest = max((float(np.ptp(other[:, 1])) for other in others), default=np.inf)
    if extent <= SMALL * tallest:
        return ()
    line = (stroke - low) / extent
    if long_swings(line) < SWINGS:
        return ()
    hull = _convex_hull(line)
    if len(hull) < 3:  # straight to and fro: it has no inside
        return ()
    hull = hull.mean(axis=0) + MARGIN * (hull - hull.mean(axis=0))
    lines = [_evenly((other - low) / extent) for other in others]
    return tuple(i for i, other in enumerate(lines) if float(_inside(hull, other).mean()) >= COVERED)


def long_swings(stroke: Stroke) -> int:
    """Return how many swings of like length a line makes, to and fro along the direction that most of it takes."""
    points = _evenly(stroke)
    along = points @ _direction(np.diff(points, axis=0))
    count = np.arange(SAMPLES) - (SAMPLES - 1) / 2
    level = along - count * (float(count @ along) / float(count @ count))  # slanted swings drift as they progress
    swings = np.diff(along[_turns(level.tolist(), REVERSAL * float(np.ptp(level)))])
    # of a straight line, levelled, tremor is all that is left: its swings do not go to and fro
    forth, back = (np.sort(way) for way in (swings[swings > 0], -swings[swings < 0]))
    if min(len(forth), len(back)) < 2:
        return 0
    least = LONG * min(forth[-2], back[-2])
    return int((np.abs(swings) >= least).sum())


def _evenly(stroke: Stroke) -> Stroke:
    """Return SAMPLES points evenly along a line, so that the pen's speed does not matter; a dot gives itself."""
    steps = np.hypot(*np.diff(stroke, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, at[-1], SAMPLES)
    return np.stack([np.interp(wanted, at, side) for side in stroke.T], axis=1)


def _direction(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector along which most of the steps go, forwards or back: the mean of doubled angles.

    Of steps, not of points: those of swings that work their way along a number lie along the number.
    """
    x, y = steps.T
    angle = np.arctan2(2 * float(x @ y), float(x @ x - y @ y)) / 2
    return np.array([np.cos(angle), np.sin(angle)])


def _turns(along: list[float], least: float) -> list[int]:
    """Return where a line turns back by more than `least`, with its two ends, as indices."""
    turns, low, high, way = [0], 0, 0, 0
    for at, value in enumerate(along):
        low = at if value < along[low] else low
        high = at if value > along[high] else high
        if way >= 0 and along[high] - value > least:
            turns, way, low = [*turns, high], -1, at
        elif way <= 0 and value - along[low] > least:
            turns, way, high = [*turns, low], 1, at
    return [*turns, len(along) - 1]


def _convex_hull(points: Stroke) -> Stroke:
    """Return the corners of the convex hull, counter-clockwise where y grows upwards (Andrew, 1979)."""
    ordered = np.unique(points, axis=0).tolist()
    return np.array(_half(ordered)[:-1] + _half(ordered[::-1])[:-1])


def _half(ordered: list[list[float]]) -> list[list[float]]:
    corners: list[list[float]] = []
    for x, y in ordered:
        while len(corners) > 1:
            (x0, y0), (x1, y1) = corners[-2:]
            if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                break
            corners.pop()
        corners.append([x, y])
    return corners


def _inside(hull: Stroke, points: Stroke) -> NDArray[np.bool_]:
    """Return which points lie in a convex hull or on its edge."""
    edges = np.roll(hull, -1, axis=0) - hull
    away = points[:, None, :] - hull[None, :, :]
    return np.all(edges[:, 0] * away[..., 1] - edges[:, 1] * away[..., 0] >= 0, axis=1)
