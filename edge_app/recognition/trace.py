"""How far the pen went and how often it turned, which an image of 28 x 28 pixels hides where lines lie close."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .ink import Stroke

CELL = 0.08  # of the larger side of the box: lines in one cell count once, for people go over their lines again
STEP = 0.12  # likewise: between the points where the direction is looked at
CORNER = 1.0  # radians within two steps: what turns less is a curve


class Trace(NamedTuple):
    """How much was written for a digit, whatever its size."""

    length: float  # of all lines, in larger sides of the box
    turning: float  # radians beyond CORNER, summed over all turns


# Mean and standard deviation of each digit, from people's and from allographs, by train/studies/traces.py.
USUAL = {
    "0": (Trace(3.27, 1.77), Trace(0.49, 1.73)),
    "1": (Trace(1.71, 2.99), Trace(0.48, 2.42)),
    "2": (Trace(2.71, 3.63), Trace(0.46, 1.53)),
    "3": (Trace(2.66, 4.45), Trace(0.46, 1.84)),
    "4": (Trace(2.28, 5.14), Trace(0.39, 1.35)),
    "5": (Trace(2.68, 3.95), Trace(0.38, 1.72)),
    "6": (Trace(2.56, 2.21), Trace(0.37, 1.34)),
    "7": (Trace(2.27, 3.70), Trace(0.34, 1.71)),
    "8": (Trace(3.28, 3.38), Trace(0.42, 1.32)),
    "9": (Trace(2.68, 5.04), Trace(0.41, 1.74)),
}
# Nats of doubt for each deviation beyond the mean. Steeper than fitted, and free at first: scribbles go far beyond, and
# unusual digits keep their confidence. Chosen on the scribbles of the study and the development ink.
WEIGHTS = Trace(0.7, 2.2)
FREE = 5.0  # nats
MOST = 6.0  # nats: of a digit written three times over the network is certain enough


def trace_of(strokes: Sequence[Stroke]) -> Trace:
    """Return the trace of one digit's strokes; the way from one stroke to the next is a turn and has no length."""
    points = np.concatenate(strokes)
    corner = points.min(axis=0)
    size = max(float((points.max(axis=0) - corner).max()), 1e-9)
    x, y = ((points - corner) / size).T
    moves = np.hypot(np.diff(x), np.diff(y))
    moves[np.cumsum([len(stroke) for stroke in strokes])[:-1] - 1] = 0
    way = np.concatenate([[0.0], np.cumsum(moves)])
    at = np.arange(0, way[-1], STEP / 4)
    x, y = np.interp(at, way, x), np.interp(at, way, y)
    cells = (x / CELL).astype(int) * 64 + (y / CELL).astype(int)
    steps = np.diff(x[::4] + 1j * y[::4])
    turns = np.abs(np.angle(steps[2:] * steps[:-2].conj()))
    return Trace(len(np.unique(cells)) * CELL, float(np.maximum(turns - CORNER, 0).sum()))


def doubt(digit: str, trace: Trace) -> float:
    """Return by how many nats the log odds of `digit` fall for its trace; 0 for a usual one, or another class."""
    if digit not in USUAL:
        return 0.0
    beyond = [
        weight * max((own - mean) / deviation, -1)
        for own, mean, deviation, weight in zip(trace, *USUAL[digit], WEIGHTS, strict=True)
    ]
    return min(max(sum(beyond) - FREE, 0.0), MOST)
