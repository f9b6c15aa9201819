"""A window that hangs, and a manager that ends it and starts another, as systemd does by the kiosk's unit.

`python -m tools.soak.hang WAY` is the window with a hand that writes a page; then, for `loop`, its loop stands still.
"""

import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import VARIABLE, find_paths
from tools.bench.hand import Hand, run_with
from tools.bench.samples import numbers, placed
from tools.bench.screen import ROOT

LIMIT = 1.5  # seconds without a sign of life, after which the manager acts
PATIENCE = 60.0
HANGS = ("loop", "stopped")  # the loop stands still while the reader lives; the whole process does


class Manager:
    """Takes signs of life on a socket as systemd does (sd_notify(3)), and ends what gives none."""

    def __init__(self, home: Path, hang: str) -> None:
        """Start a window below `home`, which will hang in this way, or "" for never."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = home / f"notify-{random.randrange(10**9)}"
        self._socket.bind(str(path))
        told = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(round(LIMIT * 1e6)), "PYTHONFAULTHANDLER": "1"}
        environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", VARIABLE: str(home), **told}
        command = [sys.executable, "-m", "tools.soak.hang", hang]
        self.window = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def heard(self, seconds: float) -> str | None:
        """Return the next message, or None after so many seconds of silence."""
        ready, _, _ = select.select([self._socket], [], [], seconds)
        return self._socket.recv(4096).decode() if ready else None

    def watch(self, seconds: float) -> bool:
        """Return whether a sign of life came at least every LIMIT for so long; messages of other kinds are no sign."""
        end, last = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            if "WATCHDOG=1" in (self.heard(LIMIT / 4) or ""):
                last = time.monotonic()
            if time.monotonic() - last > LIMIT:
                return False
        return True

    def abort(self) -> str:
        """End the window as systemd does: SIGABRT, and SIGCONT for one that is stopped; returns its last words."""
        self.window.send_signal(signal.SIGABRT)
        self.window.send_signal(signal.SIGCONT)
        return self.window.communicate(timeout=PATIENCE)[1]

    def close(self) -> None:
        """Give up the socket, and a window that is left."""
        self._socket.close()
        if self.window.poll() is None:
            self.window.kill()
            self.window.communicate()


@dataclass
class Outcome:
    """What came of hanging."""

    hangs: int = 0
    seconds: list[float] = field(default_factory=list)  # until the manager noticed
    broken: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as figures."""
        slowest = round(max(self.seconds, default=0.0), 2)
        told = {"broken": len(self.broken), "first_broken": self.broken}
        return {"hangs": self.hangs, "limit_s": LIMIT, "slowest_notice_s": slowest, **told}


def hang_often(times: int) -> Outcome:
    """Hang in each way so many times; each page that was confirmed before must be there for the next window."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="digitpad-hang-") as folder:
        home = Path(folder)
        folders = find_paths({VARIABLE: folder})
        folders.config.mkdir()
        folders.settings_file.write_text('history = "on"\n')
        for number, hang in enumerate(HANGS * times, 1):
            manager = Manager(home, hang)
            try:
                wrong = _hang(manager, hang, outcome)
            finally:
                manager.close()
            store = HistoryStore(folders.store_file)
            pages = store.count_pages()
            store.close()
            outcome.hangs += 1
            outcome.broken += [f"hang {number}, {hang}: {one}" for one in wrong]
            if pages != number:
                outcome.broken.append(f"hang {number}, {hang}: {pages} pages are kept")
    return outcome


def _hang(manager: Manager, hang: str, outcome: Outcome) -> list[str]:
    """Let a window hang and end it; returns what is wrong with how that goes."""
    if "READY=1" not in (manager.heard(PATIENCE) or ""):
        return [f"it is not ready: {manager.abort()}"]
    assert manager.window.stdout
    if manager.window.stdout.readline() != "stored\n":
        return [f"nothing was stored: {manager.abort()}"]
    if hang == "stopped":
        if not manager.watch(2 * LIMIT):
            return ["a window that lives gave no sign of it"]
        manager.window.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    if manager.watch(PATIENCE):
        return ["a window that hangs gave signs of life"]
    outcome.seconds.append(time.monotonic() - started)
    last_words = manager.abort()
    wrong = [] if manager.window.returncode == -signal.SIGABRT else [f"it ended with {manager.window.returncode}"]
    return wrong + ([] if "in serve" in last_words else [f"its last words say not where it stood: {last_words}"])


def write_and_hang(hand: Hand, hang: str) -> dict[str, Any]:
    """Write a page, wipe the pad, say so, and hang in this way."""
    hand.await_model()
    hand.write(placed(numbers()[0][:2], hand.app.layout().pad, random.Random(1)), rate=None)
    hand.do("clear")
    print("stored", flush=True)
    if hang == "loop":
        hand.have(lambda: time.sleep(10 * PATIENCE))
    time.sleep(10 * PATIENCE)
    return {}


if __name__ == "__main__":
    run_with(lambda hand: write_and_hang(hand, sys.argv[1]), (480, 320))
