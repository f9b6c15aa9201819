"""Icons: complete, smooth, inside their rectangle, and distinct."""

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from edge_app.gui.drawing.icons import GRID, ICONS, draw_icon

NAMES = [
    *("undo", "redo", "clear", "erase", "write", "menu", "close", "back", "next", "up", "down", "copy", "save", "open"),
    *("speak", "history", "practice", "settings", "network", "compare", "fullscreen", "quit", "help", "hand", "split"),
    *(
        "join",
        "map",
        "layers",
        "show",
        "done",
        "delete",
        "forget",
        "correct",
        "export",
        "plus",
        "minus",
        "restore",
        "keep",
    ),
]
INK, PAPER = (24, 38, 66), (255, 255, 252)


def drawn(name: str, size: int, colour: tuple[int, int, int] = INK) -> NDArray[np.float64]:
    """How dark each pixel of an icon is: (size, size), 0 is paper and 1 is ink."""
    surface = pygame.Surface((size, size), 0, 32)
    surface.fill(PAPER)
    draw_icon(surface, name, surface.get_rect(), colour)
    level = np.asarray(pygame.surfarray.array3d(surface)).astype(float)
    return np.asarray((PAPER[0] - level[:, :, 0]) / (PAPER[0] - colour[0]))


def test_every_name_has_an_icon_and_others_raise_key_error() -> None:
    assert sorted(ICONS) == sorted(NAMES)
    with pytest.raises(KeyError, match="telephone"):
        drawn("telephone", 24)


@pytest.mark.parametrize("name", NAMES)
def test_icon_fills_its_grid(name: str) -> None:
    points = np.array([point for line in ICONS[name] for point in line])
    assert points.min() >= 1
    assert points.max() <= GRID - 1  # the strokes are 2 wide
    assert np.ptp(points, axis=0).max() >= 12
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    assert (abs(middle - GRID / 2) <= 1.5).all()


@pytest.mark.parametrize("size", [16, 24, 33, 96])
@pytest.mark.parametrize("name", NAMES)
def test_an_icon_is_smooth_and_of_one_colour(name: str, size: int) -> None:
    dark = drawn(name, size)
    assert (dark.max(), dark.min()) == (pytest.approx(1, abs=0.26), 0)
    assert np.logical_and(dark > 0.1, dark < 0.9).any() or name in ("plus", "minus", "menu")
    surface = pygame.Surface((size, size), 0, 32)
    surface.fill(INK)
    draw_icon(surface, name, surface.get_rect(), INK)  # soft edges must not be darker or lighter than the ink
    assert abs(np.asarray(pygame.surfarray.array3d(surface)).astype(int) - INK).max() <= 1


def test_icons_are_distinct() -> None:
    seen = {name: drawn(name, 24) for name in NAMES}
    for i, one in enumerate(NAMES):
        for other in NAMES[i + 1 :]:
            assert abs(seen[one] - seen[other]).sum() > 20, (one, other)


def test_arrow_directions() -> None:
    back = drawn("back", 48)  # (x, y)
    assert np.array_equal(drawn("next", 48), back[::-1])
    assert np.array_equal(drawn("up", 48), back.T)
    assert np.array_equal(drawn("down", 48), back.T[:, ::-1])
    tip = np.argwhere(back > 0.5)[0]
    assert tip.tolist() == [pytest.approx(14, abs=1), pytest.approx(24, abs=1)]
    assert np.array_equal(drawn("redo", 48), drawn("undo", 48)[::-1])


def test_an_icon_is_drawn_only_in_the_middle_of_its_rectangle() -> None:
    surface = pygame.Surface((100, 60), 0, 32)
    surface.fill(PAPER)
    draw_icon(surface, "plus", pygame.Rect(10, 10, 70, 24), INK)
    touched = np.argwhere((pygame.surfarray.array3d(surface) != PAPER).any(axis=2))
    assert touched.min(axis=0).tolist() == [36, 13]
    assert touched.max(axis=0).tolist() == [53, 30]
