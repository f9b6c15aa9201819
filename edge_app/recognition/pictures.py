"""Pictures of handwriting: opened within limits, polarity detected, split into connected pieces of ink."""

import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, NoInkError
from .components import Pieces, measure
from .cuts import cut_piece
from .paper import Grey, Light, find_ink, grey_of, typical_width
from .results import Digit
from .segmentation import line_height

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
SUFFIXES = {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
MAX_PIXELS = 50_000_000
MAX_JPEG = 120_000_000  # a 108 megapixel photo: a JPEG that is not progressive is scaled down while it is decoded
MAX_SIDE = 65_535  # JPEG's own limit; each row costs memory, however short
MAX_DECODED = 320_000_000  # bytes that decoding may need: a Pi has 1 GB
ORIENTATION = 0x0112  # in EXIF; Pillow's exif_transpose would also rewrite the metadata
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # to Pillow's Transpose
TILE = 1024  # side of the tiles in which a large picture is converted
MAX_PIECES = 300  # of ink on a page, without specks
CLEAR = 0.9  # confidence of most digits on a page of digits
DOUBT = 0.35  # of the digits are less clear on a page of text, or on no page
FEW = 5  # digits that may all be doubtful
SOFT, BLUR = 2.5, 0.15  # pixels, and of a line's width: softer edges are out of focus
FADED = 25  # of 255 between a pixel's colours: a page with less is grey
WORKING_SIDE = 1024  # pixels of the longest side: a digit of 1/40 of the page still has 25

Coverage = NDArray[np.uint8]
"""(height, width) uint8: how much ink a pixel has, 0 is paper."""


def open_picture(source: Path | IO[bytes]) -> Coverage:
    """Return the ink of a picture in one of FORMATS, white on black or black on white, 0 for paper.

    Raises ImageError for a picture that cannot be decoded completely, or is too large, NoInkError for a blank one.
    """
    from PIL import Image, UnidentifiedImageError  # not at import: the window needs no pictures, and Pillow takes 4 MB

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's about metadata and size; the size is checked below
            with Image.open(source, formats=FORMATS) as image:
                _check_size(image)
                page = _page_of(image)
    except Image.DecompressionBombError:
        raise ImageError(f"more than {MAX_PIXELS:,} pixels: scale it down") from None
    except UnidentifiedImageError:
        raise ImageError(f"not a picture: expected {', '.join(FORMATS)}") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:  # what Pillow raises on corrupt files
        raise ImageError(f"cannot be read as a picture: {error}") from None
    ink = find_ink(page)
    if not ink.any():
        raise _why_blank(grey_of(page))
    return ink


def _why_blank(grey: Grey) -> NoInkError:
    """Return why no ink is found on a page, and what to do."""
    dark, light = np.percentile(grey, [1, 99])
    if light < 60:
        return NoInkError("no ink found, the picture is too dark. Take it in better light")
    if light - dark > 40:
        how = "Take it sharp, from above, with nothing but the page"
        return NoInkError(f"no ink found, only soft shades. {how}", "fault_blurred")
    return NoInkError("no ink found. Write with a darker pen, or go closer")


def check_page(coverage: Coverage, digits: Sequence[Digit]) -> None:
    """Raise ImageError if a page is too blurred to be read, or has no digits, as many of those read are doubtful."""
    doubtful = sum(digit.rejected or digit.confidence < CLEAR for digit in digits)
    if doubtful <= DOUBT * len(digits):
        return
    if _is_blurred(coverage):
        raise ImageError("too blurred. Take it again, sharp and from close by", "fault_blurred")
    if len(digits) > FEW or (len(digits) > 1 and all(digit.rejected for digit in digits)):
        what = f"{doubtful} of {len(digits)} pieces of ink are no clear digits"
        raise ImageError(f"{what}: not a page of digits. Crop it to the digits", "fault_no_digits")


def _is_blurred(coverage: Coverage) -> bool:
    """Return whether the edges of ink are soft, beside its lines."""
    pieces = measure(coverage >= 64)
    edge = float(((coverage >= 64) & (coverage < 192)).sum()) / max(int(pieces.outline.sum()), 1)
    return edge > max(SOFT, BLUR * typical_width(pieces))


def _check_size(image: "Image.Image") -> None:
    """Raise ImageError if decoding would take too much memory, by the header."""
    # a progressive JPEG's coefficients are all kept, 2 bytes each; Pillow's pixels take up to 4 in any mode
    each = 2 * len(image.getbands()) if image.info.get("progressive") else 4
    most = min(MAX_PIXELS, MAX_DECODED // max(each, 4))
    if image.format == "JPEG" and not image.info.get("progressive"):
        most = MAX_JPEG
    if image.width * image.height > most:
        raise ImageError(f"{image.width}x{image.height} pixels are more than {most:,}: scale it down")
    if max(image.size) > MAX_SIDE:
        raise ImageError(f"{image.width}x{image.height} pixels: no side may be longer than {MAX_SIDE:,}, cut it")


def ink_of_image(image: "Image.Image") -> Coverage:
    """Return how much ink each pixel of a Pillow image has, uint8, 0 for paper, at most WORKING_SIDE on a side."""
    return find_ink(_page_of(image))


def _page_of(image: "Image.Image") -> Light:
    """Return a Pillow image upright, at most WORKING_SIDE on a side; in grey if it has hardly any colour."""
    from PIL import Image

    image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))  # a JPEG decodes small at once
    image.load()
    if image.mode in ("P", "PA") and image.palette is None:  # Pillow opens it, and then asserts
        raise ImageError("cannot be read as a picture: its palette is missing")
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    factor = max(image.size) // WORKING_SIDE
    if factor > 1:
        image = _reduced(image, factor)  # before anything that copies the whole page
    page = _flatten(image if turn is None else image.transpose(Image.Transpose(turn)))
    if max(page.size) > WORKING_SIDE:
        scale = WORKING_SIDE / max(page.size)
        size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
        page = page.resize(size, Image.Resampling.BOX)
    if page.mode == "RGB" and np.percentile(np.ptp(np.asarray(page)[::2, ::2], axis=2), 99.5) < FADED:
        page = page.convert("L")
    return np.asarray(page, np.float32)


