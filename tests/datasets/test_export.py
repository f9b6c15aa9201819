"""Saving the pad: files are read as the same number, nothing is overwritten, and no partial file is left."""

import errno
import json
import os
import xml.etree.ElementTree as ET
from datetime import datetime
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_app.cli import main
from edge_app.datasets.export import FORMATS, save_pad
from edge_app.datasets.readers import bundled_samples
from edge_app.errors import DigitpadError, ExportError
from edge_app.recognition.ink import Ink, box_of, make_ink, parse_ink
from edge_app.recognition.normalise import draw_strokes
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Reading

from ..support.fakes import reading_of

NOW = datetime(2026, 3, 4, 5, 6, 7)
SEVEN = make_ink([[[100, 80], [160, 80], [125, 180]], [[110, 130], [155, 128]]])
SVG = "{http://www.w3.org/2000/svg}"


def save(folder: Path, ink: Ink = SEVEN, reading: Reading | None = None, **changes: object) -> list[Path]:
    given = {"size": (400, 300), "reading": reading or reading_of("7"), "pen_width": 8.0, "now": NOW, **changes}
    return save_pad(folder, ink, **given)  # type: ignore[arg-type]


def on_a_pad(ink: Ink) -> tuple[Ink, tuple[int, int]]:
    """Return ink moved and scaled as it lies on a pad 400 high, and the pad's size."""
    left, top, right, bottom = box_of(ink)
    scale = 300 / (bottom - top)
    moved = tuple((stroke - np.array([left, top])) * scale + 50 for stroke in ink)
    return moved, (round((right - left) * scale) + 100, 400)


def test_every_sample_is_read_the_same_from_png_and_json(
    recognizer: Recognizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inks = [sample.content for sample in bundled_samples()]
    texts, files = [], []
    for ink, pen_width in zip(inks, cycle([3, 10, 24]), strict=False):
        assert isinstance(ink, tuple)
        moved, size = on_a_pad(ink)
        reading = recognizer.read(moved)
        files += save(tmp_path, moved, reading, size=size, pen_width=pen_width, formats=("png", "json"))
        texts += [reading.text] * 2
    assert len(set(texts)) > 5
    assert main(["recognize", *map(str, files)]) == 0
    assert capsys.readouterr().out.split() == texts


def test_links_and_folders_of_the_same_name_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "digitpad-link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "digitpad-folder").mkdir()
    assert all(path.is_file() for path in save(tmp_path))
    assert (tmp_path / "digitpad-link").is_symlink()


def test_names_count_up_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "digitpad-20260304-050607-2.svg").write_text("mine")
    names = [[path.name for path in save(tmp_path)] for _ in range(3)]
    stems = ["digitpad-20260304-050607", "digitpad-20260304-050607-3", "digitpad-20260304-050607-4"]
    assert names == [[f"{stem}.{name}" for name in FORMATS] for stem in stems]
    assert (tmp_path / "digitpad-20260304-050607-2.svg").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 10  # no temporary file is left either


def test_only_requested_formats_are_written_and_the_folder_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert save(folder, formats=("svg",)) == [folder / "digitpad-20260304-050607.svg"]
    assert list(folder.iterdir()) == [folder / "digitpad-20260304-050607.svg"]


def test_png_agrees_with_exact_drawing(tmp_path: Path) -> None:
    ink = (*SEVEN, np.array([[300.0, 200.0]]))
    with Image.open(save(tmp_path, ink, pen_width=20)[0]) as image:
        assert (image.size, image.mode, image.format, image.info) == ((1600, 1200), "L", "PNG", {})
        picture = np.asarray(image, np.float32)
    strokes = [(stroke * 4).astype(np.float32) for stroke in ink]
    expected = 255 * (1 - draw_strokes(strokes, 80, 1600, 1200))
    assert np.abs(picture - expected).mean() < 0.5
    assert np.abs(picture[:, ::-1] - expected).mean() > 10  # the measure can tell a mirrored 7
    assert 0 < np.mean((picture > 20) & (picture < 235)) < 0.01  # soft edges


@pytest.mark.parametrize(("size", "expected"), [((30, 300), (160, 1600)), ((5000, 4), (1600, 80))])
def test_ink_beyond_the_pad_is_included(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    ink = make_ink([[[size[0] / 2, 0], [size[0] / 2, 2]]])
    far = make_ink([[[-20, -30], [size[0] + 40, size[1] + 50]]])
    png, svg, _ = save(tmp_path, ink, size=size, pen_width=2)
    with Image.open(png) as image:
        assert max(image.size) == 1600
    assert ET.parse(svg).getroot().attrib["viewBox"] == f"0 -1 {size[0]} {size[1] + 1}"
    png, svg, _ = save(tmp_path, far, size=size, pen_width=2)
    assert ET.parse(svg).getroot().attrib["viewBox"] == f"-21 -31 {size[0] + 62} {size[1] + 82}"
    with Image.open(png) as image:
        dark = np.asarray(image) < 128
    assert dark[:40, :40].any()
    assert dark[-40:, -40:].any()


def test_svg_has_every_stroke_and_an_escaped_title(tmp_path: Path) -> None:
    ink = (*SEVEN, np.array([[300.0, 200.125]]))
    path = save(tmp_path, ink, reading_of('7</title><script>&"?'))[1]
    root = ET.parse(path).getroot()
    assert root.tag == SVG + "svg"
    assert root.attrib == {"width": "400", "height": "300", "viewBox": "0 0 400 300"}
    assert [child.text for child in root.iter(SVG + "title")] == ['7</title><script>&"?']
    (group,) = root.iter(SVG + "g")
    assert group.attrib == {
        "fill": "none",
        "stroke": "black",
        "stroke-width": "8",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
    }
    drawn = [[tuple(map(float, at.split(","))) for at in line.attrib["points"].split()] for line in group]
    assert drawn[:2] == [[tuple(point) for point in stroke.tolist()] for stroke in SEVEN]
    assert drawn[2:] == [[(300.0, 200.125)] * 2]  # a dot: a line of one point would not be drawn
    assert len(list(root.iter())) == 1 + 1 + 1 + 1 + 3  # svg, title, paper, group, three lines


def test_json_has_the_reading_as_text_not_as_label(tmp_path: Path) -> None:
    path = save(tmp_path, reading=reading_of("7?"))[2]
    record = json.loads(path.read_text())
    assert set(record) == {"text", "strokes"}
    assert record["text"] == "7?"
    assert [stroke.tolist() for stroke in parse_ink(path.read_bytes())] == [stroke.tolist() for stroke in SEVEN]


def test_an_empty_pad_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing to save"):
        save(tmp_path / "new", ())
    assert not (tmp_path / "new").exists()


def test_an_unknown_format_is_a_bug_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        save(tmp_path, formats=("png", "gif"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "sub"):
        with pytest.raises(DigitpadError, match=r"cannot save there \(.+\)\. Free some space, or choose another"):
            save(folder)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_full_disk_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int) -> None:
    kept = save(tmp_path)
    left, sync = [good], os.fsync

    def fill_up(handle: int) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        sync(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(ExportError, match="No space left on device") as caught:
        save(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_a_read_only_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def refuse(path: Path, *args: str) -> object:
        if path.suffix == ".svg":
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, *args)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ExportError, match="Read-only file system"):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []
