"""Where the window is opened: on the screen that is there, or on a virtual one of the bench's own."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
UNSEEN = ("dummy", "offscreen")
PATIENCE = 900  # seconds for one process: a small computer takes its time
TRY = """
import json
from edge_app.gui.platform.display import Display, pygame

window = Display().surface
print(json.dumps({"driver": pygame.display.get_driver(), "window": window.get_size()}))
"""


class ProcessError(Exception):
    """A process that measures has failed."""


@dataclass(frozen=True)
class Screen:
    """The display driver, the size in which the window opens of itself, and what processes need to find it."""

    driver: str
    window: tuple[int, int]
    virtual: bool
    environment: Mapping[str, str]

    @property
    def unseen(self) -> str | None:
        """Why what costs a real window cannot be measured; None where it can."""
        if self.driver in UNSEEN:
            return f"no display is there (driver {self.driver}). Debian: sudo apt install xvfb"
        return None


@contextlib.contextmanager
def find_screen() -> Iterator[Screen]:
    """Open the display for as long as it is used; all that the app keeps meanwhile goes with it.

    Raises ProcessError where no window can be opened at all.
    """
    with contextlib.ExitStack() as closing:
        home = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="digitpad-bench-")))
        (home / "config").mkdir()
        (home / "config" / "settings.toml").write_text('history = "on"\n')
        environment = {**os.environ, "DIGITPAD_HOME": str(home)}
        try:
            screen = _opened(environment, virtual=False)
        except ProcessError:  # no display: one of our own, or none that anybody sees
            virtual = shutil.which("Xvfb") is not None
            if virtual:
                environment["DISPLAY"] = closing.enter_context(virtual_display())
            else:
                environment["SDL_VIDEODRIVER"] = "dummy"
            screen = _opened(environment, virtual=virtual)
        yield screen


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """Run Xvfb, as large as a window may be wanted; gives the display's name."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "3840x2160x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise ProcessError("Xvfb does not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def _opened(environment: Mapping[str, str], *, virtual: bool) -> Screen:
    found = json.loads(output([sys.executable, "-c", TRY], environment))
    return Screen(found["driver"], tuple(found["window"]), virtual, environment)


def output(command: list[str], environment: Mapping[str, str]) -> str:
    """Return what a process prints, run in the project's folder.

    Raises ProcessError with its last words; where they are a bug's, its traceback goes to standard error.
    """
    try:
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise ProcessError(f"took longer than {PATIENCE} s and was stopped") from None
    if done.returncode:
        if "Traceback" in done.stderr:
            sys.stderr.write(done.stderr)
        raise ProcessError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return done.stdout


def scenario(screen: Screen, name: str, **options: Any) -> dict[str, Any]:
    """Return what a scenario finds, in a process of its own."""
    command = [sys.executable, "-m", "tools.bench.scenarios", name, json.dumps(options)]
    answer: dict[str, Any] = json.loads(output(command, screen.environment))
    return answer
