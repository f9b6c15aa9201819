"""A loss of power: what a process wrote, replayed up to some moment, with what no fsync had asked for lost in part.

The disk here is a bad one, worse than ext4: until a file is synced, any of its 512-byte sectors may be old or new, in
any order; until a folder is synced, any of its last new names, renamings and removals may be missing. What was synced
is there, and a sector that is not written keeps its content while its neighbours are: SQLite asks for these two
(sqlite.org/atomiccommit.html, section 2; sqlite.org/psow.html).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .shim import CREATE, MKDIR, RENAME, SYNC, SYNC_FOLDER, TRUNCATE, UNLINK, WRITE, Note

SECTOR = 512

Change = tuple[int, bytes | None]
"""Where, and what is written there; None: the file is cut or grown to that size."""

Entry = tuple[str, int | None]
"""A name, and the file that it is from now on; None: it is gone."""


@dataclass
class Disk:
    """Files as they are on the platter, and what has been asked for since their last sync."""

    files: dict[int, bytes] = field(default_factory=dict)  # by a number of our own: inodes are given again
    names: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    _unsynced: dict[int, list[Change]] = field(default_factory=dict)
    _entries: list[list[Entry]] = field(default_factory=list)  # each change of names whole or not at all
    _new_folders: list[str] = field(default_factory=list)
    _by_inode: dict[int, int] = field(default_factory=dict)
    _now: dict[str, int] = field(default_factory=dict)  # names as the process sees them

    def take(self, note: Note) -> None:
        """Take one change over."""
        if note.kind == CREATE:
            number = self._by_inode[note.file] = len(self.files)
            self.files[number] = b""
            self._rename([(note.path, number)])
        elif note.kind == WRITE:
            self._unsynced.setdefault(self._by_inode[note.file], []).append((note.offset, note.data))
        elif note.kind == TRUNCATE:
            self._unsynced.setdefault(self._by_inode[note.file], []).append((note.offset, None))
        elif note.kind == SYNC:
            number = self._by_inode[note.file]
            for change in self._unsynced.pop(number, []):
                self.files[number] = _changed(self.files[number], change)
        elif note.kind == RENAME:
            self._rename([(note.path, None), (note.data.decode(), self._now[note.path])])
        elif note.kind == UNLINK:
            self._rename([(note.path, None)])
        elif note.kind == MKDIR:
            self._new_folders.append(note.path)
        elif note.kind == SYNC_FOLDER:
            self._sync_folder(note.path)

    def _rename(self, entries: list[Entry]) -> None:
        self._entries.append(entries)
        _put(self._now, entries)

    def _sync_folder(self, path: str) -> None:
        """Make what happened to the names in a folder last."""
        mine = [entries for entries in self._entries if any(str(Path(name).parent) == path for name, _ in entries)]
        for entries in mine:
            _put(self.names, entries)
            self._entries.remove(entries)
        self.folders.update(one for one in self._new_folders if str(Path(one).parent) == path)
        self._new_folders = [one for one in self._new_folders if one not in self.folders]

    def after_crash(self, loses: Callable[[], bool]) -> dict[str, bytes]:
        """Return the files that are found when the power is back; `loses` says whether a thing unsynced is lost."""
        folders = self.folders | {path for path in self._new_folders if not loses()}
        names = dict(self.names)
        for entries in self._entries:
            if not loses():
                _put(names, entries)
        files = {}
        for number in set(names.values()):
            content = self.files[number]
            for change in self._unsynced.get(number, []):
                content = _partly(content, change, loses)
            files[number] = content
        traced = {*self.folders, *self._new_folders}
        return {
            name: files[number]
            for name, number in names.items()
            if all(str(parent) in folders for parent in Path(name).parents if str(parent) in traced)
        }


def _put(names: dict[str, int], entries: Sequence[Entry]) -> None:
    for name, number in entries:
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def _changed(content: bytes, change: Change) -> bytes:
    at, data = change
    if data is None:
        return content[:at].ljust(at, b"\0")
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]


def _partly(content: bytes, change: Change, loses: Callable[[], bool]) -> bytes:
    """Return content with those sectors of a change that are not lost."""
    at, data = change
    if data is None:
        return content if loses() else _changed(content, change)
    end = at + len(data)
    while at < end:
        border = min(end, (at // SECTOR + 1) * SECTOR)
        if not loses():
            content = _changed(content, (at, data[len(data) - (end - at) : len(data) - (end - border)]))
        at = border
    return content


def ways_to_lose(rng: random.Random) -> list[Callable[[], bool]]:
    """Return what a loss of power may take of what was not synced: nothing (a kill), everything, some."""
    most, least = random.Random(rng.random()), random.Random(rng.random())
    return [lambda: False, lambda: True, lambda: least.random() < 0.3, lambda: most.random() < 0.7]


def write_down(files: dict[str, bytes], old: Path, new: Path) -> None:
    """Write files found below one folder below another."""
    for name, content in files.items():
        path = new / Path(name).relative_to(old)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
