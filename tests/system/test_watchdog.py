"""The watchdog, on a service manager's real socket."""

import os
import socket
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("systemd is for Linux", allow_module_level=True)

from edge_app.system.watchdog import Watchdog

Manager = tuple[socket.socket, dict[str, str]]


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A service manager's socket, in the file system or abstract, and the environment that names it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@digitpad-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(name.replace("@", "\0", 1))
        line.setblocking(False)
        yield line, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}


def received(line: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(line.recv(4096).decode())
        except BlockingIOError:
            return found


def test_pings_are_in_time_and_not_too_many(manager: Manager) -> None:
    line, environ = manager
    now, times = 0, []
    watchdog = Watchdog(environ, lambda: now)
    watchdog.ready()
    assert received(line) == ["READY=1"]
    for wait in [1] * 20_000 + [None] * 5:
        now += watchdog.at_most(wait) or 0
        watchdog.alive()
        times += [now for message in received(line) if message == "WATCHDOG=1"]
    assert max(later - earlier for earlier, later in pairwise(times)) < 30_000 / 1.5
    assert 5 <= len(times) <= 6 + 5
    watchdog.stopping()
    assert received(line) == ["STOPPING=1"]
    now += 30_000
    watchdog.waiting()
    assert received(line) == ["READY=1", "WATCHDOG=1"]


def test_nothing_is_sent_without_a_service_manager() -> None:
    for environ in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"WATCHDOG_USEC": "1000000"}):
        watchdog = Watchdog(environ, lambda: 0)
        watchdog.ready()
        watchdog.alive()
        watchdog.stopping()
        assert (watchdog.at_most(None), watchdog.at_most(7)) == (None, 7)


@pytest.mark.parametrize(
    "changes", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-5"}]
)
def test_no_pings_if_no_watchdog_is_set_for_this_process(manager: Manager, changes: dict[str, str]) -> None:
    line, environ = manager
    watchdog = Watchdog({**environ, **changes}, lambda: 0)
    watchdog.alive()
    watchdog.ready()
    assert (watchdog.at_most(None), received(line)) == (None, ["READY=1"])


def test_missing_or_busy_service_manager_is_ignored(tmp_path: Path) -> None:
    Watchdog({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "1000"}, lambda: 0).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "busy"))
        watchdog = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "busy")}, lambda: 0)
        for _ in range(2000):  # more than its queue holds: must not wait
            watchdog.ready()
        assert line.recv(100) == b"READY=1"
