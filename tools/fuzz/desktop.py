"""The window as a process of its own on a real X server, with a pointer, keys and sizes that xdotool gives it."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edge_app.storage.history import HistoryStore
from tools.bench.screen import ROOT, ProcessError, virtual_display

from .run import Run

COMMANDS, BATCH = 2000, 200  # of one life, and of one process of xdotool
SIZES = ((800, 480), (320, 240), (480, 800), (1024, 600), (1, 1), (60, 40), (2000, 1500))
KEYS = ("Tab", "Return", "space", "Escape", "BackSpace", "Delete", "Up", "Down", "Page_Down", "F1", "F2", "F10", "F11")
KEYS = (*KEYS, *"0123456789uehimprs", "ctrl+z", "ctrl+y", "ctrl+c", "ctrl+s", "ctrl+o", "shift+Tab", "alt+Tab", "super")
PATIENCE = 50.0  # seconds for the window to open, or to end
NEEDED = "needs Xvfb and xdotool. Debian: sudo apt install xvfb xdotool"


def fuzz(run: Run) -> None:
    """Try lives until time is up; a case is the commands."""
    run.limits.seconds, run.limits.megabytes = float("inf"), float("inf")  # of this process, which only waits
    run.figures.update({"commands": 0})
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        raise ProcessError(NEEDED)
    with virtual_display() as display:
        for rng in run.tries():
            commands = make(rng)
            case = json.dumps(commands).encode()
            run.attempt(case, lambda commands=commands: live(commands, display, run))  # type: ignore[misc]


def make(rng: random.Random) -> list[str]:
    """Return commands, each with its arguments: strokes, clicks, keys, sizes, the window gone and back."""
    found: list[str] = []
    while len(found) < COMMANDS:
        at = f"{rng.randrange(1000)} {rng.randrange(700)}"
        way = rng.choices(range(7), (30, 20, 25, 4, 1, 1, 3))[0]
        if way == 0:
            near = (rng.randrange(50, 600), rng.randrange(150, 400))
            moves = [f"mousemove {near[0] + rng.randrange(90)} {near[1] + rng.randrange(90)}" for _ in range(8)]
            found += [moves[0], "mousedown 1", *moves[1:], "mouseup 1"]
        elif way == 1:
            found += [f"mousemove {at}", f"click {rng.choice((1, 1, 1, 1, 2, 3, 4, 5))}"]
        elif way == 2:
            found.append(f"key {rng.choice(KEYS)}")
        elif way == 3:
            found += [f"mousedown {rng.choice((1, 3))}", f"mousemove {at}", f"mouseup {rng.choice((1, 3))}"]
        elif way == 4:
            found.append("windowsize WINDOW {} {}".format(*rng.choice(SIZES)))
        elif way == 5:
            found += ["windowunmap --sync WINDOW", "windowmap --sync WINDOW", "windowfocus WINDOW"]
        else:
            found.append(f"sleep {rng.choice((0.01, 0.05, 0.3))}")
    return found


def live(commands: list[str], display: str, run: Run | None = None) -> str:
    """Give commands to a window of its own; raises AssertionError unless it lives through all and ends as it should."""
    with tempfile.TemporaryDirectory(prefix="digitpad-desktop-") as folder:
        home = Path(folder)
        (home / "config").mkdir()
        (home / "config" / "settings.toml").write_text('history = "on"\n')
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SDL_")}
        environment |= {"DISPLAY": display, "DIGITPAD_HOME": folder, "HOME": folder}
        with _window(environment, home) as (process, window):
            ended = False
            for at in range(0, len(commands), BATCH):
                if run:
                    run.beat()
                words = [word for command in commands[at : at + BATCH] for word in command.split(" ")]
                words = [window if word == "WINDOW" else word for word in words]
                done = subprocess.run(
                    ["xdotool", *words], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
                )
                if process.poll() is not None:  # a hand found the way out
                    ended = True
                    break
                assert done.returncode == 0, done.stderr
                if run:
                    run.figures["commands"] += len(commands[at : at + BATCH])
            if not ended:
                process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE)
        said = (home / "stderr").read_text(errors="replace")
        assert status == 0, f"exit status {status}\n{said[-3000:]}"
        assert "Traceback" not in said, said[-3000:]
        store = HistoryStore(home / "data" / "digitpad.sqlite3")
        assert not store.notices, store.notices
        assert all(page.ink for page in store.pages(1000))
        store.close()
    return "ended by hand" if ended else "lived"


@contextlib.contextmanager
def _window(environment: dict[str, str], home: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    with (home / "stderr").open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "edge_app"], cwd=ROOT, env=environment, stderr=stderr)
    try:
        end = time.monotonic() + PATIENCE
        search, found = ["xdotool", "search", "--class", "digitpad"], ""
        while not found:
            assert process.poll() is None, (home / "stderr").read_text()
            assert time.monotonic() < end, "no window opened"
            time.sleep(0.2)
            found = subprocess.run(search, env=environment, capture_output=True, text=True, check=False).stdout.strip()
        window = found.split()[0]
        words = ["windowmove", window, "0", "0", "windowfocus", window]
        subprocess.run(["xdotool", *words], env=environment, capture_output=True, timeout=PATIENCE, check=False)
        time.sleep(1)
        yield process, window
    finally:
        process.kill()
        process.wait()


def check(case: bytes, folder: Path) -> str:  # noqa: ARG001  all targets are called alike
    """Give a case's commands again."""
    with virtual_display() as display:
        return live(json.loads(case), display)
