"""Scratching out: many kinds of zigzags over real digits are detected, ordinary writing never."""

import math
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.datasets.labelled import read_labelled_ink
from edge_app.recognition.gestures import SWINGS, long_swings, scratched
from edge_app.recognition.ink import Ink, Stroke, box_of, make_ink

SEVEN = make_ink([[[0, 0], [60, 0], [25, 100]], [[10, 50], [55, 48]]])
DIGITS = ("pendigits-train", "unipen-digits")


def sevens(*lefts: float) -> Ink:
    return tuple(stroke + np.array([left, 0]) for left in lefts for stroke in SEVEN)


def zigzag(chance: Random, ink: Ink, swings: int, degrees: float, sloppy: float = 0.05, points: int = 4) -> Stroke:
    """Return a zigzag over the box of `ink`, with `points` a swing and turns that miss their place by `sloppy`."""
    left, top, right, bottom = box_of(ink)
    size = max(right - left, bottom - top)
    across, on = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width = chance.uniform(0.85, 1.3) * max((right - left) * across + (bottom - top) * on, 0.45 * size)
    length = chance.uniform(0.75, 1.2) * max((right - left) * on + (bottom - top) * across, 0.35 * size)
    turns = np.array([[(i % 2 - 0.5) * width, (i / swings - 0.5) * length] for i in range(swings + 1)])
    turns += [[chance.gauss(0, sloppy) * width, chance.gauss(0, sloppy / 3) * length] for _ in turns]
    if chance.random() < 0.3:
        turns[[0, -1], 0] *= 0.3  # it begins and ends half way
    if chance.random() < 0.3:
        turns[:, 1] = (0.5 - np.abs(turns[:, 1] / length)) * length * 2 - length / 2  # there and back again
    at = np.linspace(0, swings, swings * points + 1)
    line = np.stack([np.interp(at, np.arange(swings + 1), side) for side in turns.T], axis=1)
    line += [[chance.gauss(0, 0.012) * size for _ in range(2)] for _ in line]
    angle = math.radians(degrees)
    turned = line @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return turned + np.array([(left + right) / 2, (top + bottom) / 2])


def circles(ink: Ink, times: float) -> Stroke:
    left, top, right, bottom = box_of(ink)
    turn = np.linspace(0, 2 * np.pi * times, 200)
    middle, radius = [(left + right) / 2, (top + bottom) / 2], max(right - left, bottom - top) / 2
    return (
        np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1) * (1 + 0.1 * np.sin(turn / 5)[:, None])
        + middle
    )


def digits_of(folder: Path, count: int, chance: Random) -> list[Ink]:
    found = [sample.ink for name in DIGITS for sample in read_labelled_ink(folder / f"{name}.jsonl.gz")]
    return chance.sample(found, count)


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 150])
@pytest.mark.parametrize("swings", [SWINGS, 9, 15])
def test_zigzag_over_a_seven_deletes_both_strokes(degrees: float, swings: int) -> None:
    turns = zigzag(Random(1), SEVEN, swings, degrees, sloppy=0, points=1)
    assert scratched(turns, SEVEN) == (0, 1)


def test_too_few_swings_are_not_a_scratch() -> None:
    for swings in range(1, SWINGS):
        assert scratched(zigzag(Random(1), SEVEN, swings, 0, sloppy=0), SEVEN) == ()


def test_neighbours_of_a_scratched_digit_stay() -> None:
    row = sevens(0, 120, 240)
    for degrees in (0, 90):
        line = zigzag(Random(1), sevens(120), 10, degrees)
        assert scratched(line, row) == (2, 3)
        assert scratched(line + np.array([0, 300]), row) == ()
        assert scratched(line, []) == ()


def test_one_zigzag_along_a_number_deletes_all_of_it() -> None:
    row = sevens(*range(0, 600, 100))
    upright = np.array([[i * 22.0, -5 + i % 2 * 110] for i in range(31)])
    slanted = upright + (100 - upright[:, 1:]) * [0.5, 0]
    assert scratched(upright, row) == scratched(slanted, row) == tuple(range(12))


