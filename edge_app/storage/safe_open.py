"""Files that are opened for what is in them: regular ones alone, as a pipe or a device may hold its reader for ever."""

import errno
import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

# O_NONBLOCK: a pipe that took the file's place since we looked must not hold us either.
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading; raises OSError for a folder, a pipe, a device, and what cannot be opened."""
    _check(path, path.stat())  # before it is opened: to open some devices is to start something
    handle = os.open(path, READ)
    try:
        _check(path, os.fstat(handle))
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def _check(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "a pipe or a device, not a file", str(path))


@contextmanager
def open_unzipped(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, and what is in it where its name ends in .gz; reading raises OSError, EOFError and zlib.error."""
    with open_regular(path) as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with gzip.open(file, "rb") as content:
            yield cast(IO[bytes], content)
