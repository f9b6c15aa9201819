"""Prints finished pages as JSON lines, for `digitpad --print`."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from queue import Full, Queue
from threading import Thread

from ..recognition.results import Reading

MOST_WAITING = 1000  # lines kept for a program that does not read
PATIENCE = 1.0  # seconds that closing the window waits for that program


class PagePrinter:
    """Writes lines in a thread of its own, so that the window never waits for the program that reads them."""

    def __init__(
        self, output: int, now: Callable[[], datetime], log: Callable[[str], None], on_closed: Callable[[], None]
    ) -> None:
        """Write to the file descriptor `output`; `on_closed` is called, in the thread, once nobody can read it."""
        self._output, self._now, self._log, self._on_closed = output, now, log, on_closed
        self._lines: Queue[bytes | None] = Queue(MOST_WAITING)
        self._last: tuple[int, Reading] | None = None
        # os.write and a daemon: a thread blocked in sys.stdout would hold its lock, and Python could not end
        self._thread = Thread(target=self._write, name="print", daemon=True)
        self._thread.start()

    def print_page(self, sheet: int, reading: Reading) -> None:
        """Print a page unless it is blank or was printed just so; a changed page is printed again."""
        if not reading.digits or self._last == (sheet, reading):
            return
        self._last = sheet, reading
        when = self._now().isoformat(timespec="seconds")
        try:
            self._lines.put_nowait(json.dumps({**reading.to_json(), "when": when, "page": sheet}).encode() + b"\n")
        except Full:
            self._log(f"standard output: {MOST_WAITING} pages wait to be read; this one is not printed")

    def close(self) -> None:
        """Wait a moment until everything is written."""
        with suppress(Full):  # nobody reads
            self._lines.put_nowait(None)
        self._thread.join(PATIENCE)

    def _write(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                while line:
                    line = line[os.write(self._output, line) :]
        except OSError as error:
            self._log(f"standard output: {error.strerror}")
            self._on_closed()
