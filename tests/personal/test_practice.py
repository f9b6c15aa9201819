"""Practice: choice of numbers, judging, score, labelled ink, and demonstrations."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.datasets.allographs import allographs_of
from edge_app.personal.practice import (
    DIGITS,
    FALL,
    MOST_DIGITS,
    PAUSE,
    RISE,
    Practice,
    Score,
    demonstration,
    judge_text,
    labelled_glyphs,
)
from edge_app.recognition.ink import Stroke, box_of
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Digit, Reading

from ..support.fakes import reading_of

numbers = st.text(DIGITS, min_size=1, max_size=6)
readings = st.text(DIGITS + "?", max_size=8)
seeds = st.integers(0, 2**32)


def wrong_for(target: str) -> str:
    """Return a reading of the right length with every digit wrong."""
    return "".join(str((int(digit) + 1) % 10) for digit in target)


@pytest.mark.parametrize(
    ("target", "reading", "positions"),
    [
        ("7", "7", [True]),
        ("7", "1", [False]),
        ("7", "?", [False]),
        ("7", "", [False]),
        ("1995", "1935", [True, True, False, True]),
        ("1995", "195", [True, True, False, True]),
        ("1995", "15", [True, False, False, True]),
        ("26", "216", [True, True]),
        ("12", "21", [False, False]),  # the lengths agree: by position, not by edits
        ("2026", "?", [False] * 4),
        ("2026", "02?6", [False, False, False, True]),
        ("345", "1345", [True, True, True]),
        ("12", "233", [False, True]),
        ("2026", "20\n26", [True] * 4),  # continued on the next line
    ],
)
def test_each_digit_is_judged(target: str, reading: str, positions: list[bool]) -> None:
    verdict = judge_text(target, reading)
    assert list(verdict.positions) == positions
    assert verdict.right == (target == reading.replace("\n", ""))


@given(numbers, readings)
def test_only_the_same_number_is_right(target: str, reading: str) -> None:
    assert judge_text(target, target).positions == (True,) * len(target)
    verdict = judge_text(target, reading)
    assert verdict.right == (target == reading) == (len(target) == len(reading) and all(verdict.positions))
    assert len(verdict.positions) == len(target)


@given(numbers, readings)
def test_digits_found_stand_in_the_reading_in_order(target: str, reading: str) -> None:
    rest = iter(reading)
    found = [digit for digit, right in zip(target, judge_text(target, reading).positions, strict=True) if right]
    assert all(digit in rest for digit in found)


@given(seeds, st.randoms(use_true_random=False))
def test_ten_rounds_ask_for_every_digit(seed: int, answers: random.Random) -> None:
    practice = Practice(random.Random(seed))
    asked = [practice.target]
    for _ in range(9):
        practice.judge(practice.target if answers.random() < 0.5 else "?")
        asked.append(practice.next())
    assert set("".join(asked)) == set(DIGITS)
    assert all(before != after for before, after in pairwise(asked))


@given(seeds, st.integers(1, MOST_DIGITS))
def test_numbers_have_the_length_of_the_level_and_no_leading_zero(seed: int, level: int) -> None:
    practice = Practice(random.Random(seed), level=level)
    for _ in range(20):
        assert len(practice.target) == level
        assert level == 1 or practice.target[0] != "0"
        practice.next()


def test_no_number_is_asked_twice_in_a_row(rng: random.Random) -> None:
    practice = Practice(rng)
    assert all(before != after for before, after in pairwise(practice.next() for _ in range(300)))


def test_the_same_seed_asks_the_same_numbers() -> None:
    one, two, three = (Practice(random.Random(seed), level=3) for seed in (1, 1, 2))
    first, second, third = ([practice.next() for _ in range(20)] for practice in (one, two, three))
    assert first == second != third


def test_a_misread_digit_is_asked_more_often() -> None:
    counts: Counter[str] = Counter()
    for seed in range(40):
        practice = Practice(random.Random(seed))
        for _ in range(60):
            practice.judge("1" if practice.target == "4" else practice.target)
            practice.level = 1
            counts[practice.next()] += 1
    others = [counts[digit] for digit in DIGITS if digit != "4"]
    assert counts["4"] > 2 * max(others)
    assert max(others) < 1.5 * min(others)  # and nothing but that one


def test_a_digit_that_is_right_again_is_asked_normally(rng: random.Random) -> None:
    practice = Practice(rng)
    while practice.target != "4":
        practice.next()
    practice.judge("?")
    counts: Counter[str] = Counter()
    for _ in range(2000):
        practice.level = 1
        counts[practice.next()] += 1
        practice.judge(practice.target)
    assert counts["4"] < 1.3 * sum(counts.values()) / 10


def play(practice: Practice, answers: str) -> list[int]:
    """Return the level after each answer, + for right and - for wrong."""
    levels = []
    for answer in answers:
        practice.judge(practice.target if answer == "+" else wrong_for(practice.target))
        levels.append(practice.level)
        practice.next()
    return levels


@pytest.mark.parametrize(
    ("answers", "levels"),
    [
        ("++++", [1, 1, 1, 2]),
        ("+++-+", [1, 1, 1, 1, 1]),
        ("++++++++", [1, 1, 1, 2, 2, 2, 2, 3]),
        ("++++--", [1, 1, 1, 2, 2, 1]),
        ("++++-+-", [1, 1, 1, 2, 2, 2, 2]),
        ("--", [1, 1]),
        ("++++++++----", [1, 1, 1, 2, 2, 2, 2, 3, 3, 2, 2, 1]),
    ],
)
def test_level_rises_after_four_right_and_falls_after_two_wrong(
    answers: str, levels: list[int], rng: random.Random
) -> None:
    assert play(Practice(rng), answers) == levels


def test_the_level_is_at_most_five(rng: random.Random) -> None:
    practice = Practice(rng)
    assert play(practice, "+" * RISE * 7)[-1] == MOST_DIGITS == len(practice.target)
    assert play(practice, "-" * FALL * 7)[-1] == 1 == len(practice.target)


@given(st.text("+-", max_size=30), seeds)
def test_the_score_counts_numbers(answers: str, seed: int) -> None:
    practice = Practice(random.Random(seed))
    play(practice, answers)
    assert practice.score == Score(answers.count("+"), len(answers))


def test_only_the_first_attempt_counts(rng: random.Random) -> None:
    practice = Practice(rng)
    assert not practice.judge("?").right
    again = practice.judge(practice.target)
    assert again.right
    assert practice.score == Score(0, 1)
    verdicts = [practice.verdict]
    for _ in range(2):  # not judged: not counted
        practice.next()
        verdicts.append(practice.verdict)
    assert verdicts == [again, None, None]
    assert practice.score.total == 1


def test_glyphs_are_labelled_with_the_target() -> None:
    assert labelled_glyphs("2026", reading_of("2026")) == [(0, "2"), (1, "0"), (2, "2"), (3, "6")]
    assert labelled_glyphs("2026", reading_of("2?76")) == [(0, "2"), (1, "0"), (2, "2"), (3, "6")]
    assert labelled_glyphs("2026", reading_of("2956")) == [(0, "2"), (1, "0"), (2, "2"), (3, "6")]  # just half agree
    assert labelled_glyphs("7", reading_of("7")) == [(0, "7")]


@pytest.mark.parametrize(
    ("target", "text"), [("2026", "226"), ("2026", "20226"), ("2026", "1956"), ("7", "1"), ("7", "?"), ("7", "")]
)
def test_a_probably_different_number_is_not_labelled(target: str, text: str) -> None:
    assert labelled_glyphs(target, reading_of(text)) == []


def test_digits_written_in_one_stroke_are_not_labelled() -> None:
    strokes = [(0,), (0, 1), (2,)]
    reading = Reading(
        tuple(Digit(name, 0.9, (), (0, 0, 1, 1), used) for name, used in zip("123", strokes, strict=True))
    )
    assert labelled_glyphs("123", reading) == [(2, "3")]


def length(strokes: list[Stroke]) -> float:
    return sum(float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in strokes)


areas = st.tuples(numbers, st.floats(1, 2000), st.floats(1, 2000))


@given(areas)
def test_a_demonstration_fills_its_area(area: tuple[str, float, float]) -> None:
    number, width, height = area
    left, top, right, bottom = box_of(demonstration(number, width, height).strokes)
    assert min(left, top, width - right, height - bottom) > 0
    inner = 0.84 * min(width, height)
    assert right - left >= min(0.8 * width, inner) or bottom - top >= min(0.8 * height, inner)
    assert [left + right, top + bottom] == pytest.approx([width, height])


@given(areas, st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_ink_of_a_demonstration_only_grows(area: tuple[str, float, float], shares: list[float]) -> None:
    shown = demonstration(*area)
    earlier: list[Stroke] = []
    for share in sorted(shares):
        now = shown.at(share * shown.duration)
        assert length(now) >= length(earlier) * (1 - 1e-9)
        for before, after in zip(earlier, now, strict=False):
            assert np.array_equal(before[:-1], after[: len(before) - 1])  # but for the pen's own place
        assert len(now) >= len(earlier)
        earlier = now


@given(areas)
def test_a_demonstration_is_complete_at_its_end(area: tuple[str, float, float]) -> None:
    shown = demonstration(*area)
    for seconds in (shown.duration, shown.duration + 100):
        assert [part.tolist() for part in shown.at(seconds)] == [stroke.tolist() for stroke in shown.strokes]
    assert shown.at(-1e-9) == []
    assert [part.tolist() for part in shown.at(0.0)] == [shown.strokes[0][:1].tolist()]
    almost = shown.at(shown.duration * 0.99)
    assert length(almost) < length(list(shown.strokes))


def test_the_pen_has_constant_speed_and_pauses_between_strokes() -> None:
    shown = demonstration("4", 300, 200)  # in two strokes
    end, begin = float(shown.times[0][-1]), float(shown.times[1][0])
    assert begin - end == pytest.approx(PAUSE)
    written = [length(shown.at(t)) for t in (0.25 * end, 0.5 * end, 0.75 * end, end, (end + begin) / 2)]
    assert np.diff(written)[:3] == pytest.approx([written[3] / 4] * 3, rel=0.03)  # chords are shorter in a curve
    assert written[4] == written[3]
    half = length(shown.at(begin + (shown.duration - begin) / 2)) - written[3]
    assert half / ((shown.duration - begin) / 2) == pytest.approx(written[3] / end, rel=0.03)


def test_duration_does_not_depend_on_the_area() -> None:
    assert demonstration("2026", 40, 30).duration == demonstration("2026", 4000, 3000).duration
    assert demonstration("20", 40, 30).duration < demonstration("2026", 40, 30).duration


def test_digits_are_in_order_with_equal_gaps() -> None:
    number = "1405"
    strokes = iter(demonstration(number, 640, 400).strokes)
    boxes = [box_of([next(strokes) for _ in allographs_of(digit)[0].ink]) for digit in number]
    assert next(strokes, None) is None
    gaps = [after[0] - before[2] for before, after in pairwise(boxes)]
    assert min(gaps) > 0
    assert gaps == pytest.approx([gaps[0]] * 3)


@pytest.mark.parametrize("number", ["2026", "31415", "70889", "46"])
def test_demonstrations_are_read_correctly(number: str, recognizer: Recognizer) -> None:
    assert recognizer.read(demonstration(number, 800, 300).strokes).text == number


@pytest.mark.parametrize(
    ("number", "width", "height"), [("", 9, 9), ("1?", 9, 9), ("٣", 9, 9), ("1", 0, 9), ("1", 9, -1)]
)
def test_other_text_and_empty_areas_are_rejected(number: str, width: float, height: float) -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        demonstration(number, width, height)
