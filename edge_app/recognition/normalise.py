"""Normalisation of ink, or of a picture, to a 28x28 image like MNIST's; training uses this too."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from .ink import Stroke

SIZE = 28
BOX = 20
CENTRE = 14  # MNIST puts the centre of mass on pixel (14, 14): measured mean (14.01, 14.00), all within +-0.51
PEN_WIDTH = 2.6  # pixels of the 20x20 box; MNIST's own lines are 2 to 3 wide
STEP = 0.4  # pixels along the line: closer points make no difference
TINY = 1e-30  # in any unit: a smaller extent is a point
CHUNK = 1024  # segments at a time: 100,000 points need only a few megabytes

Line = NDArray[np.float32]
"""(n, 2) float32: a stroke in pixels of the result."""

DigitImage = NDArray[np.uint8]
"""(28, 28) uint8, 0 is paper."""


def normalise_digit(ink: Sequence[Stroke], pen_width: float = PEN_WIDTH) -> DigitImage:
    """Return ink as MNIST would have drawn it: (28, 28) uint8, 0 is paper.

    The box is fitted in 20x20, line width included, then centred by mass, not by box (LeCun et al., 1998).
    `pen_width` is in pixels of the result, so the width of the pen on the screen does not matter. No ink gives blank
    paper, a single point a dot.
    """
    if not ink:
        return np.zeros((SIZE, SIZE), np.uint8)
    points = np.concatenate(ink)
    low = points.min(axis=0)
    extent = points.max(axis=0) - low
    longest = float(extent.max())
    scale = (BOX - pen_width) / longest if longest > TINY else 0.0
    width, height = (math.ceil(float(side) * scale + pen_width) for side in extent)
    fitted = ((points - low) * scale + pen_width / 2).astype(np.float32)
    ends = list(accumulate(map(len, ink), initial=0))
    strokes = [fitted[first:last] for first, last in pairwise(ends)]
    return _centre_by_mass(draw_strokes(strokes, pen_width, min(width, BOX), min(height, BOX)))


def draw_strokes(strokes: Sequence[Line], pen_width: float, width: int, height: int) -> NDArray[np.float32]:
    """Return (height, width) float32 coverage in [0, 1] of round-ended lines through `strokes`, in pixels.

    Computed from the distance to the nearest segment, with an edge one pixel soft; the same on every machine.
    """
    strokes = [_thin(stroke) for stroke in strokes]
    start = np.concatenate([stroke[:-1] if len(stroke) > 1 else stroke for stroke in strokes])
    end = np.concatenate([stroke[1:] if len(stroke) > 1 else stroke for stroke in strokes])
    nearest = np.full((height, width), np.inf, np.float32)
    for first in range(0, len(start), CHUNK):
        part = _distance2(start[first : first + CHUNK], end[first : first + CHUNK], width, height)
        np.minimum(nearest, part, out=nearest)
    return np.minimum(np.maximum(np.float32(pen_width / 2 + 0.5) - np.sqrt(nearest), 0), 1)


def _distance2(start: Line, end: Line, width: int, height: int) -> NDArray[np.float32]:
    """Return each pixel centre's squared distance to the nearest segment, (height, width) float32."""
    along = end - start
    length2 = np.maximum((along * along).sum(axis=1), np.float32(1e-12))
    # (height, width, segments), by broadcasting a row and a column part: the fastest way in numpy
    x = np.arange(width, dtype=np.float32)[:, None] + np.float32(0.5) - start[:, 0]
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5) - start[:, 1]
    t = (y * (along[:, 1] / length2))[:, None, :] + (x * (along[:, 0] / length2))[None, :, :]
    np.maximum(t, 0, out=t)  # np.clip would take longer to call than to compute
    np.minimum(t, 1, out=t)
    dx = t * along[:, 0]
    np.subtract(x[None, :, :], dx, out=dx)
    t *= along[:, 1]
    np.subtract(y[:, None, :], t, out=t)
    dx *= dx
    t *= t
    t += dx
    nearest: NDArray[np.float32] = t.min(axis=2)
    return nearest


