"""Atomic file writes that survive a crash or a power cut: readers see the old content or the new, never a part."""

import contextlib
import errno
import json
import os
import re
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TEMPORARY = ".digitpad"  # suffix of unfinished files
UNFINISHED = f".*-{'[0-9a-f]' * 8}{TEMPORARY}"
SHOWN = 40  # characters of the target's name in the unfinished file's: a name has 255 bytes at most
STALE = 60  # seconds after which an unfinished file is a leftover


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write `content` to a temporary file beside `path`, sync it and rename it; raises OSError.

    Without `mode` the file keeps the permissions it had, or a new one gets those of the umask. Symbolic links are
    followed. What is no regular file (/dev/stdout) is written to, not replaced.
    """
    with contextlib.suppress(FileNotFoundError):
        # stat() before resolve(): the kernel refuses another user's link in /tmp (protected_symlinks, proc(5)).
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            path.write_bytes(content)
            return
        mode = stat.S_IMODE(found.st_mode) if mode is None else mode
    path = path.resolve()
    remove_stale(path.parent.glob(UNFINISHED))
    temporary = path.with_name(f".{path.name[:SHOWN]}-{os.urandom(4).hex()}{TEMPORARY}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            with contextlib.suppress(OSError):  # FAT and some network drives have no permissions
                temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_stale(files: Iterable[Path]) -> None:
    """Remove files not modified within the last minute; a time in the future is from a clock that was wrong."""
    for file in files:
        with contextlib.suppress(OSError):  # another process may remove it first
            if abs(time.time() - file.stat().st_mtime) > STALE:
                file.unlink()


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Create a folder and its missing parents with these permissions, and sync them; raises OSError."""
    for folder in (*reversed(path.parents), path):  # mkdir(parents=True) would give parents the umask's permissions
        if not folder.is_dir():
            folder.mkdir(mode, exist_ok=True)
            sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to disk, so that files created, renamed or removed in it survive a power cut.

    Does nothing where that is not possible: Windows, folders we may not read, some network drives. Raises OSError.
    """
    if os.name != "posix":
        return
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def readable_json(value: Any) -> bytes:
    """Return `value` as indented JSON, with lists of numbers on one line."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text)
    return (text + "\n").encode()
