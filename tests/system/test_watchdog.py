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


class Clock:
    """Milliseconds, by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A service manager's socket, in the file system or abstract."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@digitpad-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(name.replace("@", "\0", 1))
        line.setblocking(False)
        yield line, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}


def heard(line: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(line.recv(4096).decode())
        except BlockingIOError:
            return found


def test_messages_reach_the_service_manager(manager: tuple[socket.socket, dict[str, str]]) -> None:
    line, environ = manager
    dog = Watchdog(environ, Clock())
    dog.ready()
    dog.alive()
    dog.stopping()
    assert heard(line) == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_pings_are_in_time_and_not_too_many(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    line, environ = manager
    clock = Clock()
    dog = Watchdog(environ, clock)
    times = []
    for wait in [1] * 20_000 + [None] * 5:
        clock.now += dog.at_most(wait) or 0
        dog.alive()
        times += [clock.now] * len(heard(line))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) < 30_000 / 1.5
    assert len(times) <= 6 + 5


def test_nothing_is_sent_without_a_service_manager() -> None:
    for environ in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"WATCHDOG_USEC": "1000000"}):
        dog = Watchdog(environ, Clock())
        dog.ready()
        dog.alive()
        dog.stopping()
        assert (dog.at_most(None), dog.at_most(7)) == (None, 7)


@pytest.mark.parametrize(
    "changes", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-5"}]
)
def test_no_pings_if_no_watchdog_is_set_for_this_process(
    manager: tuple[socket.socket, dict[str, str]], changes: dict[str, str]
) -> None:
    line, environ = manager
    dog = Watchdog({**environ, **changes}, Clock())
    dog.alive()
    dog.ready()
    assert (dog.at_most(None), heard(line)) == (None, ["READY=1"])


def test_missing_or_busy_service_manager_is_ignored(tmp_path: Path) -> None:
    dog = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "1000"}, Clock())
    dog.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "deaf"))
        deaf = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "deaf")}, Clock())
        for _ in range(2000):  # more than its queue holds: must not wait
            deaf.ready()
        assert line.recv(100) == b"READY=1"
