"""Allographs: the ways in which people write each digit, drawn for this project, and digits deformed from them.

Each line of allographs.jsonl is one; add another there.
"""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..recognition.ink import Ink, Stroke, box_of, ink_of_record
from ..recognition.normalise import normalise_digit

SEED = 20
EACH = 5  # reference digits per allograph, itself included
SPACING = 5.0  # between the points of an allograph's strokes, in its units
SLANT = 0.35  # x per y, either way
LEAN = 0.45  # limit of slant and turn together
BEND = 0.05  # of the digit's size: amplitude of one slow wave
JITTER = 0.006  # of the digit's size, for each point


class Freedom(NamedTuple):
    """Limits within which a digit stays the same digit."""

    narrow: float = 0.6  # of the width
    broad: float = 1.4
    turn: float = math.radians(12)


FREE = Freedom()
# A broad flagged 1 is a 7, and a narrow 7, or one with a falling bar, is a 1.
CAREFUL = {"1": Freedom(broad=1.0), "7": Freedom(narrow=0.95, turn=math.radians(6))}


@dataclass(frozen=True)
class Allograph:
    """One way to write a digit, its strokes in the order and direction of writing, in a box of about 70x100."""

    label: str
    name: str
    ink: Ink
    controls: Ink  # of each stroke's curve; a point given twice is a corner
    weight: float = 1.0  # how common it is among those of its digit
    region: str = ""  # where it is common, if not everywhere


@cache
def allographs() -> tuple[Allograph, ...]:
    """Return all allographs, by digit; the first of each digit is the common one."""
    text = Path(__file__).with_name("allographs.jsonl").read_text(encoding="utf-8")
    found = tuple(_of_record(json.loads(line)) for line in text.splitlines())
    for stroke in (stroke for one in found for stroke in one.ink):
        stroke.flags.writeable = False  # shared by all callers
    return found


def _of_record(record: dict[str, Any]) -> Allograph:
    controls = ink_of_record(record)
    ink = tuple(spline(stroke, SPACING) for stroke in controls)
    return Allograph(record["label"], record["form"], ink, controls, record["weight"], record.get("region", ""))


def spline(controls: Stroke, spacing: float) -> Stroke:
    """Return a Catmull-Rom curve through (n, 2) control points, its points about `spacing` apart.

    A control point given twice makes a corner: the curve comes to rest there.
    """
    ends = np.concatenate([2 * controls[:1] - controls[1:2], controls, 2 * controls[-1:] - controls[-2:-1]])
    curve = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        length = float(np.hypot(*(c - b)))
        if length == 0:
            continue
        t = np.linspace(0, 1, max(1, round(length / spacing)), endpoint=False)[:, None]
        curve.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*curve, controls[-1:]])


def allographs_of(label: str) -> tuple[Allograph, ...]:
    """Return the allographs of a digit, the common one first; none for other labels."""
    return tuple(one for one in allographs() if one.label == label)


@cache
def reference_digits() -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return clear digit images, (n, 28, 28) uint8, read-only, and their labels.

    Every allograph, unchanged and deformed; the same on every machine, as far as floating point is.
    """
    rng = random.Random(SEED)  # the same in every version of Python, which numpy does not promise
    pairs = [(one.label, ink) for one in allographs() for ink in _variants(one, rng)]
    images = np.stack([normalise_digit(ink) for _, ink in pairs])
    images.flags.writeable = False
    return images, tuple(label for label, _ in pairs)


def _variants(one: Allograph, rng: random.Random) -> Iterator[Ink]:
    yield one.ink
    for _ in range(EACH - 1):
        yield deform(one.ink, rng, CAREFUL.get(one.label, FREE))


def deform(ink: Ink, rng: random.Random, freedom: Freedom = FREE) -> Ink:
    """Return a digit as somebody else would write it: slanted, stretched, turned, bent and shaky.

    The result is centred on (0, 0) and about 1 in size, whatever the unit of the ink.
    """
    left, top, right, bottom = box_of(ink)
    size = max(right - left, bottom - top) or 1.0
    middle = np.array([left + right, top + bottom]) / 2
    matrix = _matrix(rng, freedom) / size
    phase, wave = rng.uniform(0, math.tau), rng.uniform(-BEND, BEND)
    return tuple(_bend((stroke - middle) @ matrix.T, phase, wave, rng) for stroke in ink)


def _matrix(rng: random.Random, freedom: Freedom) -> NDArray[np.float64]:
    """Return the (2, 2) matrix of a slant, a stretch and a turn that together lean by at most LEAN."""
    turn = rng.uniform(-freedom.turn, freedom.turn)
    slant = rng.uniform(max(-SLANT, -LEAN - turn), min(SLANT, LEAN - turn))
    broad = math.exp(rng.uniform(math.log(freedom.narrow), math.log(freedom.broad)))
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[broad, -slant], [0.0, 1.0]])


def _bend(points: NDArray[np.float64], phase: float, wave: float, rng: random.Random) -> NDArray[np.float64]:
    """Return points displaced by one slow wave and by jitter."""
    slow = wave * np.sin(4 * points[:, ::-1] + phase)
    shake = [[rng.uniform(-JITTER, JITTER) for _ in range(2)] for _ in points]
    return points + slow + np.array(shake)
