"""Lines: compared with supersampling, and drawn in parts as at once."""

import math
import random

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_app.gui.drawing.lines import Point, Trace, draw_line, draw_lines

INK, PAPER = (24, 38, 66), (255, 255, 252)
FINE = 12  # points a pixel and direction

# Python floats that are no round numbers as well: a pen's place is anywhere.
POINTS = st.lists(st.tuples(st.floats(-20, 120), st.floats(-20, 90)), min_size=1, max_size=6)


def blank(size: tuple[int, int] = (100, 70)) -> pygame.Surface:
    surface = pygame.Surface(size, 0, 32)
    surface.fill(PAPER)
    return surface


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    return np.asarray(pygame.surfarray.array3d(surface))


def changed(surface: pygame.Surface) -> NDArray[np.intp]:
    return np.argwhere((pixels(surface) != PAPER).any(axis=2))


def counted(points: list[Point], width: float, size: tuple[int, int]) -> NDArray[np.float64]:
    """The cover of each pixel, (width, height), by counting fine points within reach of the line."""
    x, y = np.meshgrid(*((np.arange(n * FINE) + 0.5) / FINE for n in size), indexing="ij")
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        along = np.array([x1 - x0, y1 - y0])
        at = np.clip(((x - x0) * along[0] + (y - y0) * along[1]) / max(along @ along, 1e-9), 0, 1)
        inside |= np.hypot(x - x0 - at * along[0], y - y0 - at * along[1]) <= width / 2
    return inside.reshape(size[0], FINE, size[1], FINE).mean(axis=(1, 3))


@pytest.mark.parametrize("width", [2, 3.5, 8, 17])
@pytest.mark.parametrize(
    "points",
    [
        [(30.0, 30.0)],
        [(20.0, 20.0), (70.3, 44.8)],
        [(20.0, 20.0), (70.3, 20.0), (70.3, 50.0), (22.2, 53.1), (80.0, 10.0)],
        [(x / 2, 35 + 18 * math.sin(x / 12)) for x in range(20, 180, 5)],
    ],
)
def test_coverage_matches_supersampling(points: list[Point], width: float) -> None:
    surface = blank()
    draw_line(surface, points, width, INK)
    cover = (255 - pixels(surface)[:, :, 0]) / (255 - INK[0])
    expected = counted(points, width, surface.get_size())
    assert abs(cover - expected).max() < 0.3  # in the notch of a corner, where two segments share a pixel
    assert abs(cover - expected).mean() < 0.004
    assert (cover[expected == 1] > 0.75).all()
    assert (cover[expected == 0] < 0.17).all()
    assert cover.sum() == pytest.approx(expected.sum(), rel=0.025)


def test_a_line_between_pixels_is_sharp() -> None:
    surface = blank((20, 12))
    draw_line(surface, [(-9, 6), (29, 6)], 2, INK)
    column = [tuple(c) for c in pixels(surface)[10]]
    assert column == [PAPER] * 5 + [INK] * 2 + [PAPER] * 5


def test_thin_lines_fade_and_do_not_break() -> None:
    surface = blank((60, 40))
    draw_line(surface, [(5, 5), (50, 33)], 0.5, INK)
    darkness = 255 - pixels(surface)[8:48, :, 0].astype(int)
    assert darkness.max() <= 0.5 * (255 - INK[0]) + 1
    assert (darkness.sum(axis=1) > 60).all()


@given(POINTS, st.sampled_from([0.7, 2, 5.5, 9]))
def test_nothing_changes_outside_the_rectangle_returned(points: list[Point], width: float) -> None:
    surface = blank()
    area = draw_line(surface, points, width, INK)
    assert surface.get_rect().contains(area)
    assert all(area.collidepoint(x, y) for x, y in changed(surface))


@given(POINTS, st.sampled_from([2, 5.5, 9]), st.integers(9, 60), st.integers(9, 60))
def test_drawing_in_clips_equals_drawing_at_once(points: list[Point], width: float, across: int, down: int) -> None:
    whole, parts = blank(), blank()
    draw_line(whole, points, width, INK)
    for left in range(0, 100, across):
        for top in range(0, 70, down):
            parts.set_clip((left, top, across, down))
            draw_line(parts, points, width, INK)
    assert (pixels(whole) == pixels(parts)).all()


def test_tiles_leave_no_seams() -> None:
    """Longer than a part, wider than a tile: the same as where the clips put the tiles elsewhere."""
    rng = random.Random(1)
    points = [(rng.uniform(0, 900), rng.uniform(0, 500)) for _ in range(12)]
    whole, shifted = blank((900, 500)), blank((900, 500))
    draw_line(whole, points, 11, INK)
    for clip in ((0, 0, 433, 500), (433, 0, 467, 77), (433, 77, 467, 423)):
        shifted.set_clip(clip)
        draw_line(shifted, points, 11, INK)
    assert (pixels(whole) == pixels(shifted)).all()
    assert len(changed(whole)) > 20_000


def test_extended_trace_equals_the_whole_line() -> None:
    points = [(10 + 8 * i, 35 + 20 * math.sin(i)) for i in range(10)]
    trace = Trace([points[:4]], 6)
    trace.add(points[3:])
    whole, grown = blank(), blank()
    draw_line(whole, points, 6, INK)
    trace.draw(grown, INK)
    assert (pixels(whole) == pixels(grown)).all()


def test_crossing_lines_are_blended_once() -> None:
    together, apart = blank(), blank()
    cross: list[list[Point]] = [[(10, 10), (80, 57)], [(10, 55), (80, 12)]]
    draw_lines(together, cross, 5, INK)
    for line in cross:
        draw_line(apart, line, 5, INK)
    lighter = pixels(together).astype(int) - pixels(apart)
    assert (lighter.min(), lighter.max() > 20) == (0, True)  # soft edges add up only where drawn apart


@pytest.mark.parametrize("points", [[], [(-50.0, -50.0), (-20.0, 10.0)]])
def test_empty_and_outside_lines_change_nothing(points: list[Point]) -> None:
    surface = blank()
    assert draw_line(surface, points, 6, INK).size == (0, 0)
    assert len(changed(surface)) == 0
