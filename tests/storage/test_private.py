"""What is kept is its owner's alone, whatever the umask; what strangers put in the way is not followed."""

import errno
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
from edge_app.storage import atomic_write as atomic
from edge_app.storage.atomic_write import make_folder, write_atomically
from edge_app.storage.history import HistoryStore
from edge_app.storage.log import MOST_BYTES, Log
from edge_app.storage.paths import Paths
from edge_app.storage.settings import read_settings, write_settings
from edge_app.system.file_changes import apply

from ..support.pilot import Pilot, folders_in
from ..support.systems import System, choose, only, x11

__all__ = ["x11"]  # a fixture, found by its name

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights are POSIX'")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(folder: Path) -> dict[str, int]:
    """Return the rights of all that is below a folder."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


def write_everything(folders: Paths, recognizer: Recognizer) -> HistoryStore:
    """Let the app write all that it ever writes of its own accord; returns the store, still open, with its log."""
    folders.config.parent.mkdir(mode=0o700)
    write_settings(folders.settings_file, {"history": "on"})
    folders.settings_file.write_bytes(b"=")
    write_settings(folders.settings_file, {"history": "on"})  # the damaged one is set aside
    log = Log(folders.log_file)
    log("x" * MOST_BYTES)
    log("then it goes on")
    HistoryStore(folders.store_file).close()
    folders.store_file.write_bytes(b"none")  # is set aside
    pilot = Pilot(recognizer, folders=folders, store=HistoryStore(folders.store_file))
    pilot.write(0)
    pilot.do("save")
    pilot.do("clear")
    store = pilot.services.keeper.store
    store.correct_page(store.pages()[0].id, "7")
    pilot.do("export")
    model, runtime = load_model(), find_runtime()
    registry = Registry(folders.models)
    registry.choose(Choice(registry.install(model)))
    add_to_cache(folders.validation_cache, cache_key(model, runtime))
    return store


def test_all_that_is_kept_is_for_its_owner_alone(umask: int, tmp_path: Path, recognizer: Recognizer) -> None:
    store = write_everything(folders_in(tmp_path / "home"), recognizer)
    found = rights(tmp_path)
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


def test_folders_above_that_are_missing_are_private_too(tmp_path: Path) -> None:
    before = os.umask(0)
    make_folder(tmp_path / "a" / "b" / "c", 0o700)
    os.umask(before)
    assert rights(tmp_path) == {"a": 0o700, "a/b": 0o700, "a/b/c": 0o700}


def test_a_file_in_a_folders_place_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for path in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            make_folder(path)


def test_a_report_has_the_rights_of_any_new_file_and_keeps_those_it_has(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, b"1")
    assert rights(tmp_path) == {"report.json": 0o666 & ~umask}
    path.chmod(0o640)
    write_atomically(path, b"2")
    assert rights(tmp_path) == {"report.json": 0o640}


def test_no_careless_umask_opens_the_systems_folders(tmp_path: Path) -> None:
    before = os.umask(0)
    apply({tmp_path / "etc" / "systemd" / "x.service": b"[Unit]\n"})
    os.umask(before)
    assert rights(tmp_path) == {"etc": 0o755, "etc/systemd": 0o755, "etc/systemd/x.service": 0o644}


# ---- links


@pytest.fixture
def everybodys(tmp_path: Path) -> Path:
    """A folder like /tmp, in which somebody has put a link to a file of ours under a name that we will write to."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    (tmp_path / "ours").write_text("ours")
    (folder / "report.json").symlink_to(tmp_path / "ours")
    return folder


def be(monkeypatch: pytest.MonkeyPatch, folder: Path, *, link: int) -> None:
    """Let the link be somebody's; as root one could give it away, as a user one cannot."""
    lstat = Path.lstat

    def owned(self: Path) -> os.stat_result:
        found = lstat(self)
        if self.name != "report.json":
            return found
        return os.stat_result((*found[:4], link, *found[5:]))

    monkeypatch.setattr(Path, "lstat", owned)


def test_a_strangers_link_in_a_folder_like_tmp_is_not_followed(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, everybodys, link=os.geteuid() + 7)
    with pytest.raises(PermissionError, match="somebody else's link"):
        write_atomically(everybodys / "report.json", b"theirs")
    assert (everybodys.parent / "ours").read_text() == "ours"
    assert [path.name for path in everybodys.iterdir()] == ["report.json"]


@pytest.mark.parametrize("mode", [0o1777, 0o755])
def test_links_of_ones_own_are_followed(everybodys: Path, mode: int) -> None:
    everybodys.chmod(mode)
    (everybodys / "second.json").symlink_to("report.json")
    write_atomically(everybodys / "second.json", b"new")
    assert (everybodys.parent / "ours").read_text() == "new"
    assert (everybodys / "second.json").readlink() == Path("report.json")


def test_a_strangers_link_in_a_folder_of_ones_own_is_followed(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write into it without being told from us by a sticky bit could have written the file as well."""
    everybodys.chmod(0o755)
    be(monkeypatch, everybodys, link=os.geteuid() + 7)
    write_atomically(everybodys / "report.json", b"new")
    assert (everybodys.parent / "ours").read_text() == "new"


def test_links_that_lead_to_one_another_are_a_fault_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").symlink_to("b")
    (tmp_path / "b").symlink_to("settings.toml")
    with pytest.raises(OSError, match="symbolic links") as fault:
        write_atomically(tmp_path / "settings.toml", b"x")
    assert fault.value.errno == errno.ELOOP
    assert "symbolic links" in read_settings(tmp_path / "settings.toml")[1][0]


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever guesses the name of an unfinished file gains nothing."""
    taken = tmp_path / f".x-61616161{atomic.TEMPORARY}"
    taken.symlink_to(tmp_path / "elsewhere")
    numbers = iter([b"aaaa", b"bbbb"])
    monkeypatch.setattr(os, "urandom", lambda _: next(numbers))
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert not (tmp_path / "elsewhere").exists()


def test_standard_output_is_written_to_though_it_is_a_link_to_a_pipe(tmp_path: Path) -> None:
    read, write = os.pipe()
    (tmp_path / "stdout").symlink_to(f"/proc/self/fd/{write}")
    write_atomically(tmp_path / "stdout", b"1")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"1"


# ---- what the doctor says of it


@pytest.fixture
def open_way(tmp_path: Path) -> Iterator[None]:
    """Let others through to the test's own folder, which pytest keeps closed."""
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


def test_private_folders_are_good_and_none_say_nothing(x11: System) -> None:
    assert privacy(x11) == []
    choose(x11, "")
    kept_in(x11).parent.chmod(0o700)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert privacy(x11) == [("good", "no other user of this system may read what is saved")]


def test_open_folders_in_a_home_that_is_closed_are_good(x11: System) -> None:
    choose(x11, "")
    kept_in(x11).chmod(0o755)
    kept_in(x11).parent.chmod(0o700)
    assert [state for state, _ in privacy(x11)] == ["good"]


@pytest.mark.usefixtures("open_way")
def test_folders_that_others_may_enter_are_named_with_what_is_open_in_them(x11: System) -> None:
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


def test_a_folder_that_could_be_exchanged_and_one_of_a_strangers(x11: System, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(x11, "")
    folder = kept_in(x11)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    folder.parent.chmod(0o777)
    finding = only(x11.findings("privacy"))
    assert finding.said == f"other users may write to {folder.parent}, and replace {folder}"
    folder.parent.chmod(0o1777)  # as /tmp is: nobody moves another's folder there
    assert [state for state, _ in privacy(x11)] == ["good"]
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert "belongs to another user" in only(x11.findings("privacy")).said
