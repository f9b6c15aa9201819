"""The pad: a state machine against a simple model, including undo and redo."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_app.datasets.readers import bundled_samples
from edge_app.gui.pad import MOST_STEPS, Line, Pad, strokes_at
from edge_app.recognition.ink import MAX_POINTS, MAX_STROKES
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Digit, Pin, Reading
from edge_app.recognition.segmentation import Part

Strokes = tuple[Line, ...]

point = st.tuples(st.integers(0, 9).map(float), st.integers(0, 9).map(float))
size = st.tuples(st.integers(1, 12), st.integers(1, 12))


@dataclass(frozen=True)
class Plain:
    """A naive page: numbered strokes, and pins as sets of those numbers."""

    strokes: tuple[tuple[int, Line], ...] = ()
    said: tuple[tuple[frozenset[int], str | None], ...] = ()
    size: tuple[int, int] | None = None

    def lines(self) -> Strokes:
        return tuple(line for _, line in self.strokes)

    def pins(self) -> tuple[Pin, ...]:
        places = {number: place for place, (number, _) in enumerate(self.strokes)}
        return tuple(Pin(tuple(sorted(places[n] for n in numbers)), label) for numbers, label in self.said)

    def without(self, places: set[int]) -> "Plain":
        left = tuple(one for place, one in enumerate(self.strokes) if place not in places)
        numbers = {number for number, _ in left}
        said = tuple(one for one in self.said if one[0] <= numbers)
        return Plain(left, said, self.size) if left else Plain()


class PadMachine(RuleBasedStateMachine):
    """Compares the pad with a list of all states after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.pad = Pad()
        self.states = [Plain()]
        self.at = 0
        self.pen: list[tuple[float, float]] = []
        self.pen_size = (1, 1)
        self.number = 0
        self.sheets: set[int] = set()

    @property
    def now(self) -> Plain:
        return self.states[self.at]

    def commit(self, page: Plain) -> bool:
        if (page.lines(), page.pins(), page.size) == (self.now.lines(), self.now.pins(), self.now.size):
            return False
        self.states = [*self.states[: self.at + 1], page]
        self.at += 1
        return True

    def stroke(self, line: Line) -> tuple[int, Line]:
        self.number += 1
        return self.number, line

    def finish(self) -> None:
        if self.pen:
            width, height = self.now.size if self.now.strokes and self.now.size else self.pen_size
            reach = max(width, *(int(x) for x, _ in self.pen)), max(height, *(int(y) for _, y in self.pen))
            self.commit(Plain((*self.now.strokes, self.stroke(tuple(self.pen))), self.now.said, reach))
            self.pen = []

    @rule(p=point, pad=size)
    def begin(self, p: tuple[float, float], pad: tuple[int, int]) -> None:
        self.finish()
        self.pen, self.pen_size = [p], pad
        self.pad.begin(p, pad)

    @rule(p=point)
    def extend(self, p: tuple[float, float]) -> None:
        grew = bool(self.pen) and self.pen[-1] != p
        if grew:
            self.pen.append(p)
        assert self.pad.extend(p) == grew

    @rule()
    def lift(self) -> None:
        assert self.pad.lift() == bool(self.pen)
        self.finish()

    @rule()
    def drop(self) -> None:
        assert self.pad.drop() == bool(self.pen)
        self.pen = []

    @precondition(lambda self: not self.pen)
    @rule(strokes=st.lists(st.lists(point, min_size=1, max_size=3).map(tuple), max_size=3), pad=size)
    def load(self, strokes: list[Line], pad: tuple[int, int]) -> None:
        sheet = self.pad.load(strokes, pad)
        assert sheet.number not in self.sheets
        self.sheets.add(sheet.number)
        # other ink is another page, even where it is the same
        self.states = [*self.states[: self.at + 1], Plain(tuple(map(self.stroke, strokes)), (), pad)]
        self.at += 1

    @rule()
    def clear(self) -> None:
        self.finish()
        assert self.pad.clear() == self.commit(Plain())

    @rule(places=st.sets(st.integers(0, 5), max_size=3))
    def erase(self, places: set[int]) -> None:
        changes = self.now.without(places)
        differs = changes != self.now
        assert self.pad.erase(places) == differs
        if differs:
            self.commit(changes)

    @rule(data=st.data(), label=st.sampled_from([None, "1", "?"]))
    def say(self, data: st.DataObject, label: str | None) -> None:
        """Pin some strokes as one digit; earlier pins of any of them are removed."""
        if not self.now.strokes:
            return
        group = data.draw(st.sets(st.sampled_from(range(len(self.now.strokes))), min_size=1))
        numbers = frozenset(self.now.strokes[place][0] for place in group)
        others = tuple(one for one in self.now.said if not one[0] & numbers)
        differs = self.commit(Plain(self.now.strokes, (*others, (numbers, label)), self.now.size))
        assert self.pad.change(self.pad.page.pinned(tuple(group), label)) == differs

    @rule()
    def undo(self) -> None:
        assert self.pad.undo() == (bool(self.pen) or self.at > 0)
        if self.pen:
            self.pen = []
        else:
            self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        can = not self.pen and self.at + 1 < len(self.states)
        assert self.pad.redo() == can
        self.at += can

    @invariant()
    def same(self) -> None:
        assert self.pad.strokes == self.now.lines()
        assert self.pad.page.pins == self.now.pins()
        assert self.pad.current == self.pen
        assert self.pad.is_empty == (not self.now.strokes and not self.pen)
        assert self.pad.can_undo == (self.at > 0 or bool(self.pen))
        assert self.pad.can_redo == (self.at + 1 < len(self.states) and not self.pen)
        assert self.pad.size == (self.now.size if self.now.strokes else self.pen_size if self.pen else None)
        assert [stroke.tolist() for stroke in self.pad.ink()] == [[list(p) for p in line] for line in self.now.lines()]
        live = [*self.now.lines(), *([tuple(self.pen)] if self.pen else [])]
        assert [stroke.tolist() for stroke in self.pad.live_ink()] == [[list(p) for p in line] for line in live]


