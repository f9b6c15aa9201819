"""Golden screens: stored small, compared by blocks, shown side by side where they differ."""

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..conftest import ROOT

FOLDER = ROOT / "tests" / "gui" / "screens"
WIDEST = 1024  # pixels of a kept picture: a larger one is reduced by a whole factor
COLOURS = 64
BLOCK = 8  # pixels: the means of such squares are compared, which smoothing of type hardly changes
STEP = 8.0  # of 255, in one of the colours: a block further off differs
ALLOWED = 3  # blocks; the smallest button moved by six pixels makes four

Picture: TypeAlias = NDArray[np.uint8]
"""(height, width, 3)."""


def reduced(picture: Picture) -> Picture:
    """Return a picture reduced to at most WIDEST, by the mean of each square of pixels."""
    factor = -(-picture.shape[1] // WIDEST)
    return picture if factor == 1 else np.array(Image.fromarray(picture).reduce(factor))


def differing(expected: Picture, got: Picture) -> NDArray[np.bool_]:
    """Return which blocks differ, (rows, columns); a rim narrower than a block is padded."""
    off = np.abs(_block_means(expected) - _block_means(got)).max(axis=2)
    return np.asarray(off > STEP)


def is_like(expected: Picture, got: Picture) -> bool:
    """Return whether two pictures show the same."""
    return expected.shape == got.shape and int(differing(expected, got).sum()) <= ALLOWED


def _block_means(picture: Picture) -> NDArray[np.float64]:
    high, wide = (-(-side // BLOCK) * BLOCK for side in picture.shape[:2])
    whole = np.pad(picture, ((0, high - picture.shape[0]), (0, wide - picture.shape[1]), (0, 0)), mode="edge")
    return whole.reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK, 3).mean(axis=(1, 3))


def keep(name: str, picture: Picture) -> Path:
    """Store a picture as the expected one."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    image = Image.fromarray(reduced(picture)).quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
    )
    image.save(path, optimize=True)
    return path


def kept(name: str) -> Picture:
    """Return the expected picture."""
    with Image.open(FOLDER / f"{name}.png") as image:
        return np.array(image.convert("RGB"))


def fault(name: str, picture: Picture, folder: Path) -> str | None:
    """Return an error that names a side-by-side picture if this one is not as expected; None if it is."""
    if not (FOLDER / f"{name}.png").exists():
        return (
            f"{name}: there is no picture to compare with. Look at it, then: pytest tests/gui/test_screens.py {OPTION}"
        )
    expected, got = kept(name), reduced(picture)
    if is_like(expected, got):
        return None
    path = folder / f"{name}.png"
    Image.fromarray(side_by_side(expected, got)).save(path)
    said = f"{name}: not as expected; see {path} (expected, got, difference)."
    return f"{said} If it is right so: pytest tests/gui/test_screens.py {OPTION}"


OPTION = "--write-screens"


def side_by_side(expected: Picture, got: Picture) -> Picture:
    """Return both pictures and their difference, differing blocks in red; black where one picture has no pixels."""
    size = np.maximum(expected.shape, got.shape)
    both = [np.zeros(size, np.uint8) for _ in range(2)]
    for whole, part in zip(both, (expected, got), strict=True):
        whole[: part.shape[0], : part.shape[1]] = part
    off: Any = 255 - np.abs(both[0].astype(int) - both[1]).astype(np.uint8)
    marked = differing(*both).repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[: size[0], : size[1]]
    off[marked] = off[marked] // 2 + np.array([127, 0, 0], np.uint8)
    gap = np.full((size[0], BLOCK, 3), 128, np.uint8)
    return np.hstack([both[0], gap, both[1], gap, off])
