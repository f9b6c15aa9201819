"""Jobs beside the drawing: their order, the latest of a name, nobody else meanwhile; real threads, no sleeps."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge_app.errors import ModelError
from edge_app.gui.background import Immediate, Worker

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


def test_jobs_are_done_in_the_order_in_which_they_were_asked_for(watched: Watched) -> None:
    watched.hold()
    for name in "abc":
        watched.worker.submit(name, give(name.upper()))
    watched.gate.set()
    assert watched.collect(4) == [("hold", "held"), ("a", "A"), ("b", "B"), ("c", "C")]
    assert watched.worker.results() == []


def test_of_one_name_only_the_latest_that_waits_is_done_and_after_the_others(watched: Watched) -> None:
    watched.hold()
    for name, value in (("read", 1), ("map", 2), ("read", 3), ("read", 4)):
        watched.worker.submit(name, give(value))
    watched.gate.set()
    assert watched.collect(3) == [("hold", "held"), ("map", 2), ("read", 4)]


def test_what_is_being_done_is_finished_though_the_same_is_asked_for(watched: Watched) -> None:
    watched.hold()
    watched.worker.submit("hold", give("again"))
    watched.gate.set()
    assert watched.collect(2) == [("hold", "held"), ("hold", "again")]


def test_jobs_run_in_another_thread(watched: Watched) -> None:
    watched.worker.submit("where", threading.get_ident)
    assert watched.collect(1)[0][1] != threading.get_ident()


def test_nobody_works_while_one_is_alone(watched: Watched) -> None:
    started = threading.Event()
    with watched.worker.exclusive():
        watched.worker.submit("job", started.set)
        assert not started.wait(0.1)
    assert watched.collect(1) == [("job", None)]


def test_who_wants_to_be_alone_waits_for_the_job_under_way(watched: Watched) -> None:
    watched.hold()
    order: list[str] = []

    def alone() -> None:
        with watched.worker.exclusive():
            order.append("alone")

    other = threading.Thread(target=alone)
    other.start()
    other.join(0.1)
    assert (other.is_alive(), order) == (True, [])
    watched.gate.set()
    other.join(SOON)
    assert order == ["alone"]


@pytest.mark.parametrize("kind", ["worker", "immediate"])
def test_what_a_user_can_cause_is_a_result_and_any_other_exception_is_raised(watched: Watched, kind: str) -> None:
    jobs = watched.worker if kind == "worker" else Immediate()

    def collect(count: int) -> list[tuple[str, Any]]:
        return watched.collect(count) if kind == "worker" else jobs.results()

    error = ModelError("digits.tflite: not found")
    jobs.submit("load", fail(error))
    assert collect(1) == [("load", error)]
    jobs.submit("bug", fail(ZeroDivisionError("division")))
    with pytest.raises(ZeroDivisionError, match="division"):
        collect(1)
    jobs.submit("next", give(1))
    assert collect(1) == [("next", 1)]  # one bug ends no thread


def test_closing_finishes_what_is_under_way_and_drops_the_rest(watched: Watched) -> None:
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


def test_closing_twice_or_with_nothing_to_do_ends_at_once(watched: Watched) -> None:
    watched.worker.close()
    watched.worker.close()
    assert not watched.worker._thread.is_alive()


def test_without_a_thread_each_job_is_done_when_it_is_asked_for() -> None:
    jobs = Immediate()
    jobs.submit("a", give(1))
    jobs.submit("a", give(2))
    with jobs.exclusive():
        assert jobs.results() == [("a", 1), ("a", 2)]
    assert jobs.results() == []
