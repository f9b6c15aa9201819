"""The compare view's measurement: two recognisers on the same ink, with their readings and times."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DigitpadError, ModelError
from ..escape import print_error
from ..modelfiles.card import FLOAT, models_folder
from ..recognition.ink import Ink
from ..recognition.interpreter import find_runtime
from ..recognition.recognizer import Recognizer
from ..recognition.results import Reading
from ..storage.paths import Paths

RUNS = 3
TIME_LIMIT = 0.1  # seconds of timed runs after which no other starts: a page of ink must not delay the next reading

Clock = Callable[[], float]


@dataclass(frozen=True)
class Timed:
    """A reading, the time it took, and the number type of its model."""

    kind: str  # float32 or int8, or another for an unlisted model
    reading: Reading
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """The readings of the app's model and of the reference, or the `fault` that keeps the latter from being opened."""

    own: Timed
    reference: Timed | None = None
    fault: str | None = None

    @property
    def agree(self) -> bool | None:
        """Whether both read the same text; None if there is no reference, or no ink."""
        if self.reference is None or not (self.own.reading.digits or self.reference.reading.digits):
            return None
        return self.own.reading.text == self.reference.reading.text


def read_timed(recognizers: Sequence[Recognizer], ink: Ink, clock: Clock = time.perf_counter) -> list[Timed]:
    """Return each recogniser's reading, and the best time of up to RUNS runs after an uncounted one.

    No round of runs starts once TIME_LIMIT has passed.
    """
    readings = [recognizer.read(ink) for recognizer in recognizers]
    times = [float("inf")] * len(recognizers)
    until = clock() + TIME_LIMIT
    for _ in range(RUNS):  # the recognisers take turns, so that a drifting clock rate affects both alike
        for i, recognizer in enumerate(recognizers):
            recognizer.clear_cache()  # or only the cache is timed
            started = clock()
            recognizer.read(ink)
            times[i] = min(times[i], clock() - started)
        if clock() >= until:
            break
    return [
        Timed(recognizer.classifier.number_type, reading, seconds)
        for recognizer, reading, seconds in zip(recognizers, readings, times, strict=True)
    ]


def open_float(path: Path | None = None, folders: Paths | None = None, *, unlisted: bool = False) -> Recognizer:
    """Return a recogniser with the float model at `path`, by default the project's, which the wheel does not contain.

    Raises ModelError, with one sentence for the window, also for a model that is not float.
    """
    path = path or models_folder() / FLOAT
    try:
        path.stat()
    except FileNotFoundError:
        raise ModelError(f"{path}: not found; to compare, start digitpad with --float FILE") from None
    except OSError:
        pass  # opening it gives the reason
    from ..modelfiles.loader import open_named  # slow to import, and rarely needed

    recognizer = Recognizer(classifier=open_named(path, find_runtime(), folders, unlisted=unlisted))
    kind = recognizer.classifier.number_type
    if kind not in ("float32", "float16", "dynamic range"):
        raise ModelError(
            f"{path}: expected a float32 model, found {kind}; to compare, start digitpad with --float FILE"
        )
    return recognizer


class Comparison:
    """Compares the app's recogniser with a reference model, which is opened at the first comparison."""

    def __init__(self, open_reference: Callable[[], Recognizer] = open_float, clock: Clock = time.perf_counter) -> None:
        """Keep how to open the reference."""
        self.fault: DigitpadError | None = None
        self.log: Callable[[str], None] = print_error
        self._open_reference, self._clock = open_reference, clock
        self._reference: Recognizer | None = None

    def forget_fault(self) -> None:
        """Try to open the reference again at the next reading: the file may exist by then."""
        self.fault = None

    def read(self, recognizer: Recognizer, ink: Ink) -> Verdict:
        """Return both readings, or only that of `recognizer` if the reference cannot be opened."""
        reference = self.reference()
        if reference is None:
            fault = self.fault.notice if self.fault else None
            return Verdict(read_timed([recognizer], ink, self._clock)[0], fault=fault)
        own, other = read_timed([recognizer, reference], ink, self._clock)
        return Verdict(own, other)

    def reference(self) -> Recognizer | None:
        """Return the reference, opened at the first call; None if it cannot be opened."""
        if self._reference is None and self.fault is None:
            try:
                self._reference = self._open_reference()
            except DigitpadError as error:
                self.fault = error
                self.log(str(error))  # the window shows only the current one
        return self._reference
