"""A virtual X server for tests that open real windows."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def xvfb(size: str = "1024x768x24", *, needs: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Run Xvfb and yield its display, such as ":1", and process; skips the test where a program is missing."""
    if missing := [tool for tool in ("Xvfb", *needs) if not shutil.which(tool)]:
        pytest.skip(f"needs {' and '.join(missing)}. Debian: sudo apt install {' '.join(missing).lower()}")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}", server.pid
    finally:
        server.terminate()
        server.wait()
