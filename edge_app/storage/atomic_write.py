"""Files that are never half there, and are there after a loss of power."""

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

TEMPORARY = ".digitpad"  # what the names of unfinished files end in
UNFINISHED = f".*-{'[0-9a-f]' * 8}{TEMPORARY}"  # a name that nobody else gives a file
SHOWN = 40  # characters of a file's name in that of its unfinished one: a name has 255 bytes at most
MOST_LINKS = 40  # one after the other, as Linux has it
STALE = 60  # seconds after which an unfinished file is nobody's any more


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write `content` beside `path` and move it into place for good; on any fault there is the old file, or the new.

    Without a `mode` it has the rights of the old file, or those that the umask leaves. A link is followed, but for one
    that a stranger has put into a folder like /tmp, and what is no regular file (/dev/stdout) is written to, not
    replaced. What writing that was cut short has left in the folder is removed.
    """
    if path.exists() and not path.is_file():  # asked of the link: of a pipe's in /proc there is no resolving
        path.write_bytes(content)
        return
    path = _followed(path)
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    remove_stale(path.parent.glob(UNFINISHED))
    handle, temporary = _create_beside(path, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            _give_rights(temporary, mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _followed(path: Path) -> Path:
    """Return where a link leads; raises PermissionError for a stranger's link in a folder that everybody writes to.

    The kernel follows no such link (protected_symlinks, proc(5)); but what is resolved here, it does not see.
    """
    path = path.absolute()
    for _ in range(MOST_LINKS):
        if not path.is_symlink():
            return path.resolve()
        link, folder = path.lstat(), path.parent.stat()
        everybodys = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
        if everybodys and link.st_uid not in (os.geteuid(), folder.st_uid):
            raise PermissionError(errno.EACCES, "somebody else's link", str(path))
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _create_beside(path: Path, mode: int) -> tuple[int, Path]:
    """Return a new file beside `path`, open to be written, with the rights of `mode` that the umask leaves."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        temporary = path.with_name(f".{path.name[:SHOWN]}-{os.urandom(4).hex()}{TEMPORARY}")
        with contextlib.suppress(FileExistsError):
            return os.open(temporary, flags, mode), temporary


def _give_rights(path: Path, mode: int) -> None:
    """Give a file of ours these rights; on a disk that has none (FAT of another owner, network drives) it stays so."""
    try:
        path.chmod(mode)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise


def remove_stale(files: Iterable[Path]) -> None:
    """Remove those files that nobody has written to for a minute; one from the future is of a clock that was wrong."""
    for file in files:
        with contextlib.suppress(OSError):  # another program was faster
            if abs(time.time() - file.stat().st_mtime) > STALE:
                file.unlink()


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Create a folder and its parents, with these rights, for good; one that is there keeps its own. Raises OSError."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):  # not mkdir(parents=True): that gives the parents what the umask leaves
        folder.mkdir(mode, exist_ok=True)
        sync_folder(folder.parent)
    if not missing and not path.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def sync_file(path: Path) -> None:
    """Make what was written to a file survive a loss of power; raises OSError."""
    handle = os.open(path, os.O_RDWR)  # Windows syncs only what may be written
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