TestPad = PadMachine.TestCase
TestPad.settings = settings(stateful_step_count=30)


def pad_with(*strokes: Line) -> Pad:
    pad = Pad()
    for stroke in strokes:
        pad.begin(stroke[0])
        for point in stroke[1:]:
            pad.extend(point)
        pad.lift()
    return pad


def sample(number: int) -> list[Line]:
    content = [one.content for one in bundled_samples()][number]
    assert isinstance(content, tuple)
    return [tuple((float(x), float(y)) for x, y in stroke) for stroke in content]


def read(recognizer: Recognizer, pad: Pad) -> Reading:
    return recognizer.read(pad.ink(), pins=pad.page.pins)


ONE: Line = ((0.0, 0.0), (0.0, 50.0), (0.0, 100.0))


def test_a_correction_is_read_and_undone(recognizer: Recognizer) -> None:
    pad = pad_with(*sample(3))
    before = read(recognizer, pad)
    assert (before.text, pad.correct(before, 1, "6")) == ("10", True)
    after = read(recognizer, pad)
    assert (after.text, [digit.pinned for digit in after.digits]) == ("16", [False, True])
    assert after.digits[1].alternatives[0][0] == "0"  # the network's own reading
    pad.undo()
    assert read(recognizer, pad) == before
    pad.redo()
    assert read(recognizer, pad).text == "16"
    pad.correct(after, 1, "?")
    assert read(recognizer, pad).text == "1?"
    pad.erase(after.digits[1].strokes)
    assert (read(recognizer, pad).text, pad.page.pins) == ("1", ())


def test_two_digits_are_joined_and_split_again(recognizer: Recognizer) -> None:
    pad = pad_with(*sample(3))
    pad.join(read(recognizer, pad), 0)
    joined = read(recognizer, pad)
    assert [digit.strokes for digit in joined.digits] == [(0, 1)]
    assert not pad.join(joined, 0)  # there is none right of it
    halves = recognizer.split(joined.digits[0].parts)
    assert halves
    pad.split(joined, 0, halves)
    assert read(recognizer, pad).text == "10"
    assert [digit.strokes for digit in read(recognizer, pad).digits] == [(0,), (1,)]


