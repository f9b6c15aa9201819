"""Ink drawn in characters, for a terminal without a display."""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..recognition.ink import Ink, Stroke, box_of
from ..recognition.normalise import draw_strokes
from ..recognition.pictures import Coverage

ROWS = 9
MOST_COLUMNS = 76
BLOCKS = " ▀▄█"
PLAIN = " '.#"


def draw_sample(content: Ink | Coverage) -> str:
    """Return ink or a picture of ink as at most ROWS lines; empty for no ink."""
    return _draw_ink(content) if isinstance(content, tuple) else _draw_picture(content)


def _draw_ink(ink: Sequence[Stroke]) -> str:
    if not ink:
        return ""
    left, top, right, bottom = box_of(ink)
    pen = 1.8
    scale = min((2 * ROWS - pen) / max(bottom - top, 1e-6), (MOST_COLUMNS - pen) / max(right - left, 1e-6))
    if right == left and bottom == top:
        scale = 1.0
    strokes = [((stroke - [left, top]) * scale + pen / 2).astype(np.float32) for stroke in ink]
    width = max(1, round((right - left) * scale + pen))
    height = max(2, round((bottom - top) * scale + pen))
    return _characters(draw_strokes(strokes, pen, width, height + height % 2) > 0.5)


def _draw_picture(coverage: Coverage) -> str:
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if len(rows) == 0:
        return ""
    cut = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    step = max(cut.shape[0] / (2 * ROWS), cut.shape[1] / MOST_COLUMNS, 1e-6)
    at = [np.floor(np.arange(0, side, step)).astype(int) for side in cut.shape]
    small = np.maximum.reduceat(np.maximum.reduceat(cut, np.unique(at[0]), axis=0), np.unique(at[1]), axis=1)
    return _characters(np.pad(small > 96, ((0, len(small) % 2), (0, 0))))


def _characters(solid: NDArray[np.bool_]) -> str:
    """Return two rows of pixels as one line of half blocks, or of `#` where the terminal cannot print blocks."""
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
        characters = BLOCKS
    except UnicodeEncodeError:
        characters = PLAIN
    codes = solid[0::2].astype(int) + 2 * solid[1::2]
    return "\n".join("".join(characters[code] for code in row).rstrip() for row in codes)