def test_repeated_circles_scratch_out_and_one_circle_is_a_zero() -> None:
    assert scratched(circles(SEVEN, 4), SEVEN) == (0, 1)
    assert scratched(circles(SEVEN, 1.5), SEVEN) == ()


def test_tremor_is_not_a_zigzag(rng: Random) -> None:
    straight = np.array([[30 + rng.gauss(0, 0.4), y + rng.gauss(0, 0.4)] for y in np.linspace(0, 100, 300)])
    assert scratched(straight, SEVEN) == ()
    dot = np.array([[0.0, 0.0], [2.0, 1.0]] * 20)
    assert long_swings(dot) >= SWINGS
    assert scratched(dot, [*SEVEN, np.zeros((1, 2))]) == ()  # on a dot beside a seven: a decimal point, pressed twice


def test_a_straight_line_back_and_forth_deletes_nothing_beyond_it() -> None:
    line = np.array([[0.0, 50.0], [50.0, 50.0]] * 5)
    assert scratched(line, [*SEVEN, np.array([[400.0, 50.0], [500.0, 50.0]])]) == ()


@pytest.mark.data
@pytest.mark.parametrize("name", [*DIGITS, "unipen-numbers"])
def test_no_real_digit_is_a_scratch(ink_folder: Path, name: str) -> None:
    samples = [sample for sample in read_labelled_ink(ink_folder / f"{name}.jsonl.gz") if len(sample.ink) > 1]
    assert len(samples) > 300
    assert [
        (sample.label, i)
        for sample in samples
        for i, stroke in enumerate(sample.ink)
        if scratched(stroke, sample.ink[:i])
    ] == []


@pytest.mark.data
def test_at_most_one_letter_in_a_thousand_is_a_scratch(ink_folder: Path) -> None:
    samples = [sample.ink for sample in read_labelled_ink(ink_folder / "unipen-not-digits.jsonl.gz")]
    taken = sum(any(scratched(stroke, ink[:i]) for i, stroke in enumerate(ink)) for ink in samples)
    assert taken <= len(samples) / 1000


@pytest.mark.data
def test_95_percent_of_zigzags_over_real_digits_delete_them(ink_folder: Path, rng: Random) -> None:
    taken = []
    for ink in digits_of(ink_folder, 1000, rng):
        degrees = rng.choice([0, 45, 90, 135]) + rng.gauss(0, 10)
        sloppy, points = rng.choice([0.05, 0.12, 0.2]), rng.choice([1, 2, 4, 12, 30])
        line = zigzag(rng, ink, rng.randint(SWINGS, 15), degrees, sloppy, points)
        taken.append(scratched(line, ink) == tuple(range(len(ink))))
    assert np.mean(taken) >= 0.95


coordinate = st.integers(-1000, 1000).map(float)
stroke_of_whole_numbers = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=40).map(np.array)
zigzags = st.builds(
    lambda seed, swings, degrees: np.rint(zigzag(Random(seed), SEVEN, swings, degrees) * 4),
    st.integers(0, 999),
    st.integers(3, 15),
    st.floats(0, 180),
)


@given(
    st.one_of(zigzags, stroke_of_whole_numbers),
    st.lists(stroke_of_whole_numbers, max_size=4),
    st.integers(-10, 10),
    st.tuples(coordinate, coordinate),
)
def test_scratches_do_not_depend_on_scale_and_position(
    stroke: Stroke, others: list[Stroke], power: int, offset: tuple[float, float]
) -> None:
    others = [*others, *(part * 4 for part in SEVEN)]
    moved = [(part + offset) * 2.0**power for part in (stroke, *others)]  # exact: whole numbers, a power of two
    assert scratched(moved[0], moved[1:]) == scratched(stroke, others)


anything = st.floats(-1e9, 1e9)
any_stroke = st.lists(st.tuples(anything, anything), min_size=1, max_size=30).map(np.array)


@given(any_stroke, st.lists(any_stroke, max_size=3), st.integers(1, 5))
def test_any_stroke_is_accepted(stroke: Stroke, others: list[Stroke], times: int) -> None:
    taken = scratched(np.concatenate([stroke] * times), others)
    assert all(0 <= i < len(others) for i in taken)
    assert list(taken) == sorted(set(taken))
