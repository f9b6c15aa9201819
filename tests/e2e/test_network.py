"""Nothing leaves the device: every command under a filter that kills at a network socket, where there is no network.

What is allowed stands in tests/support/isolation.py.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.cli import make_parser
from edge_app.modelfiles.card import INT8, models_folder
from edge_app.recognition.ink import make_ink
from edge_app.storage.history import HistoryStore

from ..conftest import DATA, ROOT
from ..support.isolation import NUMBERS
from ..support.pilot import SAMPLES, folders_in
from ..test_architecture import modules
from ..test_subprocesses import START
from .test_real_window import keep_history, screen, write_ten, xdotool

__all__ = ["screen"]  # a fixture, found by its name

FILTER = [sys.executable, str(ROOT / "tests" / "isolation.py")]
EMPTY = ["unshare", "--net"]  # a network namespace in which not even the loopback device is up
KILLED = -signal.SIGSYS
APP = ROOT / "edge_app"

# Each command with what it does most: files written, processes of its own, the system asked.
COMMANDS: dict[str, list[str]] = {
    "recognize": [str(DATA / "2026.png"), str(DATA / "7.json"), "--json"],
    "demo": [],
    "compare": [
        "--data",
        str(APP / "allographs.jsonl"),
        *["--spoilt", "1", "--no-cost", "--html", "a.html", "--json", "a.json"],
    ],
    "evaluate": [str(APP / "datasets" / "samples.jsonl"), "--json", "figures.json", "--picture", "mistakes.png"],
    "history": ["--json"],
    "use-model": [str(models_folder() / INT8)],
    "doctor": [],
    "install-launcher": ["--prefix", "share"],
    "install-kiosk": ["--dry-run", "--root", "system", "--user", "pi"],
}
STATUS = {"doctor": {0, 1}}  # it says whether there is a display

WINDOW = """
import sys
from edge_app.gui import loop  # first: it sets what SDL reads when it is loaded
import json, pygame
from edge_app.gui import app
from edge_app.gui.actions import Action

done_read, read = app.App._done_read, []
def watched(self, result):
    done_read(self, result)
    if self.state.is_read and self.state.reading.text == "10" and not self.state.pad.current and not read:
        read.append(self.state.reading.text)
        for name in ("save", "look", "escape", "copy", "speak", "practice", "show", "escape", "undo", "leave"):
            self.do(Action(name))
        for key in (pygame.K_F1, pygame.K_ESCAPE, pygame.K_h, pygame.K_ESCAPE, pygame.K_s, pygame.K_ESCAPE):
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0))
app.App._done_read = watched

done_load = app.App._done_load
def loaded(self, result):
    done_load(self, result)
    for stroke in json.loads(sys.argv[1]):
        for i, (x, y) in enumerate(stroke):
            kind = pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN
            pygame.event.post(pygame.event.Event(kind, pos=(100 + x, 100 + y), button=1, touch=False))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=(100 + x, 100 + y), button=1, touch=False))
app.App._done_load = loaded
status = loop.run()
print(read)
sys.exit(status)
"""


@pytest.fixture
def filtered() -> list[str]:
    """The command before the command: the filter alone."""
    if not sys.platform.startswith("linux") or os.uname().machine not in NUMBERS:
        pytest.skip("seccomp's filter is written for Linux on x86-64 and 64-bit Arm")
    return FILTER


@pytest.fixture
def empty(filtered: list[str]) -> list[str]:
    """The filter, and no network to filter."""
    if subprocess.run([*EMPTY, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to make a network namespace: run as root")
    return [*EMPTY, *filtered]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to work in, with a tree to set a kiosk up in and nothing kept yet."""
    (tmp_path / "system" / "etc").mkdir(parents=True)
    (tmp_path / "system" / "etc" / "passwd").write_text("pi:x:1000:1000::/home/pi:/bin/bash\n")
    program = tmp_path / "system" / sys.executable.lstrip("/")
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    keep_history(tmp_path, "on")
    store = HistoryStore(folders_in(tmp_path).store_file)
    store.save_page(None, make_ink([[(0, 30), (25, 0), (25, 100)]]), "1", 0.9)
    store.close()
    return tmp_path


