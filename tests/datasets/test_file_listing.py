"""The file listing: only what can be opened, in natural order."""

import os
import random
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.datasets.file_listing import Entry, _sort_key, list_folder
from edge_app.datasets.readers import read_sources
from edge_app.errors import DigitpadError, FolderError, InkError


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.touch()


def names(entries: list[Entry]) -> list[str]:
    return [entry.name + "/" * entry.is_folder for entry in entries]


def test_folders_come_first_in_natural_order(tmp_path: Path) -> None:
    expected = ["2025/", "Old/", "zoo/", "Page2.png", "page10.PNG", "page011.bmp", "Zoo.jpeg", "Über.json"]
    shuffled = random.Random(3).sample(expected, len(expected))
    fill(tmp_path, *shuffled)
    entries = list_folder(tmp_path)
    assert names(entries) == expected
    assert [entry.path for entry in entries] == [tmp_path / entry.name for entry in entries]


def test_listed_files_are_those_that_recognize_reads(tmp_path: Path) -> None:
    ink = ["json", "jsonl", "json.gz", "JSONL.GZ"]
    kinds = [*ink, "png", "jpg", "jpeg", "jfif", "bmp", "gif", "tif", "tiff", "webp"]
    others = ["png.gz", "txt", "gz", "ico", "json.bak", "tflite"]
    fill(tmp_path, *(f"a.{kind}" for kind in (*kinds, *others)), "png", "noname", ".hidden.png", ".folder/")
    listed = set(names(list_folder(tmp_path)))
    assert listed == {f"a.{kind}" for kind in kinds}
    rejected = {
        Path(sample.where).name
        for sample in read_sources([str(path) for path in tmp_path.iterdir() if path.is_file()])
        if isinstance(sample.content, InkError) and "unknown file type" in str(sample.content)
    }
    assert rejected == {path.name for path in tmp_path.iterdir() if path.is_file()} - listed - {".hidden.png"}


def test_the_limit_keeps_the_first(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{i}.png" for i in range(12)), "b/", "a/")
    assert names(list_folder(tmp_path, limit=4)) == ["a/", "b/", "0.png", "1.png"]
    assert list_folder(tmp_path, limit=0) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes as POSIX has them")
def test_links_are_followed_and_broken_links_left_out(tmp_path: Path) -> None:
    target, folder = tmp_path / "target", tmp_path / "folder"
    fill(tmp_path, "target/inner.png", "folder/")
    (folder / "away").symlink_to(target)
    (folder / "picture.png").symlink_to(target / "inner.png")
    (folder / "broken.png").symlink_to(target / "gone.png")
    (folder / "round.png").symlink_to(folder / "round.png")
    os.mkfifo(folder / "pipe.png")
    entries = list_folder(folder)
    assert names(entries) == ["away/", "picture.png"]
    assert names(list_folder(entries[0].path)) == ["inner.png"]
    (tmp_path / "shortcut").symlink_to(folder)
    assert names(list_folder(tmp_path / "shortcut")) == ["away/", "picture.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_a_file_with_an_unprintable_name_can_be_opened(tmp_path: Path) -> None:
    for raw in (b"caf\xe9.png", b"two\nlines.png"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)).write_bytes(b"x")
    entries = list_folder(tmp_path)
    assert names(entries) == ["caf�.png", "two�lines.png"]
    assert [entry.path.read_bytes() for entry in entries] == [b"x", b"x"]


def test_errors_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "file.png")
    for path in (tmp_path / "gone", tmp_path / "file.png"):
        with pytest.raises(FolderError, match=r"cannot be listed \(.+\)\. Choose another folder"):
            list_folder(path)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # root may list anything
    with pytest.raises(DigitpadError, match="Permission denied") as caught:
        list_folder(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


class Vanishing:
    """A file that is deleted during the listing, or hidden by a Windows attribute."""

    def __init__(self, name: str, attributes: int | None) -> None:
        self.name, self.attributes = name, attributes

    def stat(self, **_: bool) -> "Vanishing":
        if self.attributes is None:
            raise FileNotFoundError(2, "No such file or directory")
        return self

    @property
    def st_file_attributes(self) -> int:
        return self.attributes or 0

    def is_dir(self) -> bool:
        return False

    def is_file(self) -> bool:
        return True


class Listing(list[Vanishing]):
    def __enter__(self) -> "Listing":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_deleted_and_hidden_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [("gone.png", None), ("secret.png", stat.FILE_ATTRIBUTE_HIDDEN), ("plain.png", 0)]
    monkeypatch.setattr(os, "scandir", lambda _: Listing(Vanishing(*file) for file in files))
    assert names(list_folder(tmp_path)) == ["plain.png"]


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), unique=True, max_size=12))
def test_any_names_can_be_sorted(texts: list[str]) -> None:
    entries = [Entry(text, Path(text), False) for text in texts]
    assert [_sort_key(e) for e in sorted(entries, key=_sort_key)] == sorted(map(_sort_key, reversed(entries)))
