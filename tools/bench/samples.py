"""Five-digit numbers to write, no two alike: the app remembers what it has read."""

import random

import numpy as np

from edge_app.datasets.readers import bundled_samples
from edge_app.recognition.ink import Ink

Place = tuple[int, int]
DIGITS = 5
SLANT, SHRINK = 0.15, 0.8  # how far hands differ here


def numbers() -> list[Ink]:
    """Return the five-digit numbers that come with the program: those of most strokes."""
    inks = [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)]
    most = max(map(len, inks))
    return [ink for ink in inks if len(ink) == most]


def placed(ink: Ink, pad: tuple[int, int, int, int], rng: random.Random) -> list[list[Place]]:
    """Return a number's strokes in the whole pixels of a pad (left, top, width, height), slanted and sized by chance.

    A point that falls on the one before it is left out: a pointer that does not move sends no event.
    """
    left, top, width, height = pad
    points = np.concatenate(ink)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    size = np.array([0.7 * width, 0.55 * height]) * [rng.uniform(SHRINK, 1) for _ in range(2)]
    slant = rng.uniform(-SLANT, SLANT) * min(1.0, size[0] / size[1])  # a high pad is no wider at its top
    start, strokes = np.array([left + 0.15 * width, top + 0.25 * height]), []
    for stroke in ink:
        unit = (stroke - low) / extent * size
        unit[:, 0] += slant * (size[1] - unit[:, 1])
        whole = [(round(x), round(y)) for x, y in unit + start]
        strokes.append([at for i, at in enumerate(whole) if i == 0 or at != whole[i - 1]])
    return strokes
