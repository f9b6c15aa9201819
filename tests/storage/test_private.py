"""Everything the app keeps is private to its owner, under any umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.modelfiles.card import load_model
from edge_app.modelfiles.registry import Choice, Registry
from edge_app.modelfiles.validation_cache import add_to_cache, cache_key
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.atomic_write import write_atomically
from edge_app.storage.history import HistoryStore
from edge_app.storage.log import MOST_BYTES, Log
from edge_app.storage.paths import Paths
from edge_app.storage.settings import write_settings
from edge_app.system.file_changes import apply

from ..support.pilot import Pilot, folders_in

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of everything below a folder."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


def write_everything(paths: Paths, recognizer: Recognizer) -> HistoryStore:
    """Write everything the app ever writes unasked; returns the store, still open, with its log."""
    paths.config.parent.mkdir(mode=0o700)
    write_settings(paths.settings_file, {"history": "on"})
    paths.settings_file.write_bytes(b"=")
    write_settings(paths.settings_file, {"history": "on"})  # the damaged one is set aside
    log = Log(paths.log_file)
    log("x" * MOST_BYTES)
    log("in the next file")
    HistoryStore(paths.store_file).close()
    paths.store_file.write_bytes(b"none")  # is set aside
    pilot = Pilot(recognizer, folders=paths, store=HistoryStore(paths.store_file))
    pilot.write(0)
    pilot.do("save")
    pilot.do("clear")
    store = pilot.services.recorder.store
    store.correct_page(store.pages()[0].id, "7")
    pilot.do("export")
    model, runtime = load_model(), find_runtime()
    registry = Registry(paths.models)
    registry.choose(Choice(registry.install(model)))
    add_to_cache(paths.validation_cache, cache_key(model, runtime))
    return store


def test_everything_kept_is_private(umask: int, tmp_path: Path, recognizer: Recognizer) -> None:
    store = write_everything(folders_in(tmp_path / "home"), recognizer)
    found = modes(tmp_path)
    store.close()
    folders = {name for name in found if (tmp_path / name).is_dir()}
    assert {found[name] for name in folders} == {0o700}
    assert {name: mode for name, mode in found.items() if mode != 0o600 and name not in folders} == {}
    kinds = {name.rpartition("/")[2].replace(load_model().sha256, "model") for name in found}
    assert kinds >= {
        *("settings.toml", "settings.damaged-1.toml", "digitpad.log", "digitpad.log.1"),
        *("digitpad.sqlite3", "digitpad.sqlite3-wal", "digitpad.sqlite3-shm", "digitpad.damaged-1.sqlite3"),
        *("digitpad-20260102-030405.png", "digitpad-20260102-030405.svg", "digitpad-20260102-030405.json"),
        *("digitpad-20260102-030405.jsonl", "model.tflite", "in-use.json", "proven.json"),
    }


def test_report_has_the_umasks_mode_and_keeps_the_mode_it_has(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, b"1")
    assert modes(tmp_path) == {"report.json": 0o666 & ~umask}
    path.chmod(0o640)
    write_atomically(path, b"2")
    assert modes(tmp_path) == {"report.json": 0o640}


def test_system_files_are_readable_under_any_umask(umask: int, tmp_path: Path) -> None:
    apply({tmp_path / "etc" / "systemd" / "x.service": b"[Unit]\n"})
    folder = 0o755 & ~umask
    assert modes(tmp_path) == {"etc": folder, "etc/systemd": folder, "etc/systemd/x.service": 0o644}
