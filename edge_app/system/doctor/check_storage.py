"""Where digitpad writes: room, rights, the history and the settings; nothing is left behind."""

import errno
import shlex
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...errors import SettingsError, StoreError
from ...storage.paths import files_set_aside, find_paths
from .host import Finding, World

LOW, ENOUGH = 20_000_000, 200_000_000  # bytes: a full history takes some 50 MB
FULL, FORBIDDEN = (errno.ENOSPC, errno.EDQUOT), (errno.EACCES, errno.EPERM)
HOME = "DIGITPAD_HOME=FOLDER digitpad"


def check_disk(world: World) -> Iterator[Finding]:
    """Write into the folders that digitpad writes to, and measure what is free there."""
    try:
        folders = find_paths(world.environ)
    except SettingsError as error:
        said, _, advice = str(error).rpartition(". ")
        yield Finding("disk", "bad", said.rstrip("."), advice)
        return
    wanted = {"settings": folders.config, "history and log": folders.data, "pictures": folders.pictures}
    faults = {name: fault for name, path in wanted.items() if (fault := _write_fault(path))}
    for fault in dict.fromkeys(faults.values()):
        names = [name for name in faults if faults[name] == fault]
        said = f"{', '.join(names)} cannot be kept: {fault.folder}: {fault.reason}"
        yield Finding("disk", "bad", said, _advice(world, fault))
    if not faults:
        yield Finding("disk", "good", f"{folders.data} can be written")
        yield _room(world, _nearest(folders.data))
    if _is_overlay(world):
        said = "the system runs on an overlay: whatever is kept is gone after a restart"
        yield Finding("disk", "note", said, f"For a history that stays, a folder on another disk: {HOME}")


def _nearest(path: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


@dataclass(frozen=True)
class Fault:
    """Why a folder cannot be written to, in the system's words and by its number."""

    folder: Path
    reason: str
    number: int | None


def _write_fault(path: Path) -> Fault | None:
    """Return why a file cannot be written in a folder, or a folder be made for it; None if it can."""
    folder = _nearest(path)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return Fault(folder, error.strerror or str(error), error.errno)
    return None


def _advice(world: World, fault: Fault) -> str:
    """Return what makes a folder writable, or another one serve."""
    folder = fault.folder
    if not folder.is_dir():
        return f"Move the file {folder} away, or {HOME}"
    if fault.number in FULL:
        return f"{_make_room(world)}; or take a folder on another disk: {HOME}"
    if fault.number == errno.EROFS:
        return f"Make the disk writable (after a fault it turns read-only: check it with fsck), or {HOME}"
    if fault.number in FORBIDDEN and folder.is_relative_to(world.home):
        return f"sudo chown -R {shlex.quote(world.user)} {shlex.quote(str(folder))}, or {HOME}"
    return f"Name a folder of your own: {HOME}"


def _is_overlay(world: World) -> bool:
    """Return whether raspi-config's overlay is on; a container's root is an overlay, too, and stays."""
    words = world.read("/proc/cmdline").split()
    return any(word == "boot=overlay" or word.startswith("overlayroot=tmpfs") for word in words)


def _room(world: World, folder: Path) -> Finding:
    free = world.free_bytes(folder)
    said = f"{free / 1e9:.1f} GB free at {folder}" if free >= 1e9 else f"{free / 1e6:.0f} MB free at {folder}"
    if free >= ENOUGH:
        return Finding("disk", "good", said)
    return Finding("disk", "bad" if free < LOW else "note", said, _make_room(world))


def _make_room(world: World) -> str:
    if world.which("apt") and world.which("journalctl"):
        return "Make room: sudo apt clean, sudo journalctl --vacuum-size=50M, or delete files of your own"
    return "Make room: delete files you no longer need"


def check_history(world: World) -> Iterator[Finding]:
    """Open the history that there is, after looking at it without the right to change anything."""
    if world.folders is None:  # the disk's finding
        return
    path = world.folders.store_file
    aside = files_set_aside(path)
    if aside:
        said = f"a damaged history was set aside: {aside[-1]}"
        yield Finding("history", "note", said, "Delete it when you do not want to try to save anything from it")
    if not path.exists():
        yield Finding("history", "good", "none is kept yet")
        return
    damage = _damage(path)
    if damage:
        advice = "Copy the file if it matters; the window sets it aside at its next start and begins a new one"
        yield Finding("history", "bad", f"{path}: {damage}", advice)
        return
    yield _opened(path)


def _damage(path: Path) -> str:
    """Return what SQLite finds wrong in a file; it is opened for reading only."""
    try:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            database.close()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else f"damaged ({answer.splitlines()[0]})"


def _opened(path: Path) -> Finding:
    from ...storage.history import HistoryStore  # not at import: it needs numpy, which may be what is wrong

    try:
        store = HistoryStore(path)
    except StoreError as error:
        said, _, advice = str(error).rpartition(". ")
        return Finding("history", "bad", said or advice, advice)
    try:
        said = f"{_many(store.count_pages(), 'page')} and {_many(store.count_examples(), 'example')} in {path}"
    finally:
        store.close()
    return Finding("history", "good", said)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def check_settings(world: World) -> Iterator[Finding]:
    """Name what is wrong in the settings and in the files of the language; digitpad passes it over."""
    if world.folders is None:
        return
    problems = [*world.settings[1], *world.language[1]]
    for problem in problems:
        yield Finding("settings", "note", problem, "Mend that line, or take it out")
    if not problems:
        path = world.folders.settings_file
        yield Finding("settings", "good", f"{path} is sound" if path.exists() else "none are changed yet")
