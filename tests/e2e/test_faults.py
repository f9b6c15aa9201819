"""Stored data survives kills, power cuts, full and read-only disks, and damaged databases."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from edge_app.errors import StoreError
from edge_app.recognition.ink import make_ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore, open_history
from edge_app.storage.paths import files_set_aside

from ..conftest import ROOT
from ..support.pilot import SAMPLES, Pilot
from ..support.scribe import Scribe, pages_and_examples, paths_in, stored

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX only: signals and resource limits"),
]

KILLS = int(os.environ.get("DIGITPAD_KILLS", "12"))
DAMAGES = int(os.environ.get("DIGITPAD_DAMAGES", "100"))
SCRIBE = [sys.executable, "-m", "tests.support.scribe"]
INK = make_ink([[(0, 30), (25, 0), (25, 100)]])


def scribe_command(home: Path, seed: int, count: int, *flags: str) -> list[str]:
    return [*SCRIBE, str(home), str(seed), str(count), *flags]


def expected_states(home: Path, seed: int, lines: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield what a copy of `home`, taken before a scribe ran in it, must hold after its lines, and one change later."""
    scribe = Scribe(home, seed)
    for line in lines:
        change = scribe.plan()
        if line == "done":
            change()
    yield stored(home)
    scribe.plan()()
    scribe.store.close()
    yield stored(home)


# ---- kills


def kill(home: Path, rng: random.Random, *flags: str) -> bool:
    """Kill a scribe at a random moment; returns whether all that it confirmed, and no half of a change, is stored."""
    before, seed = home.with_name("before"), rng.randrange(10**9)
    shutil.copytree(home, before)
    command = scribe_command(home, seed, 10**6, *flags)
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    time.sleep(rng.uniform(0, 0.4))
    child.send_signal(signal.SIGKILL)
    lines = child.communicate()[0].splitlines()
    assert child.returncode == -signal.SIGKILL
    held = stored(home) in expected_states(before, seed, lines)
    shutil.rmtree(before)
    return held


def test_killed_process_loses_nothing_confirmed(tmp_path: Path, rng: random.Random) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert all(kill(home, rng) for _ in range(KILLS))
    assert len(stored(home)) > 20


def test_change_confirmed_before_it_is_stored_is_detected(tmp_path: Path, rng: random.Random) -> None:
    """Negative control: of ten kills, some fall between the confirmation and the change."""
    home = tmp_path / "home"
    home.mkdir()
    assert not all(kill(home, rng, "early") for _ in range(10))


# ---- power cuts


CALL = re.compile(r"^\d+ +(\w+)\((?:AT_FDCWD, )?(?:(\d+)<([^>]*)>)?(.*)")
WRITES = ("write", "pwrite64", "writev", "ftruncate")


def unsynced(home: Path, *flags: str) -> set[str]:
    """Return the files that held unsynced writes when a change was confirmed, by the order of system calls."""
    log = home.with_name("calls")
    calls = ",".join(("fsync", "fdatasync", "rename", "renameat", "unlink", *WRITES))
    strace = ["strace", "-f", "-y", "-s", "16", "-o", str(log), "-e", f"trace={calls}"]
    if not shutil.which("strace") or subprocess.run([*strace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs strace and the right to trace. Debian: sudo apt install strace")
    subprocess.run([*strace, *scribe_command(home, 3, 60, *flags)], cwd=ROOT, check=True, capture_output=True)
    dirty, found, confirmed = set[str](), set[str](), 0
    for line in log.read_text().splitlines():
        call = CALL.match(line)
        if not call:
            continue
        name, number, path, rest = call.groups()
        if number == "1" and '"done' in rest:
            found |= dirty
            confirmed += 1
        elif name in ("fsync", "fdatasync"):
            dirty.discard(path)
        elif name in WRITES and (path or "").startswith(str(home)) and not path.endswith("-shm"):
            dirty.add(path)
        elif name.startswith("rename"):
            source, target = re.findall(r'"([^"]*)"', rest)
            assert source not in dirty, f"{source} was renamed before it was synced"
            dirty.add(str(Path(target).parent))  # the new name is there once its folder is synced
    assert confirmed > 40
    return found


def test_every_write_is_synced_before_it_is_confirmed(tmp_path: Path) -> None:
    assert unsynced(tmp_path / "home") == set()


def test_store_that_does_not_sync_is_detected(tmp_path: Path) -> None:
    found = unsynced(tmp_path / "home", "no-sync")
    assert str(paths_in(tmp_path / "home").store_file) + "-wal" in found


# ---- disks that are full or read-only


def mount(*arguments: str) -> bool:
    """Mount a file system; returns whether that is allowed here: root of a container may not either."""
    return os.geteuid() == 0 and not subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[bool]:
    """Mount a disk of 400 KB where that is allowed; yields whether it is."""
    path.mkdir()
    mounted = mount("-t", "tmpfs", "-o", "size=400k", "digitpad-test", str(path))
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(path)], check=True)


@contextlib.contextmanager
def no_room() -> Iterator[None]:
    """Let this process write nothing more into any file, as on a full disk."""
    import resource  # POSIX only

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_rejects_changes_and_keeps_what_was_confirmed(tmp_path: Path) -> None:
    """On a small disk, or under a limit on the size of files where no disk can be mounted."""
    with small_disk(tmp_path / "disk") as mounted:
        home, ballast = tmp_path / "disk" / "home", tmp_path / "disk" / "ballast"
        ballast.write_bytes(bytes(150_000))
        command = scribe_command(home, 11, 120, *([] if mounted else ["small-files"]))
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300)
        ballast.unlink()
        lines = done.stdout.splitlines()[1:]
        failed = [line for line in lines if line != "done"]
        assert len(lines) == 120
        assert 10 < len(failed) < 110
        assert all(line.startswith("failed: ") and str(home) in line for line in failed), failed
        assert stored(home) == next(expected_states(tmp_path / "before", 11, lines))