def run(
    words: list[str], folder: Path, text: str | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment = {**kept, "PYTHONPATH": str(ROOT), "DIGITPAD_HOME": str(folder), **environment}
    return subprocess.run(
        words, cwd=folder, env=environment, input=text, capture_output=True, text=True, check=False, timeout=120
    )


# ---- the means: what they let through, and what they catch


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_PACKET"])
def test_a_socket_to_the_network_is_caught(filtered: list[str], tmp_path: Path, family: str) -> None:
    code = f"import socket; print('made', flush=True); socket.socket(socket.{family}, socket.SOCK_DGRAM)"
    done = run([*filtered, sys.executable, "-c", code], tmp_path)
    assert (done.returncode, done.stdout) == (KILLED, "made\n")


def test_a_child_is_caught_as_well(filtered: list[str], tmp_path: Path) -> None:
    child = "import socket; socket.create_connection(('127.0.0.1', 9))"
    code = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {child!r}]).returncode)"
    assert run([*filtered, sys.executable, "-c", code], tmp_path).stdout == f"{KILLED}\n"


def test_local_sockets_pass(filtered: list[str], tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX); socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); print(1)"
    assert run([*filtered, sys.executable, "-c", code], tmp_path).stdout == "1\n"


def test_without_the_filter_it_would_have_gone_through(tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    assert run([sys.executable, "-c", code], tmp_path).returncode == 0


@pytest.mark.usefixtures("empty")
def test_the_empty_namespace_reaches_nobody(tmp_path: Path) -> None:
    """The second means by itself: a server of ours that answers outside is not there inside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert run([sys.executable, "-c", code], tmp_path).returncode == 0
        done = run([*EMPTY, sys.executable, "-c", code], tmp_path)
    assert done.returncode == 1
    assert "OSError" in done.stderr


# ---- the program


def test_every_command_is_tried() -> None:
    parser = make_parser()
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(groups[0].choices) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_needs_no_network(empty: list[str], folder: Path, name: str) -> None:
    done = run([*empty, sys.executable, "-m", "edge_app", name, *COMMANDS[name]], folder)
    assert done.returncode in STATUS.get(name, {0}), done.stderr
    assert done.stdout


def test_what_compare_asks_processes_of_its_own_needs_no_network(empty: list[str], folder: Path) -> None:
    command = [*empty, sys.executable, "-m", "edge_app.evaluation.compare.bench_process"]
    done = run(command, folder, text=json.dumps(START))
    assert json.loads(done.stdout)["delegate"]


def test_the_window_needs_no_network(empty: list[str], folder: Path) -> None:
    done = run(
        [*empty, sys.executable, "-c", WINDOW, json.dumps(SAMPLES[3]["strokes"])], folder, SDL_VIDEODRIVER="dummy"
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["['10']"]), done.stderr
    saved = {path.suffix for path in (folder / "pictures").iterdir()}
    assert saved == {".png", ".svg", ".json"}
    history = run([*empty, sys.executable, "-m", "edge_app", "history"], folder)
    assert [line.split()[-1] for line in history.stdout.splitlines()] == ["1", "10"]


def test_a_real_window_needs_no_network(empty: list[str], screen: dict[str, str], tmp_path: Path) -> None:
    keep_history(tmp_path, "on")
    environment = {**screen, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*empty, sys.executable, "-m", "edge_app"], env=environment, cwd=tmp_path)
    try:
        found = xdotool(screen, "search", "--sync", "--onlyvisible", "--class", "digitpad").split()
        xdotool(screen, "windowmove", "--sync", found[0], "0", "0", "sleep", "1")
        write_ten(screen)
        xdotool(screen, "sleep", "1", "key", "q")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    history = run([*empty, sys.executable, "-m", "edge_app", "history"], tmp_path)
    assert history.stdout.endswith("  10\n")


def test_a_window_with_a_line_that_calls_out_is_caught(empty: list[str], folder: Path) -> None:
    """The same window with one line more: the filter is no decoration."""
    code = WINDOW.replace("print(read)", "import socket; socket.socket(socket.AF_INET)")
    done = run([*empty, sys.executable, "-c", code, json.dumps(SAMPLES[3]["strokes"])], folder, SDL_VIDEODRIVER="dummy")
    assert done.returncode == KILLED, done.stderr


@pytest.mark.parametrize("path", modules("edge_app"), ids=lambda path: path.stem)
def test_no_module_imports_the_network(path: Path) -> None:
    """One line of the watchdog's is to systemd, through AF_UNIX."""
    text = path.read_text()
    words = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "xmlrpc", "asyncio", "requests")
    found = {word for word in words if f"import {word}" in text or f"from {word}" in text}
    assert found == ({"socket"} if path.name == "watchdog.py" else set())
