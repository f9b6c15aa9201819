"""Real ink for training: deformed stroke by stroke and drawn by the app's own normalisation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_app.recognition.ink import Ink, Stroke, box_of
from edge_app.recognition.normalise import PEN_WIDTH, normalise_digit

# Letters and symbols that nobody writes like a digit. All others look like one in some handwriting: A H u y (an open
# 4), a P p (9), V v r (7), f t (a crossed 7) ..., and would teach the network to reject such digits.
UNLIKE_DIGITS = frozenset("EFKMNRWXdhkmwx#$%&*+=@?~-_") | {"\\@"}


def deform(ink: Ink, rng: np.random.Generator, strength: float = 1.0) -> Ink:
    """Return ink as the same person might have written it on another day, with another pen or tablet.

    Slant, aspect, rotation, a slow bend, jitter, corner cutting, lost points, short ends.
    """
    left, top, right, bottom = box_of(ink)
    size = max(right - left, bottom - top, 1e-6)
    centre = np.array([(left + right) / 2, (top + bottom) / 2], np.float64)
    angle = np.deg2rad(rng.uniform(-9, 9) * strength)
    # normal, for long tails: some people write very narrow, or lean far over
    slant = float(np.clip(rng.normal(0, 0.17), -0.5, 0.5)) * strength
    aspect = np.exp(float(np.clip(rng.normal(0, 0.16), -0.45, 0.45)) * strength)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = (turn @ np.array([[aspect, slant], [0, 1 / aspect]])).T.astype(np.float64)
    waves = rng.normal(0, 0.025 * strength, (2, 2, 2)).astype(np.float64)
    phase = rng.uniform(0, 2 * np.pi, (2, 2, 2)).astype(np.float64)
    jitter = rng.uniform(0, 0.012) * strength
    out: list[Stroke] = []
    for stroke in ink:
        points = (stroke - centre) / np.float64(size)
        points = _lose_points(points, rng, strength)
        bend = sum(
            waves[axis, k] * np.sin((3 + 3 * k) * points[:, axis : axis + 1] + phase[axis, k])
            for axis in range(2)
            for k in range(2)
        )
        points = (points + bend) @ matrix
        points = points + rng.normal(0, jitter, points.shape)
        points = points + rng.normal(0, 0.012 * strength, 2)  # the pen lands a little off
        out.append(points.astype(np.float64))
    return tuple(out)


def _lose_points(points: Stroke, rng: np.random.Generator, strength: float) -> Stroke:
    if len(points) > 6 and rng.random() < 0.3 * strength:  # a slow digitiser
        keep = rng.random(len(points)) < rng.uniform(0.35, 0.9)
        keep[[0, -1]] = True
        points = points[keep]
    if len(points) > 4 and rng.random() < 0.3 * strength:  # a filter that cuts corners
        smooth = points.copy()
        smooth[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
        points = smooth
    return points


def draw(ink: Ink, rng: np.random.Generator | None = None, strength: float = 1.0) -> NDArray[np.uint8]:
    """Return the digit image of ink; with `rng`, of a deformed copy drawn with another pen."""
    if rng is None:
        return normalise_digit(ink)
    width = PEN_WIDTH * np.exp(rng.uniform(-0.35, 0.35) * strength)
    return normalise_digit(deform(ink, rng, strength), float(width))


def side_by_side(inks: Sequence[Ink], rng: np.random.Generator) -> Ink:
    """Return digits next to each other as one ink: what the network sees of a wrong group."""
    out: list[Stroke] = []
    at = 0.0
    for ink in inks:
        left, top, right, bottom = box_of(ink)
        height = max(bottom - top, (right - left) / 2, 1e-6)
        scale = np.exp(rng.uniform(-0.15, 0.15)) / height
        drop = rng.uniform(-0.1, 0.1)
        for stroke in ink:
            out.append(
                ((stroke - np.array([left, top], np.float64)) * scale + np.array([at, drop], np.float64)).astype(
                    np.float64
                )
            )
        at += (right - left) * scale + rng.uniform(-0.05, 0.4)
    return tuple(out)
