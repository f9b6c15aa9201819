"""Files that are never half there, and are there after a loss of power."""

import contextlib
import errno
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TEMPORARY = ".digitpad"  # what the names of unfinished files end in
SHOWN = 40  # characters of a file's name in that of its unfinished one: a name has 255 bytes at most
STALE = 60  # seconds after which an unfinished file is nobody's any more


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write `content` beside `path` and move it into place for good; on any fault there is the old file, or the new.

    A link is followed, and what is no regular file (/dev/stdout) is written to, not replaced. What writing that was cut
    short has left in the folder is removed.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    remove_stale(path.parent.glob(f".*{TEMPORARY}"))
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:SHOWN]}-", suffix=TEMPORARY, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_stale(files: Iterable[Path]) -> None:
    """Remove those files that nobody has written to for a minute; one from the future is of a clock that was wrong."""
    for file in files:
        with contextlib.suppress(OSError):  # another program was faster
            if abs(time.time() - file.stat().st_mtime) > STALE:
                file.unlink()


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Create a folder and its parents for good; one that is there keeps the rights it has. Raises OSError."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    for folder in reversed(missing):
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Make what was created, renamed and removed in a folder survive a loss of power; raises OSError.

    Nothing is done where that cannot be asked for: on Windows, in folders that may not be read, on some network drives.
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
    """Return `value` as indented JSON for people and version control, lists of numbers on one line."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text)
    return (text + "\n").encode()
