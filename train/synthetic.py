"""Synthetic digits and other ink that MNIST lacks, for training without real ink."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from edge_app.recognition.ink import Ink, Stroke

Polyline = Sequence[tuple[float, float]]

# Corner points in a unit box, y downwards; curved ones are rounded by `_smooth`.
_RING: Polyline = [(0.6, 0), (0.2, 0.05), (0, 0.5), (0.2, 0.95), (0.6, 1), (0.8, 0.5), (0.62, 0.02)]
_SEVEN: Polyline = [(0, 0.02), (0.7, 0), (0.5, 0.35), (0.28, 1)]

DIGITS: dict[str, list[list[Polyline]]] = {
    "0": [[_RING, [(0.9, 0), (-0.1, 1)]], [_RING, [(0.7, 0.15), (0.1, 0.85)]]],
    "1": [
        [[(0, 0.35), (0.35, 0), (0.35, 1)]],
        [[(0, 0.6), (0.4, 0), (0.35, 1)]],
        [[(0, 0.25), (0.3, 0), (0.3, 1)], [(-0.05, 1), (0.65, 1)]],
        [[(0.3, 0), (0.3, 1)]],
    ],
    "7": [
        [_SEVEN, [(0.15, 0.5), (0.7, 0.48)]],
        [[(0.02, 0.2), *_SEVEN], [(0.1, 0.55), (0.68, 0.5)]],
        [[(0.02, 0.2), *_SEVEN]],
    ],
}
CURVED = {"0"}

NO_DIGITS: list[list[Polyline]] = [
    [[(0, 0), (0, 1)], [(0, 0), (0.6, 0)], [(0, 0.45), (0.5, 0.45)]],  # F
    [[(0.6, 0), (0, 0), (0, 1), (0.6, 1)], [(0, 0.5), (0.5, 0.5)]],  # E
    [[(0, 0), (0, 1)], [(0.6, 0), (0.6, 1)], [(0, 0.5), (0.6, 0.5)]],  # H
    [[(0, 0), (0, 1)], [(0.6, 0), (0, 0.5), (0.65, 1)]],  # K
    [[(0, 1), (0.1, 0), (0.45, 0.6), (0.8, 0), (0.9, 1)]],  # M
    [[(0, 1), (0, 0), (0.6, 1), (0.6, 0)]],  # N
    [[(0, 0), (0.2, 1), (0.45, 0.4), (0.7, 1), (0.9, 0)]],  # W
    [[(0, 0), (0.7, 1)], [(0.7, 0), (0, 1)]],  # X
    [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],  # +
    [[(0, 0.5), (1, 0.5)]],  # -
    [[(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]],  # =
    [[(0.3, 0), (0.25, 1)], [(0.7, 0), (0.65, 1)], [(0, 0.33), (1, 0.33)], [(0, 0.67), (1, 0.67)]],  # #
    [[(0, 0), (0, 1)], [(0, 1), (0.05, 0.55), (0.3, 0.45), (0.35, 1)]],  # h
    [[(0, 0.2), (0, 1), (0.02, 0.4), (0.3, 0.2), (0.4, 1), (0.45, 0.4), (0.7, 0.2), (0.8, 1)]],  # m
    [[(0, 0), (0, 1)], [(0.45, 0.4), (0, 0.7), (0.5, 1)]],  # k
    [[(0, 1), (0.35, 0), (0.7, 1)], [(0.15, 0.6), (0.55, 0.6)]],  # A
    [[(0, 0), (0.35, 1), (0.7, 0)]],  # V
]


def _smooth(points: Polyline, steps: int = 8) -> Stroke:
    """Return a Catmull-Rom curve through the points, (n, 2) float32."""
    p = np.asarray(points, np.float64)
    ends = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.concatenate([*curve, p[-1:]]).astype(np.float64)


def _dense(points: Polyline, steps: int = 8) -> Stroke:
    """Return straight lines through the points with `steps` points a side, so that they can be bent."""
    p = np.asarray(points, np.float64)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    sides = [a + (b - a) * t for a, b in pairwise(p)]
    return np.concatenate([*sides, p[-1:]]).astype(np.float64)


def _wobble(strokes: list[Polyline], rng: np.random.Generator) -> list[Polyline]:
    return [[(x + rng.normal(0, 0.05), y + rng.normal(0, 0.05)) for x, y in stroke] for stroke in strokes]


def synthetic_digit(label: str, rng: np.random.Generator) -> Ink:
    """Return a flagged 1, a slashed 0 or a crossed 7, each different."""
    forms = DIGITS[label]
    strokes = _wobble(forms[rng.integers(len(forms))], rng)
    wide = rng.uniform(0.6, 1.2)
    curved = label in CURVED
    out = [_smooth(s) if curved and len(s) > 3 else _dense(s) for s in strokes]
    return tuple((stroke * np.array([wide, 1], np.float64)).astype(np.float64) for stroke in out)


def synthetic_no_digit(rng: np.random.Generator) -> Ink:
    """Return a letter, a symbol or a scribble that is not a digit."""
    kind = rng.random()
    if kind < 0.25:
        return (_scribble(rng),)
    strokes = _wobble(NO_DIGITS[rng.integers(len(NO_DIGITS))], rng)
    wide = rng.uniform(0.7, 1.4)
    return tuple((_dense(stroke) * np.array([wide, 1], np.float64)).astype(np.float64) for stroke in strokes)


def _scribble(rng: np.random.Generator) -> Stroke:
    """Return a line with six or more turns, more than a digit has."""
    turns = rng.integers(6, 16)
    return _smooth([(float(x), float(y)) for x, y in rng.uniform(0, 1, (turns, 2))])
