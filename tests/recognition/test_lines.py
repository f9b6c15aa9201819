"""Lines: writing on several lines is parted where a person would part it, and a number that climbs is not."""

import json
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app import Recognizer
from edge_app.recognition.ink import Ink, Stroke, box_of, make_ink
from edge_app.recognition.lines import SLOPES, lines_of
from edge_app.recognition.results import Pin

from ..conftest import ROOT

SAMPLES = [json.loads(line) for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()]
INK = {sample["label"]: make_ink(sample["strokes"]) for sample in SAMPLES}
SEVEN, ONE = [[0, 0], [40, 0], [20, 60]], [[20, 0], [20, 60]]


def moved(ink: Ink, right: float = 0, down: float = 0, scale: float = 1, slope: float = 0) -> Ink:
    """Return ink moved, with its digits shifted along a slope but not turned."""
    return tuple(
        scale * stroke + (right, down + slope * (scale * float(stroke[:, 0].mean()) + right)) for stroke in ink
    )


def box(left: float, top: float, width: float, height: float) -> Stroke:
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def row(left: float, top: float, count: int, slope: float = 0.0, pitch: float = 60) -> list[Stroke]:
    """Return digits of 40 by 60 side by side on a slope."""
    return [box(left + pitch * i, top + slope * pitch * i, 40, 60) for i in range(count)]


@pytest.mark.parametrize("slope", [-0.5, -0.2, 0, 0.2, 0.5])
@pytest.mark.parametrize("gap", [30, 60, 150])
def test_real_numbers_below_each_other_are_read_by_themselves(recognizer: Recognizer, slope: float, gap: float) -> None:
    upper, lower = moved(INK["31415"], slope=slope), moved(INK["90210"], down=110 + gap, slope=slope)
    assert recognizer.read((*upper, *lower)).text == "31415\n90210"


def test_each_digit_says_its_line_and_its_strokes(recognizer: Recognizer) -> None:
    lower = [[[x, y + 100] for x, y in stroke] for stroke in (ONE, [[x + 60, y] for x, y in SEVEN])]
    reading = recognizer.read([lower[1], SEVEN, lower[0], [[x + 60, y] for x, y in ONE]])
    assert reading.text == "71\n17"
    assert [digit["line"] for digit in reading.to_json()["digits"]] == [0, 0, 1, 1]
    assert [digit.strokes for digit in reading.digits] == [(1,), (3,), (2,), (0,)]


def test_each_line_is_read_as_it_would_be_alone(recognizer: Recognizer) -> None:
    upper, lower = INK["85673"], moved(INK["2026"], 30, 170)
    reading = recognizer.read((*lower, *upper))
    alone = [digit for ink in (upper, lower) for digit in recognizer.read(ink).digits]
    assert [(one.digit, one.confidence, one.box) for one in reading.digits] == [
        (one.digit, one.confidence, one.box) for one in alone
    ]


@pytest.mark.parametrize("scale", [0.6, 1.5])
def test_lines_of_unequal_size_are_parted(recognizer: Recognizer, scale: float) -> None:
    lower = moved(INK["2026"], down=140, scale=scale)
    assert recognizer.read((*INK["90210"], *lower)).text == "90210\n2026"


def test_strokes_declared_one_digit_stay_in_one_line(recognizer: Recognizer) -> None:
    upper, lower = SEVEN, [[x, y + 100] for x, y in ONE]
    reading = recognizer.read([upper, lower], pins=[Pin((0, 1), "7")])
    assert (reading.text, reading.digits[0].strokes) == ("7", (0, 1))
    assert recognizer.read([upper, lower], pins=[Pin((1,), "4")]).text == "7\n4"
    assert "\n" not in recognizer.read([upper, lower], single=True).text


@settings(max_examples=50, deadline=None)
@given(
    slope=st.sampled_from([-0.55, -0.3, -0.1, 0, 0.1, 0.3, 0.55]),
    counts=st.lists(st.integers(2, 9), min_size=1, max_size=6),
    pitch=st.integers(80, 200),
    rng=st.randoms(use_true_random=False),
)
def test_lines_are_found_whatever_the_order_of_writing(
    slope: float, counts: list[int], pitch: int, rng: Random
) -> None:
    pieces = [
        (number, piece) for number, count in enumerate(counts) for piece in row(0, number * pitch, count, slope, 50)
    ]
    rng.shuffle(pieces)
    found = lines_of([piece for _, piece in pieces])
    assert found == [tuple(i for i, (line, _) in enumerate(pieces) if line == at) for at in range(len(counts))]


