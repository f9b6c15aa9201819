"""No command uses the network: each runs in an empty network namespace, under a seccomp filter that kills at a socket.

tests/support/isolation.py lists what the filter allows.
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
pytestmark = pytest.mark.e2e

FILTER = [sys.executable, str(ROOT / "tests" / "support" / "isolation.py")]
EMPTY = ["unshare", "--net"]  # a network namespace in which not even the loopback device is up
KILLED = -signal.SIGSYS
APP = ROOT / "edge_app"

# Each command with arguments that make it do the most: write files, start processes, query the system.
COMMANDS: dict[str, list[str]] = {
    "recognize": [str(DATA / "2026.png"), str(DATA / "7.json"), "--json"],
    "demo": [],
    "compare": [
        "--data",
        str(APP / "datasets" / "allographs.jsonl"),
        *["--spoilt", "1", "--no-cost", "--html", "a.html", "--json", "a.json"],
    ],
    "evaluate": [str(APP / "datasets" / "samples.jsonl"), "--json", "figures.json", "--picture", "mistakes.png"],
    "history": ["--json"],
    "use-model": [str(models_folder() / INT8)],
    "doctor": [],
    "install-launcher": ["--prefix", "share"],
    "install-kiosk": ["--dry-run", "--root", "system", "--user", "pi"],
}
STATUS = {"doctor": {0, 1}}  # 1 without a display

WINDOW = """
import sys
from edge_app.gui import main  # first: it sets environment variables that SDL reads when it is loaded
import json, pygame
from edge_app.gui.actions import Action
from edge_app.gui.app import App

def post(kind, **fields):
    pygame.event.post(pygame.event.Event(kind, **fields))

def write(strokes):
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            post(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, pos=(100 + x, 100 + y), button=1, touch=False)
        post(pygame.MOUSEBUTTONUP, pos=(100 + x, 100 + y), button=1, touch=False)

draw, written, read = App.draw, [], []
def watched(app):
    changed = draw(app)
    if app.reader.recognizer is not None and not written:
        written.append(True)
        write(json.loads(sys.argv[1]))
    if app.state.is_read and app.state.reading.text == "10" and not app.state.pad.current and not read:
        read.append(app.state.reading.text)
        for name in ("save", "look", "escape", "copy", "speak", "practice", "show", "escape", "undo", "leave"):
            app.do(Action(name))
        for key in (pygame.K_F1, pygame.K_ESCAPE, pygame.K_h, pygame.K_ESCAPE, pygame.K_s, pygame.K_ESCAPE):
            post(pygame.KEYDOWN, key=key, mod=0)
    return changed
App.draw = watched
status = main.run()
print(read)
sys.exit(status)
"""


@pytest.fixture
def filtered() -> list[str]:
    """The command prefix that applies the filter alone."""
    if not sys.platform.startswith("linux") or os.uname().machine not in NUMBERS:
        pytest.skip("seccomp's filter is written for Linux on x86-64 and 64-bit Arm")
    return FILTER


@pytest.fixture
def empty(filtered: list[str]) -> list[str]:
    """The command prefix that applies the filter in an empty network namespace."""
    if subprocess.run([*EMPTY, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to make a network namespace: run as root")
    return [*EMPTY, *filtered]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a system tree for the kiosk and one page in the history."""
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


# ---- the filter itself


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_PACKET"])
def test_network_socket_is_killed(filtered: list[str], tmp_path: Path, family: str) -> None:
    code = f"import socket; print('made', flush=True); socket.socket(socket.{family}, socket.SOCK_DGRAM)"
    done = run([*filtered, sys.executable, "-c", code], tmp_path)
    assert (done.returncode, done.stdout) == (KILLED, "made\n")


def test_child_process_is_killed(filtered: list[str], tmp_path: Path) -> None:
    child = "import socket; socket.create_connection(('127.0.0.1', 9))"
    code = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {child!r}]).returncode)"
    assert run([*filtered, sys.executable, "-c", code], tmp_path).stdout == f"{KILLED}\n"


def test_local_sockets_are_allowed(filtered: list[str], tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX); socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); print(1)"
    assert run([*filtered, sys.executable, "-c", code], tmp_path).stdout == "1\n"


def test_socket_succeeds_without_filter(tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    assert run([sys.executable, "-c", code], tmp_path).returncode == 0


@pytest.mark.usefixtures("empty")
def test_empty_namespace_has_no_loopback(tmp_path: Path) -> None:
    """Without the filter: a server outside the namespace cannot be reached from inside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert run([sys.executable, "-c", code], tmp_path).returncode == 0
        done = run([*EMPTY, sys.executable, "-c", code], tmp_path)
    assert done.returncode == 1
    assert "OSError" in done.stderr


# ---- the program


def test_every_command_is_listed() -> None:
    parser = make_parser()
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(groups[0].choices) == {*COMMANDS, "window"}  # the window: below


@pytest.mark.parametrize("name", COMMANDS)
def test_command_needs_no_network(empty: list[str], folder: Path, name: str) -> None:
    done = run([*empty, sys.executable, "-m", "edge_app", name, *COMMANDS[name]], folder)
    assert done.returncode in STATUS.get(name, {0}), done.stderr
    assert done.stdout


def test_bench_process_of_compare_needs_no_network(empty: list[str], folder: Path) -> None:
    command = [*empty, sys.executable, "-m", "edge_app.evaluation.compare.bench_process"]
    done = run(command, folder, text=json.dumps(START))
    assert json.loads(done.stdout)["delegate"]


def test_window_needs_no_network(empty: list[str], folder: Path) -> None:
    done = run(
        [*empty, sys.executable, "-c", WINDOW, json.dumps(SAMPLES[3]["strokes"])], folder, SDL_VIDEODRIVER="dummy"
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["['10']"]), done.stderr
    saved = {path.suffix for path in (folder / "pictures").iterdir()}
    assert saved == {".png", ".svg", ".json"}
    history = run([*empty, sys.executable, "-m", "edge_app", "history"], folder)
    assert [line.split()[-1] for line in history.stdout.splitlines()] == ["1", "10"]


def test_window_on_x11_needs_no_network(empty: list[str], screen: dict[str, str], tmp_path: Path) -> None:
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


def test_window_that_opens_socket_is_killed(empty: list[str], folder: Path) -> None:
    """Negative control: the same window with one line more."""
    code = WINDOW.replace("print(read)", "import socket; socket.socket(socket.AF_INET)")
    done = run([*empty, sys.executable, "-c", code, json.dumps(SAMPLES[3]["strokes"])], folder, SDL_VIDEODRIVER="dummy")
    assert done.returncode == KILLED, done.stderr


@pytest.mark.parametrize("path", modules("edge_app"), ids=lambda path: path.stem)
def test_no_module_imports_network_libraries(path: Path) -> None:
    """Except the watchdog, which talks to systemd over AF_UNIX."""
    text = path.read_text()
    words = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "xmlrpc", "asyncio", "requests")
    found = {word for word in words if f"import {word}" in text or f"from {word}" in text}
    assert found == ({"socket"} if path.name == "watchdog.py" else set())
