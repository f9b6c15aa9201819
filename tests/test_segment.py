"""Grouping: every piece used once, the best path really the best."""

from itertools import combinations, pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.ink import box_of, make_ink
from edge_app.recognizer import Recognizer
from edge_app.segment import DIGIT, MOST_PIECES, Grid, group_scores, parts_of

side = st.floats(0, 100, allow_nan=False)
boxes = st.lists(
    st.tuples(side, side, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])), min_size=1, max_size=9
)


def all_paths(count: int) -> list[list[tuple[int, int]]]:
    """Every way to cut `count` pieces in order into runs of at most MOST_PIECES."""
    paths = []
    for cuts in range(count):
        for chosen in combinations(range(1, count), cuts):
            edges = [0, *chosen, count]
            runs = list(pairwise(edges))
            if all(b - a <= MOST_PIECES for a, b in runs):
                paths.append(runs)
    return paths


@settings(max_examples=80, deadline=None)
@given(boxes, st.randoms(use_true_random=False))
def test_the_best_path_is_the_best_of_all(found: list[tuple[float, float, float, float]], chance: Random) -> None:
    grid = Grid(found)
    scores = np.array([chance.uniform(-5, 0) for _ in grid.groups], np.float32)
    value = {run: float(score) - DIGIT - grid._misfit(*run) for run, score in zip(grid.runs, scores, strict=True)}
    best = max(sum(value[run] for run in path) for path in all_paths(len(found)))
    chosen = grid.best_path(scores)
    of_group = dict(zip(grid.groups, grid.runs, strict=True))
    assert sum(value[of_group[group]] for group in chosen) == pytest.approx(best, abs=1e-3)
    assert sorted(piece for group in chosen for piece in group) == list(range(len(found)))


def test_the_candidates_grow_linearly() -> None:
    assert len(Grid([(i, 0, i + 1, 1) for i in range(100)]).groups) < MOST_PIECES * 100


def test_pieces_far_apart_are_not_one_digit_even_if_the_network_likes_it() -> None:
    grid = Grid([(0, 0, 10, 100), (300, 0, 310, 100)])
    scores = np.array([-1.0 if len(group) == 1 else -0.1 for group in grid.groups], np.float32)
    assert grid.best_path(scores) == [(0,), (1,)]


def test_the_bar_of_a_seven_stays_with_it() -> None:
    grid = Grid([(0, 0, 60, 100), (5, 50, 55, 52)])
    scores = np.array([-0.3 for _ in grid.groups], np.float32)
    assert grid.best_path(scores) == [(0, 1)]


def test_a_group_that_may_be_no_digit_scores_less() -> None:
    sure, doubtful, none = group_scores(np.array([[0.9, 0.1], [0.6, 0.1], [0.001, 0.001]], np.float32))
    assert sure > doubtful > none
    assert sure == pytest.approx(np.log(0.9), abs=1e-6)
    assert np.isfinite(group_scores(np.zeros((1, 10), np.float32))).all()


def ring(middle: float) -> np.ndarray:  # type: ignore[type-arg]
    """A zero, from its top round and back, as (n, 2) points."""
    turn = np.linspace(-np.pi / 2, 1.6 * np.pi, 40)
    return np.stack([middle + 30 * np.cos(turn), 50 + 50 * np.sin(turn)], axis=1)


def test_two_zeros_in_one_stroke_are_two_digits() -> None:
    linked = np.concatenate([ring(0), ring(100)])
    reading = Recognizer().read([linked])
    assert reading.text == "00"
    assert [digit.strokes for digit in reading.digits] == [(0,), (0,)]
    assert reading.digits[0].box[2] <= reading.digits[1].box[0] + 1


@pytest.mark.parametrize("middles", [(0, 100, 200), (200, 100, 0)])
def test_cut_strokes_are_whole_again_when_joined(middles: tuple[int, ...]) -> None:
    linked = np.concatenate([ring(middle) for middle in middles])
    parts = [part.points for part in parts_of(make_ink([linked, ring(400)]))][:-1]
    assert len(parts) == 3
    for before, after in pairwise(parts):
        assert (before[-1] == after[0]).all()
    joined = [point for part in parts for point in map(tuple, part.tolist())]
    cuts = {tuple(part[0]) for part in parts[1:]}
    assert [point for point in joined if point not in cuts] == [tuple(point) for point in linked.tolist()]


point = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=4))
def test_no_ink_gets_lost_in_cutting(strokes: list[list[tuple[float, float]]]) -> None:
    ink = make_ink(strokes)
    parts = parts_of(ink)
    assert sorted({part.stroke for part in parts}) == list(range(len(ink)))
    for index, stroke in enumerate(ink):
        own = [part.points for part in parts if part.stroke == index]
        assert sum(map(len, own)) == len(stroke) + 2 * (len(own) - 1)
        assert box_of(own) == pytest.approx(box_of([stroke]))


def test_a_stroke_of_all_the_points_there_may_be_is_cut_at_once() -> None:
    turn = np.linspace(0, 900 * np.pi, 100_000)
    stroke = np.stack([turn * 10 + 40 * np.cos(turn), 50 * np.sin(turn)], axis=1)
    assert len(parts_of(make_ink([stroke]))) < 20


def test_a_digit_of_two_parts_of_a_stroke_costs_no_cut() -> None:
    grid = Grid([(0, 0, 50, 100), (50, 0, 100, 100), (90, 0, 140, 100)], [0, 0, 1])
    assert grid.shared == [0, 1, 0, 0]
