"""Written digits and marks that are no digit, made from templates: what MNIST and the real ink lack."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.allographs import CAREFUL, FREE, allographs_of, spline
from edge_app.recognition.ink import Ink, Stroke

Polyline = Sequence[tuple[float, float]]

STEADY, SHAKY = 1.0, 4.5  # deviation of a control point, in hundredths of a digit's height: a neat and a careless hand
ASPECT = 0.16  # deviation of the logarithm of a digit's width
SHARP = 0.7  # share of the digits that keep their corners
STEP = 2.5  # between the points of a curve, in hundredths of a digit's height
SCRIBBLES = 0.6  # of the marks; the others are letters and symbols

# Corner points in a unit box, y downwards.
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


def written_digit(rng: np.random.Generator, label: str) -> Ink:
    """Return a digit after one of its allographs, the common ones more often, about 1 high; no two are alike.

    The control points are moved, not the curve, so that loops open and close, feet and flags grow and vanish.
    """
    found = allographs_of(label)
    weights = np.array([one.weight for one in found])
    chosen = found[rng.choice(len(found), p=weights / weights.sum())]
    shake = rng.uniform(STEADY, SHAKY)
    limits = CAREFUL.get(label, FREE)
    aspect = float(np.clip(np.exp(rng.normal(0, ASPECT)), limits.narrow, limits.broad))
    waves, phases = rng.normal(0, 3, 2), rng.uniform(0, 2 * np.pi, 2)
    sharp = rng.random() < SHARP
    strokes = []
    for controls in chosen.controls:
        moved = _shake(controls, shake, rng, sharp=sharp)
        moved = moved + waves * np.sin(moved[:, ::-1] / 20 + phases)  # one slow bend
        stroke = spline(moved * [aspect, 1], STEP) / 100
        lost = int(rng.integers(len(stroke) // 12 + 1)) if rng.random() < 0.3 else 0  # the pen left early
        strokes.append(stroke[: len(stroke) - lost])
    return tuple(strokes)


def _shake(controls: Stroke, shake: float, rng: np.random.Generator, *, sharp: bool) -> Stroke:
    """Return control points moved at random; corners, which are points given twice, stay corners if `sharp`."""
    again = np.concatenate([[False], (controls[1:] == controls[:-1]).all(axis=1)])
    moves = rng.normal(0, shake, controls.shape)
    moves[again] = moves[np.flatnonzero(again) - 1]
    return (controls + moves)[slice(None) if sharp else ~again]


def mark(rng: np.random.Generator) -> Ink:
    """Return a letter, a symbol or a scribble that is no digit."""
    if rng.random() < SCRIBBLES:
        return scribble(rng)
    template = NO_DIGITS[rng.integers(len(NO_DIGITS))]
    wide = rng.uniform(0.7, 1.4)
    strokes = [np.asarray(stroke) + rng.normal(0, 0.05, (len(stroke), 2)) for stroke in template]
    return tuple(_straight(stroke) * [wide, 1] for stroke in strokes)


def _straight(points: Stroke, steps: int = 8) -> Stroke:
    """Return straight lines through the points with `steps` points a side, so that they can be bent."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    sides = [a + (b - a) * t for a, b in pairwise(points)]
    return np.concatenate([*sides, points[-1:]])


def scribble(rng: np.random.Generator) -> Ink:
    """Return one or two lines with more turns than a digit has: wild, to and fro, wandering, or round and round."""
    make = (_wild, _wild, _angular, _to_and_fro, _wandering, _round_and_round)[rng.integers(6)]
    points = make(rng)
    points = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 0.2) * [rng.uniform(0.5, 1.3), 1]
    more = [spline(rng.uniform(0, 1, (rng.integers(3, 8), 2)), STEP / 100)] if rng.random() < 0.15 else []
    return (spline(points, STEP / 100), *more)


def _wild(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(0, 1, (rng.integers(7, 17), 2))


def _angular(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.repeat(_wild(rng), 2, axis=0)


def _to_and_fro(rng: np.random.Generator) -> NDArray[np.float64]:
    """Crossing out: a zigzag, upright or lying."""
    turns = int(rng.integers(6, 18))
    along = np.linspace(0, rng.uniform(0.2, 1.2), turns)
    across = np.where(np.arange(turns) % 2, rng.uniform(0.6, 1, turns), rng.uniform(0, 0.4, turns))
    points = np.stack([along, across], axis=1)
    return points[:, ::-1] if rng.random() < 0.5 else points


def _wandering(rng: np.random.Generator) -> NDArray[np.float64]:
    steps = int(rng.integers(14, 27))
    angles = np.cumsum(rng.normal(0, 1.6, steps))
    return np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(0.2, 0.6, (steps, 1)), axis=0)


def _round_and_round(rng: np.random.Generator) -> NDArray[np.float64]:
    """A spiral, or rounds that travel."""
    angles = np.linspace(0, rng.uniform(2.2, 5) * 2 * np.pi, 40)
    radius = np.linspace(rng.uniform(0.05, 0.4), 1, 40)
    travel = rng.uniform(-0.06, 0.06) * angles
    return np.stack([np.cos(angles) * radius + travel, np.sin(angles) * radius], axis=1)