def test_a_digit_in_one_stroke_is_split_where_it_reads_best(recognizer: Recognizer) -> None:
    """1 and 0 joined by a line along the foot, pinned as one."""
    one, nought = sample(3)
    line = (*one, *nought)
    pad = pad_with(line)
    pad.change(pad.page.pinned((0,), None))
    whole = read(recognizer, pad)
    assert len(whole.digits) == 1
    halves = recognizer.split(whole.digits[0].parts)
    assert halves
    pad.split(whole, 0, halves)
    assert len(pad.strokes) == 2
    assert len(read(recognizer, pad).digits) == 2
    assert sum(map(len, pad.strokes)) >= len(line)  # nothing is lost
    pad.undo()
    assert list(pad.strokes) == [line]


def test_a_point_cannot_be_split(recognizer: Recognizer) -> None:
    assert recognizer.split(recognizer.read([[[5, 5]]], single=True).digits[0].parts) is None


def test_correcting_one_of_two_digits_in_one_stroke_cuts_it(recognizer: Recognizer) -> None:
    """The reading cuts the stroke; to pin one digit, the page must be cut as well."""
    nought = [np.array(stroke) for stroke in sample(3)][1]
    step = np.array([2.2 * float(np.ptp(nought[:, 0])), 0.0])
    line = np.concatenate([nought, np.linspace(nought[-1], nought[0] + step, 8), nought + step])
    pad = pad_with(tuple((float(x), float(y)) for x, y in line))
    reading = read(recognizer, pad)
    assert [digit.strokes for digit in reading.digits] == [(0,), (0,)]
    pad.correct(reading, 1, "6")
    again = read(recognizer, pad)
    assert (again.text[1], len(pad.strokes), pad.page.pins[0].label) == ("6", 2, "6")


def test_undo_is_bounded() -> None:
    pad = pad_with(*[ONE] * (MOST_STEPS + 50))
    steps = 0
    while pad.undo():
        steps += 1
    assert (steps, len(pad.strokes)) == (MOST_STEPS, 50)


@pytest.mark.parametrize(
    ("point", "found"), [((0.0, 50.0), [0]), ((9.9, 50.0), [0]), ((10.1, 50.0), []), ((55.0, 5.0), [1])]
)
def test_strokes_near_a_point_are_found(point: tuple[float, float], found: list[int]) -> None:
    assert strokes_at([ONE, ((50.0, 5.0),)], point, 10.0) == found


def test_a_stroke_whose_page_is_erased_meanwhile_gets_a_new_sheet() -> None:
    """Or the history would overwrite the page that was written before."""
    pad = pad_with(ONE)
    before = pad.page.sheet.number
    pad.load((ONE,), (7, 7))
    pad.begin((5.0, 5.0), (20, 30))
    pad.erase([0])
    assert pad.size == (20, 30)
    pad.lift()
    assert pad.size == (20, 30)
    assert pad.page.sheet.number > before + 1


def full(strokes: int, points: int) -> tuple[Pad, Reading]:
    """Return a pad of so many strokes, the first with so many points and read as two digits."""
    pad = Pad()
    line = tuple((float(i), 0.0) for i in range(points))
    pad.load((line, *(((0.0, 9.0),),) * (strokes - 1)), (10, 10))
    halves = Part(0, np.array(line[: points // 2 + 1])), Part(0, np.array(line[points // 2 :]))  # the cut is in both
    return pad, Reading(tuple(Digit("1", 0.9, (), (0, 0, 9, 9), (0,), parts=(half,)) for half in halves))


@pytest.mark.parametrize("way", ["correct", "split"])
@pytest.mark.parametrize(
    ("strokes", "points", "fits"),
    [(MAX_STROKES, 4, False), (MAX_STROKES - 1, 4, True), (1, MAX_POINTS, False), (1, MAX_POINTS - 1, True)],
)
def test_a_cut_that_makes_too_much_ink_is_rejected(strokes: int, points: int, fits: bool, way: str) -> None:
    pad, reading = full(strokes, points)
    before = pad.page
    if way == "correct":
        done = pad.correct(reading, 0, "7")
    else:
        one, other = (digit.parts for digit in reading.digits)
        whole = Digit("1", 0.9, (), (0, 0, 9, 9), (0,), parts=(Part(0, np.array(before.strokes[0])),))
        done = pad.split(Reading((whole,)), 0, (one, other))
    assert (done, pad.page is before) == (fits, not fits)
    assert len(pad.ink()) == strokes + fits  # and nothing is raised
    assert pad.undo()
    assert (pad.page is before) == fits
