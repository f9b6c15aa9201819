"""What was taken for ink, with the boxes and the digits that were read: for a person to look at."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..recognition.ink import Ink, box_of
from ..recognition.pictures import Coverage
from ..recognition.results import Reading

INK_SIDE = 800  # pixels of the longer side of ink, which has no pixels of its own
LINES = ((200, 60, 0), (0, 90, 200))  # colours of the lines of writing, in turn


def mark_page(content: Ink | Coverage, reading: Reading) -> Image.Image:
    """Return the ink in black on white, RGB, each digit framed in its line's colour with its label and confidence."""
    if isinstance(content, tuple):
        page, offset, scale = _draw_ink(content)
    else:
        page, offset, scale = Image.fromarray(255 - content).convert("RGB"), np.zeros(2), 1.0
    pen = ImageDraw.Draw(page)
    thick = max(1, max(page.size) // 400)
    for digit in reading.digits:
        (left, top), (right, bottom) = (np.reshape(digit.box, (2, 2)) - offset) * scale
        colour = LINES[digit.line % len(LINES)]
        pen.rectangle((left - thick, top - thick, right + thick, bottom + thick), outline=colour, width=thick)
        size = max(10.0, (bottom - top) / 5)
        at = (left, max(0.0, top - 1.3 * size))
        pen.text(at, f"{digit.digit} {digit.confidence:.0%}", fill=colour, font=ImageFont.load_default(size))
    return page


def _draw_ink(ink: Ink) -> tuple[Image.Image, NDArray[np.float64], float]:
    """Return ink drawn with a margin, and where the page's corner lies and how it is scaled."""
    left, top, right, bottom = box_of(ink) if ink else (0.0, 0.0, 1.0, 1.0)
    side = max(right - left, bottom - top, 1e-9)
    scale, margin = INK_SIDE / side, side / 8
    size = (round((right - left + 2 * margin) * scale), round((bottom - top + 2 * margin) * scale))
    page = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(page)
    offset = np.array([left - margin, top - margin])
    for stroke in ink:
        points = [(float(x), float(y)) for x, y in (stroke - offset) * scale]
        pen.line(points if len(points) > 1 else points * 2, fill=(0, 0, 0), width=INK_SIDE // 100, joint="curve")
    return page, offset, scale


def draw_pages(pages: Sequence[tuple[Ink | Coverage, Reading]]) -> Image.Image:
    """Return marked pages below each other, a grey rule between them."""
    marked, gap = [mark_page(content, reading) for content, reading in pages], 4
    width = max(page.width for page in marked)
    sheet = Image.new("RGB", (width, sum(page.height + gap for page in marked) - gap), (160, 160, 160))
    y = 0
    for page in marked:
        sheet.paste((255, 255, 255), (0, y, width, y + page.height))
        sheet.paste(page, (0, y))
        y += page.height + gap
    return sheet
