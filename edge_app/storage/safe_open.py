"""Opens regular files only: reading a pipe or a device could block forever."""

import errno
import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

# Without O_NONBLOCK, opening a pipe waits for its writer.
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading; raises OSError for folders, pipes and devices."""
    handle = os.open(path, READ)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "a pipe or a device, not a file", str(path))
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


@contextmanager
def open_unzipped(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed if its name ends in .gz; reading may raise OSError, EOFError and zlib.error."""
    with open_regular(path) as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with gzip.open(file, "rb") as content:
            yield cast(IO[bytes], content)
