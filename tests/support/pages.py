"""Photos of written pages, made from real digits: papers, light, tables, pens and cameras, all by a seed."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from edge_app.recognition.ink import Stroke
from edge_app.recognition.normalise import draw_strokes

KINDS = (
    *("plain", "corners", "lamp", "shadow", "table", "tilt", "ruled", "squared", "dotted", "pencil", "faint", "pens"),
    *("coloured", "whiteboard", "board", "texture", "blur", "motion", "jpeg", "phone"),
)
PENS = ((200, 30, 40), (20, 150, 60), (90, 170, 230), (240, 200, 20), (240, 120, 20), (120, 40, 160), (230, 90, 170))
PAPERS = ((250, 235, 120), (245, 180, 200), (170, 215, 245), (190, 230, 170), (190, 150, 105))

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
    """Return a photo of a page: `kind`, of KINDS joined by +, says what is hard about it; noise and JPEG are in all."""
    kinds = kind.split("+")
    high, wide = page.shape
    paper, ink = np.array(dice.uniform([200, 195, 180], 250)), np.array(dice.uniform(10, [70, 60, 120]))
    if "coloured" in kinds:
        paper = np.array(PAPERS[dice.integers(len(PAPERS))]) * dice.uniform(0.85, 1)
    if "pens" in kinds:
        ink = np.array(PENS[dice.integers(len(PENS))]) * dice.uniform(0.9, 1)
    if "pencil" in kinds:
        ink = paper * dice.uniform(0.55, 0.75)
    if "faint" in kinds:
        ink = paper * dice.uniform(0.78, 0.85)
        page = page * dice.uniform(0.6, 1, page.shape)
    if "board" in kinds:
        paper, ink = np.array(dice.uniform(25, 60, 3)), np.array(dice.uniform(180, 235, 3))
    sheet: NDArray[np.float64] = np.broadcast_to(paper, (high, wide, 3)).copy()
    for pattern in ("ruled", "squared", "dotted"):
        if pattern in kinds:
            sheet = _rule(sheet, dice, pattern)
    if "texture" in kinds:
        sheet += 9 * _grain(high, wide, 3, 3, dice)
    if "whiteboard" in kinds:  # smears of what was wiped off
        sheet *= 1 - 0.05 * np.clip(_grain(high, wide, 40, 15, dice), 0, 2)
    sheet += page[..., None] * (np.minimum(ink, sheet) if "board" not in kinds else ink) - page[..., None] * sheet
    if "table" in kinds or "tilt" in kinds:
        sheet = _lay_on_table(sheet, dice, all_around="tilt" in kinds)
    if "tilt" in kinds:
        sheet = _tilt(sheet, dice)
    high, wide = sheet.shape[:2]
    for one in kinds:
        sheet = sheet * _light(high, wide, one, dice)[..., None]
    if "whiteboard" in kinds:
        sheet = sheet * 0.85 + 120 * _lamp(high, wide, 0.05, dice)[..., None]
    sheet += dice.normal(0, dice.uniform(8, 14) if "phone" in kinds else dice.uniform(0.5, 4), sheet.shape)
    photo = Image.fromarray(np.rint(sheet.clip(0, 255)).astype(np.uint8))
    photo = photo.filter(ImageFilter.GaussianBlur(dice.uniform(0.8, 1.6) * (2.5 if "blur" in kinds else 0.5)))
    if "motion" in kinds:
        photo = _shake(photo, int(dice.integers(5, 10)), dice.uniform(0, 2 * np.pi))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=30 if "jpeg" in kinds else int(dice.integers(55, 95)))
    return Image.open(file)


def _grain(high: int, wide: int, rows: int, columns: int, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return smooth noise with a deviation of about 1, (height, width, 1), that changes over `rows` and `columns`."""
    coarse = Image.fromarray(dice.normal(0, 1, (high // rows + 2, wide // columns + 2)).astype(np.float32))
    return np.asarray(coarse.resize((wide, high), Image.Resampling.BICUBIC), np.float64)[..., None]


def _tilt(sheet: NDArray[np.float64], dice: np.random.Generator) -> NDArray[np.float64]:
    """Return the sheet seen from a corner: each corner of the picture shows a place up to a tenth inside."""
    image = Image.fromarray(np.rint(sheet.clip(0, 255)).astype(np.uint8))
    wide, high = image.size
    inset = dice.uniform(0, 0.1, (4, 2)) * np.array([wide, high])
    corners = np.array([(0, 0), (0, high), (wide, high), (wide, 0)]) + inset * [(1, 1), (1, -1), (-1, -1), (-1, 1)]
    data = tuple(corners.ravel().tolist())
    return np.asarray(image.transform(image.size, Image.Transform.QUAD, data, Image.Resampling.BICUBIC), np.float64)


def _shake(photo: Image.Image, length: int, angle: float) -> Image.Image:
    """Return the mean of the photo shifted along a line of `length` pixels."""
    steps = np.linspace(-length / 2, length / 2, 2 * length)
    still = np.asarray(photo)
    moved = [np.roll(still, (round(d * np.sin(angle)), round(d * np.cos(angle))), (0, 1)).astype(float) for d in steps]
    return Image.fromarray(np.rint(np.mean(moved, axis=0)).astype(np.uint8))


def _rule(sheet: NDArray[np.float64], dice: np.random.Generator, pattern: str) -> NDArray[np.float64]:
    """Return the sheet with rules, squares or dots, up to 3 degrees askew."""
    high, wide = sheet.shape[:2]
    lines = Image.new("L", (2 * wide, 2 * high))
    pen, step = ImageDraw.Draw(lines), dice.uniform(35, 80)
    thick = int(dice.integers(1, 4))
    places = np.arange(dice.uniform(0, step), 2 * max(high, wide), step).tolist()
    for place in places:
        if pattern == "dotted":
            for other in places:
                pen.ellipse((place - 2, other - 2, place + 2, other + 2), fill=255)
            continue
        pen.line([(0, place), (2 * wide, place)], fill=255, width=thick)
        if pattern == "squared":
            pen.line([(place, 0), (place, 2 * high)], fill=255, width=thick)
    turned = lines.rotate(dice.uniform(-3, 3)).crop((wide // 2, high // 2, wide // 2 + wide, high // 2 + high))
    cover = np.asarray(turned)[..., None] / 255 * dice.uniform(0.3, 0.9)
    return sheet * (1 - cover) + cover * np.array(dice.uniform([70, 90, 140], [150, 160, 210]))


def _lay_on_table(
    sheet: NDArray[np.float64], dice: np.random.Generator, *, all_around: bool = False
) -> NDArray[np.float64]:
    """Return the sheet on a table with some grain, at some sides or all around."""
    sides = dice.integers(10, 120, 4) * ((dice.random(4) < 0.7) | all_around)
    size = (sheet.shape[0] + sides[0] + sides[1], sheet.shape[1] + sides[2] + sides[3])
    table = np.array(dice.uniform(25, [110, 80, 70])) + 6 * _grain(*size, 20, 2, dice)
    table[sides[0] : sides[0] + sheet.shape[0], sides[2] : sides[2] + sheet.shape[1]] = sheet
    return table


def _light(high: int, wide: int, kind: str, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return the light on each pixel, up to 1."""
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    if kind == "corners":
        return 1 - dice.uniform(0.2, 0.4) * (x * x + y * y)
    if kind == "lamp":
        return 0.35 + 0.65 * _lamp(high, wide, 1.5, dice)
    if kind == "shadow":
        edge = (x * dice.normal() + y * dice.normal() + dice.normal(0, 0.3)) * dice.uniform(5, 60)
        return 1 - dice.uniform(0.25, 0.55) / (1 + np.exp(-edge))
    return 1 - 0.15 * (x + 1) / 2 * dice.uniform(0, 1)


def _lamp(high: int, wide: int, size: float, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return a spot of light somewhere, 1 at its middle."""
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    return np.exp(-((x - dice.uniform(-1, 1)) ** 2 + (y - dice.uniform(-1, 1)) ** 2) / size)
