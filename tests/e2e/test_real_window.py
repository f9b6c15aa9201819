"""The real window on a virtual screen: pointer, signals, history file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_app.gui.reader import KEPT_AFTER
from edge_app.storage.history import HistoryStore

from ..conftest import ROOT
from ..support.pilot import SAMPLES, folders_in
from ..support.xvfb import xvfb

pytestmark = pytest.mark.e2e

PROBE = """
import sys
from edge_app.gui import main  # first: it sets environment variables that SDL reads when it is loaded
from edge_app.gui.app import App
import pygame
draw, lines = App.draw, []
def watched(app):
    changed = draw(app)
    line = f"read {{app.state.reading.text}} {{len(app.state.pad.strokes)}}"
    if app.state.is_read and not app.state.pad.current and lines[-1:] != [line]:
        lines.append(line)
        pygame.image.save(app.surface, {shot!r})
        print(line, flush=True)
    return changed
App.draw = watched
{more}
sys.exit(main.run())
"""


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a program on a virtual screen, with its files below tmp_path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SDL_")}
    with xvfb(needs=("xdotool",)) as (display, server):
        more = {"DISPLAY": display, "XVFB_PID": str(server), "DIGITPAD_HOME": str(tmp_path), "LC_ALL": "C"}
        yield {**environment, **more}


def keep_history(home: Path, keep: str) -> None:
    settings = folders_in(home).settings_file
    settings.parent.mkdir()
    settings.write_text(f'history = "{keep}"\n')


def xdotool(environment: dict[str, str], *words: str) -> str:
    return subprocess.run(["xdotool", *words], env=environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def open_window(environment: dict[str, str], home: Path, more: str = "") -> "Iterator[subprocess.Popen[str]]":
    """Run the app, after `more` Python, with its window in the corner of the screen; ends it afterwards."""
    command = [sys.executable, "-c", PROBE.format(shot=str(home / "shot.png"), more=more)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        window = xdotool(environment, "search", "--sync", "--onlyvisible", "--class", "digitpad").split()[0]
        xdotool(environment, "windowmove", "--sync", window, "0", "0", "sleep", "1")
        yield process
    finally:
        process.kill()
        process.wait()


def write_ten(environment: dict[str, str]) -> None:
    words = []
    for stroke in SAMPLES[3]["strokes"]:
        for i, (x, y) in enumerate(stroke):
            words += ["mousemove", str(round(x * 1.5) + 100), str(round(y * 1.5) + 160)]
            words += ["mousedown", "1"] if i == 0 else []
            words += ["sleep", "0.004"]
        words += ["mouseup", "1"]
    xdotool(environment, *words)


def wait_for(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"the app ended without printing {line!r}")


def kept(home: Path) -> list[tuple[str, int]]:
    store = HistoryStore(folders_in(home).store_file)
    found = [(page.text, len(page.ink)) for page in store.pages()]
    store.close()
    return found


@pytest.mark.parametrize("keep", ["on", "off"])
def test_pointer_writes_and_history_is_kept_as_set(screen: dict[str, str], tmp_path: Path, keep: str) -> None:
    keep_history(tmp_path, keep)
    with open_window(screen, tmp_path) as process:
        write_ten(screen)
        wait_for(process, "read 10 2")
        xdotool(screen, "key", "q")
        assert process.wait(20) == 0
    assert (tmp_path / "shot.png").stat().st_size > 5000
    assert folders_in(tmp_path).store_file.exists() == (keep == "on")
    assert keep == "off" or kept(tmp_path) == [("10", 2)]


def test_killed_before_the_question_is_answered_leaves_no_ink_on_disk(screen: dict[str, str], tmp_path: Path) -> None:
    with open_window(screen, tmp_path) as process:
        write_ten(screen)
        wait_for(process, "read 10 2")
        time.sleep(KEPT_AFTER / 1000 + 1)
        process.kill()
        process.wait()
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert [name for name in left if name not in ("shot.png", "digitpad.log")] == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_signal_ends_app_and_loses_nothing(screen: dict[str, str], tmp_path: Path, name: str) -> None:
    keep_history(tmp_path, "on")
    with open_window(screen, tmp_path) as process:
        write_ten(screen)
        wait_for(process, "read 10 2")
        process.send_signal(getattr(signal, name))
        process.communicate(timeout=2)
    assert kept(tmp_path) == [("10", 2)]


def test_idle_window_uses_no_cpu(screen: dict[str, str], tmp_path: Path) -> None:
    keep_history(tmp_path, "off")
    process = subprocess.Popen([sys.executable, "-m", "edge_app"], env=screen, cwd=ROOT)
    try:
        time.sleep(5)
        stat = Path(f"/proc/{process.pid}/stat")
        ticks = [sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))]
        time.sleep(4)
        ticks.append(sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13])))
        assert ticks[1] - ticks[0] <= 0.02 * 4 * os.sysconf("SC_CLK_TCK")
    finally:
        process.terminate()
        process.wait()
