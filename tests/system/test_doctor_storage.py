"""The doctor on disk, history, settings and privacy."""

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.storage.history import HistoryStore

from ..support.systems import System, choose, only


def test_checks_leave_nothing_behind(x11: System, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert x11.states("disk") == ["good", "good"]
    assert sorted(tmp_path.rglob("*")) == before


def test_file_in_place_of_a_folder(x11: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "digitpad"
    file.write_text("a file where the folder should be")
    finding = only(x11.bad())
    assert finding.said.startswith("settings, history and log, pictures cannot be saved:")
    assert finding.remedy.startswith(f"Move the file {file} away")
    file.unlink()
    x11.environ["DIGITPAD_HOME"] = "~nobody-of-that-name/x"
    assert only(x11.bad()).remedy == "Name a folder by its full path"


REMEDIES = [
    (
        errno.EROFS,
        "Make the disk writable (errors turn it read-only: check it with fsck), mount another one at ",
    ),
    (errno.ENOSPC, "Free some space: delete files you no longer need; or use another folder: DIGITPAD_HOME="),
    (errno.EDQUOT, "Free some space: "),
    (errno.EACCES, "sudo chown -R pi "),
    (errno.EIO, "Use another folder: DIGITPAD_HOME="),
]


@pytest.mark.parametrize(("number", "remedy"), REMEDIES)
def test_remedy_depends_on_the_error(x11: System, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str) -> None:
    def refuse(dir: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    x11.environ["DIGITPAD_HOME"] = str(x11.home / "d")
    finding = only(x11.bad())
    assert finding.said.endswith(f"{x11.home}: {os.strerror(number)}")
    assert finding.remedy.startswith(remedy)
    assert "chown" not in finding.remedy or number == errno.EACCES


def test_folder_of_another_user(x11: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert only(x11.bad()).remedy == "Use another folder: DIGITPAD_HOME=FOLDER digitpad"


def test_full_disk_and_overlay(x11: System) -> None:
    x11.free = 5_000_000
    assert only(x11.bad()).said.startswith("5 MB free")
    x11.free = 50_000_000
    assert x11.states("disk") == ["good", "note"]
    x11.free = 10**10
    x11.put("/proc/cmdline", "quiet overlayroot=tmpfs\n")
    assert "lost at the next boot" in x11.findings("disk")[-1].said
    x11.environ["DIGITPAD_HOME"] = "/dev/shm"  # another disk
    assert x11.states("disk") == ["good", "good"]


def test_folders_of_a_kiosk_without_a_desktop_are_checked_for_its_user(
    lite: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lite.root / "var/lib/digitpad"
    folder.mkdir(parents=True)
    lite.put("/etc/systemd/system/digitpad-kiosk.service", "Environment=SDL=x DIGITPAD_HOME=/var/lib/digitpad\n")
    chosen = lite.environ.pop("DIGITPAD_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(lite.home))
    assert lite.findings("disk")[0].said == f"{folder}/data can be written"
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert lite.findings("disk")[0].said == f"{lite.home}/digitpad can be written"
    monkeypatch.undo()
    lite.environ["DIGITPAD_HOME"] = chosen
    assert lite.findings("disk")[0].said == f"{chosen}/data can be written"


def test_history_is_opened(x11: System, tmp_path: Path) -> None:
    assert only(x11.findings("history")).said == "nothing is saved yet"
    path = tmp_path / "digitpad" / "data" / "digitpad.sqlite3"
    assert not path.exists()
    HistoryStore(path).close()
    assert only(x11.findings("history")).said == f"pages: 0, examples: 0, in {path}"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    finding = only(x11.bad())
    assert "written by a newer digitpad" in finding.said
    assert finding.remedy == "Update digitpad"


def test_damaged_history_is_reported_and_not_changed(x11: System, tmp_path: Path) -> None:
    path = tmp_path / "digitpad" / "data" / "digitpad.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    assert "file is not a database" in only(x11.bad()).said
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"no database at all" * 100
    path.rename(path.with_name("digitpad.damaged-1.sqlite3"))
    assert x11.states("history") == ["note", "good"]


def test_wrong_settings_are_reported_with_their_line(x11: System) -> None:
    assert only(x11.findings("settings")).said == "all at their defaults"
    choose(x11, 'theme = "dark"\nspaek = true\n')
    finding = only(x11.findings("settings"))
    assert finding.state == "note"
    assert 'settings.toml:2: unknown setting "spaek" is ignored' in finding.said
    choose(x11, 'theme = "dark"\n')
    assert x11.states("settings") == ["good"]


# -- Privacy: who else on this system may read what is saved

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture
def open_way(tmp_path: Path) -> Iterator[None]:
    """Let others enter the test's own folder, which pytest keeps private."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, *tmp_path.parents)}
    closed = [(path, mode) for path, mode in modes.items() if not mode & 0o011]
    for path, mode in closed:
        path.chmod(mode | 0o011)
    yield
    for path, mode in closed:
        path.chmod(mode)


def privacy(system: System) -> list[tuple[str, str]]:
    return [(finding.state, finding.said) for finding in system.findings("privacy")]


def kept_in(system: System) -> Path:
    return Path(system.environ["DIGITPAD_HOME"]) / "config"


@posix
def test_private_folders_are_good_and_missing_ones_are_not_reported(x11: System) -> None:
    assert privacy(x11) == []
    choose(x11, "")
    kept_in(x11).parent.chmod(0o700)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert privacy(x11) == [("good", "no other user of this system may read what is saved")]


@posix
def test_open_folders_in_a_private_home_are_good(x11: System) -> None:
    choose(x11, "")
    kept_in(x11).chmod(0o755)
    kept_in(x11).parent.chmod(0o700)
    assert [state for state, _ in privacy(x11)] == ["good"]


@posix
@pytest.mark.usefixtures("open_way")
def test_folders_open_to_others_are_named(x11: System) -> None:
    choose(x11, "")
    folder = kept_in(x11)
    folder.chmod(0o755)
    (folder / "settings.toml").chmod(0o644)
    (folder / "other").touch(0o600)
    finding = only(x11.findings("privacy"))
    assert (finding.state, finding.said) == (
        "note",
        f"other users may open {folder}, and 1 of the files and folders in it",
    )
    assert finding.remedy.startswith(f"chmod -R go= {folder}")


@posix
def test_replaceable_folder_and_another_users_folder(x11: System, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(x11, "")
    folder = kept_in(x11)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    folder.parent.chmod(0o777)
    finding = only(x11.findings("privacy"))
    assert finding.said == f"other users may write to {folder.parent}, and replace {folder}"
    folder.parent.chmod(0o1777)  # like /tmp: only the owner may rename there
    assert [state for state, _ in privacy(x11)] == ["good"]
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert "belongs to another user" in only(x11.findings("privacy")).said
