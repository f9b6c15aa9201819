"""What a folder holds that can be opened: its folders, ink and pictures, in the order a person would look for them."""

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ..errors import FolderError
from .readers import INK, PICTURES

LIMIT = 500


@dataclass(frozen=True)
class Entry:
    """A line of the listing; `name` can be drawn, whatever bytes the file's own name has."""

    name: str
    path: Path
    is_folder: bool


def list_folder(folder: Path, limit: int = LIMIT) -> list[Entry]:
    """Return the first `limit` entries of `folder`: folders, then files that can be read; raises FolderError.

    Hidden ones, broken links and what is no regular file are left out; a link to a folder is a folder. There is no
    entry for the folder above.
    """
    try:
        with os.scandir(folder) as found:
            entries = [entry for file in found if (entry := _entry(file, folder))]
    except OSError as error:
        raise FolderError(f"{folder}: cannot be listed ({error.strerror}). Choose another folder") from None
    return sorted(entries, key=_place)[:limit]


def _entry(file: "os.DirEntry[str]", folder: Path) -> Entry | None:
    """Return the entry of a file or folder that is to be shown; None also for one that has vanished meanwhile."""
    with contextlib.suppress(OSError):
        if _is_hidden(file):
            return None
        if file.is_dir() or (_is_readable(Path(file.name)) and file.is_file()):
            return Entry(_drawable(file.name), folder / file.name, file.is_dir())
    return None


def _is_hidden(file: "os.DirEntry[str]") -> bool:
    if file.name.startswith("."):
        return True
    attributes = getattr(file.stat(follow_symlinks=False), "st_file_attributes", 0)  # Windows has them
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _is_readable(path: Path) -> bool:
    """Return whether a file of this name is ink, plain or gzipped, or a picture."""
    kind = path.suffix.lower()
    return Path(path.stem).suffix.lower() in INK if kind == ".gz" else kind in INK | PICTURES


def _drawable(name: str) -> str:
    """Return `name` with a replacement for what no font can draw: control characters, bytes that are no text."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _place(entry: Entry) -> tuple[bool, list[str | int], str]:
    """Return what sorts folders first, upper and lower case alike, and 2 before 10."""
    parts = re.split(r"([0-9]+)", entry.name.casefold())  # text and numbers take turns, so like meets like
    return not entry.is_folder, [int(part) if i % 2 else part for i, part in enumerate(parts)], entry.path.name
