"""Practice: numbers to write, what was right in them, and how they are written; knows nothing of windows or clocks."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import forms_of
from ..recognition.ink import Ink, Stroke, box_of
from ..recognition.model import REJECT
from ..recognition.results import Reading

DIGITS = "0123456789"
MOST_DIGITS = 5
RISE = 4  # right in a row: one digit more
FALL = 2  # wrong in a row: one digit less
AGAIN = 2  # each mistake with a digit is worth two further turns of it, and two right answers make it good
MOST_AGAIN = 6

Pair: TypeAlias = tuple[str, str]
"""A digit that was asked and what was read there; "" where one of the two has nothing."""


@dataclass(frozen=True)
class Verdict:
    """A reading held against what was asked, digit by digit."""

    target: str
    reading: str
    pairs: tuple[Pair, ...]  # in order, digits too many included

    @property
    def right(self) -> bool:
        """Whether exactly the number that was asked was read."""
        return all(map(_agree, self.pairs))

    @property
    def positions(self) -> tuple[bool, ...]:
        """For each digit of the target, whether it was read."""
        return tuple(_agree(pair) for pair in self.pairs if pair[0])


@dataclass(frozen=True)
class Score:
    """Numbers, not digits: how many were right, of how many, and how many in a row, now and at best."""

    right: int = 0
    total: int = 0
    streak: int = 0
    best: int = 0

    def after(self, right: bool) -> "Score":
        """Return the score after one more number."""
        streak = self.streak + 1 if right else 0
        return Score(self.right + right, self.total + 1, streak, max(self.best, streak))


def _agree(pair: Pair) -> bool:
    return pair[0] == pair[1] != REJECT


def judge_text(target: str, reading: str) -> Verdict:
    """Return what is right in a reading; `?` never is, not even where `?` was asked.

    Position by position when the lengths agree: whoever swaps two digits has both wrong.
    """
    pairs = zip(target, reading, strict=True) if len(target) == len(reading) else _align(target, reading)
    return Verdict(target, reading, tuple(pairs))


def _align(target: str, reading: str) -> tuple[Pair, ...]:
    """Return the alignment of least edit distance (Levenshtein, 1966) and, of those, with most digits in agreement."""
    # a cell is (edits, -agreements, pairs) of the best alignment of two beginnings; the pairs break ties the same way
    row: list[tuple[int, int, tuple[Pair, ...]]] = [(0, 0, ())]
    for read in reading:
        row.append(_step(row[-1], ("", read)))
    for asked in target:
        above, row = row, [_step(row[0], (asked, ""))]
        for i, read in enumerate(reading):
            ways = _step(above[i], (asked, read)), _step(above[i + 1], (asked, "")), _step(row[i], ("", read))
            row.append(min(ways))
    return row[-1][2]


def _step(cell: tuple[int, int, tuple[Pair, ...]], pair: Pair) -> tuple[int, int, tuple[Pair, ...]]:
    edits, agreements, pairs = cell
    return edits + (not _agree(pair)), agreements - _agree(pair), (*pairs, pair)


@dataclass
class Practice:
    """Asks for numbers of one to five digits: longer ones after success, and again the digits that went wrong.

    `rng` is the only chance in it: the same seed and readings ask the same numbers.
    """

    rng: random.Random
    level: int = 1
    target: str = field(default="", init=False)
    score: Score = field(default=Score(), init=False)
    verdict: Verdict | None = field(default=None, init=False)  # on the present target; None before it is judged
    _run: int = field(default=0, init=False)  # in a row since the level changed: right above 0, wrong below
    _again: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIGITS, 0), init=False)
    _unasked: set[str] = field(default_factory=lambda: set(DIGITS), init=False)

    def __post_init__(self) -> None:
        """Ask for the first number."""
        self.next()

    def next(self) -> str:
        """Ask for another number and return it; one that was never judged counts for nothing."""
        number = self._draw()
        while number == self.target:
            number = self._draw()
        self.target, self.verdict = number, None
        self._unasked -= set(number)
        return number

    def judge(self, reading_text: str) -> Verdict:
        """Return what is right in a reading of the target; the first attempt counts, further ones are free."""
        verdict = judge_text(self.target, reading_text)
        if self.verdict is None:
            self._count(verdict)
        self.verdict = verdict
        return verdict

    def _count(self, verdict: Verdict) -> None:
        self.score = self.score.after(verdict.right)
        for digit, right in zip(self.target, verdict.positions, strict=True):
            change = -1 if right else AGAIN
            self._again[digit] = min(max(self._again[digit] + change, 0), MOST_AGAIN)
        self._run = max(self._run, 0) + 1 if verdict.right else min(self._run, 0) - 1
        if self._run in (RISE, -FALL):
            self.level = min(max(self.level + (1 if verdict.right else -1), 1), MOST_DIGITS)
            self._run = 0

    def _draw(self) -> str:
        """Return a number of `level` digits: what was never asked first, then by what went wrong."""
        number = ""
        for _ in range(self.level):
            allowed = DIGITS if number or self.level == 1 else DIGITS[1:]  # 07 is no number that people write
            fresh = [digit for digit in allowed if digit in self._unasked and digit not in number]
            pool = fresh or allowed
            number += self.rng.choices(pool, [1 + self._again[digit] for digit in pool])[0]
        return number


def labelled_glyphs(target: str, reading: Reading) -> list[tuple[int, str]]:
    """Return which digits of a reading may be kept as ink of the target: index of the digit, and its label.

    The person was asked for that number, so digits that were misread are kept too; but none when fewer than half
    agree, for then something else was written, and none that shares a stroke with another digit.
    """
    if len(reading.digits) != len(target):
        return []
    if 2 * sum(judge_text(target, reading.text).positions) < len(target):
        return []
    used = [stroke for digit in reading.digits for stroke in digit.strokes]
    alone = {stroke for stroke in used if used.count(stroke) == 1}
    return [(i, target[i]) for i, digit in enumerate(reading.digits) if alone.issuperset(digit.strokes)]


MARGIN = 0.08  # of the shorter side of the area: room for the pen's width
GAP = 0.25  # of the height of the digits, between two of them
FORM_HEIGHT = 100.0  # of the forms, in their own units
SPEED = 2.0  # heights of a digit a second: slower than writing, fast enough to watch five
PAUSE = 0.3  # seconds with the pen up


@dataclass(frozen=True)
class Demonstration:
    """A number being written: its strokes, and for each of their points when the pen gets there, in seconds."""

    strokes: Ink
    times: tuple[NDArray[np.float64], ...]

    @property
    def duration(self) -> float:
        """Seconds until all is written."""
        return float(self.times[-1][-1])

    def at(self, seconds: float) -> list[Stroke]:
        """Return what is written by then, the last stroke as far as the pen is; nothing before 0."""
        begun = [i for i, times in enumerate(self.times) if times[0] <= seconds]
        return [_until(self.strokes[i], self.times[i], seconds) for i in begun]


def _until(stroke: Stroke, times: NDArray[np.float64], seconds: float) -> Stroke:
    passed = int(np.searchsorted(times, seconds, side="right"))
    if passed == len(stroke):
        return stroke
    share = (seconds - times[passed - 1]) / (times[passed] - times[passed - 1])
    pen = stroke[passed - 1] + share * (stroke[passed] - stroke[passed - 1])
    return np.vstack([stroke[:passed], pen]) if share > 0 else stroke[:passed]


def demonstration(number: str, width: float, height: float) -> Demonstration:
    """Return how people commonly write a number, as large as fits in `width` x `height`, in its middle.

    It takes as long whatever the size. Raises ValueError for what is no digits, and for no area.
    """
    if not number or set(number) - set(DIGITS) or not min(width, height) > 0:
        raise ValueError(f"{number!r} in {width} x {height}: nothing to show")
    strokes = _side_by_side([forms_of(digit)[0].ink for digit in number])
    return Demonstration(_fit(strokes, width, height), _timed(strokes))


def _side_by_side(glyphs: Sequence[Ink]) -> Ink:
    """Return digits as one line of writing, in the units of their forms, from x = 0."""
    line: list[Stroke] = []
    x = 0.0
    for glyph in glyphs:
        left, _, right, _ = box_of(glyph)
        line += [stroke + np.array([x - left, 0.0]) for stroke in glyph]
        x += right - left + GAP * FORM_HEIGHT
    return tuple(line)


def _fit(ink: Ink, width: float, height: float) -> Ink:
    """Return ink enlarged to the area but for its margin, aspect kept, and centred."""
    left, top, right, bottom = box_of(ink)
    margin = MARGIN * min(width, height)
    scale = min((width - 2 * margin) / (right - left), (height - 2 * margin) / (bottom - top))
    offset = np.array([width - scale * (left + right), height - scale * (top + bottom)]) / 2
    return tuple(stroke * scale + offset for stroke in ink)


def _timed(ink: Ink) -> tuple[NDArray[np.float64], ...]:
    """Return the seconds at which the pen reaches each point, at an even speed and with a pause before each stroke."""
    times = []
    start = 0.0
    for stroke in ink:
        moved = np.hypot(*np.diff(stroke, axis=0).T)
        times.append(start + np.concatenate(([0.0], np.cumsum(moved))) / (SPEED * FORM_HEIGHT))
        start = float(times[-1][-1]) + PAUSE
    return tuple(times)
