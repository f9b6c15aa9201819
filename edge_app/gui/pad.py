"""The pad: strokes and their corrections, with undo and redo; it knows no window and no time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from ..recognition.ink import MAX_POINTS, MAX_STROKES, Ink, make_ink
from ..recognition.model import REJECT
from ..recognition.results import Candidate, Digit, Pin, Reading
from ..recognition.segmentation import Group, Part

Point = tuple[float, float]
Line = tuple[Point, ...]

MOST_STEPS = 200  # of undo: hours of writing must not fill the memory


@dataclass(frozen=True)
class Sheet:
    """Identifies ink from its first stroke until it is cleared; undo brings it back with the strokes."""

    number: int = 0
    size: tuple[int, int] = (1, 1)  # of the pad in ink units; grows with ink beyond it


@dataclass(frozen=True)
class Page:
    """Finished strokes, and corrections of some of them."""

    strokes: tuple[Line, ...] = ()
    pins: tuple[Pin, ...] = ()
    sheet: Sheet = Sheet()

    def without(self, gone: Iterable[int]) -> "Page":
        """Return the page without some strokes and the pins on them."""
        dropped = set(gone)
        if dropped.issuperset(range(len(self.strokes))):
            return Page()
        numbers = count()
        places = {i: next(numbers) for i in range(len(self.strokes)) if i not in dropped}
        return Page(
            tuple(self.strokes[i] for i in places),
            tuple(
                Pin(tuple(places[i] for i in pin.strokes), pin.label)
                for pin in self.pins
                if not dropped.intersection(pin.strokes)
            ),
            self.sheet,
        )

    def settled(self, reading: Reading) -> tuple["Page", list[Group]]:
        """Return the page with no stroke shared by two digits of its reading, and the strokes of each digit.

        A stroke that holds several digits is cut where the reading cut it, so that each can be pinned.
        """
        owners: dict[int, list[tuple[int, Part]]] = {}
        for number, digit in enumerate(reading.digits):
            for part in digit.parts:
                owners.setdefault(part.stroke, []).append((number, part))
        strokes: list[Line] = []
        places: dict[int, int] = {}  # of uncut strokes
        groups: list[list[int]] = [[] for _ in reading.digits]
        for index, line in enumerate(self.strokes):
            own = owners.get(index, [])
            if len({number for number, _ in own}) < 2:
                places[index] = len(strokes)
                for number in {number for number, _ in own}:
                    groups[number].append(len(strokes))
                strokes.append(line)
            else:
                for number, part in own:
                    groups[number].append(len(strokes))
                    strokes.append(_line(part))
        # pinned strokes belong to one digit, so they are uncut
        pins = tuple(Pin(tuple(places[i] for i in pin.strokes), pin.label) for pin in self.pins)
        return Page(tuple(strokes), pins, self.sheet), [tuple(group) for group in groups]

    def pinned(self, group: Group, label: str | None) -> "Page":
        """Return the page with these strokes pinned as one digit, without earlier pins on any of them."""
        others = tuple(pin for pin in self.pins if not set(pin.strokes).intersection(group))
        return Page(self.strokes, (*others, Pin(tuple(sorted(group)), label)), self.sheet)

    @property
    def is_too_large(self) -> bool:
        """Whether this exceeds the limits of ink: a cut adds a stroke and a point."""
        return len(self.strokes) > MAX_STROKES or sum(map(len, self.strokes)) > MAX_POINTS


def strokes_at(strokes: Sequence[Line], point: Point, radius: float) -> list[int]:
    """Return which strokes pass within `radius` of a point, in ink units."""
    found = []
    for index, line in enumerate(strokes):
        points = np.asarray(line) - point
        start, along = points[:-1] if len(points) > 1 else points, np.diff(points, axis=0)
        along = along if len(along) else np.zeros((1, 2))
        length2 = np.maximum((along**2).sum(axis=1), 1e-12)
        at = np.clip(-(start * along).sum(axis=1) / length2, 0, 1)[:, None]
        if float(((start + at * along) ** 2).sum(axis=1).min()) <= radius**2:
            found.append(index)
    return found


def _line(part: Part) -> Line:
    return tuple((float(x), float(y)) for x, y in part.points)


@dataclass
class Pad:
    """The page and the stroke under the pen; each change of the page can be undone."""

    page: Page = field(default_factory=Page)
    current: list[Point] = field(default_factory=list)
    newest: int = 0  # number of the newest sheet
    _fresh: Sheet = Sheet()  # for the stroke under the pen, if the page is empty when it is lifted
    _past: list[Page] = field(default_factory=list)
    _future: list[Page] = field(default_factory=list)

    @property
    def strokes(self) -> tuple[Line, ...]:
        """The finished strokes."""
        return self.page.strokes

    @property
    def size(self) -> tuple[int, int] | None:
        """The size of the pad in ink units; None while nothing is written."""
        if self.strokes:
            return self.page.sheet.size
        return self._fresh.size if self.current else None

    def begin(self, point: Point, size: tuple[int, int] = (1, 1)) -> None:
        """Put the pen down, on a pad of `size` if it is empty; a stroke that was never lifted is finished.

        A full pad takes no more.
        """
        self.lift()
        self._fresh = self._new_sheet(size)  # also for a page with strokes: they may be erased meanwhile
        if len(self.strokes) < MAX_STROKES and self._points() < MAX_POINTS:
            self.current = [point]

    def extend(self, point: Point) -> bool:
        """Move the pen; returns whether that added a point."""
        if not self.current or point == self.current[-1] or self._points() >= MAX_POINTS:
            return False
        self.current.append(point)
        return True

    def lift(self) -> bool:
        """Lift the pen; returns whether a stroke was finished."""
        if not self.current:
            return False
        sheet = self.page.sheet if self.strokes else self._fresh
        reach = [
            max(side, *map(int, along)) for side, along in zip(sheet.size, zip(*self.current, strict=True), strict=True)
        ]
        sheet = Sheet(sheet.number, (reach[0], reach[1]))
        self.change(Page((*self.strokes, tuple(self.current)), self.page.pins, sheet))
        self.current = []
        return True

    def load(self, strokes: Iterable[Line], size: tuple[int, int]) -> Sheet:
        """Replace the page by other ink on a new sheet, which is returned; can be undone."""
        sheet = self._new_sheet(size)
        self.change(Page(tuple(strokes), (), sheet))
        return sheet

    def _new_sheet(self, size: tuple[int, int]) -> Sheet:
        self.newest += 1
        return Sheet(self.newest, size)

    def drop(self) -> bool:
        """Discard the stroke under the pen; returns whether there was one."""
        had, self.current = bool(self.current), []
        return had

    def change(self, page: Page) -> bool:
        """Replace the page, which can be undone; returns False if it is the same, or too large."""
        if page == self.page or page.is_too_large:
            return False
        self._past.append(self.page)
        del self._past[:-MOST_STEPS]
        self._future.clear()
        self.page = page
        return True

    def erase(self, strokes: Iterable[int]) -> bool:
        """Remove strokes; returns whether there were any."""
        return self.change(self.page.without(strokes))

    def undo(self) -> bool:
        """Undo the last change, or discard the stroke under the pen."""
        if self.current:
            return self.drop()
        if not self._past:
            return False
        self._future.append(self.page)
        self.page = self._past.pop()
        return True

    def redo(self) -> bool:
        """Redo the last undone change."""
        if not self._future or self.current:
            return False
        self._past.append(self.page)
        self.page = self._future.pop()
        return True

    def clear(self) -> bool:
        """Remove all ink; can be undone."""
        self.lift()
        return self.change(Page())

    def correct(self, reading: Reading, number: int, label: str) -> bool:
        """Pin a digit of the reading as `label`, which is REJECT for not a digit."""
        page, groups = self.page.settled(reading)
        return self.change(page.pinned(groups[number], label))

    def take(self, candidate: Candidate) -> bool:
        """Pin all digits as a candidate has them; returns whether that changed the page."""
        page, groups = self.page.settled(Reading(candidate.digits))
        for group, label in zip(groups, candidate.labels, strict=True):
            page = page.pinned(group, label)
        return self.change(page)

    def join(self, reading: Reading, number: int) -> bool:
        """Pin a digit of the reading and its right neighbour as one; returns whether there is one."""
        if number + 1 >= len(reading.digits):
            return False
        strokes = {i for digit in reading.digits[number : number + 2] for i in digit.strokes}
        rest = tuple(digit for i, digit in enumerate(reading.digits) if i not in (number, number + 1))
        if any(strokes.intersection(digit.strokes) for digit in rest):  # a stroke that continues into a third digit
            page, groups = self.page.settled(reading)
            return self.change(page.pinned((*groups[number], *groups[number + 1]), None))
        return self.change(self.page.pinned(tuple(strokes), None))

    def split(self, reading: Reading, number: int, halves: tuple[Sequence[Part], Sequence[Part]]) -> bool:
        """Replace a digit of the reading by two, made of these parts."""
        as_two = [
            Digit(REJECT, 0.0, (), (0, 0, 0, 0), tuple({part.stroke for part in half}), parts=tuple(half))
            for half in halves
        ]
        digits = (*reading.digits[:number], *as_two, *reading.digits[number + 1 :])
        own = reading.digits[number].strokes
        free = Page(self.strokes, tuple(pin for pin in self.page.pins if pin.strokes != own), self.page.sheet)
        page, groups = free.settled(Reading(digits))
        return self.change(page.pinned(groups[number], None).pinned(groups[number + 1], None))

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink, not even under the pen."""
        return not self.strokes and not self.current

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past or self.current)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._future and not self.current)

    def ink(self) -> Ink:
        """Return the finished strokes as ink."""
        return make_ink(self.strokes)

    def live_ink(self) -> Ink:
        """Return all strokes as ink, including the one under the pen."""
        return make_ink([*self.strokes, *([self.current] if self.current else [])])

    def _points(self) -> int:
        return sum(map(len, self.strokes)) + len(self.current)
