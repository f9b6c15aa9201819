"""Reading beside the drawing: jobs in a thread of their own, so that the line never waits for the network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DigitpadError

Job = Callable[[], Any]


class Worker:
    """Does jobs one after the other; of the jobs of one name that wait, only the latest.

    `wake` is called from its thread when there is a result to fetch.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """Start the thread."""
        self._wake = wake
        self._waiting: dict[str, Job] = {}
        self._done: list[tuple[str, Any]] = []
        self._changed = threading.Condition()
        self._busy = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def submit(self, name: str, job: Job) -> None:
        """Let a job be done, after those asked for before."""
        with self._changed:
            self._waiting.pop(name, None)  # in its place would be before what was asked for since
            self._waiting[name] = job
            self._changed.notify()

    def results(self) -> list[tuple[str, Any]]:
        """Return what has been done since the last call: (name, result), a DigitpadError as a result.

        Raises any other exception of a job: that is a bug.
        """
        with self._changed:
            done, self._done = self._done, []
        return _checked(done)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep jobs from running meanwhile; waits for the one that does."""
        with self._busy:
            yield

    def close(self) -> None:
        """Finish what is being done, drop what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                name = next(iter(self._waiting))
                job = self._waiting.pop(name)
            with self._busy:
                result = attempt(job)
            with self._changed:
                self._done.append((name, result))
            self._wake()


class Immediate:
    """Does each job when it is asked for: for tests, and where there are no threads."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._done: list[tuple[str, Any]] = []

    def submit(self, name: str, job: Job) -> None:
        """Do a job."""
        self._done.append((name, attempt(job)))

    def results(self) -> list[tuple[str, Any]]:
        """Return what has been done since the last call; raises what is no DigitpadError."""
        done, self._done = self._done, []
        return _checked(done)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Do nothing: no job runs beside."""
        yield

    def close(self) -> None:
        """Do nothing: nothing waits."""


def attempt(job: Job) -> Any:
    """Return the job's result, or the exception that ended it."""
    try:
        return job()
    except Exception as error:  # handed over to the thread that asked
        return error


def _checked(done: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    for _, result in done:
        if isinstance(result, BaseException) and not isinstance(result, DigitpadError):
            raise result
    return done
