"""Where digitpad writes: space, permissions, the history, privacy and the settings. Nothing is left behind."""

import errno
import os
import shlex
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ...errors import SettingsError, StoreError
from ...storage.paths import files_set_aside, find_paths
from ..os_info import has_overlay
from .host import Finding, Host

LOW, ENOUGH = 20_000_000, 200_000_000  # bytes: a full history takes about 50 MB
ANOTHER = "another folder: DIGITPAD_HOME=FOLDER digitpad"
FREE_SPACE = "Free some space: delete files you no longer need"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
ENTER = stat.S_IXGRP | stat.S_IXOTH


def check_disk(host: Host) -> Iterator[Finding]:
    """Write to the folders that digitpad uses, and measure their free space."""
    try:
        paths = find_paths(host.environ)
    except SettingsError as error:
        said, _, remedy = str(error).rpartition(". ")
        yield Finding("disk", "bad", said, remedy)
        return
    wanted = {"settings": paths.config, "history and log": paths.data, "pictures": paths.pictures}
    failed: dict[tuple[Path, int], list[str]] = {}
    for name, path in wanted.items():
        folder = next(folder for folder in (path, *path.parents) if folder.exists())
        if number := _write_error(folder):
            failed.setdefault((folder, number), []).append(name)
    for (folder, number), names in failed.items():
        said = f"{', '.join(names)} cannot be saved: {folder}: {os.strerror(number)}"
        yield Finding("disk", "bad", said, _remedy(host, folder, number))
    if not failed:
        yield Finding("disk", "good", f"{paths.data} can be written")
        yield _space(host, next(folder for folder in (paths.data, *paths.data.parents) if folder.exists()))
    if has_overlay(host.root):
        said = "the root file system is an overlay: what is saved is lost at the next boot"
        yield Finding("disk", "note", said, f"On another disk, use {ANOTHER}")


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
        return f"Make the disk writable (errors turn it read-only: check it with fsck), or use {ANOTHER}"
    if number in (errno.EACCES, errno.EPERM) and folder.is_relative_to(host.home):
        return f"sudo chown -R {shlex.quote(host.user)} {shlex.quote(str(folder))}, or use {ANOTHER}"
    return f"Use {ANOTHER}"


def _space(host: Host, folder: Path) -> Finding:
    free = host.free_bytes(folder)
    said = f"{free / 1e9:.1f} GB free at {folder}" if free >= 1e9 else f"{free / 1e6:.0f} MB free at {folder}"
    if free >= ENOUGH:
        return Finding("disk", "good", said)
    return Finding("disk", "bad" if free < LOW else "note", said, FREE_SPACE)


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
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            database.close()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else f"damaged ({answer.splitlines()[0]})"


def _open(path: Path) -> Finding:
    from ...storage.history import HistoryStore  # needs numpy, which may be broken

    try:
        store = HistoryStore(path)
    except StoreError as error:
        said, _, remedy = str(error).rpartition(". ")
        return Finding("history", "bad", said or remedy, remedy)
    try:
        return Finding(
            "history", "good", f"pages: {store.count_pages()}, examples: {store.count_examples()}, in {path}"
        )
    finally:
        store.close()


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
    for problem in problems:
        yield Finding("settings", "note", problem, "Correct that line, or remove it")
    if not problems:
        path = host.paths.settings_file
        yield Finding("settings", "good", f"{path} is valid" if path.exists() else "all at their defaults")
