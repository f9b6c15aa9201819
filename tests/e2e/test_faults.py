"""Power and kills: the model of a disk by hand, a short part of `make faults`, and what it must notice."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.faults.__main__ import main
from tools.faults.ledger import Ledger, did, lie, will
from tools.faults.losses import Losses, lose_power, record, scribe_command
from tools.faults.power import SECTOR, Disk, ways_to_lose
from tools.faults.shim import (
    CREATE,
    MKDIR,
    RENAME,
    SAID,
    SYNC,
    SYNC_FOLDER,
    TRUNCATE,
    UNLINK,
    WRITE,
    Note,
    ShimError,
    built,
)
from tools.faults.steps import STEPS

HOME = "/home/pi"


def note(kind: int, path: str = "", *, file: int = 0, at: int = 0, data: bytes = b"") -> Note:
    return Note(kind, f"{HOME}/{path}" if path else HOME, file, at, data)


def disk_after(*notes: Note) -> Disk:
    disk = Disk()
    disk.folders.add(HOME)
    for one in notes:
        disk.take(one)
    return disk


def found(disk: Disk, *, lost: bool) -> dict[str, bytes]:
    return {name.removeprefix(HOME + "/"): content for name, content in disk.after_crash(lambda: lost).items()}


NEW = (note(CREATE, "x", file=7), note(WRITE, "x", file=7, data=b"abc"))


def test_a_new_file_needs_its_own_sync_and_its_folders() -> None:
    assert found(disk_after(*NEW), lost=False) == {"x": b"abc"}
    assert found(disk_after(*NEW), lost=True) == {}
    assert found(disk_after(*NEW, note(SYNC, "x", file=7)), lost=True) == {}
    assert found(disk_after(*NEW, note(SYNC_FOLDER)), lost=True) == {"x": b""}
    assert found(disk_after(*NEW, note(SYNC, "x", file=7), note(SYNC_FOLDER)), lost=True) == {"x": b"abc"}


def test_a_renamed_file_has_the_old_name_until_its_folder_is_synced() -> None:
    there = (*NEW, note(SYNC, "x", file=7), note(SYNC_FOLDER))
    moved = (*there, note(RENAME, "x", data=f"{HOME}/y".encode()))
    assert found(disk_after(*moved), lost=True) == {"x": b"abc"}
    assert found(disk_after(*moved, note(SYNC_FOLDER)), lost=True) == {"y": b"abc"}
    assert found(disk_after(*there, note(UNLINK, "x")), lost=True) == {"x": b"abc"}
    assert found(disk_after(*there, note(UNLINK, "x"), note(SYNC_FOLDER)), lost=True) == {}


def test_what_is_in_a_folder_goes_with_it() -> None:
    below = (note(MKDIR, "f"), note(CREATE, "f/x", file=7), note(SYNC_FOLDER, "f"))
    assert found(disk_after(*below), lost=True) == {}
    assert found(disk_after(*below, note(SYNC_FOLDER)), lost=True) == {"f/x": b""}


def test_an_inode_that_is_given_again_is_another_file() -> None:
    again = disk_after(*NEW, note(UNLINK, "x"), note(CREATE, "y", file=7), note(WRITE, "y", file=7, data=b"de"))
    assert found(again, lost=False) == {"y": b"de"}


def test_sectors_are_lost_one_by_one_and_a_shortened_file_may_keep_its_length() -> None:
    there = (note(CREATE, "x", file=7), note(WRITE, "x", file=7, data=b"-" * 3 * SECTOR), note(SYNC, "x", file=7))
    disk = disk_after(*there, note(SYNC_FOLDER), note(WRITE, "x", file=7, at=100, data=b"+" * 2 * SECTOR))
    turns = iter([False, True, False])  # of the three sectors that are touched, the middle one is lost
    content = disk.after_crash(lambda: next(turns))[f"{HOME}/x"]
    rest = b"+" * 100 + b"-" * (SECTOR - 100)
    assert content == b"-" * 100 + b"+" * (SECTOR - 100) + b"-" * SECTOR + rest
    cut = disk_after(*there, note(SYNC_FOLDER), note(TRUNCATE, "x", file=7, at=5))
    assert [len(found(cut, lost=lost)["x"]) for lost in (True, False)] == [3 * SECTOR, 5]


def test_the_ledger_holds_what_was_confirmed_and_excuses_what_was_about_to_change() -> None:
    ledger = Ledger()
    ledger.take([did({"page 1": "a", "page 2": "b", "setting x": 1}), will("page 2"), '{"did": {"pa'])
    assert ledger.broken({"page 1": "a", "page 2": "c", "setting x": 1}) == []
    assert ledger.broken({"page 2": "b", "setting x": 2}) == [
        "page 1: confirmed 'a', found None",
        "setting x: confirmed 1, found 2",
    ]
    ledger.settle({"page 1": "a"})
    ledger.take([will("page *"), lie("said so")])
    assert ledger.broken({"page 1": "z", "setting x": 1}) == ["said so"]


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    try:
        with built() as path:
            yield path
    except ShimError as error:
        pytest.skip(str(error))


def losses_of(library: Path, home: Path, command: list[str]) -> Losses:
    home.mkdir()
    return lose_power(record(library, home, command), home, random.Random(2), 0.3)


def spoilt(patch: str) -> list[str]:
    """Return the scribe's command with a part of the app made careless."""
    return [sys.executable, "-c", f"{patch}\nfrom tools.faults.scribe import main\nmain('3', '25')"]


