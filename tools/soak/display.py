"""A display that is lost under the window, and found again.

`python -m tools.soak.display` is the window with a hand that writes a number and then rests, its page not stored yet.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from edge_app.gui.main import LOST
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import VARIABLE, find_paths
from tools.bench.hand import Hand, run_with
from tools.bench.samples import numbers, placed
from tools.bench.screen import ROOT

PATIENCE = 30.0  # seconds for a window to write, or to end
WINDOW = ["-m", "tools.soak.display"]
NEEDED = "needs Xvfb. Debian: sudo apt install xvfb"


@dataclass
class Outcome:
    """What came of losing displays."""

    losses: int = 0
    seconds: list[float] = field(default_factory=list)  # from the loss to the end of the window
    broken: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as figures."""
        slowest = round(max(self.seconds, default=0.0), 2)
        return {
            "losses": self.losses,
            "slowest_end_s": slowest,
            "broken": len(self.broken),
            "first_broken": self.broken,
        }


@contextlib.contextmanager
def server() -> Iterator["tuple[subprocess.Popen[bytes], str]"]:
    """Run Xvfb; gives it and its display's name."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x480x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            yield process, f":{pipe.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def lose_displays(times: int) -> Outcome:
    """Kill the X server under a window so many times, each time with a page that is not stored yet."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="digitpad-display-") as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SDL_", "WAYLAND_"))}
        environment[VARIABLE] = home
        folders = find_paths(environment)
        folders.config.mkdir()
        folders.settings_file.write_text('history = "on"\n')
        for number in range(1, times + 1):
            with server() as (xvfb, display):
                wrong = _lose(xvfb, {**environment, "DISPLAY": display}, number, outcome)
            store = HistoryStore(folders.store_file)
            pages = store.count_pages()
            store.close()
            outcome.losses += 1
            outcome.broken += [f"loss {number}: {one}" for one in wrong]
            if pages != number:
                outcome.broken.append(f"loss {number}: {pages} pages are kept")
    return outcome


def _lose(xvfb: "subprocess.Popen[bytes]", environment: dict[str, str], seed: int, outcome: Outcome) -> list[str]:
    """Kill the server once something is written; returns what is wrong with how the window ends."""
    command = [sys.executable, *WINDOW, str(seed)]
    window = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert window.stdout
    if window.stdout.readline() != "written\n":
        return [f"nothing was written: {window.communicate()[1]}"]
    xvfb.send_signal(signal.SIGKILL)
    lost = time.monotonic()
    try:
        _, errors = window.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        window.kill()
        return [f"it hangs: {window.communicate()[1]}"]
    outcome.seconds.append(time.monotonic() - lost)
    as_said = window.returncode == LOST and "the display is gone" in errors and "Traceback" not in errors
    return [] if as_said else [f"it ended with {window.returncode}: {errors}"]


def write_and_rest(hand: Hand, seed: int) -> dict[str, Any]:
    """Write a number, say so, and let the window be until it ends."""
    hand.await_model()
    hand.write(placed(numbers()[0][:2], hand.app.layout().pad, random.Random(seed)), rate=None)
    print("written", flush=True)
    time.sleep(2 * PATIENCE)
    return {}


def is_possible() -> str | None:
    """Return why displays cannot be lost here; None where they can."""
    return None if shutil.which("Xvfb") else NEEDED


if __name__ == "__main__":
    run_with(lambda hand: write_and_rest(hand, int(sys.argv[1])), None)
