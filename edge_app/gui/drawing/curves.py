"""Curves through the points of a stroke, so that what a slow digitiser reports looks like ink."""

import math
from collections.abc import Iterator, Sequence

Point = tuple[float, float]

CORNER = math.radians(100)  # a sharper turn is a corner and stays one: a loop of five points turns by 72 degrees
FINENESS = 0.25  # pixels that a curve's straight pieces may be beside it
MOST = 16  # pieces between two points


def curve(points: Sequence[Point], first: int = 0) -> Iterator[list[Point]]:
    """Yield the curve from each point to the next, from point `first` on, as straight pieces; a dot for one point.

    Each depends on the two points and their neighbours alone. Centripetal Catmull-Rom splines, which make no loops
    (Yuksel et al., 2011).
    """
    if len(points) == 1:
        yield [points[0]]
    for i in range(first, len(points) - 1):
        start, end = points[i], points[i + 1]
        chord = _minus(end, start)
        leaving = _tangent(points[i - 1], start, chord) if i else chord
        after = points[i + 2 : i + 3]
        arriving = _minus((0.0, 0.0), _tangent(after[0], end, _minus(start, end))) if after else chord
        turn = _angle(leaving, chord) + _angle(chord, arriving)
        pieces = min(math.ceil(math.sqrt(math.hypot(*chord) * turn / (8 * FINENESS))) or 1, MOST)
        yield [start, *(_at(start, end, leaving, arriving, step / pieces) for step in range(1, pieces)), end]


def _tangent(before: Point, here: Point, chord: Point) -> Point:
    """Return the direction in which the curve from `before` leaves `here` for the end of a chord, and how fast."""
    come = _minus(here, before)
    if _angle(come, chord) > CORNER:
        return chord
    old, new = math.sqrt(math.hypot(*come)), math.sqrt(math.hypot(*chord))
    if not old or not new:  # twice the same point
        return chord
    x, y = ((c / old - (c + d) / (old + new) + d / new) * new for c, d in zip(come, chord, strict=True))
    return x, y


def _at(start: Point, end: Point, leaving: Point, arriving: Point, t: float) -> Point:
    """Return the point at `t`, 0 to 1, of the cubic with these ends and tangents (Hermite)."""
    back, rest = t * t, 1 - t
    to_end = back * (3 - 2 * t)
    x, y = (
        one + to_end * (other - one) + t * rest * (rest * go - t * come)
        for one, other, go, come in zip(start, end, leaving, arriving, strict=True)
    )
    return x, y


def _minus(one: Point, other: Point) -> Point:
    return one[0] - other[0], one[1] - other[1]


def _angle(one: Point, other: Point) -> float:
    """Return the angle between two directions, 0 to pi."""
    return abs(math.atan2(one[0] * other[1] - one[1] * other[0], one[0] * other[0] + one[1] * other[1]))
