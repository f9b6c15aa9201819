"""Pictures: polarity, formats, limits, and connected pieces compared with a flood fill."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from edge_app.errors import ImageError, NoInkError
from edge_app.recognition import pictures as images
from edge_app.recognition.pictures import open_picture, pieces_of
from edge_app.recognition.recognizer import Recognizer

from ..conftest import ROOT
from ..support.memory import RESET_PEAK, peak, reset_peak


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


@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG", "GIF", "TIFF", "WEBP"])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (200, 90), (40, 160)])
def test_polarity_is_detected_for_any_colours(kind: str, paper: int, ink: int) -> None:
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
def test_ink_on_a_transparent_page_is_found(ink: int) -> None:
    drawn = np.asarray(page(0, 255))
    rgba = np.zeros((*drawn.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = ink, drawn
    assert len(pieces_of(open_picture(stored(Image.fromarray(rgba), "PNG")))) == 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_paper_has_no_ink(level: int) -> None:
    with pytest.raises(NoInkError, match="too dark" if level == 0 else r"no ink found\. Write"):
        open_picture(stored(Image.new("L", (50, 50), level), "PNG"))


def test_noise_on_blank_paper_is_not_ink() -> None:
    noise = np.random.default_rng(1).normal(200, 3, (200, 200)).clip(0, 255).astype(np.uint8)
    assert not images.ink_of_image(Image.fromarray(noise)).any()


def test_a_large_photo_is_scaled_down() -> None:
    assert max(open_picture(stored(page(255, 0).resize((6000, 4000)), "PNG")).shape) == images.WORKING_SIDE


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "I;16", "LA", "L"])
def test_a_large_picture_is_read_as_the_small_one(mode: str) -> None:
    small = page(255, 0, "I" if mode == "I;16" else mode)
    large = small.resize((2 * 1100, 2 * 733), Image.Resampling.NEAREST)
    large = Image.fromarray(np.asarray(large).astype(np.uint16) * 257) if mode == "I;16" else large
    if mode == "P":
        large.info["transparency"] = 77
    pieces = pieces_of(open_picture(stored(large, "PNG")))
    assert len(pieces) == 2
    unit = images.WORKING_SIDE / 120  # pixels of what is looked at, for one of the page
    expected = np.array([[28, 10, 34, 71], [60, 20, 101, 71]]) * unit
    assert np.abs(np.array(sorted(piece.box for piece in pieces)) - expected).max() < 1.5 * unit


@pytest.mark.parametrize(
    ("orientation", "kind", "side"),
    [*((turn, kind, 1) for turn in range(10) for kind in ("PNG", "JPEG")), (6, "PNG", 10), (7, "JPEG", 20)],
)  # the large ones are scaled down before they are turned
def test_exif_orientation_is_applied(orientation: int, kind: str, side: int) -> None:
    picture, exif = page(255, 0).resize((120 * side, 80 * side)), Image.Exif()
    exif[images.ORIENTATION] = orientation
    file = io.BytesIO()
    picture.save(file, kind, exif=exif)
    seen = open_picture(file)
    expected = images.ink_of_image(ImageOps.exif_transpose(Image.open(file)))
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected.astype(int)).mean() < 3


def test_odd_metadata_is_ignored() -> None:
    file = io.BytesIO()
    odd = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x07\0\x04\0\0\0abcd\x08\0\0\0"
    page(255, 0).save(file, "JPEG", exif=odd)
    assert len(pieces_of(open_picture(file))) == 2


@pytest.mark.slow
@pytest.mark.skipif(not RESET_PEAK.exists(), reason="this system does not tell the peak of memory")
@pytest.mark.parametrize(("mode", "most"), [("1", 150), ("P", 150), ("I;16", 200)])
def test_memory_for_fifty_million_pixels_is_bounded(mode: str, most: float) -> None:
    """Up to 4 bytes a pixel and some working memory; a 27 KB PNG of one bit a pixel took 757 MB before."""
    page_of_nothing = Image.new(mode, (7000, 7071), 1 if mode == "1" else 255)
    file = io.BytesIO()
    options = {"transparency": 0} if mode in ("1", "P", "I;16") else {}
    page_of_nothing.save(file, "PNG", compress_level=1, **options)
    del page_of_nothing
    before = reset_peak()
    with pytest.raises(NoInkError):
        open_picture(file)
    assert peak() - before < most


@pytest.mark.parametrize("size", [(1, 70_000), (70_000, 1)])
def test_a_picture_of_too_many_rows_is_rejected(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="no side may be longer than"):
        open_picture(stored(Image.new("L", size), "PNG"))


@pytest.mark.slow
def test_a_progressive_jpeg_that_needs_too_much_memory_is_rejected() -> None:
    file = io.BytesIO()
    Image.new("CMYK", (6500, 6500)).save(file, "JPEG", progressive=True)
    with pytest.raises(ImageError, match="more than 40,000,000"):
        open_picture(file)


@pytest.mark.slow
def test_nested_rings_are_rejected(recognizer: Recognizer) -> None:
    y, x = np.mgrid[0:1024, 0:1024]
    rings = (np.maximum(abs(x - 512), abs(y - 512)) // 2 % 2 * 255).astype(np.uint8)
    with pytest.raises(ImageError, match=r"\d+ nested pieces of ink"):
        recognizer.read_coverage(rings)


def test_a_page_full_of_digits_is_read(recognizer: Recognizer) -> None:
    full = np.zeros((1024, 1024), np.uint8)
    for place in range(289):
        top, left = 60 * (place // 17) + 5, 60 * (place % 17) + 5
        full[top : top + 50, left + 22 : left + 28] = 255
    assert recognizer.read_coverage(full).text.count("1") > 0


def test_a_missing_palette_is_an_error() -> None:
    """Found by fuzzing: transparency for colours that are not there."""
    whole = stored(page(255, 0, "P"), "PNG").getvalue()
    start = whole.index(b"PLTE") - 4
    end = start + 12 + int.from_bytes(whole[start : start + 4], "big")
    transparent = b"tRNS\0"
    chunk = struct.pack(">I", 1) + transparent + struct.pack(">I", zlib.crc32(transparent))
    with pytest.raises(ImageError, match="palette is missing"):
        open_picture(io.BytesIO(whole[:start] + chunk + whole[end:]))


def test_files_that_are_not_pictures_raise_a_one_line_error(tmp_path: Path) -> None:
    whole = stored(page(255, 0), "PNG").getvalue()
    cases = {
        "empty": b"",
        "text": b"seven",
        "truncated": whole[: len(whole) // 2],
        "icon": stored(page(255, 0), "ICO").getvalue(),
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


@pytest.mark.slow
def test_a_decompression_bomb_is_rejected() -> None:
    bomb = stored(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(ImageError, match="scale it down"):
        open_picture(bomb)


@pytest.mark.slow
def test_a_photo_of_108_megapixels_is_read_small() -> None:
    photo = page(255, 0).resize((12_000, 9_000))
    assert len(pieces_of(open_picture(stored(photo, "JPEG")))) == 2


def reason(image: Image.Image, recognizer: Recognizer) -> str:
    with pytest.raises(ImageError) as caught:
        recognizer.read_picture(stored(image, "PNG"))
    return caught.value.key


def test_a_page_of_text_is_no_page_of_digits(recognizer: Recognizer) -> None:
    text = Image.new("L", (900, 300), 240)
    words = "A page that has no digits\non it but a few lines of\ntext as one would find"
    ImageDraw.Draw(text).text((30, 30), words, fill=20, font=ImageFont.load_default(50))
    assert reason(text, recognizer) == "fault_no_digits"


def test_a_blurred_page_is_named_and_a_soft_one_is_read(recognizer: Recognizer) -> None:
    page = Image.new("L", (700, 400), 255)
    page.paste(Image.open(ROOT / "tests" / "data" / "2026.png").convert("L").resize((320, 104)), (190, 150))
    soft = page.filter(ImageFilter.GaussianBlur(4))
    assert recognizer.read_coverage(images.ink_of_image(soft)).text == "2026"
    for radius in (20, 50):  # of the second no ink is found
        assert reason(page.filter(ImageFilter.GaussianBlur(radius)), recognizer) == "fault_blurred"
