"""Gestures: a zigzag drawn over earlier ink scratches it out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .ink import Stroke

SAMPLES = 512  # points per stroke: a dozen for each of forty swings
REVERSAL = 0.2  # of the extent along the swings: a smaller step back is a tremor, not a turn
LONG = 0.45  # of the second longest swing in each direction: shorter ones, such as the first and last, do not count
SWINGS = 6  # long ones: 43 of 20,342 strokes of real digits have as many, none of them over earlier ink
SMALL = 0.25  # of the tallest stroke: a smaller zigzag is a dot with tremor
COVERED = 0.5  # of a stroke's length, to be crossed out
MARGIN = 1.1  # the hull is enlarged: people cross out the inside of a 0, and a line has a width


def scratched(stroke: Stroke, others: Sequence[Stroke]) -> tuple[int, ...]:
    """Return the indices of the earlier strokes that `stroke` crosses out; none unless it is a zigzag.

    A zigzag, or repeated circles, swings back and forth at least SWINGS times by similar lengths. It crosses out
    strokes that lie at least half within its convex hull, not those it only touches.
    """
    low, extent = stroke.min(axis=0), float(np.ptp(stroke, axis=0).max())
    tallest = max((float(np.ptp(other[:, 1])) for other in others), default=np.inf)
    if extent <= SMALL * tallest:
        return ()
    line = (stroke - low) / extent
    if long_swings(line) < SWINGS:
        return ()
    hull = _convex_hull(line)
    if len(hull) < 3:  # a straight line back and forth has no inside
        return ()
    hull = hull.mean(axis=0) + MARGIN * (hull - hull.mean(axis=0))
    lines = [_evenly((other - low) / extent) for other in others]
    return tuple(i for i, other in enumerate(lines) if float(_inside(hull, other).mean()) >= COVERED)


def long_swings(stroke: Stroke) -> int:
    """Return how many swings of similar length a line makes back and forth along its main direction."""
    points = _evenly(stroke)
    along = points @ _direction(np.diff(points, axis=0))
    count = np.arange(SAMPLES) - (SAMPLES - 1) / 2
    level = along - count * (float(count @ along) / float(count @ count))  # slanted swings drift as they progress
    swings = np.diff(along[_turns(level.tolist(), REVERSAL * float(np.ptp(level)))])
    # of a levelled straight line only tremor is left, without swings in both directions
    forth, back = (np.sort(way) for way in (swings[swings > 0], -swings[swings < 0]))
    if min(len(forth), len(back)) < 2:
        return 0
    least = LONG * min(forth[-2], back[-2])
    return int((np.abs(swings) >= least).sum())


def _evenly(stroke: Stroke) -> Stroke:
    """Return SAMPLES points evenly spaced along a line, whatever the pen's speed was."""
    steps = np.hypot(*np.diff(stroke, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, at[-1], SAMPLES)
    return np.stack([np.interp(wanted, at, side) for side in stroke.T], axis=1)


def _direction(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the main direction of the steps, back and forth alike, as a unit vector: the mean of doubled angles.

    Of steps, not points: the points of swings that advance along a number lie along the number.
    """
    x, y = steps.T
    angle = np.arctan2(2 * float(x @ y), float(x @ x - y @ y)) / 2
    return np.array([np.cos(angle), np.sin(angle)])


def _turns(along: list[float], least: float) -> list[int]:
    """Return the indices where a line turns back by more than `least`, and of its two ends."""
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
