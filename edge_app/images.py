"""Pictures of handwriting: opened within limits, polarity found, cut into connected pieces of ink."""

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import ImageError

FORMATS = ("PNG", "JPEG", "BMP")
MAX_PIXELS = 64_000_000  # a large phone photo; a decompression bomb is far beyond
WORKING_SIDE = 1024  # longest side that is looked at: a digit of 1/40 of the page still has 25 pixels

Coverage = NDArray[np.uint8]
"""(height, width) uint8: how much ink a pixel holds, 0 is paper."""


def open_picture(source: Path | IO[bytes]) -> Coverage:
    """Return the ink of a PNG, JPEG or BMP, white on black or black on white, 0 for paper.

    Raises ImageError for anything that cannot be decoded whole, or beyond MAX_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ImageError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS:,}: scale it down")
                return ink_of_image(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(f"more than {MAX_PIXELS:,} pixels: scale it down") from None
    except UnidentifiedImageError:
        raise ImageError(f"no picture that can be read: expected {', '.join(FORMATS)}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises on damaged files
        raise ImageError(f"cannot be read as a picture: {error}") from None


def ink_of_image(image: Image.Image) -> Coverage:
    """Return how much ink each pixel of any Pillow image holds, uint8, 0 for paper, at most WORKING_SIDE."""
    image.draft("L", (WORKING_SIDE, WORKING_SIDE))  # a JPEG decodes small at once
    image = ImageOps.exif_transpose(image)
    grey = _flatten(image)
    if max(grey.size) > WORKING_SIDE:
        factor = max(grey.size) / WORKING_SIDE
        grey = grey.resize(
            (max(1, round(grey.width / factor)), max(1, round(grey.height / factor))), Image.Resampling.BOX
        )
    return _ink_of_grey(np.asarray(grey, np.int16))


def _flatten(image: Image.Image) -> Image.Image:
    """Return `image` in 8-bit grey; a transparent drawing's ink is what is opaque."""
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits: Pillow clips instead of scaling
        levels = np.asarray(image, np.float64)
        low, high = float(levels.min()), float(levels.max())
        scaled = (levels - low) * (255 / (high - low)) if high > low else np.zeros_like(levels)
        return Image.fromarray(scaled.astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"))
        opaque = np.asarray(rgba.convert("RGB").convert("L"))[alpha > 127]
        # light ink on nothing lies on black, dark ink on white: else it would vanish
        light = opaque.size > 0 and float(opaque.mean()) > 127
        paper = Image.new("RGBA", rgba.size, (0, 0, 0, 255) if light else (255, 255, 255, 255))
        return Image.alpha_composite(paper, rgba).convert("L")
    return image.convert("L")


def _ink_of_grey(grey: NDArray[np.int16]) -> Coverage:
    """Return the ink on a page: what differs from the paper, towards the side that most of it is on.

    Paper is the median of the rim; shading is removed by the median of coarse tiles where the page is large.
    """
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(rim))
    noise = 6 * float(np.median(np.abs(rim - paper)))
    dark, light = np.clip(paper - grey, 0, None), np.clip(grey - paper, 0, None)
    ink = dark if float(dark.sum()) >= float(light.sum()) else light
    peak = float(np.percentile(ink[ink > noise], 95)) if bool((ink > noise).any()) else 0.0
    if peak < max(24, 2 * noise):  # of 255: fainter is a smudge on blank paper
        return np.zeros(grey.shape, np.uint8)
    ink = np.where(ink > noise, ink, 0) * (255 / peak)
    return np.clip(np.rint(ink), 0, 255).astype(np.uint8)


def pieces_of(coverage: Coverage) -> list[NDArray[np.bool_]]:
    """Return the connected pieces of ink as masks of the whole picture, specks left out.

    Eight-connected, by union-find over runs of ink in each row (Rosenfeld and Pfaltz, 1966).
    """
    solid = coverage >= 64
    labels = _label(solid)
    areas = np.bincount(labels.ravel())[1:]
    if len(areas) == 0:
        return []
    kept = np.flatnonzero(areas >= max(2, 0.01 * int(areas.max()))) + 1
    return [labels == label for label in kept]


def _label(solid: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return (height, width) int32, 0 for paper, 1.. for each connected piece."""
    edges = np.diff(np.pad(solid.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    row_first = np.searchsorted(rows, np.arange(solid.shape[0] + 1))
    for row in range(1, solid.shape[0]):
        above, here = row_first[row - 1], row_first[row]
        last = row_first[row + 1]
        while above < row_first[row] and here < last:
            if starts[above] <= ends[here] and starts[here] <= ends[above]:  # diagonal contact counts
                parent[root(int(here))] = root(int(above))
            if ends[above] < ends[here]:
                above += 1
            else:
                here += 1
    labels = np.zeros(solid.shape, np.int32)
    names: dict[int, int] = {}
    for run in range(len(rows)):
        name = names.setdefault(root(run), len(names) + 1)
        labels[rows[run], starts[run] : ends[run]] = name
    return labels
