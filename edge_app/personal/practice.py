"""Practice: numbers to write, how an answer is scored, and how digits are written; independent of window and clock."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import allographs_of
from ..recognition.ink import Ink, Stroke, box_of
from ..recognition.results import Reading

DIGITS = "0123456789"
MOST_DIGITS = 5
RISE = 4  # right in a row: one digit more
FALL = 2  # wrong in a row: one digit less
AGAIN = 2  # weight that a mistake adds to a digit; a right answer takes 1 off
MOST_AGAIN = 6


@dataclass(frozen=True)
class Judgement:
    """A reading compared with the target."""

    target: str
    reading: str
    positions: tuple[bool, ...]  # for each digit of the target, whether it was read

    @property
    def right(self) -> bool:
        """Whether the number was read exactly."""
        return self.target == self.reading


@dataclass(frozen=True)
class Score:
    """How many numbers were right, of how many."""

    right: int = 0
    total: int = 0


def judge_text(target: str, reading: str) -> Judgement:
    """Return which digits of the target are in a reading, in which `?` stands for none.

    Numbers of equal length are compared by position: two swapped digits are both wrong. A number that was continued on
    the next line is one number.
    """
    reading = reading.replace("\n", "")
    if len(target) == len(reading):
        return Judgement(target, reading, tuple(asked == read for asked, read in zip(target, reading, strict=True)))
    matched = SequenceMatcher(None, target, reading).get_matching_blocks()
    found = {at for start, _, size in matched for at in range(start, start + size)}
    return Judgement(target, reading, tuple(at in found for at in range(len(target))))


@dataclass
class Practice:
    """Asks for numbers of one to five digits: longer after success, and more often with digits that went wrong.

    `rng` is the only randomness: the same seed and readings give the same numbers.
    """

    rng: random.Random
    level: int = 1
    target: str = field(default="", init=False)
    score: Score = field(default=Score(), init=False)
    verdict: Judgement | None = field(default=None, init=False)  # of the present target; None before it is judged
    _run: int = field(default=0, init=False)  # streak since the level changed: positive for right, negative for wrong
    _again: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIGITS, 0), init=False)
    _unasked: set[str] = field(default_factory=lambda: set(DIGITS), init=False)

    def __post_init__(self) -> None:
        """Ask for the first number."""
        self.next()

    def next(self) -> str:
        """Return the next number; a number that was never judged does not count."""
        number = self._draw()
        while number == self.target:
            number = self._draw()
        self.target, self.verdict = number, None
        self._unasked -= set(number)
        return number

    def judge(self, reading_text: str) -> Judgement:
        """Return what is right in a reading of the target; only the first attempt counts."""
        verdict = judge_text(self.target, reading_text)
        if self.verdict is None:
            self._count(verdict)
        self.verdict = verdict
        return verdict

    def _count(self, verdict: Judgement) -> None:
        self.score = Score(self.score.right + verdict.right, self.score.total + 1)
        for digit, right in zip(self.target, verdict.positions, strict=True):
            change = -1 if right else AGAIN
            self._again[digit] = min(max(self._again[digit] + change, 0), MOST_AGAIN)
        self._run = max(self._run, 0) + 1 if verdict.right else min(self._run, 0) - 1
        if self._run in (RISE, -FALL):
            self.level = min(max(self.level + (1 if verdict.right else -1), 1), MOST_DIGITS)
            self._run = 0

    def _draw(self) -> str:
        """Return a number of `level` digits: first those not asked yet, then weighted by mistakes."""
        number = ""
        for _ in range(self.level):
            allowed = DIGITS if number or self.level == 1 else DIGITS[1:]  # no leading zero
            fresh = [digit for digit in allowed if digit in self._unasked and digit not in number]
            pool = fresh or allowed
            number += self.rng.choices(pool, [1 + self._again[digit] for digit in pool])[0]
        return number


def labelled_glyphs(target: str, reading: Reading) -> list[tuple[int, str]]:
    """Return index and label of the digits of a reading that may be stored as ink of the target.

    Misread digits are included, since that number was asked for. If fewer than half agree, something else was written,
    and none is; nor is a digit that shares a stroke with another one.
    """
    if len(reading.digits) != len(target):
        return []
    if 2 * sum(judge_text(target, reading.text).positions) < len(target):
        return []
    used = [stroke for digit in reading.digits for stroke in digit.strokes]
    alone = {stroke for stroke in used if used.count(stroke) == 1}
    return [(i, target[i]) for i, digit in enumerate(reading.digits) if alone.issuperset(digit.strokes)]


MARGIN = 0.08  # of the shorter side of the area
GAP = 0.25  # between digits, of their height
ALLOGRAPH_HEIGHT = 100.0  # in the units of allographs
SPEED = 2.0  # digit heights per second
PAUSE = 0.3  # seconds with the pen up


@dataclass(frozen=True)
class Demonstration:
    """A number being written: its strokes, and the time in seconds at which the pen reaches each point."""

    strokes: Ink
    times: tuple[NDArray[np.float64], ...]

    @property
    def duration(self) -> float:
        """Seconds until everything is written."""
        return float(self.times[-1][-1])

    def at(self, seconds: float) -> list[Stroke]:
        """Return the ink at that time, the last stroke up to the pen; none before 0."""
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
    """Return how a number is commonly written, as large as fits in `width` x `height`, centred.

    Its duration does not depend on the size. Raises ValueError for other text, and for an empty area.
    """
    if not number or set(number) - set(DIGITS) or not min(width, height) > 0:
        raise ValueError(f"{number!r} in {width} x {height}: nothing to show")
    strokes = _side_by_side([allographs_of(digit)[0].ink for digit in number])
    return Demonstration(_fit(strokes, width, height), _timed(strokes))


def _side_by_side(glyphs: Sequence[Ink]) -> Ink:
    """Return digits as one line, in the units of allographs, from x = 0."""
    line: list[Stroke] = []
    x = 0.0
    for glyph in glyphs:
        left, _, right, _ = box_of(glyph)
        line += [stroke + np.array([x - left, 0.0]) for stroke in glyph]
        x += right - left + GAP * ALLOGRAPH_HEIGHT
    return tuple(line)


def _fit(ink: Ink, width: float, height: float) -> Ink:
    """Return ink scaled to the area within its margin, aspect kept, and centred."""
    left, top, right, bottom = box_of(ink)
    margin = MARGIN * min(width, height)
    scale = min((width - 2 * margin) / (right - left), (height - 2 * margin) / (bottom - top))
    offset = np.array([width - scale * (left + right), height - scale * (top + bottom)]) / 2
    return tuple(stroke * scale + offset for stroke in ink)


def _timed(ink: Ink) -> tuple[NDArray[np.float64], ...]:
    """Return the time at which the pen reaches each point, at constant speed and with a pause between strokes."""
    times = []
    start = 0.0
    for stroke in ink:
        moved = np.hypot(*np.diff(stroke, axis=0).T)
        times.append(start + np.concatenate(([0.0], np.cumsum(moved))) / (SPEED * ALLOGRAPH_HEIGHT))
        start = float(times[-1][-1]) + PAUSE
    return tuple(times)