@settings(max_examples=50, deadline=None)
@given(
    climb=st.floats(-3, 3),
    count=st.integers(1, 9),
    pitch=st.integers(45, 200),
    jitter=st.floats(0, 0.4),
    seed=st.randoms(),
)
def test_a_number_that_climbs_is_one_line(climb: float, count: int, pitch: int, jitter: float, seed: Random) -> None:
    digits = [box(pitch * i, climb * 60 * i + jitter * 60 * seed.uniform(-1, 1), 40, 60) for i in range(count)]
    assert lines_of(digits) == [tuple(range(count))]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 2, *[st.floats(0, 200)] * 2), min_size=1, max_size=20))
def test_every_piece_is_in_one_line(boxes: list[tuple[float, float, float, float]]) -> None:
    lines = lines_of([box(*one) for one in boxes])
    assert sorted(i for line in lines for i in line) == list(range(len(boxes)))
    assert all(line and line == tuple(sorted(line)) for line in lines)


@pytest.mark.parametrize(("scale", "right", "down"), [(1e-6, 0, 0), (1e6, 0, 0), (1, -1e4, 1e4)])
def test_lines_do_not_depend_on_scale_and_position(scale: float, right: float, down: float) -> None:
    pieces = [*row(0, 0, 4, 0.2), *row(20, 110, 3, 0.2), *row(0, 220, 5, 0.2)]
    assert lines_of([scale * piece + (right, down) for piece in pieces]) == lines_of(pieces)
    assert [len(line) for line in lines_of(pieces)] == [4, 3, 5]


def test_digits_of_unequal_height_share_a_line() -> None:
    small = [box(0, 0, 40, 60), box(60, 30, 20, 30), box(100, -20, 30, 80), box(150, 20, 40, 60)]
    assert lines_of(small) == [(0, 1, 2, 3)]
    assert lines_of([*small, *row(0, 110, 3)]) == [(0, 1, 2, 3), (4, 5, 6)]


def test_a_tail_that_reaches_into_the_next_line_joins_no_lines() -> None:
    upper, lower = row(0, 0, 4), row(0, 90, 4)
    upper[1] = box(60, 0, 40, 100)
    assert lines_of([*upper, *lower]) == [(0, 1, 2, 3), (4, 5, 6, 7)]


LOOSE = {
    "a roof of a five": box(62, 78, 40, 8),
    "a comma": box(100, 150, 8, 20),
    "a dot above": box(75, 85, 4, 4),
    "a bar": box(55, 130, 50, 3),
}


@pytest.mark.parametrize("loose", LOOSE.values(), ids=LOOSE)
def test_a_loose_part_belongs_to_the_nearest_digit(loose: Stroke) -> None:
    upper, lower, last = row(0, 0, 4), row(0, 100, 4), row(0, 200, 4)
    lines = lines_of([loose, *upper, *lower, *last])
    assert lines == [(1, 2, 3, 4), (0, 5, 6, 7, 8), (9, 10, 11, 12)]
    assert lines_of([loose, *lower]) == [(0, 1, 2, 3, 4)]


def test_parts_of_a_digit_above_each_other_are_one_line() -> None:
    rings = [box(0, 0, 40, 30), box(0, 33, 40, 30)]  # an 8
    assert lines_of(rings) == [(0, 1)]
    assert lines_of([box(0, 0, 4, 60), box(0, 90, 4, 4)]) == [(0, 1)]  # a dot below a 1
    assert lines_of([]) == [()]


def test_a_line_needs_another_above_it() -> None:
    for left, down in product((-130, 130, 500), (90, 300)):
        assert len(lines_of([*row(0, 0, 2), *row(left, down, 2)])) == 1
    assert len(lines_of([*row(0, 0, 2), *row(60, 90, 2)])) == 2


def test_slopes_begin_level() -> None:
    assert SLOPES[0] == pytest.approx(0)
    assert box_of([box(1, 2, 3, 4)]) == (1, 2, 4, 6)
