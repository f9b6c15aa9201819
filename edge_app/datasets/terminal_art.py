"""Ink as a small picture in characters, for a terminal without a display."""

from collections.abc import Sequence

import numpy as np

from ..recognition.ink import Stroke, box_of
from ..recognition.normalise import draw_strokes
from ..recognition.pictures import Coverage

ROWS = 9
MOST_COLUMNS = 76


def sketch_ink(ink: Sequence[Stroke], rows: int = ROWS, blocks: bool = True) -> str:
    """Return ink as `rows` lines of half blocks, or of `#` where the terminal has none; empty for no ink."""
    if not ink:
        return ""
    left, top, right, bottom = box_of(ink)
    pen = 1.8
    scale = min((2 * rows - pen) / max(bottom - top, 1e-6), (MOST_COLUMNS - pen) / max(right - left, 1e-6))
    if right == left and bottom == top:
        scale = 1.0
    strokes = [((stroke - [left, top]) * scale + pen / 2).astype(np.float32) for stroke in ink]
    width = max(1, round((right - left) * scale + pen))
    height = max(2, round((bottom - top) * scale + pen))
    return _characters(draw_strokes(strokes, pen, width, height + height % 2) > 0.5, blocks)


def sketch_picture(coverage: Coverage, rows: int = ROWS, blocks: bool = True) -> str:
    """Return a picture of ink as at most `rows` lines."""
    used_rows, used_columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if len(used_rows) == 0:
        return ""
    cut = coverage[used_rows[0] : used_rows[-1] + 1, used_columns[0] : used_columns[-1] + 1]
    step = max(cut.shape[0] / (2 * rows), cut.shape[1] / MOST_COLUMNS, 1e-6)
    at = [np.floor(np.arange(0, side, step)).astype(int) for side in cut.shape]
    small = np.maximum.reduceat(np.maximum.reduceat(cut, np.unique(at[0]), axis=0), np.unique(at[1]), axis=1)
    return _characters(np.pad(small > 96, ((0, len(small) % 2), (0, 0))), blocks)


def _characters(solid: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", blocks: bool) -> str:
    names = " ▀▄█" if blocks else " '.#"
    codes = solid[0::2].astype(int) + 2 * solid[1::2]
    return "\n".join("".join(names[code] for code in row).rstrip() for row in codes)
