"""The ink layer: after any changes it equals a freshly drawn one, pixel for pixel."""

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_app.gui.drawing.curves import curve
from edge_app.gui.drawing.ink_layer import InkLayer, Stroke
from edge_app.gui.drawing.lines import draw_line

SIZE = (120, 80)
INK, PAPER = (24, 38, 66), (255, 255, 252)
WIDTH = 5.0

STROKES = st.lists(st.tuples(st.floats(-10, 130), st.floats(-10, 90)), min_size=1, max_size=5).map(tuple)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "insert", "remove", "grow", "twice", "wipe", "picture", "width"]),
        STROKES,
        st.integers(0, 9),
    ),
    max_size=12,
)


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    return np.asarray(pygame.surfarray.array3d(surface))


def picture() -> pygame.Surface:
    """Something with many colours, smaller than the layer."""
    made = pygame.Surface((70, 60), 0, 32)
    for x in range(70):
        made.fill((3 * x, 200 - 2 * x, 90), (x, 0, 1, 60))
    return made


def from_nothing(strokes: list[Stroke], width: float, background: pygame.Surface | None) -> NDArray[np.uint8]:
    """The oracle: paper, picture, strokes, with nothing kept."""
    surface = pygame.Surface(SIZE, 0, 32)
    surface.fill(PAPER)
    if background:
        surface.blit(background, (0, 0))
    for stroke in strokes:
        draw_line(surface, [point for piece in curve(stroke) for point in piece], width, INK)
    return pixels(surface)


@given(CHANGES)
def test_incremental_layer_equals_a_fresh_one(changes: list[tuple[str, Stroke, int]]) -> None:
    layer, width, background = InkLayer(SIZE), WIDTH, None
    strokes: list[Stroke] = []
    layer.update(strokes, width, INK, PAPER)
    for what, stroke, number in changes:
        before = pixels(layer.surface)
        if what in ("add", "insert"):
            strokes.insert(len(strokes) if what == "add" else len(strokes) // 2, stroke)
        elif what == "picture":
            background = picture() if number % 2 else None
            layer.set_background(background)
        elif what == "width":
            width = 2.0 + number
        elif what == "wipe":
            strokes.clear()
        elif strokes:
            chosen = strokes[number % len(strokes)]
            if what == "remove":
                strokes.remove(chosen)
            elif what == "twice":
                strokes.append(chosen)
            else:
                strokes[-1] = (*strokes[-1], *stroke)
        area = layer.update(list(strokes), width, INK, PAPER)
        assert (pixels(layer.surface) == from_nothing(strokes, width, background)).all()
        touched = np.argwhere((pixels(layer.surface) != before).any(axis=2))
        assert all(area and area.collidepoint(x, y) for x, y in touched)
        assert layer.update(list(strokes), width, INK, PAPER) is None


def test_only_what_changed_is_drawn() -> None:
    first, second = ((10.0, 10.0), (20.0, 20.0)), ((90.0, 50.0), (100.0, 60.0))
    layer = InkLayer(SIZE)
    assert layer.update([first], WIDTH, INK, PAPER) == layer.surface.get_rect()
    layer.surface.set_at((60, 40), (255, 0, 0))  # stays, while nobody draws there
    added = layer.update([first, second], WIDTH, INK, PAPER)
    removed = layer.update([second], WIDTH, INK, PAPER)
    assert added == pygame.Rect(87, 47, 16, 16)
    assert removed == pygame.Rect(7, 7, 16, 16)
    assert layer.surface.get_at((60, 40))[:3] == (255, 0, 0)
    assert layer.update([second], WIDTH, PAPER, INK) == layer.surface.get_rect()
    assert layer.surface.get_at((60, 40))[:3] == INK


def test_only_the_last_stroke_is_continued() -> None:
    below, above = ((10.0, 10.0), (60.0, 60.0)), ((10.0, 60.0), (60.0, 10.0))
    moved = (*below, (100.0, 20.0))
    layer = InkLayer(SIZE)
    layer.update([below, above], WIDTH, INK, PAPER)
    layer.update([above, moved], WIDTH, INK, PAPER)
    assert (pixels(layer.surface) == from_nothing([above, moved], WIDTH, None)).all()
    assert layer.update([above, moved], WIDTH, INK, PAPER) is None


@pytest.mark.parametrize("depth", [16, 24, 32])
def test_every_display_depth_works(depth: int) -> None:
    layer = InkLayer(SIZE)
    layer.surface = pygame.Surface(SIZE, 0, depth)
    layer.update([((30.0, 30.0), (60.0, 30.0))], WIDTH, INK, PAPER)
    seen = [np.array(layer.surface.get_at(at)[:3]) for at in ((45, 30), (100, 70))]
    assert [bool((abs(one - other) <= 8).all()) for one, other in zip(seen, (INK, PAPER), strict=True)] == [True, True]
