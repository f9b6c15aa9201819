"""Grouping: every piece is used once, and the best path is optimal."""

from itertools import combinations, pairwise, product
from math import prod
from random import Random
from statistics import median

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_app.recognition.ink import box_of, make_ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.segmentation import (
    CUT,
    CUT_HEIGHT,
    CUT_WIDTH,
    DIGIT,
    DOT,
    DOT_SCORE,
    FAR,
    GAP,
    GAP_FREE,
    MOST_CUTS,
    MOST_PIECES,
    OVERLAP,
    TEMPERATURE,
    WIDE,
    Box,
    Grid,
    cut_anywhere,
    group_scores,
    line_height,
    parts_of,
)

side = st.floats(0, 100, allow_nan=False)
boxes = st.lists(
    st.tuples(side, side, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])), min_size=1, max_size=9
)
whole = st.integers(0, 200)
whole_boxes = st.lists(
    st.tuples(whole, whole, whole, whole).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])), min_size=1, max_size=9
)


def size(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def larger_half(sizes: list[float]) -> float:
    """Return the median of the larger half."""
    return median(sorted(sizes)[len(sizes) // 2 :])


def in_order(found: list[Box]) -> list[int]:
    """Return the pieces by their centres, stray dots last."""
    dot = DOT * max(larger_half([bottom - top for _, top, _, bottom in found]), 1e-9)
    far = FAR * larger_half([size(box) for box in found])
    wide = {i: (left - far, right + far) for i, (left, _, right, _) in enumerate(found) if size(found[i]) > dot}

    def is_stray(piece: int) -> bool:
        left, top, right, bottom = found[piece]
        near = [found[i] for i, (start, end) in wide.items() if start <= right and left <= end]
        return piece not in wide and bool(near) and all(max(top - b, t - bottom) > far for _, t, _, b in near)

    return sorted(range(len(found)), key=lambda piece: (is_stray(piece), found[piece][0] + found[piece][2]))


class Prices:
    """The penalty computed weight by weight without arrays: an oracle for Grid."""

    def __init__(self, found: list[Box], owners: list[int]) -> None:
        order = in_order(found)
        self.boxes = [found[piece] for piece in order]
        self.owners = [owners[piece] for piece in order]
        heights = sorted(bottom - top for _, top, _, bottom in found)
        taller = heights[len(heights) // 2 :]
        middle = len(taller) // 2
        self.height = max(taller[middle] if len(taller) % 2 else (taller[middle - 1] + taller[middle]) / 2, 1e-9)

    def of(self, first: int, last: int) -> float:
        """Return what the digit of the pieces first..last-1 costs: more is worse."""
        own, before = self.boxes[first:last], self.boxes[max(0, first - MOST_PIECES) : first]
        rights = [right for _, _, right, _ in own]
        clear = [own[i][0] - max(rights[:i]) for i in range(1, len(own))]
        price = DIGIT + sum(GAP * (gap / self.height - GAP_FREE) for gap in clear if gap / self.height > GAP_FREE)
        width = (max(rights) - own[0][0]) / self.height
        price += WIDE * (width - 1) if width > 1 else 0
        price += CUT * len(set(self.owners[:first]) & set(self.owners[first:]))
        if before:
            above = min(max(right for _, _, right, _ in before), max(rights)) - min(left for left, _, _, _ in own)
            price += OVERLAP * above / self.height if above > 0 else 0
        return price

    def of_path(self, path: list[tuple[int, int]]) -> float:
        return sum(self.of(*run) for run in path)


def all_paths(count: int) -> list[list[tuple[int, int]]]:
    """Yield every split of `count` pieces into runs of at most MOST_PIECES."""
    paths = []
    for cuts in range(count):
        for chosen in combinations(range(1, count), cuts):
            edges = [0, *chosen, count]
            runs = list(pairwise(edges))
            if all(b - a <= MOST_PIECES for a, b in runs):
                paths.append(runs)
    return paths


high_boxes = whole_boxes.map(lambda found: found[:5]).filter(lambda found: any(box[3] > box[1] for box in found))


@given(high_boxes, st.randoms(use_true_random=False))
def test_most_likely_paths_and_choices_equal_exhaustive_search(found: list[Box], rng: Random) -> None:
    # flat boxes have no line height: the costs are then too large for a comparison
    grid = Grid(found)
    scores = np.array([rng.uniform(-5, 0) for _ in grid.groups], np.float32)
    choices = [[rng.uniform(0.02, 1) for _ in range(rng.randint(1, 3))] for _ in grid.groups]
    number_of = {run: number for number, run in enumerate(grid.runs)}
    paths = [[number_of[run] for run in path] for path in all_paths(len(found)) if set(path) <= set(grid.runs)]
    every = [
        grid.probability([grid.groups[number] for number in path], scores) * prod(shares)
        for path in paths
        for shares in product(*(choices[number] for number in path))
    ]
    likely = grid.most_likely(scores, choices, 5)
    assert [share for share, _ in likely] == pytest.approx(sorted(every, reverse=True)[:5], rel=1e-5, abs=1e-9)
    for share, path in likely:
        own = grid.probability([grid.groups[number] for number, _ in path], scores)
        assert own * prod(choices[number][choice] for number, choice in path) == pytest.approx(
            share, rel=1e-6, abs=1e-9
        )


@given(boxes | whole_boxes, st.randoms(use_true_random=False))
def test_best_path_equals_exhaustive_search(found: list[Box], rng: Random) -> None:
    owners = sorted(rng.randrange(len(found)) for _ in found)
    grid = Grid(found, owners)
    scores = np.array([rng.uniform(-5, 0) for _ in grid.groups], np.float32)
    prices = Prices(found, owners)
    likes = dict(zip(grid.runs, map(float, scores), strict=True))
    best = max(sum(likes.get(run, -np.inf) for run in path) - prices.of_path(path) for path in all_paths(len(found)))
    chosen = grid.best_path(scores)
    of_group = dict(zip(grid.groups, grid.runs, strict=True))
    path = [of_group[group] for group in chosen]
    assert [path[0][0], path[-1][1]] == [0, len(found)]
    assert all(before[1] == after[0] for before, after in pairwise(path))  # left to right
    assert sorted(piece for group in chosen for piece in group) == list(range(len(found)))  # each once
    assert sum(likes[run] for run in path) - prices.of_path(path) == pytest.approx(best, rel=1e-9, abs=1e-6)
    assert grid.score(chosen, scores) == pytest.approx(best, rel=1e-9, abs=1e-6)


@given(whole_boxes, st.randoms(use_true_random=False))
def test_path_probability_equals_the_softmax_over_all_paths(found: list[Box], rng: Random) -> None:
    owners = sorted(rng.randrange(len(found)) for _ in found)
    grid, prices = Grid(found, owners), Prices(found, owners)
    assume(prices.height > 1)  # else costs are too large for the differences between paths
    scores = np.array([rng.uniform(-5, 0) for _ in grid.groups], np.float32)
    likes = dict(zip(grid.runs, map(float, scores), strict=True))
    paths = [path for path in all_paths(len(found)) if set(path) <= set(grid.runs)]
    gains = np.array([sum(likes[run] for run in path) - prices.of_path(path) for path in paths]) / TEMPERATURE
    powers = np.exp(gains - gains.max())
    group_of = dict(zip(grid.runs, grid.groups, strict=True))
    own = [grid.probability([group_of[run] for run in path], scores) for path in paths]
    assert own == pytest.approx(powers / powers.sum(), rel=1e-4, abs=1e-9)


@given(boxes | whole_boxes, st.randoms(use_true_random=False))
def test_misfit_equals_the_reference(found: list[Box], rng: Random) -> None:
    owners = sorted(rng.randrange(len(found)) for _ in found)
    grid, prices = Grid(found, owners), Prices(found, owners)
    own = [grid._misfit(*run) + DIGIT for run in grid.runs]
    assert own == pytest.approx([prices.of(*run) for run in grid.runs], rel=1e-9, abs=1e-6)


@given(whole_boxes, st.integers(-20, 20), st.integers(-1000, 1000), st.integers(-1000, 1000), st.randoms())
def test_grouping_does_not_depend_on_scale_and_position(
    found: list[Box], power: int, x: int, y: int, rng: Random
) -> None:
    unit = 2.0**power
    moved = [((a + x) * unit, (b + y) * unit, (c + x) * unit, (d + y) * unit) for a, b, c, d in found]
    here, there = Grid(found), Grid(moved)
    assert here.groups == there.groups
    if line_height(np.array(found, float)) > 0:  # else all ink lies in one line, and any width is endless
        scores = np.array([rng.uniform(-5, 0) for _ in here.groups], np.float32)
        assert here.best_path(scores) == there.best_path(scores)
        assert [here.is_dot(group) for group in here.groups] == [there.is_dot(group) for group in there.groups]


@given(whole_boxes, st.sets(st.integers(0, 8)))
def test_candidates_are_runs_of_neighbours(found: list[Box], alone: set[int]) -> None:
    grid = Grid(found, alone=alone)
    order = in_order(found)
    runs = [order[a:b] for a in range(len(found)) for b in range(a + 1, len(found) + 1) if b - a <= MOST_PIECES]
    far = FAR * larger_half([size(box) for box in found])
    assert grid.groups == [
        tuple(sorted(run))
        for run in runs
        if len(run) == 1 or not (alone.intersection(run) or widest_gap([found[i] for i in run]) > far)
    ]


def widest_gap(found: list[Box]) -> float:
    """Return the highest strip between the boxes that none of them touches."""
    edges = sorted({edge for _, top, _, bottom in found for edge in (top, bottom)})
    free = [
        (low, high)
        for low, high in pairwise(edges)
        if not any(top <= low and high <= bottom for _, top, _, bottom in found)
    ]
    return max((high - low for low, high in free), default=0.0)


def test_a_mark_far_below_is_not_grouped_with_a_digit() -> None:
    digit = (0.0, 0.0, 60.0, 100.0)
    for top, together in ((170.0, True), (180.0, False), (-90.0, False)):
        assert ((0, 1) in Grid([digit, (20.0, top, 40.0, top + 10)]).groups) == together


@pytest.mark.parametrize("top", [190.0, -100.0])
def test_a_dot_far_above_or_below_does_not_part_the_strokes_of_a_digit(top: float) -> None:
    strokes: list[Box] = [(0.0, 0.0, 40.0, 60.0), (30.0, 0.0, 60.0, 100.0)]
    grid = Grid([*strokes, (32.0, top, 34.0, top + 2)])
    assert grid.groups == [(0,), (0, 1), (1,), (2,)]
    assert (0, 1, 2) in Grid([*strokes, (32.0, 110.0, 34.0, 112.0)]).groups


def test_pieces_at_the_same_position_keep_their_order() -> None:
    found = [(0.0, 0.0, 10.0, 100.0)] * 40 + [(-5.0, 0.0, 15.0, 100.0)] * 40
    assert Grid(found).order == list(range(80))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=10))
def test_shared_counts_strokes_with_parts_on_both_sides(owners: list[int]) -> None:
    grid = Grid([(i, 0, i + 1, 1) for i in range(len(owners))], owners)
    assert grid.shared == [len(set(owners[:place]) & set(owners[place:])) for place in range(len(owners) + 1)]


LINE = (100.0, 0.0, 110.0, 100.0)


@pytest.mark.parametrize(
    ("extent", "is_dot"), [((0, 0), True), ((10, 10), True), ((10.5, 0), False), ((0, 10.5), False), ((10, 3), True)]
)
@pytest.mark.parametrize("place", [(0, 0), (500, 300), (-700, 20)])
def test_a_dot_is_small_in_both_directions(
    extent: tuple[float, float], place: tuple[float, float], is_dot: bool
) -> None:
    """DOT is a tenth of the line's height, which is 100 here."""
    (x, y), (width, height) = place, extent
    grid = Grid([LINE, (x, y, x + width, y + height), LINE])
    assert (DOT, grid.height) == (0.1, 100)
    assert (grid.is_dot((1,)), grid.is_dot((0,))) == (is_dot, False)


def test_separate_dots_are_not_a_dot_and_dot_sets_a_minimum() -> None:
    found = [LINE, (0, 0, 6, 6), (8, 0, 12, 6), LINE]
    assert [Grid(found).is_dot(group) for group in [(1,), (2,), (1, 2)]] == [True, True, False]
    assert [Grid(found, dot=12.0).is_dot(group) for group in [(1, 2), (0,)]] == [True, False]
    tall = [(0.0, 0.0, 6.0, 2.0), (0.0, 8.0, 4.0, 12.0), LINE]
    assert not Grid(tall).is_dot((0, 1))


def test_line_height_is_the_median_of_the_taller_half() -> None:
    assert line_height(np.empty((0, 4))) == 0.0
    heights = [10, 100, 20, 90, 80, 30]
    assert line_height(np.array([(0, 5, 1, 5 + height) for height in heights], float)) == 90
    assert Grid([]).groups == []


def test_candidates_grow_linearly() -> None:
    assert len(Grid([(i, 0, i + 1, 1) for i in range(100)]).groups) < MOST_PIECES * 100


def test_pieces_far_apart_are_not_grouped() -> None:
    grid = Grid([(0, 0, 10, 100), (300, 0, 310, 100)])
    scores = np.array([-1.0 if len(group) == 1 else -0.1 for group in grid.groups], np.float32)
    assert grid.best_path(scores) == [(0,), (1,)]


def test_the_bar_of_a_seven_is_grouped_with_it() -> None:
    grid = Grid([(0, 0, 60, 100), (5, 50, 55, 52)])
    scores = np.array([-0.3 for _ in grid.groups], np.float32)
    assert grid.best_path(scores) == [(0, 1)]


def test_probability_of_not_a_digit_lowers_the_score() -> None:
    sure, doubtful, none = group_scores(np.array([[0.9, 0.1], [0.6, 0.1], [0.001, 0.001]], np.float32))
    assert sure > doubtful > none
    assert sure == pytest.approx(np.log(0.9), abs=1e-6)
    assert group_scores(np.zeros((2, 10), np.float32)).tolist() == [DOT_SCORE] * 2


@given(st.lists(st.lists(st.floats(0, 0.125, width=32), min_size=8, max_size=8), min_size=1, max_size=5))
def test_scores_of_groups_are_independent(rows: list[list[float]]) -> None:
    found = np.array(rows, np.float32)
    together = group_scores(found)
    assert np.isfinite(together).all()
    assert together.tolist() == [group_scores(row[None])[0] for row in found]


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
def test_rejoined_parts_are_the_whole_stroke(middles: tuple[int, ...]) -> None:
    linked = np.concatenate([ring(middle) for middle in middles])
    parts = [part.points for part in parts_of(make_ink([linked, ring(400)]))][:-1]
    assert len(parts) == 3
    for before, after in pairwise(parts):
        assert (before[-1] == after[0]).all()
    joined = [point for part in parts for point in map(tuple, part.tolist())]
    cuts = {tuple(part[0]) for part in parts[1:]}
    assert [point for point in joined if point not in cuts] == [tuple(point) for point in linked.tolist()]


def lengths(points: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return np.hypot(*np.diff(points, axis=0).T)


def test_cut_anywhere_cuts_at_equal_lengths() -> None:
    corner = np.array([[0.0, 0.0], [30.0, 40.0], [30.0, 90.0]])  # 50 and 50 long
    cuts = cut_anywhere(corner, 4)
    ends = [before[-1].tolist() for before, _ in cuts]
    assert ends == [[15.0, 20.0], [30.0, 40.0], [30.0, 65.0]]
    assert [after[0].tolist() for _, after in cuts] == ends
    assert [[len(before), len(after)] for before, after in cuts] == [[2, 3], [2, 2], [3, 2]]
    assert [lengths(before).sum() for before, _ in cuts] == [25, 50, 75]
    assert all((before[0] == corner[0]).all() and (after[-1] == corner[-1]).all() for before, after in cuts)


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=20), st.integers(2, 16))
def test_cut_anywhere_keeps_the_whole_line(points: list[tuple[int, int]], pieces: int) -> None:
    stroke = np.array(points, float)
    cuts = cut_anywhere(stroke, pieces)
    total = lengths(stroke).sum()
    assert len(cuts) == (pieces - 1 if total else 0)  # a point has nothing to be cut
    for number, (before, after) in enumerate(cuts, 1):
        assert lengths(before).sum() == pytest.approx(total * number / pieces)
        assert lengths(before).sum() + lengths(after).sum() == pytest.approx(total)
        assert (before[0].tolist(), after[-1].tolist()) == (stroke[0].tolist(), stroke[-1].tolist())


# Two boxes, 20 wide and 100 high, with a line between them from (-105, 50) to (105, 50): 161 columns, one in the middle
LEFT = [[-125.0, 0.0], [-125.0, 100.0], [-105.0, 100.0], [-105.0, 0.0], [-125.0, 0.0], [-105.0, 0.0], [-105.0, 50.0]]
RIGHT = [[-x, y] for x, y in LEFT[::-1]]


def cut_places(points: list[list[float]]) -> list[list[float]]:
    """Return where one stroke was cut, the first cut along the line first."""
    parts = [part.points for part in parts_of(make_ink([points]))]
    assert all((before[-1] == after[0]).all() for before, after in pairwise(parts))
    return [part[0].tolist() for part in parts[1:]]


@pytest.mark.parametrize("between", [[], [[0.0, 50.0]], [[-60.0, 50.0], [60.0, 50.0]]])
def test_a_ligature_is_cut_in_its_middle(between: list[list[float]]) -> None:
    """Also if a point of the line lies exactly there."""
    assert cut_places([*LEFT, *between, *RIGHT]) == [[0.0, 50.0]]
    assert cut_places([*LEFT, *between, *RIGHT][::-1]) == [[0.0, 50.0]]


def test_a_sloping_ligature_is_cut_on_the_line() -> None:
    lifted = [[x, y + 40] for x, y in RIGHT]
    assert cut_places([*LEFT, *lifted]) == [[pytest.approx(0, abs=1e-9), 70.0]]


@pytest.mark.parametrize(("x", "y"), [(1000, -300), (-5000, 70), (64, 4096)])
@pytest.mark.parametrize("unit", [2.0**-20, 1.0, 2.0**17])
def test_cuts_scale_and_move_with_the_ink(x: float, y: float, unit: float) -> None:
    moved = [[(a + x) * unit, (b + y) * unit] for a, b in [*LEFT, *RIGHT]]
    assert cut_places(moved) == [[pytest.approx(x * unit), (50 + y) * unit]]


def test_a_stroke_no_wider_than_the_line_is_high_is_not_cut() -> None:
    assert CUT_WIDTH == 1
    narrow = [[x * 100 / 250, y] for x, y in [*LEFT, *RIGHT]]
    assert cut_places(narrow) == []
    assert len(cut_places([[x * 1.01, y] for x, y in narrow])) == 1
    tall = [[500.0, 0.0], [500.0, 251.0]]  # the line is as high as its tallest strokes
    assert len(parts_of(make_ink([[*LEFT, *RIGHT], tall, tall, tall]))) == 4


@pytest.mark.parametrize("turned", [False, True])
def test_a_tail_is_not_cut_off(turned: bool) -> None:
    """A long tail, level or sloping, has no height beyond any cut."""
    for end in ([300.0, 50.0], [300.0, 100.0], [300.0, 0.0]):
        tail = [*LEFT, end]
        assert cut_places(tail[::-1] if turned else tail) == []


@pytest.mark.parametrize(("height", "cuts"), [(49.0, 0), (50.0, 1), (51.0, 1)])
@pytest.mark.parametrize("turned", [False, True])
def test_parts_have_at_least_half_the_line_height(height: float, cuts: int, turned: bool) -> None:
    assert CUT_HEIGHT == 0.5
    low = [[105.0, 50.0], [105.0, 50.0 - height / 2], [105.0, 50.0 + height / 2]]
    points = [*LEFT, *low]
    assert len(cut_places(points[::-1] if turned else points)) == cuts


def comb(gaps: list[float]) -> list[list[float]]:
    """Return one stroke: boxes of 20 by 100, each joined to the next by a level line of that length."""
    points, x = [], 0.0
    for gap in [*gaps, 0.0]:
        points += [[x + a + 125, b] for a, b in LEFT]
        x += 20 + gap
    return points


def test_the_longest_ligatures_are_cut_first() -> None:
    gaps = [100.0 + 8 * (7 * i % 20) for i in range(20)]  # no two alike
    places = cut_places(comb(gaps))
    middles = np.cumsum(gaps) - np.array(gaps) / 2 + 20 * np.arange(1, 21)
    longest = sorted(sorted(range(20), key=lambda i: -gaps[i])[:MOST_CUTS])
    assert [x for x, _ in places] == pytest.approx([middles[i] for i in longest], abs=2)


def test_equal_ligatures_are_cut_from_the_left() -> None:
    places = cut_places(comb([128.0] * 40))
    assert [x for x, _ in places] == pytest.approx([84 + 148 * i for i in range(MOST_CUTS)], abs=2)


point = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@given(st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=4))
def test_cutting_loses_no_ink(strokes: list[list[tuple[float, float]]]) -> None:
    ink = make_ink(strokes)
    parts = parts_of(ink)
    assert sorted({part.stroke for part in parts}) == list(range(len(ink)))
    for index, stroke in enumerate(ink):
        own = [part.points for part in parts if part.stroke == index]
        assert sum(map(len, own)) == len(stroke) + 2 * (len(own) - 1)
        assert box_of(own) == pytest.approx(box_of([stroke]))


def test_a_stroke_with_the_most_points_is_cut() -> None:
    turn = np.linspace(0, 900 * np.pi, 100_000)
    stroke = np.stack([turn * 10 + 40 * np.cos(turn), 50 * np.sin(turn)], axis=1)
    assert len(parts_of(make_ink([stroke]))) < 20


def test_a_digit_of_two_parts_of_a_stroke_has_no_cut_penalty() -> None:
    grid = Grid([(0, 0, 50, 100), (50, 0, 100, 100), (90, 0, 140, 100)], [0, 0, 1])
    assert grid.shared == [0, 1, 0, 0]


def test_ink_below_float_resolution_is_not_cut() -> None:
    """Found by fuzzing: no line crosses columns that coincide."""
    steps = np.array([[8, 7], [0, 3], [7, 2], [8, 5], [9, 5]]) * 1e-10 + 1e6
    (part,) = parts_of((steps,))
    assert part.points.tolist() == steps.tolist()
