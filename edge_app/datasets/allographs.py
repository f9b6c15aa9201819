"""The forms in which people write each digit, drawn by hand for this program, and digits made of them."""

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

from ..recognition.ink import Ink, box_of, ink_of_record
from ..recognition.normalise import normalise_digit

SEED = 20
EACH = 12  # reference digits a form, the form itself among them
SLANT = 0.35  # of x per y: a strong lean, either way
LEAN = 0.45  # slant and turn together: what leans further, nobody would call upright writing
BEND = 0.05  # of the digit's size: one slow wave across it
JITTER = 0.006  # of the digit's size, a point: an unsteady hand


class Freedom(NamedTuple):
    """How far a hand may go before a digit is another one."""

    narrow: float = 0.6  # of the width
    broad: float = 1.4
    turn: float = math.radians(12)


FREE = Freedom()
# A flagged 1 made broad is a 7, and a 7 made narrow or with a falling bar a 1, to anybody.
CAREFUL = {"1": Freedom(broad=1.0), "7": Freedom(narrow=0.8, turn=math.radians(6))}


@dataclass(frozen=True)
class Allograph:
    """One form of a digit, its strokes in the order and direction of writing, in a box of about 70x100."""

    label: str
    form: str
    ink: Ink
    region: str = ""  # where the form is at home, when it is not everywhere


@cache
def allographs() -> tuple[Allograph, ...]:
    """Return all forms, by digit; the first of each digit is the common one."""
    text = Path(__file__).with_name("allographs.jsonl").read_text(encoding="utf-8")
    forms = tuple(_of_record(json.loads(line)) for line in text.splitlines())
    for stroke in (stroke for one in forms for stroke in one.ink):
        stroke.flags.writeable = False  # they are handed to everybody
    return forms


def _of_record(record: dict[str, Any]) -> Allograph:
    return Allograph(record["label"], record["form"], ink_of_record(record), record.get("region", ""))


def forms_of(label: str) -> tuple[Allograph, ...]:
    """Return the forms of a digit, the common one first; none for what is no digit."""
    return tuple(one for one in allographs() if one.label == label)


@cache
def reference_digits() -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return digit images that any reader must know, (n, 28, 28) uint8, read-only, and their labels.

    Every form as it is and deformed as hands do: the same on every machine, as far as floats are.
    """
    rng = random.Random(SEED)  # its random() is the same in every version of Python; numpy's need not be
    pairs = [(one.label, ink) for one in allographs() for ink in _variants(one, rng)]
    images = np.stack([normalise_digit(ink) for _, ink in pairs])
    images.flags.writeable = False
    return images, tuple(label for label, _ in pairs)


def _variants(one: Allograph, rng: random.Random) -> Iterator[Ink]:
    yield one.ink
    for _ in range(EACH - 1):
        yield deform(one.ink, rng, CAREFUL.get(one.label, FREE))


def deform(ink: Ink, rng: random.Random, freedom: Freedom = FREE) -> Ink:
    """Return a digit as another hand would write it: slanted, broader, turned, bent and a little shaken.

    Its middle comes to (0, 0) and its longer side to 1 before it is deformed; the unit of the ink is lost.
    """
    left, top, right, bottom = box_of(ink)
    size = max(right - left, bottom - top) or 1.0
    middle = np.array([left + right, top + bottom]) / 2
    matrix = _matrix(rng, freedom) / size
    phase, wave = rng.uniform(0, math.tau), rng.uniform(-BEND, BEND)
    return tuple(_bend((stroke - middle) @ matrix.T, phase, wave, rng) for stroke in ink)


def _matrix(rng: random.Random, freedom: Freedom) -> NDArray[np.float64]:
    """Return the (2, 2) map of a slant, a stretch and a turn that together lean no further than LEAN."""
    turn = rng.uniform(-freedom.turn, freedom.turn)
    slant = rng.uniform(max(-SLANT, -LEAN - turn), min(SLANT, LEAN - turn))
    broad = math.exp(rng.uniform(math.log(freedom.narrow), math.log(freedom.broad)))
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[broad, -slant], [0.0, 1.0]])


def _bend(points: NDArray[np.float64], phase: float, wave: float, rng: random.Random) -> NDArray[np.float64]:
    """Return points moved across by one slow wave, and each by a little chance."""
    slow = wave * np.sin(4 * points[:, ::-1] + phase)
    shake = [[rng.uniform(-JITTER, JITTER) for _ in range(2)] for _ in points]
    return points + slow + np.array(shake)
