"""Atomic writes: what is synced and when, interrupted writes, symbolic links."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from edge_app.storage.atomic_write import TEMPORARY, make_folder, sync_folder, write_atomically
from edge_app.storage.settings import read_settings

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows cannot sync a folder")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Every fsync: of a file with its content, or of a folder with the names in it at that moment."""
    seen: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            seen.append(("folder", sorted(file.name for file in path.iterdir())))
        else:
            seen.append(("file", [path.read_text()]))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    return seen


def fail_to_sync(monkeypatch: pytest.MonkeyPatch, number: int, *, folders_only: bool = False) -> None:
    def fail(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode) or not folders_only:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


@POSIX
def test_content_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, synced: list[tuple[str, list[str]]]
) -> None:
    write_atomically(tmp_path / "x", b"new")
    assert synced == [("file", ["new"]), ("folder", ["x"])]


@POSIX
def test_new_folders_are_synced_into_their_parents(tmp_path: Path, synced: list[tuple[str, list[str]]]) -> None:
    make_folder(tmp_path / "a" / "b", 0o700)
    assert synced == [("folder", ["a"]), ("folder", ["b"])]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 2


def test_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for path in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            make_folder(path)


@POSIX
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_file_system_that_cannot_sync_folders_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_to_sync(monkeypatch, number, folders_only=True)
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


@POSIX
def test_disk_that_fails_to_sync_a_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        sync_folder(tmp_path)


def test_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"old")
    fail_to_sync(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        write_atomically(tmp_path / "x", b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"x": b"old"}


def test_leftovers_of_interrupted_writes_are_removed_by_the_next(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
def test_disk_without_permissions_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "chmod", refuse)
    write_atomically(tmp_path / "x", b"new", 0o600)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"new"]


def test_longest_file_name_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)  # 254 bytes
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_existing_temporary_file_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user who guesses its name gains nothing."""
    (tmp_path / f".x-61616161{TEMPORARY}").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(os, "urandom", lambda _: b"aaaa")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "x", b"new")
    assert [file.name for file in tmp_path.iterdir()] == [f".x-61616161{TEMPORARY}"]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "ours").write_text("old")
    (tmp_path / "first").symlink_to("ours")
    (tmp_path / "second").symlink_to("first")
    write_atomically(tmp_path / "second", b"new")
    assert (tmp_path / "ours").read_text() == "new"
    assert (tmp_path / "second").readlink() == Path("first")
    (tmp_path / "dangling").symlink_to("later")
    write_atomically(tmp_path / "dangling", b"new")
    assert (tmp_path / "later").read_text() == "new"


def test_link_that_the_kernel_refuses_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux refuses another user's link in a folder like /tmp (protected_symlinks), which a test cannot create."""
    (tmp_path / "ours").write_text("ours")
    (tmp_path / "report.json").symlink_to("ours")
    stat_of = Path.stat

    def refuse(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if follow_symlinks and self.is_symlink():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return stat_of(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "report.json", b"theirs")
    assert (tmp_path / "ours").read_text() == "ours"


def test_circular_links_are_reported(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").symlink_to("b")
    (tmp_path / "b").symlink_to("settings.toml")
    with pytest.raises(OSError, match="symbolic links") as fault:
        write_atomically(tmp_path / "settings.toml", b"x")
    assert fault.value.errno == errno.ELOOP
    assert "symbolic links" in read_settings(tmp_path / "settings.toml")[1][0]


def test_standard_output_is_written_through_a_link_to_a_pipe(tmp_path: Path) -> None:
    read, write = os.pipe()
    (tmp_path / "stdout").symlink_to(f"/proc/self/fd/{write}")
    write_atomically(tmp_path / "stdout", b"1")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"1"
