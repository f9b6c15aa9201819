"""Where files are kept, private files and folders, and damaged files set aside."""

import os
import stat
from pathlib import Path

import pytest

from edge_app.errors import SettingsError
from edge_app.storage.paths import (
    VARIABLE,
    Paths,
    create_private_file,
    files_set_aside,
    find_paths,
    make_private_folder,
    set_aside,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_digitpad_home_moves_everything_and_creates_nothing(tmp_path: Path) -> None:
    home = tmp_path / "kiosk"
    folders = find_paths({VARIABLE: str(home)})
    assert folders == Paths(home / "config", home / "data", home / "pictures")
    assert folders.settings_file == home / "config" / "settings.toml"
    assert folders.store_file == home / "data" / "digitpad.sqlite3"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the names of XDG's specification")
def test_system_folders_are_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_PICTURES_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if os.uname().sysname == "Linux":
        expected = Paths(
            tmp_path / ".config/digitpad", tmp_path / ".local/share/digitpad", tmp_path / "Pictures/digitpad"
        )
        assert find_paths({}) == expected
    assert find_paths({VARIABLE: ""}) == find_paths({})
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    if os.uname().sysname == "Linux":
        assert find_paths({}).data == tmp_path / "elsewhere" / "digitpad"
    assert list(tmp_path.iterdir()) == []


def test_relative_home_and_tilde_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert find_paths({VARIABLE: "here"}).data == tmp_path / "here" / "data"
    if os.name == "posix":
        assert find_paths({VARIABLE: "~/pad"}).data == tmp_path / "me" / "pad" / "data"
    with pytest.raises(SettingsError, match=f"{VARIABLE}=~nobody-of-that-name"):
        find_paths({VARIABLE: "~nobody-of-that-name/pad"})


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_existing_files_and_folders_are_left_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "file").write_text("mine")
    (folder / "file").chmod(0o640)
    make_private_folder(folder)
    create_private_file(folder / "file")
    assert (mode(folder), mode(folder / "file"), (folder / "file").read_text()) == (0o755, 0o640, "mine")


def test_files_set_aside_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    for number in range(1, 12):
        path.write_text(str(number))
        (tmp_path / "x.sqlite3-wal").write_text(f"log {number}")
        assert set_aside(path, ("-wal", "-shm")).name == f"x.damaged-{number}.sqlite3"
    assert [file.read_text() for file in files_set_aside(path)] == [str(number) for number in range(1, 12)]
    assert (tmp_path / "x.damaged-7.sqlite3-wal").read_text() == "log 7"
    assert not path.exists()
    assert files_set_aside(tmp_path / "y.sqlite3") == []
    assert files_set_aside(tmp_path / "nowhere" / "x.sqlite3") == []
