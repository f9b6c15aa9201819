"""The program's icon: a sheet of paper with digits written on it, in any size, as pixels and as SVG."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...datasets.allographs import forms_of
from ...recognition.ink import Ink
from ...recognition.normalise import draw_strokes

GRID = 64  # the design's units on a side

Colour = tuple[int, int, int]
INK: Colour = (24, 38, 66)  # these are the window's light theme, which the core cannot import
PAPER: Colour = (255, 255, 252)
ACCENT: Colour = (20, 98, 190)

Pixels = NDArray[np.uint8]
"""(size, size, 4) uint8: red, green, blue, and alpha that is not multiplied in."""

Plane = NDArray[np.float32]
"""(size, size) float32 coverage in [0, 1]."""


class Box(NamedTuple):
    """A rectangle with round corners, filled with paper inside its line."""

    left: float
    top: float
    right: float
    bottom: float
    radius: float
    line: float


class Digit(NamedTuple):
    """A digit of allographs.jsonl, as high as this and with its middle here."""

    label: str
    form: str
    x: float
    y: float
    height: float
    pen: float


class Design(NamedTuple):
    """What is drawn, in this order: boxes, then digits; in units of GRID."""

    boxes: tuple[Box, ...]
    digits: tuple[Digit, ...]


LARGE = Design(
    (Box(3, 3, 61, 61, 11, 4), Box(31, 14, 55, 50, 5, 1.75)),
    (Digit("7", "plain", 19.5, 32, 26, 4.25), Digit("3", "round", 43, 32, 26, 4.25)),
)
MEDIUM = Design(
    (Box(3, 3, 61, 61, 11, 4),), (Digit("7", "plain", 21, 32, 30, 5.5), Digit("3", "round", 43.5, 32, 30, 5.5))
)
SMALL = Design((Box(3, 3, 61, 61, 12, 5),), (Digit("3", "round", 32, 32, 35, 8),))


def icon(size: int) -> Pixels:
    """Return the icon, `size` pixels on a side: sharp boxes on whole pixels, transparent corners.

    Small icons are simpler drawings: the frame of a digit needs 64 pixels, a second digit 32.
    """
    design = SMALL if size < 32 else MEDIUM if size < 64 else LARGE
    picture = np.zeros((size, size, 4), np.float32)  # colour multiplied with its coverage, until the end
    for box in design.boxes:
        _draw_box(picture, box, size / GRID)
    for digit in design.digits:
        _draw_digit(picture, digit, size / GRID)
    colour = picture[..., :3] / np.maximum(picture[..., 3:], np.float32(1e-6))
    return np.rint(np.concatenate([colour, 255 * picture[..., 3:]], axis=-1)).astype(np.uint8)


def _lay(picture: NDArray[np.float32], coverage: Plane, colour: Colour) -> None:
    picture *= 1 - coverage[..., None]
    picture += coverage[..., None] * np.array([*colour, 1], np.float32)


def _draw_box(picture: NDArray[np.float32], box: Box, scale: float) -> None:
    left, top, right, bottom = (round(side * scale) for side in box[:4])
    line = max(1, round(box.line * scale))
    radius = box.radius * scale
    inner = (left + line, top + line, right - line, bottom - line)
    _lay(picture, _box_coverage(len(picture), (left, top, right, bottom), radius), ACCENT)
    _lay(picture, _box_coverage(len(picture), inner, max(radius - line, 0.0)), PAPER)


def _box_coverage(size: int, sides: tuple[int, int, int, int], radius: float) -> Plane:
    """Return the coverage of a box with round corners, from each pixel's distance to its outline."""
    left, top, right, bottom = sides
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x = np.abs(centres - (left + right) / 2) - ((right - left) / 2 - radius)
    y = (np.abs(centres - (top + bottom) / 2) - ((bottom - top) / 2 - radius))[:, None]
    corner = np.hypot(np.maximum(x, 0), np.maximum(y, 0))
    distance = corner + np.minimum(np.maximum(x, y), 0) - radius
    return np.clip(0.5 - distance, 0, 1).astype(np.float32)


def _draw_digit(picture: NDArray[np.float32], digit: Digit, scale: float) -> None:
    pen = digit.pen * scale
    strokes = [stroke * scale for stroke in _ink_of(digit)]
    points = np.concatenate(strokes)
    # only the digit's own box is drawn: at 512 pixels the rest would cost 100 MB
    low = np.floor(points.min(axis=0) - pen / 2 - 1).astype(int)
    width, height = np.ceil(points.max(axis=0) + pen / 2 + 1).astype(int) - low
    drawn = draw_strokes([(stroke - low).astype(np.float32) for stroke in strokes], pen, width, height)
    _lay(picture[low[1] : low[1] + height, low[0] : low[0] + width], drawn, INK)


def _ink_of(digit: Digit) -> Ink:
    """Return a digit's strokes at its place in the design."""
    ink = next(one.ink for one in forms_of(digit.label) if one.form == digit.form)
    points = np.concatenate(ink)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = digit.height / (high - low)[1]
    return tuple((stroke - (low + high) / 2) * scale + [digit.x, digit.y] for stroke in ink)


def icon_svg(marker: str) -> bytes:
    """Return the icon as SVG with `marker` as its metadata: the large design, which has every detail."""
    shapes = [*map(_svg_box, LARGE.boxes), *map(_svg_digit, LARGE.digits)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{GRID}" height="{GRID}" viewBox="0 0 {GRID} {GRID}">',
        f"<metadata>{marker}</metadata>",
        *shapes,
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _svg_box(box: Box) -> str:
    half = box.line / 2  # SVG's line is half outside
    place = f'x="{box.left + half:g}" y="{box.top + half:g}"'
    size = f'width="{box.right - box.left - box.line:g}" height="{box.bottom - box.top - box.line:g}"'
    look = f'rx="{box.radius - half:g}" fill="{_hex(PAPER)}" stroke="{_hex(ACCENT)}" stroke-width="{box.line:g}"'
    return f"<rect {place} {size} {look}/>"


def _svg_digit(digit: Digit) -> str:
    path = " ".join(word for stroke in _ink_of(digit) for word in _svg_path(stroke.tolist()))
    look = f'fill="none" stroke="{_hex(INK)}" stroke-width="{digit.pen:g}" stroke-linecap="round"'
    return f'<path d="{path}" {look} stroke-linejoin="round"/>'


def _svg_path(points: list[list[float]]) -> Iterator[str]:
    for command, (x, y) in zip("M" + "L" * (len(points) - 1), points, strict=True):
        yield f"{command}{x:.2f} {y:.2f}"


def _hex(colour: Colour) -> str:
    return "#" + bytes(colour).hex()
