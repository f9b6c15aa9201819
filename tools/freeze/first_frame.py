"""`python first_frame.py PROGRAM [TIMES]`: milliseconds from the start of a frozen program to its first picture.

It is seen from outside, when the paper of the pad is in the memory of a virtual screen (Xvfb). The program is
started in an empty home each time, without Python on the path: first with its files in the system's cache, then with
none of them there.
"""

import contextlib
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 30  # seconds
PAPER = (255, 255, 252)  # of the light theme
PIXELS = bytes((*reversed(PAPER), 0)) * 200  # a part of a row of the pad, as X keeps it: blue, green, red, nothing


@contextlib.contextmanager
def screen(folder: Path) -> Iterator[tuple[str, mmap.mmap]]:
    """Open a virtual screen; gives its name and its memory."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-fbdir",
        str(folder),
        "-screen",
        "0",
        "1024x768x24",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as pipe:
            name = f":{pipe.readline().strip()}"
        with (folder / "Xvfb_screen0").open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
            yield name, memory
    finally:
        server.terminate()
        server.wait()


def evict(folder: Path) -> None:
    """Take a folder's files out of the system's cache; its directories stay there."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())  # what is not written yet stays
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_frame(program: Path, *, cold: bool = False) -> float:
    """Return the milliseconds of one start; raises TimeoutError where no picture comes."""
    if cold:
        evict(program.parent)
    with tempfile.TemporaryDirectory() as home, screen(Path(home)) as (display, memory):
        environment = {"HOME": home, "DISPLAY": display, "PATH": "/nonexistent"}
        started = time.perf_counter()
        process = subprocess.Popen([program, "--theme", "light"], env=environment, stderr=subprocess.DEVNULL)
        try:
            while memory.find(PIXELS) < 0:
                if time.perf_counter() > started + PATIENCE:
                    raise TimeoutError(f"{program}: no picture within {PATIENCE} s")
                time.sleep(0.002)
            return 1000 * (time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Measure and print."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program, count = Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) == 3 else 10
    first_frame(program)  # fills the cache
    for name, cold in (("warm", False), ("cold", True)):
        times = [first_frame(program, cold=cold) for _ in range(count)]
        print(f"{name}: median of {count} {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")


if __name__ == "__main__":
    main()