def test_what_was_confirmed_survives_a_loss_of_power(library: Path, tmp_path: Path) -> None:
    losses = losses_of(library, tmp_path / "home", scribe_command(25, 3))
    assert losses.broken == []
    assert losses.confirmed >= 20
    assert losses.crashes > 100


@pytest.mark.parametrize(
    "patch",
    [
        "import edge_app.storage.history as store\n"
        "durable = store._make_durable\n"
        "store._make_durable = lambda database: (durable(database), database.execute('PRAGMA synchronous = NORMAL'))",
        "import edge_app.storage.atomic_write as atomic\natomic.sync_folder = lambda _: None",
        "import os\nos.fsync = lambda _: None",
    ],
    ids=["database", "folders", "files"],
)
def test_a_writer_that_does_not_wait_for_the_disk_is_noticed(library: Path, tmp_path: Path, patch: str) -> None:
    assert losses_of(library, tmp_path / "home", spoilt(patch)).broken


FORGETFUL = """
from edge_app.storage.paths import find_paths
from edge_app.recognition.ink import make_ink
from edge_app.storage.history import HistoryStore
from tools.faults.scribe import teller

store = HistoryStore(find_paths().store_file)
pages = [store.save_page(None, make_ink([[[31337.75, 4242.25]]]), "5551234", 0.5) for _ in range(3)]
[store.delete_page(page) for page in pages] if {one_by_one} else store.forget_everything()
teller()("forgotten")
store.save_page(None, make_ink([[[1, 1]]]), "1", 0.5)
store.close()
"""


@pytest.mark.parametrize("one_by_one", [True, False], ids=["deleted", "forgotten"])
def test_no_byte_of_what_was_forgotten_comes_back_with_the_power(
    library: Path, tmp_path: Path, one_by_one: bool, rng: random.Random
) -> None:
    (home := tmp_path / "home").mkdir()
    code = FORGETFUL.format(one_by_one=one_by_one)
    notes = record(library, home, [sys.executable, "-c", code])
    disk, seen = disk_after(), {True: 0, False: 0}
    disk.folders.add(str(home))
    is_forgotten = False
    for one in notes:
        is_forgotten = is_forgotten or one.kind == SAID
        if one.kind != SAID:
            disk.take(one)
        for loses in ways_to_lose(rng):
            found = b"".join(disk.after_crash(loses).values())
            seen[is_forgotten] += b"31337.75" in found or b"5551234" in found
    assert seen[False] > 0  # or this test sees nothing
    assert seen[True] == 0


def test_a_short_part_of_all_of_it(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "faults.json"
    status = main(["--share", "0.02", "--seed", "5", "--json", str(file)])
    said = capsys.readouterr()
    assert status == 0, said.err
    report = json.loads(said.out)
    assert json.loads(file.read_text()) == {"runs": [report]}
    assert report["steps"].keys() == STEPS.keys()
    steps = report["steps"]
    assert [name for name, found in steps.items() if found["broken"]] == []
    assert all(steps[name]["confirmed"] > 10 for name in ("kill-store", "kill-window", "power", "disk-window"))
    assert sum(outcome["refused"] for outcome in steps["disk-store"]["by_fault"].values()) > 10
    assert steps["damage"]["set_aside"] > 1


def test_runs_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "power", ("a stub", lambda seed, _: {"broken": seed, "first_broken": []}))
    file = tmp_path / "faults.json"
    for seed, add in (("1", []), ("2", ["--add"]), ("3", ["--add"])):
        assert main(["--only", "power", "--seed", seed, "--json", str(file), *add]) == 1
    runs = json.loads(file.read_text())["runs"]
    assert [(run["seed"], run["steps"]["power"]["broken"]) for run in runs] == [(1, 1), (2, 2), (3, 3)]


def test_a_broken_promise_is_an_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(STEPS, "power", ("a stub", lambda *_: {"broken": 1, "first_broken": ["page 1 is gone"]}))
    assert main(["--only", "power"]) == 1
    assert "page 1 is gone" in capsys.readouterr().err


def test_without_a_compiler_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["--only", "power"]) == 1
    assert "sudo apt install gcc" in capsys.readouterr().err
