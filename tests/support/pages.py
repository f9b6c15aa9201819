"""Photos of written pages, made from real digits: papers, light, tables, pens and cameras, all by a seed."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from edge_app.recognition.ink import Stroke
from edge_app.recognition.normalise import draw_strokes

KINDS = ("plain", "corners", "lamp", "shadow", "table", "ruled", "squared", "pencil", "board", "texture", "blur")

Cover = NDArray[np.float64]
"""(height, width) float64: how much ink covers each pixel, 0 to 1."""


def digit_of_strokes(strokes: Sequence[Stroke], height: int, pen: float) -> Cover:
    """Return the ink of one digit, drawn `height` pixels high by a pen `pen` pixels wide."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = (height - pen) / max(extent[1], 0.6 * extent[0], 1e-9)
    lines = [((stroke - low) * scale + pen / 2).astype(np.float32) for stroke in strokes]
    width, drawn = (int(side * scale + pen) + 1 for side in extent)
    return draw_strokes(lines, pen, width, drawn).astype(np.float64)


def lay_out(digits: Sequence[Sequence[Cover]], dice: np.random.Generator, gap: float = 0.35) -> Cover:
    """Return a page with lines of digits, `gap` of their height apart, on a base line that wavers and slopes."""
    height = max(len(digit) for line in digits for digit in line)
    wide = max(sum(digit.shape[1] + gap * height for digit in line) for line in digits)
    margin = height * dice.uniform(0.6, 1.5)
    page = np.zeros((int(2 * margin + 1.9 * height * len(digits)), int(2 * margin + wide * 1.1)))
    slope = dice.uniform(-0.04, 0.04)
    for number, line in enumerate(digits):
        left = margin
        for digit in line:
            bottom = margin + (1 + 1.7 * number) * height + slope * (left - margin) + dice.normal(0, 0.05) * height
            top, x = max(0, int(bottom) - len(digit)), int(left)
            spot = page[top : top + len(digit), x : x + digit.shape[1]]
            np.maximum(spot, digit[: spot.shape[0], : spot.shape[1]], out=spot)
            left += digit.shape[1] + gap * height * dice.uniform(0.6, 1.4)
    return page


def photograph(page: Cover, kind: str, dice: np.random.Generator) -> Image.Image:
    """Return a photo of a page: `kind`, one of KINDS, says what is hard about it; noise and JPEG are in all."""
    high, wide = page.shape
    paper, ink = np.array(dice.uniform([200, 195, 180], 250)), np.array(dice.uniform(10, [70, 60, 120]))
    if kind == "pencil":
        ink = paper * dice.uniform(0.55, 0.75)
    if kind == "board":
        paper, ink = np.array(dice.uniform(25, 60, 3)), np.array(dice.uniform(180, 235, 3))
    sheet: NDArray[np.float64] = np.broadcast_to(paper, (high, wide, 3)).copy()
    if kind in ("ruled", "squared"):
        sheet = _rule(sheet, dice, squared=kind == "squared")
    if kind == "texture":
        coarse = Image.fromarray(dice.normal(0, 1, (high // 3 + 1, wide // 3 + 1)))
        sheet += 9 * np.asarray(coarse.resize((wide, high), Image.Resampling.BICUBIC))[..., None]
    sheet += page[..., None] * (np.minimum(ink, sheet) if kind != "board" else ink) - page[..., None] * sheet
    if kind == "table":
        sheet = _lay_on_table(sheet, dice)
    sheet = sheet * _light(sheet.shape[0], sheet.shape[1], kind, dice)[..., None]
    sheet += dice.normal(0, dice.uniform(0.5, 4), sheet.shape)
    photo = Image.fromarray(np.rint(sheet.clip(0, 255)).astype(np.uint8))
    radius = dice.uniform(0.8, 1.6) * (2.5 if kind == "blur" else 0.5)
    file = io.BytesIO()
    photo.filter(ImageFilter.GaussianBlur(radius)).save(file, "JPEG", quality=int(dice.integers(55, 95)))
    return Image.open(file)


def _rule(sheet: NDArray[np.float64], dice: np.random.Generator, *, squared: bool) -> NDArray[np.float64]:
    """Return the sheet with rules, or squares, up to 3 degrees askew."""
    high, wide = sheet.shape[:2]
    lines = Image.new("L", (2 * wide, 2 * high))
    pen, step = ImageDraw.Draw(lines), dice.uniform(35, 80)
    thick = int(dice.integers(1, 4))
    for place in np.arange(dice.uniform(0, step), 2 * max(high, wide), step).tolist():
        pen.line([(0, place), (2 * wide, place)], fill=255, width=thick)
        if squared:
            pen.line([(place, 0), (place, 2 * high)], fill=255, width=thick)
    turned = lines.rotate(dice.uniform(-3, 3)).crop((wide // 2, high // 2, wide // 2 + wide, high // 2 + high))
    cover = np.asarray(turned)[..., None] / 255 * dice.uniform(0.3, 0.9)
    return sheet * (1 - cover) + cover * np.array(dice.uniform([70, 90, 140], [150, 160, 210]))


def _lay_on_table(sheet: NDArray[np.float64], dice: np.random.Generator) -> NDArray[np.float64]:
    """Return the sheet on a table with some grain, at one side or all around."""
    sides = dice.integers(10, 120, 4) * (dice.random(4) < 0.7)
    size = (sheet.shape[0] + sides[0] + sides[1], sheet.shape[1] + sides[2] + sides[3], 3)
    grain = Image.fromarray(dice.normal(0, 6, (size[0] // 20 + 2, size[1] // 2)))
    table = np.array(dice.uniform(25, [110, 80, 70])) + np.asarray(grain.resize((size[1], size[0])))[..., None]
    table[sides[0] : sides[0] + sheet.shape[0], sides[2] : sides[2] + sheet.shape[1]] = sheet
    return table


def _light(high: int, wide: int, kind: str, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return the light on each pixel, up to 1."""
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    if kind == "corners":
        return 1 - dice.uniform(0.2, 0.4) * (x * x + y * y)
    if kind == "lamp":
        return 0.35 + 0.65 * np.exp(-((x - dice.uniform(-1, 1)) ** 2 + (y - dice.uniform(-1, 1)) ** 2) / 1.5)
    if kind == "shadow":
        edge = (x * dice.normal() + y * dice.normal() + dice.normal(0, 0.3)) * dice.uniform(5, 60)
        return 1 - dice.uniform(0.25, 0.55) / (1 + np.exp(-edge))
    return 1 - 0.15 * (x + 1) / 2 * dice.uniform(0, 1)
