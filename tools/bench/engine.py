"""The engine alone, without a window: one digit, one network run, one number."""

import time
from collections.abc import Callable

from edge_app import Recognizer
from edge_app.modelfiles.selftest import check_expected
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.normalise import normalise_digit

from .samples import numbers

WARM_UP = 20


def timed(action: Callable[[], object], times: int, before: Callable[[], object] = lambda: None) -> list[float]:
    """Return microseconds of each run of `action`, warm; what `before` does is not counted."""
    taken = []
    for turn in range(-WARM_UP, times):
        before()
        started = time.perf_counter_ns()
        action()
        if turn >= 0:
            taken.append((time.perf_counter_ns() - started) / 1000)
    return taken


def measure_engine(times: int) -> dict[str, list[float]]:
    """Return microseconds of each part of the way, so many times."""
    recognizer, number = Recognizer(), numbers()[0]
    image = normalise_digit(number[:1])[None]
    fresh: list[Classifier] = []

    def open_anew() -> None:
        fresh[:] = [Classifier(recognizer.classifier.model)]

    return {
        "normalise": timed(lambda: normalise_digit(number[:1]), times),
        "inference": timed(lambda: recognizer.classifier.logits(image), times),
        # it remembers groups of strokes: what was read before would cost next to nothing
        "five_digit_number": timed(lambda: recognizer.read(number), times, recognizer.clear_cache),
        "self_test": timed(lambda: check_expected(fresh[0]), times, open_anew),  # of a network that has not run yet
    }
