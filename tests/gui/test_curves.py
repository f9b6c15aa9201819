"""Curves: they pass through all points, follow what the hand drew, and keep its corners."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.gui.drawing.curves import CORNER, MOST, Point, curve

POINTS = st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=8)


def circle(count: int, radius: float) -> list[Point]:
    turns = [2 * math.pi * i / count for i in range(count + 1)]
    return [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]


@given(POINTS)
def test_curve_passes_through_every_point_and_stays_near(points: list[Point]) -> None:
    pieces = list(curve(points))
    assert [piece[0] for piece in pieces] == (points[:-1] or points)
    assert [piece[-1] for piece in pieces] == (points[1:] or points)
    for piece in pieces:
        length = math.dist(piece[0], piece[-1])
        assert len(piece) <= MOST + 1
        assert all(math.dist(piece[0], point) + math.dist(point, piece[-1]) <= 1.5 * length + 1e-6 for point in piece)


@pytest.mark.parametrize("count", [8, 12, 24])
def test_points_of_a_circle_give_a_circle(count: int) -> None:
    radius = 100.0
    inner = [point for piece in list(curve(circle(count, radius)))[1:-1] for point in piece]
    off = max(abs(math.hypot(*point) - radius) for point in inner)
    polygon = radius * (1 - math.cos(math.pi / count))
    assert off < 0.25 * polygon


def test_straight_and_close_points_need_no_more_pieces() -> None:
    assert [len(piece) for piece in curve([(0, 0), (50, 20), (100, 40), (150, 60)])] == [2, 2, 2]
    assert {len(piece) for piece in curve(circle(100, 30.0))} == {2}


def test_corner_of_a_seven_stays_sharp() -> None:
    seven = [(0.0, 0.0), (50.0, 0.0), (100.0, 0.0), (75.0, 60.0), (50.0, 120.0)]
    assert math.pi - math.atan2(60, 25) > CORNER
    assert [point for piece in curve(seven) for point in piece[1:]] == seven[1:]


def test_curve_to_a_point_depends_on_its_neighbours_alone() -> None:
    points = circle(9, 60.0)
    assert list(curve(points))[6:] == list(curve(points, 6))
    assert list(curve(points))[:6] == list(curve(points[:8]))[:6]
