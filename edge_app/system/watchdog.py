"""systemd's notification protocol (sd_notify(3)): one datagram a message, and nothing without a service manager."""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

PINGS = 4  # at most so many an interval, however fast the loop runs


class Watchdog:
    """Tells systemd that the window is alive.

    Only the drawing loop may call `alive`: a thread beside it would vouch for a window that hangs.
    """

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], int]) -> None:
        """`clock` returns milliseconds."""
        name = environ.get("NOTIFY_SOCKET", "")
        supported = hasattr(socket, "AF_UNIX") and name.startswith(("/", "@"))  # vsock: is for virtual machines
        self._address = name.replace("@", "\0", 1) if supported else None
        self._clock = clock
        self._interval = _interval(environ) if supported else None
        self._last: int | None = None

    def at_most(self, wait: int | None) -> int | None:
        """Return `wait` milliseconds (None: no limit), shortened so that the next ping is in time."""
        if self._interval is None:
            return wait
        return self._interval if wait is None else min(wait, self._interval)

    def ready(self) -> None:
        """Report that the window is open."""
        self._send("READY=1")

    def waiting(self) -> None:
        """Report that the program waits for a screen, for as long as that takes: to systemd it is up."""
        self.ready()
        self.alive()

    def alive(self) -> None:
        """Report that the loop runs; cheap enough to call on every turn."""
        if self._interval is None:
            return
        now = self._clock()
        if self._last is None or now - self._last >= self._interval // PINGS:
            self._last = now
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Report that the window is closing."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        # A missing or busy service manager must not end the app.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(message.encode(), self._address)


def _interval(environ: Mapping[str, str]) -> int | None:
    """Return half of the limit in milliseconds, None if no watchdog is set for this process."""
    limit, pid = environ.get("WATCHDOG_USEC", ""), str(os.getpid())
    if not limit.isdecimal() or not int(limit) or environ.get("WATCHDOG_PID", pid) != pid:
        return None
    return max(1, int(limit) // 2000)
