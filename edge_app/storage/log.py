"""The log file: errors shown in the window, for users who started it without a terminal."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from ..escape import escape, print_error
from .paths import create_private_file, make_private_folder

MOST_BYTES = 200_000  # then the log is rotated; one older file is kept


class Log:
    """Prints messages and appends them, with the time, to a file; a log that cannot be written is ignored."""

    def __init__(self, path: Path | None) -> None:
        """Log to `path`, created with the first message; None logs to standard error only."""
        self.path = path

    def __call__(self, text: str) -> None:
        """Log one message."""
        print_error(text)
        if self.path is None:
            return
        with contextlib.suppress(OSError):
            make_private_folder(self.path.parent)
            create_private_file(self.path)
            if self.path.stat().st_size > MOST_BYTES:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
                create_private_file(self.path)
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {escape(text)}\n")
