"""Files that are never half there: what is synced and when, what cut-short writing leaves and who sweeps it."""

import contextlib
import errno
import os
import stat
import time
from pathlib import Path

import pytest

from edge_app.storage.atomic_write import TEMPORARY, make_folder, sync_folder, write_atomically

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows syncs no folder")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What is synced, a file or a folder, and the names that a folder has then."""
    seen: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        seen.append(
            ("folder", sorted(file.name for file in path.iterdir())) if is_folder else ("file", [path.read_text()])
        )
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    return seen


@POSIX
def test_the_content_is_synced_before_it_is_moved_and_the_name_after(
    tmp_path: Path, synced: list[tuple[str, list[str]]]
) -> None:
    write_atomically(tmp_path / "x", b"new")
    assert synced == [("file", ["new"]), ("folder", ["x"])]


@POSIX
def test_new_folders_are_synced_into_their_parents(tmp_path: Path, synced: list[tuple[str, list[str]]]) -> None:
    make_folder(tmp_path / "a" / "b", 0o700)
    assert synced == [("folder", ["a"]), ("folder", ["b"])]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 2


@POSIX
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_syncs_no_folders_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


@POSIX
def test_a_disk_that_fails_at_the_last_sync_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        sync_folder(tmp_path)


def test_a_fault_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_atomically(tmp_path / "x", b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"x": b"old"}


def test_what_cut_short_writing_has_left_is_swept_by_the_next(tmp_path: Path) -> None:
    now = time.time()
    ages = {"old": now - 61, "of-a-wrong-clock": now + 10**9, "being-written": now - 5}
    for name, moment in ages.items():
        (tmp_path / f".{name}-abcd1234{TEMPORARY}").touch()
        os.utime(tmp_path / f".{name}-abcd1234{TEMPORARY}", (moment, moment))
    for name in (".hidden", f"visible{TEMPORARY}", f".of-mine{TEMPORARY}"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    write_atomically(tmp_path / "x", b"new")
    left = {".hidden", f"visible{TEMPORARY}", f".of-mine{TEMPORARY}", f".being-written-abcd1234{TEMPORARY}", "x"}
    assert {file.name for file in tmp_path.iterdir()} == left


@pytest.mark.parametrize(("number", "is_written"), [(errno.EPERM, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_disk_without_rights_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_written: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "chmod", refuse)
    with contextlib.nullcontext() if is_written else pytest.raises(OSError, match=os.strerror(number)):
        write_atomically(tmp_path / "x", b"new", 0o600)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"new"] * is_written


def test_a_name_as_long_as_names_may_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)  # 254 bytes
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
