"""Grouping: every piece used once, the best path really the best."""

from itertools import combinations, pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.segment import DIGIT, MOST_PIECES, Grid, group_scores

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