def _reduced(image: "Image.Image", factor: int) -> "Image.Image":
    """Return `image` scaled down by a whole factor, each pixel the mean of a square; tile by tile.

    50 million pixels are 200 MB in some modes, and palettes and 1-bit images must be converted before scaling.
    """
    from PIL import Image

    mode = "RGBA" if image.has_transparency_data else image.mode[0] if image.mode[0] in "IF" else _colours(image)
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    step = factor * max(1, TILE // factor)
    for top in range(0, image.height, step):
        for left in range(0, image.width, step):
            tile = image.crop((left, top, min(left + step, image.width), min(top + step, image.height)))
            small.paste(tile.convert(mode).reduce(factor), (left // factor, top // factor))
    return small


def _flatten(image: "Image.Image") -> "Image.Image":
    """Return `image` in 8-bit grey or RGB; in a transparent drawing the opaque pixels are ink."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # Pillow clips these to 8 bits instead of scaling
        levels = np.asarray(image, np.float32)
        high = float(levels.max(initial=0))
        # by the range of the format, not of the picture, so that blank paper stays blank
        top = 255.0 if high <= 255 else 65535.0 if high <= 65535 else high
        return Image.fromarray(np.clip(levels * (255 / top), 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"))
        opaque = np.asarray(rgba.convert("RGB").convert("L"))[alpha > 127]
        # light ink goes on black, dark ink on white, where it stays visible
        light = opaque.size > 0 and float(opaque.mean()) > 127
        paper = Image.new("RGBA", rgba.size, (0, 0, 0, 255) if light else (255, 255, 255, 255))
        return Image.alpha_composite(paper, rgba).convert("RGB")
    return image.convert(_colours(image))


def _colours(image: "Image.Image") -> str:
    """Return the mode of Pillow in which a picture keeps its colours, if it has any."""
    return "L" if image.mode in ("1", "L", "LA", "La") else "RGB"


@dataclass(frozen=True)
class Piece:
    """A connected piece of ink: `mask` marks it within `box`, (left, top, right, bottom) in pixels."""

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]

    @property
    def outline(self) -> NDArray[np.float64]:
        """The first and last pixel of each row, (n, 2) of x, y on the page."""
        rows = np.flatnonzero(self.mask.any(axis=1))
        left = self.mask[rows].argmax(axis=1)
        right = self.mask.shape[1] - self.mask[rows, ::-1].argmax(axis=1)
        points = np.stack([np.concatenate([left, right]), np.concatenate([rows, rows + 1])], axis=1)
        return points + np.array(self.box[:2], np.float64)


def pieces_of(coverage: Coverage) -> list[Piece]:
    """Return the connected pieces of ink, without specks; raises ImageError for more than MAX_PIECES."""
    pieces = measure(coverage >= 64)
    kept = np.flatnonzero(pieces.area >= max(2, 0.01 * int(pieces.area.max(initial=0))))
    if len(kept) > MAX_PIECES:
        raise ImageError(
            f"{len(kept)} pieces of ink are more than {MAX_PIECES}: not a page of digits. Crop it", "fault_no_digits"
        )
    return [_piece(pieces, int(i)) for i in kept]


def _piece(pieces: Pieces, i: int) -> Piece:
    left, top, right, bottom = (int(side[i]) for side in (pieces.left, pieces.top, pieces.right, pieces.bottom))
    return Piece(pieces.labels[top:bottom, left:right] == i + 1, (left, top, right, bottom))


def cut_touching(piece: Piece, line: Sequence[Piece]) -> list[Piece]:
    """Return the parts of a piece that may be digits of their own, from left to right."""
    height = line_height(np.array([other.box for other in line], np.float64))
    area, outline = piece.mask.sum(), measure(piece.mask).outline.sum()
    parts = []
    for mask in cut_piece(piece.mask, height, 2 * float(area) / float(outline)):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        x, y = piece.box[:2]
        parts.append(Piece(mask[top:bottom, left:right], (x + left, y + top, x + right, y + bottom)))
    return parts
