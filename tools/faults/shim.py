"""disk.c, built and loaded into a process: what it wrote down, and how it is told to fail."""

import ctypes
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")
NEEDED = "needs a C compiler on Linux. Debian: sudo apt install gcc libc6-dev"
CREATE, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, SAID = range(9)
HEAD = struct.Struct("=IIQQQ")  # Note of disk.c: kind, bytes of the path, inode, offset, bytes of the data


class ShimError(Exception):
    """The failing disk could not be built or loaded here."""


@dataclass(frozen=True)
class Note:
    """One change of a file, or a line that was said."""

    kind: int
    path: str
    file: int  # its inode
    offset: int  # or its new size
    data: bytes  # what is written; where a file is renamed to


@contextmanager
def built() -> Iterator[Path]:
    """Give the library; raises ShimError where it cannot be built."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise ShimError(NEEDED)
    with tempfile.TemporaryDirectory(prefix="digitpad-disk-") as folder:
        library = Path(folder) / "disk.so"
        done = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ShimError(done.stderr.strip())
        yield library


def say_into(trace: Path, line: str) -> None:
    """Put a line between the notes of a trace, by a process that is traced."""
    data = line.encode()
    handle = os.open(trace, os.O_WRONLY | os.O_APPEND)
    os.write(handle, HEAD.pack(SAID, 0, 0, 0, len(data)) + data)
    os.close(handle)


def read_trace(trace: Path) -> list[Note]:
    """Return what was written down, in order."""
    content, at, notes = trace.read_bytes(), 0, []
    while at < len(content):
        kind, path, file, offset, length = HEAD.unpack_from(content, at)
        at += HEAD.size
        data = content[at + path : at + path + length]
        notes.append(Note(kind, content[at : at + path].decode(), file, offset, data))
        at += path + length
    return notes


class Loaded:
    """The library in this very process, which was started with it."""

    def __init__(self) -> None:
        """Find it; raises ShimError in a process that was started without."""
        library = ctypes.CDLL(None)
        if not hasattr(library, "faults_arm"):
            raise ShimError("this process was not started with the failing disk (LD_PRELOAD)")
        library.faults_arm.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_int]
        library.faults_done.restype = ctypes.c_long
        self._library = library

    def fail(self, at: int, count: int, errno: int) -> None:
        """Let `count` changes fail, beginning with the one that is the `at`-th from now; errno 0 kills there."""
        self._library.faults_arm(at, count, errno)

    def heal(self) -> None:
        """Let nothing fail any more, and begin to count."""
        self._library.faults_arm(0, 0, 0)

    def done(self) -> int:
        """Return how many changes were tried since then."""
        return int(self._library.faults_done())
