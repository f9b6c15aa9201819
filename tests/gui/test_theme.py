"""Themes: contrast after WCAG 2, and colour pairs that differ for colour-blind users."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.gui.drawing.theme import THEMES

Colour = tuple[int, int, int]

TEXTS = [
    ("text", "paper"),
    ("text", "desk"),
    ("ink", "paper"),
    ("quiet", "paper"),
    ("quiet", "desk"),
    ("button_text", "button"),
    ("button_text", "button_pressed"),
    ("on_accent", "accent"),
    ("accent", "paper"),
    ("rejected", "paper"),
    ("good", "paper"),
    ("bad", "paper"),
]
SHAPES = [("focus", "desk"), ("focus", "paper"), ("focus", "button"), ("bar", "paper")]
PAIRS = [("accent", "rejected"), ("good", "bad")]
# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes: A physiologically-based model for simulation of color vision
# deficiency, IEEE TVCG 15 (2009), severity 1.0, for linear RGB.
VISION = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: Colour) -> NDArray[np.float64]:
    level = np.array(colour) / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2's ratio of luminances, 1 to 21."""
    high, low = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE 1976 L*a*b* of linear RGB, white point D65."""
    ratio = SRGB_TO_XYZ @ rgb / SRGB_TO_XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: Colour, other: Colour, vision: str) -> float:
    """CIE76's colour difference, as seen with a kind of colour vision."""
    seen = [np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1) for colour in (one, other)]
    return float(np.linalg.norm(lab(seen[0]) - lab(seen[1])))


def test_contrast_and_difference_match_published_values() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)  # WebAIM's example
    assert difference((0, 0, 0), (255, 255, 255), "normal") == pytest.approx(100, abs=0.01)
    assert lab(linear((255, 0, 0))) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    red, green = (200, 60, 60), (115, 105, 45)
    assert difference(red, green, "normal") > 40 > 20 > difference(red, green, "protanopia")


@pytest.mark.parametrize("name", THEMES)
def test_texts_and_shapes_have_contrast(name: str) -> None:
    text, shape = (7.0, 7.0) if name == "contrast" else (4.5, 3.0)
    theme = THEMES[name]
    found = {pair: contrast(getattr(theme, pair[0]), getattr(theme, pair[1])) for pair in TEXTS + SHAPES}
    faint = {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < (text if pair in TEXTS else shape)}
    assert faint == {}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", THEMES)
def test_colour_pairs_differ_for_colour_blind_users(name: str, vision: str) -> None:
    theme = THEMES[name]
    found = {pair: difference(getattr(theme, pair[0]), getattr(theme, pair[1]), vision) for pair in PAIRS}
    assert {pair: round(apart, 1) for pair, apart in found.items() if apart < 20} == {}


@pytest.mark.parametrize("name", THEMES)
def test_a_button_looks_pressed_and_disabled(name: str) -> None:
    theme = THEMES[name]
    assert difference(theme.button, theme.button_pressed, "normal") > 10
    assert difference(theme.button_text, theme.disabled, "normal") > 20
    assert contrast(theme.disabled, theme.button) > 1.9  # it still shows what it would do