def write_page(pilot: Pilot, sample: int) -> None:
    pilot.write(sample)
    pilot.do("clear")


def test_window_on_full_disk_reports_it_and_stores_the_pages_once_there_is_room(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
    pilot = Pilot(recognizer, store=store, history="on")
    write_page(pilot, 0)
    with no_room():
        write_page(pilot, 1)
        assert any("history.sqlite3" in note for note in pilot.notes), pilot.notes
    write_page(pilot, 2)
    pilot.app.close()
    again = HistoryStore(tmp_path / "history.sqlite3")
    assert [page.text for page in again.pages()] == [SAMPLES[number]["label"] for number in (2, 1, 0)]


def test_read_only_disk_keeps_its_pages_and_the_window_works(recognizer: Recognizer, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with small_disk(folder) as mounted:
        store = HistoryStore(folder / "history.sqlite3")
        store.save_page(None, INK, "1", 0.9)
        store.close()
        assert mounted is mount("-o", "remount,ro", str(folder))
        if not mounted:
            folder.chmod(0o555)
        opened, notices = open_history(folder / "history.sqlite3")
        assert notices
        pilot = Pilot(recognizer, store=opened, history="on")
        write_page(pilot, 0)
        pilot.app.close()
        mount("-o", "remount,rw", str(folder))
        folder.chmod(0o755)
        again = HistoryStore(folder / "history.sqlite3")
        assert [page.text for page in again.pages()] == ["1"]


# ---- damaged databases


PAGE = 4096  # bytes, of SQLite's pages


def damage(path: Path, rng: random.Random) -> str:
    """Damage a file in place, as a decaying disk does; returns how."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    start = at // PAGE * PAGE
    kind = rng.choice(["bit", "bytes", "zeros", "noise", "cut"])
    if kind == "bit":
        content[at] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del content[at:]
    elif kind == "bytes":
        content[at : at + 20] = rng.randbytes(len(content[at : at + 20]))
    else:
        size = len(content[start : start + PAGE])
        content[start : start + PAGE] = bytes(size) if kind == "zeros" else rng.randbytes(size)
    with path.open("r+b") as file:
        file.write(content)
        file.truncate(len(content))
    return f"{kind} at {at} of {path.name}"


def read_all(store: HistoryStore) -> dict[str, object]:
    """Return what a store holds; twice where the first time finds the damage, as the window does."""
    with contextlib.suppress(StoreError):
        return pages_and_examples(store)
    return pages_and_examples(store)


def check_damaged(path: Path, facts: dict[str, object], rng: random.Random, *, while_open: bool) -> None:
    """Damage a history; it opens, whatever is missing was set aside and named, and new pages are kept."""
    store = HistoryStore(path) if while_open else None
    files = [file for file in path.parent.iterdir() if not file.name.endswith("-shm") and file.stat().st_size]
    target = rng.choice(sorted(files))
    how = damage(target, rng)
    store = store or HistoryStore(path)
    found = read_all(store)
    aside = files_set_aside(path)
    notices = "".join(store.notices)
    assert all(file.name.removesuffix("-wal") in notices for file in aside), how
    if not aside and target == path:  # the damaged end of a log reads as one change that was never finished
        assert facts.keys() <= found.keys(), how
    number = None
    for _ in range(3):  # damage may show late, and start a new file then
        with contextlib.suppress(StoreError):
            number = store.save_page(None, INK, "4711", 1.0)
            break
    assert number is not None, how
    store.close()
    again = HistoryStore(path)
    page = again.page(number)
    assert (page is not None and page.text == "4711") or "It is kept as" in "".join(again.notices), how
    again.close()


def damage_many(below: Path, count: int, more_facts: dict[str, object]) -> int:
    """Check so many damaged histories; returns how many were set aside.

    They were closed in order, or left with their log by a kill, and are damaged before they are opened or while open.
    """
    scribe = Scribe(below / "killed", 3)
    for _ in range(60):
        scribe.plan()()
    facts = pages_and_examples(scribe.store) | more_facts
    shutil.copytree(below / "killed", below / "copy")
    scribe.store.close()
    (below / "killed").rename(below / "closed")
    (below / "copy").rename(below / "killed")
    set_aside = 0
    for seed in range(count):
        rng, home = random.Random(seed), below / "home"
        shutil.copytree(below / rng.choice(["closed", "killed"]), home)
        path = paths_in(home).store_file
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        check_damaged(path, facts, rng, while_open=rng.random() < 0.5)
        set_aside += bool(files_set_aside(path))
        shutil.rmtree(home)
    return set_aside


def test_damaged_history_opens_and_is_set_aside(tmp_path: Path) -> None:
    assert damage_many(tmp_path, DAMAGES, {}) > 0.2 * DAMAGES


def test_page_missing_without_a_notice_is_detected(tmp_path: Path) -> None:
    """Negative control: a page that was never stored is not in a file that passes for sound."""
    with pytest.raises(AssertionError):
        damage_many(tmp_path, 20, {"page 999": ("1", None, "")})
