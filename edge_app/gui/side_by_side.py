"""Two recognisers on the same ink: what each reads, how long that takes it, and whether they agree."""

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
PATIENCE = 0.1  # seconds of timed runs after which no other is begun: a page of ink must not hold the pen up

Clock = Callable[[], float]


@dataclass(frozen=True)
class Timed:
    """A reading, by a model of which number type, and how long it took."""

    kind: str  # float32, int8 or what else the file is
    reading: Reading
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What the app's own model and the one it is compared with read; `fault` where there is none to compare with."""

    own: Timed
    reference: Timed | None = None
    fault: str | None = None

    @property
    def agree(self) -> bool | None:
        """Whether both read the same text; None where there is nothing to compare."""
        if self.reference is None or not (self.own.reading.digits or self.reference.reading.digits):
            return None
        return self.own.reading.text == self.reference.reading.text


def read_timed(recognizers: Sequence[Recognizer], ink: Ink, clock: Clock = time.perf_counter) -> list[Timed]:
    """Return each one's reading and its time: the best of three runs of the whole `recognizer.read`, warm.

    A run before them is not counted: it warms up. After 0.1 s of timed runs, those that were made have to do.
    """
    readings = [recognizer.read(ink) for recognizer in recognizers]
    times = [float("inf")] * len(recognizers)
    until = clock() + PATIENCE
    for _ in range(RUNS):  # the recognisers take turns: a machine that drifts hurts both alike
        for i, recognizer in enumerate(recognizers):
            recognizer.clear_cache()  # else all that is timed is its memory
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
    """Return a recogniser with the float model at `path`, or the project's, which the wheel does not carry.

    Raises ModelError, in one sentence that fits a window, also for a model that is not float.
    """
    path = path or models_folder() / FLOAT
    try:
        path.stat()
    except FileNotFoundError:
        raise ModelError(f"{path}: not found; to compare, start digitpad with --float FILE") from None
    except OSError:
        pass  # the recogniser says what hinders it
    from ..modelfiles.loader import open_named  # not at import: most windows never compare

    recognizer = Recognizer(classifier=open_named(path, find_runtime(), folders, unlisted=unlisted))
    if recognizer.classifier.is_int8:
        raise ModelError(f"{path}: expected a float32 model, found int8; to compare, start digitpad with --float FILE")
    return recognizer


class Duel:
    """The model to compare with, opened when its first reading is wanted and not before."""

    def __init__(self, open_reference: Callable[[], Recognizer] = open_float, clock: Clock = time.perf_counter) -> None:
        """Open nothing yet."""
        self.fault: DigitpadError | None = None
        self.log: Callable[[str], None] = print_error
        self._open_reference, self._clock = open_reference, clock
        self._reference: Recognizer | None = None

    def forget_fault(self) -> None:
        """Let the next reading look for the model again: it may have been put there meanwhile."""
        self.fault = None

    def read(self, recognizer: Recognizer, ink: Ink) -> Verdict:
        """Return what `recognizer` and the reference read; it alone where the reference cannot be opened."""
        self._open()
        if self._reference is None:
            fault = self.fault.notice if self.fault else None
            return Verdict(read_timed([recognizer], ink, self._clock)[0], fault=fault)
        own, reference = read_timed([recognizer, self._reference], ink, self._clock)
        return Verdict(own, reference)

    def _open(self) -> None:
        if self._reference or self.fault:
            return
        try:
            self._reference = self._open_reference()
        except DigitpadError as error:
            self.fault = error
            self.log(str(error))  # the window shows the sentence, the log keeps it
