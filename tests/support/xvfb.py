"""A virtual X server for tests that open real windows."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def xvfb(size: str = "1024x768x24", *, needs: tuple[str, ...] = ()) -> Iterator[str]:
    """Run Xvfb and yield its display's name, such as ":1"; skips the test where it or one of `needs` is missing."""
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
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
