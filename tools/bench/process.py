"""Runs the processes that measure, on the screen that is there or on a virtual one."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
TIMEOUT = 900  # seconds for one process
OPEN_WINDOW = """
import json
from edge_app.gui.platform.display import Display, pygame

window = Display().surface
print(json.dumps({"driver": pygame.display.get_driver(), "window": window.get_size()}))
"""
# `python -m edge_app` up to its first picture; imports nothing that the app does not
FIRST_FRAME = """
import sys, time
from edge_app.cli import main
from edge_app.gui.platform.display import Display

show = Display.show

def show_once(display, changed):
    show(display, changed)
    print(time.time())
    sys.exit()

Display.show = show_once
main([])
"""


class ProcessError(Exception):
    """A process that measures has failed."""


class Screen(NamedTuple):
    """SDL's driver, the size in which the window opens, whether it is Xvfb's, and the environment of processes."""

    driver: str
    window: tuple[int, int]
    virtual: bool
    environment: Mapping[str, str]


def output(command: list[str], environment: Mapping[str, str]) -> str:
    """Return what a process prints; raises ProcessError with the last line of its standard error."""
    try:
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise ProcessError(f"timed out after {TIMEOUT} s") from None
    if done.returncode:
        raise ProcessError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return done.stdout


def first_frame(python: str, environment: Mapping[str, str]) -> float:
    """Return seconds from the start of the app's process to its first picture."""
    started = time.time()
    return float(output([python, "-c", FIRST_FRAME], environment)) - started


@contextlib.contextmanager
def find_screen() -> Iterator[Screen]:
    """Yield the display, or Xvfb, or SDL's dummy driver; raises ProcessError if no window can be opened."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="digitpad-bench-")))
        (home / "config").mkdir()
        (home / "config" / "settings.toml").write_text('history = "on"\n')
        environment = {**os.environ, "DIGITPAD_HOME": str(home)}
        try:
            yield Screen(**_open_window(environment), virtual=False, environment=environment)
            return
        except ProcessError:
            virtual = shutil.which("Xvfb") is not None
        environment |= {"DISPLAY": stack.enter_context(_xvfb())} if virtual else {"SDL_VIDEODRIVER": "dummy"}
        yield Screen(**_open_window(environment), virtual=virtual, environment=environment)


def _open_window(environment: Mapping[str, str]) -> dict[str, Any]:
    return dict(json.loads(output([sys.executable, "-c", OPEN_WINDOW], environment)))


@contextlib.contextmanager
def _xvfb() -> Iterator[str]:
    """Run Xvfb and yield the name of its display."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "3840x2160x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
