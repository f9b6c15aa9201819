"""The window over a long time: bounded memory, a clock that is set back, a lost display, and a window that hangs."""

import mmap
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore

from ..conftest import ROOT
from ..support.pilot import Pilot
from .test_real_window import keep_history, kept, open_window, screen, wait_for, write_ten

__all__ = ["screen"]  # a fixture, found by its name
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and POSIX signals")]

USES = int(os.environ.get("DIGITPAD_USES", "24"))
MAX_GROWTH = 8.0  # MB of resident memory over the second half
WATCHDOG = 1.5  # seconds without a sign of life, after which a service manager acts
PATIENCE = 60.0


def use(pilot: Pilot, rng: random.Random) -> None:
    """Do what one visitor does at the pad."""
    pilot.write(rng.randrange(5))
    if rng.randrange(2):
        pilot.do("digit_panel", 0)
        pilot.do("label", rng.choice("0123456789?"))
    else:
        pilot.do("open", "settings")
        pilot.do("set", ("theme", rng.choice(["light", "dark"])))
    pilot.do("escape")
    pilot.do("clear")
    for messages in (pilot.notes, pilot.settings_written, pilot.copied):
        messages.clear()
    pilot.wait(5000)


def growth(pilot: Pilot, leak: list[mmap.mmap] | None = None) -> float:
    """Return by how many MB the process grows in the second half of many uses."""
    rng, resident = random.Random(5), 0.0
    for number in range(1, USES + 1):
        use(pilot, rng)
        if leak is not None:
            leak.append(mmap.mmap(-1, 2_000_000))  # not bytes: they may lie where other tests have left room
            leak[-1].write(bytes(2_000_000))
        if number in (USES // 2, USES):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident = pages * os.sysconf("SC_PAGE_SIZE") / 1e6 - resident
    return resident


def test_memory_is_bounded(recognizer: Recognizer, tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3", max_pages=10)
    assert growth(Pilot(recognizer, (480, 320), store=store, history="on")) < MAX_GROWTH
    assert store.count_pages() == 10


def test_leak_is_detected(recognizer: Recognizer) -> None:
    assert growth(Pilot(recognizer, (480, 320)), leak=[]) > MAX_GROWTH


def test_clock_set_back_loses_nothing_and_timers_go_on(recognizer: Recognizer, tmp_path: Path) -> None:
    times = [datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)]
    now = times[0]
    store = HistoryStore(tmp_path / "history.sqlite3", lambda: now.timestamp())
    pilot = Pilot(recognizer, store=store, history="on")
    pilot.services.now = lambda: now
    for count, now in enumerate(times, 1):  # noqa: B007 the clock reads it
        pilot.write(0)
        pilot.wait(10_000)  # its timer stores the page
        assert store.count_pages() == count
        pilot.do("clear")
    assert [page.created[:10] for page in store.pages()] == ["2026-05-01", "1970-01-01", "2026-05-01"]


@pytest.mark.parametrize("handler", [True, False], ids=["", "negative control"])
def test_page_on_the_pad_is_stored_when_the_display_is_lost(
    screen: dict[str, str], tmp_path: Path, handler: bool
) -> None:
    """Without our handler Xlib ends the process, and nothing is stored."""
    keep_history(tmp_path, "on")
    more = "" if handler else "main.on_lost_display = lambda _: None"
    with open_window(screen, tmp_path, more) as process:
        write_ten(screen)
        wait_for(process, "read 10 2")
        os.kill(int(screen["XVFB_PID"]), signal.SIGKILL)
        assert process.wait(20) != 0
    assert kept(tmp_path) == ([("10", 2)] if handler else [])


HANG = """
import sys, time
from pathlib import Path
from edge_app.gui import main
from edge_app.gui.app import App
tick = App.tick
def tick_or_hang(*arguments):
    while Path(sys.argv[1]).exists():
        time.sleep(0.1)
    return tick(*arguments)
App.tick = tick_or_hang
sys.exit(main.run())
"""


@pytest.mark.parametrize("hang", ["loop", "process"])
def test_hang_stops_the_watchdogs_signs_of_life(tmp_path: Path, hang: str) -> None:
    """As systemd does it: signs of life come on a socket, and SIGABRT ends a window that gives none (sd_notify(3))."""
    keep_history(tmp_path, "on")
    flag = tmp_path / "hang"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "s"))
        notify = {"NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": str(round(WATCHDOG * 1e6))}
        environment = {**os.environ, **notify, "DIGITPAD_HOME": str(tmp_path), "PYTHONFAULTHANDLER": "1"}
        command = [sys.executable, "-c", HANG, str(flag)]
        window = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            assert "READY=1" in (heard(manager, PATIENCE) or "")
            assert is_alive(manager, 2 * WATCHDOG)
            if hang == "loop":
                flag.touch()
            else:
                window.send_signal(signal.SIGSTOP)
            assert not is_alive(manager, PATIENCE)
            window.send_signal(signal.SIGABRT)
            window.send_signal(signal.SIGCONT)
            _, errors = window.communicate(timeout=PATIENCE)
        finally:
            window.kill()
            window.wait()
    assert window.returncode == -signal.SIGABRT
    assert "in serve" in errors  # the traceback says where it hung


def heard(manager: socket.socket, seconds: float) -> str | None:
    """Return the next message, or None after so many seconds of silence."""
    ready, _, _ = select.select([manager], [], [], seconds)
    return manager.recv(4096).decode() if ready else None


def is_alive(manager: socket.socket, seconds: float) -> bool:
    """Return whether a sign of life came at least every WATCHDOG seconds for so long."""
    end = last = time.monotonic()
    end += seconds
    while time.monotonic() < end:
        if "WATCHDOG=1" in (heard(manager, WATCHDOG / 4) or ""):
            last = time.monotonic()
        if time.monotonic() - last > WATCHDOG:
            return False
    return True
