"""A thread that runs jobs, so that drawing a line never waits for the network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DigitpadError

Job = Callable[[], Any]


class Worker:
    """Runs jobs one after the other; of the pending jobs of one name, only the latest.

    `wake` is called from its thread when there is a result to fetch.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        """Start the thread."""
        self._wake = wake
        self._pending: dict[str, Job] = {}
        self._done: list[tuple[str, Any]] = []
        self._changed = threading.Condition()
        self._busy = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def submit(self, name: str, job: Job) -> None:
        """Queue a job behind all others, in place of a pending one of that name."""
        with self._changed:
            self._pending.pop(name, None)
            self._pending[name] = job
            self._changed.notify()

    def results(self) -> list[tuple[str, Any]]:
        """Return what was done since the last call: (name, result), where the result may be a DigitpadError.

        Raises any other exception of a job: that is a bug.
        """
        with self._changed:
            done, self._done = self._done, []
        for _, result in done:
            if isinstance(result, Exception) and not isinstance(result, DigitpadError):
                raise result
        return done

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Wait for the running job, and let no other start meanwhile."""
        with self._busy:
            yield

    def close(self) -> None:
        """Finish the running job, drop the pending ones, and end the thread."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closed)
                if self._closed:
                    return
                name = next(iter(self._pending))
                job = self._pending.pop(name)
            with self._busy:
                self._finish(name, job)
            self._wake()

    def _finish(self, name: str, job: Job) -> None:
        try:
            result = job()
        except Exception as error:  # `results` hands it to the thread that asked
            result = error
        with self._changed:
            self._done.append((name, result))
