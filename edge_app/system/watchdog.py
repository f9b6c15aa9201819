"""Telling the service manager that the window lives: systemd's notification protocol, one datagram a message."""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

SIGNS = 4  # at most so many an interval, however fast the loop turns


class Watchdog:
    """A line to systemd, and nothing at all where nobody listens (sd_notify(3)).

    Only the loop that draws may call `alive`: a thread beside it would vouch for a window that hangs.
    """

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], int], pid: int | None = None) -> None:
        """`clock` returns milliseconds; `pid` is this process, which the watchdog must mean."""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._clock = clock
        self._interval = _interval(environ, os.getpid() if pid is None else pid) if self._address else None
        self._last: int | None = None

    def interval(self) -> int | None:
        """Return how many milliseconds may pass between signs of life, half of the limit; None: none are wanted."""
        return self._interval

    def at_most(self, wait: int | None) -> int | None:
        """Return how long the loop may sleep that wants to sleep `wait` milliseconds, or for ever (None)."""
        if self._interval is None:
            return wait
        return self._interval if wait is None else min(wait, self._interval)

    def ready(self, status: str = "") -> None:
        """Say that the window is there."""
        self._say("READY=1", f"STATUS={_one_line(status)}" if status else "")

    def alive(self) -> None:
        """Say that the loop turns; to be called whenever it does, most calls cost a look at the clock."""
        if self._interval is None:
            return
        now = self._clock()
        if self._last is None or now - self._last >= self._interval // SIGNS:
            self._last = now
            self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say what `systemctl status` shows."""
        self._say(f"STATUS={_one_line(text)}")

    def stopping(self) -> None:
        """Say that the window closes by its own will."""
        self._say("STOPPING=1")

    def _say(self, *lines: str) -> None:
        if self._address is None:
            return
        # A manager that is gone or too busy to take it is no reason to end what somebody is writing; it will act.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto("\n".join(filter(None, lines)).encode(), self._address)


def _address(name: str) -> str | None:
    if not hasattr(socket, "AF_UNIX") or not name.startswith(("/", "@")):
        return None  # vsock: is for virtual machines' own managers
    return "\0" + name[1:] if name.startswith("@") else name


def _interval(environ: Mapping[str, str], pid: int) -> int | None:
    limit, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not (limit.isascii() and limit.isdigit()) or whose != str(pid):
        return None
    return max(1, int(limit) // 2000) if int(limit) else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
