"""Where digitpad writes: space, permissions, the history, privacy and the settings. Nothing is left behind."""

import errno
import os
import shlex
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ...errors import SettingsError, StoreError
from ...storage.paths import files_set_aside
from ..os_info import has_overlay
from .host import Finding, Host, State

LOW, ENOUGH = 20_000_000, 200_000_000  # bytes: a full history takes about 50 MB
ANOTHER = "another folder: DIGITPAD_HOME=FOLDER digitpad"
FREE_SPACE = "Free some space: delete files you no longer need"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
ENTER = stat.S_IXGRP | stat.S_IXOTH


def check_disk(host: Host) -> Iterator[Finding]:
    """Write to the folders that digitpad uses, and measure their free space."""
    try:
        paths = host.find_paths()
    except SettingsError as error:
        said, _, remedy = str(error).rpartition(". ")
        yield Finding("disk", "bad", said, remedy)
        return
    wanted = {"settings": paths.config, "history and log": paths.data, "pictures": paths.pictures}
    failed: dict[tuple[Path, int], list[str]] = {}
    for name, path in wanted.items():
        folder = _existing(path)
        if number := _write_error(folder):
            failed.setdefault((folder, number), []).append(name)
    for (folder, number), names in failed.items():
        said = f"{', '.join(names)} cannot be saved: {folder}: {os.strerror(number)}"
        yield Finding("disk", "bad", said, _remedy(host, folder, number))
    if not failed:
        yield Finding("disk", "good", f"{paths.data} can be written")
        free = host.free_bytes(_existing(paths.data))
        said = f"{free / 1e6:,.0f} MB free at {_existing(paths.data)}"
        state: State = "good" if free >= ENOUGH else "note" if free >= LOW else "bad"
        yield Finding("disk", state, said, "" if state == "good" else FREE_SPACE)
    if has_overlay(host.root) and _existing(paths.data).stat().st_dev == host.root.stat().st_dev:
        said = "the root file system is an overlay: what is saved is lost at the next boot"
        yield Finding("disk", "note", said, f"On another disk, use {ANOTHER}")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _write_error(folder: Path) -> int:
    """Return the number of the error that a write to a folder causes, 0 for none."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _remedy(host: Host, folder: Path, number: int) -> str:
    if not folder.is_dir():
        return f"Move the file {folder} away, or use {ANOTHER}"
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"{FREE_SPACE}; or use {ANOTHER}"
    if number == errno.EROFS:
        fixes = f"(errors turn it read-only: check it with fsck), mount another one at {folder}"
        return f"Make the disk writable {fixes}, or use {ANOTHER}"
    if number in (errno.EACCES, errno.EPERM) and folder.is_relative_to(host.home):
        return f"sudo chown -R {shlex.quote(host.user)} {shlex.quote(str(folder))}, or use {ANOTHER}"
    return f"Use {ANOTHER}"


def check_history(host: Host) -> Iterator[Finding]:
    """Check the history's file read-only, then open it."""
    if host.paths is None:
        return
    path = host.paths.store_file
    if aside := files_set_aside(path):
        said = f"a damaged history was set aside: {aside[-1]}"
        yield Finding("history", "note", said, "Delete it unless you want to recover data from it")
    if not path.exists():
        yield Finding("history", "good", "nothing is saved yet")
    elif damage := _damage(path):
        remedy = "Copy the file if it matters; at its next start, digitpad sets it aside and begins a new one"
        yield Finding("history", "bad", f"{path}: {damage}", remedy)
    else:
        yield _open(path)


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else f"damaged ({answer.splitlines()[0]})"


def _open(path: Path) -> Finding:
    from ...storage.history import HistoryStore  # needs numpy, which may be broken

    try:
        with closing(HistoryStore(path)) as store:
            said = f"pages: {store.count_pages()}, examples: {store.count_examples()}, in {path}"
            return Finding("history", "good", said)
    except StoreError as error:
        said, _, remedy = str(error).rpartition(". ")
        return Finding("history", "bad", said or remedy, remedy)


def check_privacy(host: Host) -> Iterator[Finding]:
    """Check that no other user may read or replace what digitpad saves; existing folders keep their permissions."""
    if host.paths is None or host.platform == "win32":
        return
    kept = [path for path in (host.paths.config, host.paths.data, host.paths.pictures) if path.is_dir()]
    problems = [Finding("privacy", "note", *problem) for folder in kept for problem in _exposures(folder)]
    yield from problems
    if kept and not problems:
        yield Finding("privacy", "good", "no other user of this system may read what is saved")


def _exposures(folder: Path) -> Iterator[tuple[str, str]]:
    if folder.stat().st_uid != os.geteuid():
        yield f"{folder} belongs to another user, who may read and change it", f"Use {ANOTHER}"
    if folder.stat().st_mode & OTHERS and all(above.stat().st_mode & ENTER for above in folder.parents):
        wide = [path for path in folder.rglob("*") if not path.is_symlink() and path.stat().st_mode & OTHERS]
        said = f"other users may open {folder}, and {len(wide)} of the files and folders in it"
        yield said, f"chmod -R go= {shlex.quote(str(folder))} (FAT has no permissions: mount it with umask=077)"
    for above in folder.parents:
        if above.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            said = f"other users may write to {above}, and replace {folder}"
            yield said, f"chmod go-w {shlex.quote(str(above))}"
            return


def check_settings(host: Host) -> Iterator[Finding]:
    """Report errors in the settings and in language files, which digitpad ignores."""
    if host.paths is None:
        return
    problems = [*host.settings[1], *host.language[1]]
    yield from (Finding("settings", "note", problem, "Correct that line, or remove it") for problem in problems)
    if not problems:
        path = host.paths.settings_file
        yield Finding("settings", "good", f"{path} is valid" if path.exists() else "all at their defaults")
