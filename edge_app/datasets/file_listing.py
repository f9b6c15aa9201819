"""The folders, ink and pictures in a folder, in natural order."""

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ..errors import FolderError
from .readers import PICTURES, is_ink

LIMIT = 500


@dataclass(frozen=True)
class Entry:
    """A line of the listing; `name` is printable, whatever bytes the file name has."""

    name: str
    path: Path
    is_folder: bool


def list_folder(folder: Path, limit: int = LIMIT) -> list[Entry]:
    """Return the first `limit` entries of `folder`, folders first; raises FolderError.

    Hidden entries, broken links and special files are left out; a link to a folder is a folder. The parent folder is
    not listed.
    """
    try:
        with os.scandir(folder) as found:
            entries = [entry for file in found if (entry := _entry(file, folder))]
    except OSError as error:
        raise FolderError(f"{folder}: cannot be listed ({error.strerror}). Choose another folder") from None
    return sorted(entries, key=_sort_key)[:limit]


def _entry(file: "os.DirEntry[str]", folder: Path) -> Entry | None:
    """Return the entry of a file or folder; None if it is not listed, or no longer exists."""
    with contextlib.suppress(OSError):
        if _is_hidden(file):
            return None
        if file.is_dir() or (
            (is_ink(Path(file.name)) or Path(file.name).suffix.lower() in PICTURES) and file.is_file()
        ):
            return Entry(_printable(file.name), folder / file.name, file.is_dir())
    return None


def _is_hidden(file: "os.DirEntry[str]") -> bool:
    if file.name.startswith("."):
        return True
    attributes = getattr(file.stat(follow_symlinks=False), "st_file_attributes", 0)  # Windows only
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _printable(name: str) -> str:
    """Return `name` with control characters and undecodable bytes replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _sort_key(entry: Entry) -> tuple[bool, list[str | int], str]:
    """Return a key that sorts folders first, ignores case, and puts 2 before 10."""
    parts = re.split(
        r"([0-9]+)", entry.name.casefold()
    )  # text and numbers alternate, so only like is compared with like
    return not entry.is_folder, [int(part) if i % 2 else part for i, part in enumerate(parts)], entry.path.name