def _thin(stroke: Line) -> Line:
    """Return the points of a stroke at least STEP apart along the line, both ends kept."""
    if len(stroke) < 24:
        return stroke
    along = stroke[1:] - stroke[:-1]
    step = np.floor(np.hypot(along[:, 0], along[:, 1]).cumsum() / STEP)
    keep = np.ones(len(stroke), bool)
    keep[1] = step[0] > 0
    keep[2:-1] = step[1:-1] != step[:-2]
    return stroke[keep]


def _centre_by_mass(drawn: NDArray[np.float32]) -> DigitImage:
    """Return coverage of at most (20, 20) placed in (28, 28) uint8, by whole pixels as in MNIST."""
    height, width = drawn.shape
    image = np.zeros((SIZE, SIZE), np.uint8)
    mass = float(drawn.sum())
    if mass <= 0:
        return image
    row = float(drawn.sum(axis=1) @ np.arange(height)) / mass
    column = float(drawn.sum(axis=0) @ np.arange(width)) / mass
    # symmetric ink lies exactly between two pixels: without a bias the last bit of a float would decide
    top, left = (math.floor(CENTRE - at + 0.499) for at in (row, column))
    top, left = min(max(top, 0), SIZE - height), min(max(left, 0), SIZE - width)
    image[top : top + height, left : left + width] = np.rint(drawn * 255)
    return image


FAINT = 0.2  # of the darkest ink: lighter pixels at the edge are blur
THIN_LINE = 1.6  # pixels of the 20x20 box: thinner lines, which MNIST lacks, are thickened


def normalise_bitmap(coverage: NDArray[np.uint8]) -> DigitImage:
    """Return a picture of one digit, (height, width) uint8 with 0 for paper, as MNIST would have drawn it.

    Box and centring are the same as for ink; greys are kept, and hairlines are thickened.
    """
    from PIL import Image  # not at import: the window needs no pictures, and Pillow takes 4 MB

    peak = int(coverage.max(initial=0))
    if peak == 0:
        return np.zeros((SIZE, SIZE), np.uint8)
    solid = coverage >= peak * FAINT
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    digit = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / peak
    longest = max(digit.shape)
    if _line_width(digit) * BOX / longest < THIN_LINE:
        digit = _thicken(digit)
        longest = max(digit.shape)
    size = [max(1, round(side * BOX / longest)) for side in digit.shape]
    filter_ = Image.Resampling.BOX if longest >= BOX else Image.Resampling.BICUBIC
    drawn = np.asarray(Image.fromarray(digit).resize((size[1], size[0]), filter_))
    return _centre_by_mass(np.clip(drawn / max(float(drawn.max()), 1e-6), 0, 1))


def _line_width(digit: NDArray[np.float32]) -> float:
    """Return the mean width of the lines in pixels: twice the area over the length of the outline."""
    solid = np.pad(digit >= 0.5, 1)
    inside = solid[1:-1, :-2] & solid[1:-1, 2:] & solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, 1:-1]
    area = int(solid.sum())
    return 2 * area / max(area - int(inside.sum()), 1)


def _thicken(digit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `digit` with its hairlines widened to THIN_LINE pixels of the 20x20 box, at most 160 on a side."""
    from PIL import Image, ImageFilter

    block = math.ceil(max(digit.shape) / 160)
    height, width = (math.ceil(side / block) * block for side in digit.shape)
    padded = np.pad(digit, ((0, height - digit.shape[0]), (0, width - digit.shape[1])))
    # the darkest pixel of a block, not the mean, in which a hairline would fade
    small = padded.reshape(height // block, block, width // block, block).max(axis=(1, 3))
    missing = round((THIN_LINE * max(small.shape) / BOX - _line_width(small)) / 2)
    if missing < 1:
        return small
    grown = Image.fromarray(np.rint(np.pad(small, missing) * 255).astype(np.uint8))
    for _ in range(missing):
        grown = grown.filter(ImageFilter.MaxFilter(3))
    return np.asarray(grown, np.float32) / 255
