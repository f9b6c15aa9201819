"""Ink told from paper: pages of known ink under light, rules, tables and at rims."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge_app.recognition.components import measure
from edge_app.recognition.paper import close_gaps, find_ink


def zeros_and_ones(width: int = 600, height: int = 300) -> Image.Image:
    """Four digits of ink 8 pixels wide, 120 high, on white."""
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    for left in (90, 340):
        pen.ellipse((left, 90, left + 80, 210), outline=0, width=8)
    for left in (230, 480):
        pen.line([(left, 90), (left, 210)], fill=0, width=8)
    return page


TRUTH = np.asarray(zeros_and_ones()) < 128


def agreement(ink: NDArray[np.uint8]) -> float:
    """Return the share of the ink's pixels, found or true, that are both."""
    found = ink >= 128
    return float((found & TRUTH).sum() / (found | TRUTH).sum())


def light(kind: str) -> NDArray[np.float64]:
    y, x = np.mgrid[-1:1:300j, -1:1:600j]
    if kind == "corners":
        return 1 - 0.35 * (x * x + y * y)
    if kind == "lamp":
        return 0.4 + 0.6 * (x + 1) / 2
    if kind == "shadow's edge":
        return np.where(x + 0.3 * y > 0.1, 0.55, 1.0)
    return np.ones_like(x)


@pytest.mark.parametrize("kind", ["even", "corners", "lamp", "shadow's edge"])
@pytest.mark.parametrize("contrast", [0.25, 0.9])
@pytest.mark.parametrize("dark_page", [False, True])
def test_ink_is_found_in_any_light(kind: str, contrast: float, dark_page: bool) -> None:
    page = 230 * (1 - contrast * TRUTH) * light(kind)
    if dark_page:
        page = (40 + 180 * contrast * TRUTH) * light(kind)
    page += np.random.default_rng(3).normal(0, 2, page.shape)
    assert agreement(find_ink(page.clip(0, 255).astype(np.float32))) > 0.8


@pytest.mark.parametrize("angle", [0, 2])
def test_rules_are_taken_out_and_digits_kept(angle: int) -> None:
    page = zeros_and_ones()
    rules = Image.new("L", page.size, 0)
    pen = ImageDraw.Draw(rules)
    for y in range(-25, 320, 50):
        pen.line([(-20, y), (620, y)], fill=255, width=3)
    ruled = np.minimum(np.asarray(page), 255 - 0.6 * np.asarray(rules.rotate(angle))).astype(np.float32)
    ink = find_ink(ruled)
    assert agreement(ink) > 0.85
    assert len(measure(ink >= 64).area) == 4


def test_a_single_line_is_a_digit_and_not_a_rule() -> None:
    page = Image.new("L", (100, 200), 255)
    ImageDraw.Draw(page).line([(50, 0), (50, 199)], fill=0, width=6)
    assert (find_ink(np.asarray(page, np.float32)) >= 128).sum() > 900


def test_a_sheet_on_a_dark_table_is_the_page() -> None:
    table = np.full((500, 900), 45.0)
    table[100:400, 150:750] = np.asarray(zeros_and_ones()) * 0.9
    ink = find_ink((table + np.random.default_rng(1).normal(0, 2, table.shape)).astype(np.float32))
    assert agreement(ink[100:400, 150:750]) > 0.85
    assert (ink > 0).sum() == (ink[100:400, 150:750] > 0).sum()


def test_a_thumb_at_the_rim_is_no_ink() -> None:
    page = zeros_and_ones()
    ImageDraw.Draw(page).ellipse((560, 260, 660, 340), fill=60)
    assert agreement(find_ink(np.asarray(page, np.float32))) > 0.85


def test_closing_equals_its_definition() -> None:
    grey = np.random.default_rng(5).random((9, 12)).astype(np.float32)
    padded = np.pad(grey, 4, mode="edge")
    high = np.lib.stride_tricks.sliding_window_view(padded, (5, 5)).max(axis=(2, 3))
    low = np.lib.stride_tricks.sliding_window_view(high, (5, 5)).min(axis=(2, 3))
    assert np.array_equal(close_gaps(grey, 5), low)
