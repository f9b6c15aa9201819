"""The worker: order of jobs, the latest of each name, exclusive sections; real threads, no sleeps."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge_app.errors import ModelError
from edge_app.gui.background import Worker

SOON = 10.0  # seconds until a thread that does nothing counts as hanging


class Watched:
    """A worker with a gate before its jobs, and a bell for its results."""

    def __init__(self) -> None:
        self.bell = threading.Semaphore(0)
        self.worker = Worker(self.bell.release)
        self.gate = threading.Event()
        self.entered = threading.Event()

    def hold(self) -> None:
        """Keep the thread busy until the gate is opened."""

        def wait() -> str:
            self.entered.set()
            assert self.gate.wait(SOON)
            return "held"

        self.worker.submit("hold", wait)
        assert self.entered.wait(SOON)

    def collect(self, count: int) -> list[tuple[str, Any]]:
        """Wait for so many results."""
        for _ in range(count):
            assert self.bell.acquire(timeout=SOON)
        return self.worker.results()


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.gate.set()
    made.worker.close()


def give(value: object) -> Callable[[], object]:
    return lambda: value


def fail(error: BaseException) -> Callable[[], object]:
    def job() -> object:
        raise error

    return job


def test_jobs_run_in_the_order_of_submission(watched: Watched) -> None:
    watched.hold()
    for name in "abc":
        watched.worker.submit(name, give(name.upper()))
    watched.gate.set()
    assert watched.collect(4) == [("hold", "held"), ("a", "A"), ("b", "B"), ("c", "C")]
    assert watched.worker.results() == []


def test_only_the_latest_pending_job_of_a_name_runs(watched: Watched) -> None:
    watched.hold()
    for name, value in (("read", 1), ("map", 2), ("read", 3), ("read", 4)):
        watched.worker.submit(name, give(value))
    watched.gate.set()
    assert watched.collect(3) == [("hold", "held"), ("map", 2), ("read", 4)]


def test_a_running_job_is_finished_though_its_name_is_submitted_again(watched: Watched) -> None:
    watched.hold()
    watched.worker.submit("hold", give("again"))
    watched.gate.set()
    assert watched.collect(2) == [("hold", "held"), ("hold", "again")]


def test_jobs_run_in_another_thread(watched: Watched) -> None:
    watched.worker.submit("where", threading.get_ident)
    assert watched.collect(1)[0][1] != threading.get_ident()


def test_no_job_starts_in_an_exclusive_section(watched: Watched) -> None:
    started = threading.Event()
    with watched.worker.exclusive():
        watched.worker.submit("job", started.set)
        assert not started.wait(0.1)
    assert watched.collect(1) == [("job", None)]


def test_an_exclusive_section_waits_for_the_running_job(watched: Watched) -> None:
    watched.hold()
    order: list[str] = []

    def exclusively() -> None:
        with watched.worker.exclusive():
            order.append("exclusive")

    other = threading.Thread(target=exclusively)
    other.start()
    other.join(0.1)
    assert (other.is_alive(), order) == (True, [])
    watched.gate.set()
    other.join(SOON)
    assert order == ["exclusive"]


def test_digitpad_errors_are_results_and_other_exceptions_are_raised(watched: Watched) -> None:
    error = ModelError("digits.tflite: not found")
    watched.worker.submit("load", fail(error))
    assert watched.collect(1) == [("load", error)]
    watched.worker.submit("bug", fail(ZeroDivisionError("division")))
    with pytest.raises(ZeroDivisionError, match="division"):
        watched.collect(1)
    watched.worker.submit("next", give(1))
    assert watched.collect(1) == [("next", 1)]  # the thread has survived the bug


def test_closing_finishes_the_running_job_and_drops_the_rest(watched: Watched) -> None:
    watched.hold()
    done = threading.Event()
    watched.worker.submit("late", done.set)
    closing = threading.Thread(target=watched.worker.close)
    closing.start()
    watched.gate.set()
    closing.join(SOON)
    assert not closing.is_alive()
    assert watched.collect(1)[0] == ("hold", "held")
    assert not done.is_set()
    assert not watched.worker._thread.is_alive()


def test_closing_twice_or_while_idle_ends_at_once(watched: Watched) -> None:
    watched.worker.close()
    watched.worker.close()
    assert not watched.worker._thread.is_alive()
