"""Pictures: polarity, formats, limits, and connected pieces against a flood fill."""

import io
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge_app import images
from edge_app.errors import ImageError
from edge_app.images import open_picture, pieces_of


def page(paper: int, ink: int, mode: str = "L") -> Image.Image:
    image = Image.new("L", (120, 80), paper)
    ImageDraw.Draw(image).line([(30, 10), (30, 70)], fill=ink, width=6)
    ImageDraw.Draw(image).ellipse((60, 20, 100, 70), outline=ink, width=6)
    return image.convert(mode)


def stored(image: Image.Image, kind: str) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind)
    file.seek(0)
    return file


@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG"])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (200, 90), (40, 160)])
def test_polarity_is_found_whatever_the_colours(kind: str, paper: int, ink: int) -> None:
    coverage = open_picture(stored(page(paper, ink), kind))
    assert coverage[40, 30] > 200
    assert coverage[5, 5] == 0
    assert coverage[45, 80] < 30  # inside the ring
    assert len(pieces_of(coverage)) == 2


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "I;16", "LA"])
def test_every_common_pixel_format_is_read(mode: str) -> None:
    coverage = open_picture(stored(page(255, 0, mode), "PNG"))
    assert len(pieces_of(coverage)) == 2


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_a_transparent_page_is_seen(ink: int) -> None:
    drawn = np.asarray(page(0, 255))
    rgba = np.zeros((*drawn.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = ink, drawn
    assert len(pieces_of(open_picture(stored(Image.fromarray(rgba), "PNG")))) == 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_paper_holds_no_ink(level: int) -> None:
    assert not open_picture(stored(Image.new("L", (50, 50), level), "PNG")).any()


def test_noise_on_blank_paper_is_no_ink() -> None:
    noise = np.random.default_rng(1).normal(200, 3, (200, 200)).clip(0, 255).astype(np.uint8)
    assert not open_picture(stored(Image.fromarray(noise), "PNG")).any()


def test_a_large_photo_is_looked_at_small() -> None:
    assert max(open_picture(stored(page(255, 0).resize((6000, 4000)), "PNG")).shape) == images.WORKING_SIDE


def test_files_that_are_no_pictures_are_one_clear_line(tmp_path: Path) -> None:
    whole = stored(page(255, 0), "PNG").getvalue()
    cases = {
        "empty": b"",
        "text": b"seven",
        "truncated": whole[: len(whole) // 2],
        "gif": stored(page(255, 0), "GIF").getvalue(),
        "flipped": whole[:40] + bytes([whole[40] ^ 255]) + whole[41:],
    }
    for name, content in cases.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(content)
        with pytest.raises(ImageError) as caught:
            open_picture(path)
        assert "\n" not in str(caught.value), name
    with pytest.raises(ImageError, match="cannot be read"):
        open_picture(tmp_path / "missing.png")


def test_a_decompression_bomb_is_refused() -> None:
    bomb = stored(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(ImageError, match="scale it down"):
        open_picture(bomb)


def flood_fill(solid: NDArray[np.bool_]) -> list[frozenset[tuple[int, int]]]:
    """The textbook way: an independent oracle for the union-find over runs."""
    left = {(int(row), int(column)) for row, column in np.argwhere(solid)}
    found = []
    while left:
        queue, piece = deque([left.pop()]), set()
        while queue:
            row, column = queue.popleft()
            piece.add((row, column))
            for near in ((row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if near in left:
                    left.remove(near)
                    queue.append(near)
        found.append(frozenset(piece))
    return found


@pytest.mark.parametrize("density", [0.1, 0.3, 0.45, 0.6])
def test_pieces_are_those_of_a_flood_fill(density: float) -> None:
    random = np.random.default_rng(int(density * 100))
    for _ in range(20):
        solid = random.random((17, 23)) < density
        labels = images._label(solid)
        pieces = [
            frozenset((int(row), int(column)) for row, column in np.argwhere(labels == label))
            for label in range(1, labels.max() + 1)
        ]
        assert set(pieces) == set(flood_fill(solid))
