"""Requests readings of the pad, takes the results, and guards the recogniser against use by two threads."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from ..errors import DigitpadError, ModelError
from ..personal.lessons import PersonalClassifier
from ..personal.saliency import occlusion_map
from ..recognition.normalise import DigitImage
from ..recognition.recognizer import Recognizer
from ..recognition.results import Reading
from ..recognition.segmentation import Part
from .layer_maps import MapReader, Maps
from .notices import Notices
from .pad import Page
from .services import Services
from .side_by_side import Verdict
from .state import Picture, State
from .timers import Timers
from .view import View
from .views.digit import best_of

DOT = 1.0  # of the pen's width: ink no larger is a dot and no digit
KEPT_AFTER = 3000  # milliseconds without a change, after which the page is stored

Result = TypeVar("Result")


class Loaded(NamedTuple):
    """A recogniser, its classifier if that can learn, and notices on how it was opened."""

    recognizer: Recognizer
    classifier: PersonalClassifier | None
    notices: Sequence[str] = ()


def with_lessons(recognizer: Recognizer, notices: Sequence[str] = ()) -> Loaded:
    """Wrap the recogniser's classifier in one that learns, if its model allows that."""
    try:
        personal = PersonalClassifier(recognizer.classifier)
    except ModelError:  # corrections then only change the page
        return Loaded(recognizer, None, notices)
    recognizer.classifier = personal
    return Loaded(recognizer, personal, notices)


class Reader:
    """Connects the state with the recogniser, which runs in the worker's thread."""

    def __init__(self, state: State, services: Services, timers: Timers, view: View, notices: Notices) -> None:
        """Start without a model; `take_results` takes one when it is loaded."""
        self.recognizer: Recognizer | None = None
        self.exit_status = 0  # not 0 if the model could not be loaded
        self.on_reading: Callable[[], None] = lambda: None
        self._map_reader = MapReader(services.comparison)
        self._traced: DigitImage | None = None  # what the layers were requested of
        self._state, self._services, self._timers, self._view, self._notices = state, services, timers, view, notices

    # Requests

    def submit(self) -> None:
        """Request a reading of the pad; a blank pad is dealt with at once."""
        state = self._state
        state.heat.clear()
        if self.recognizer:
            state.message = None  # about the previous reading
        if state.pad.is_empty and state.picture is None:
            state.reading, state.read_page, state.live, state.verdict = Reading(), state.pad.page, None, None
            self._record()
            self.submit_layers()
            self.on_reading()
        else:
            self._submit()

    def submit_live(self) -> None:
        """Request a reading that includes the stroke under the pen, if the settings allow live readings."""
        if self._state.settings.live:
            self._submit(live=True)

    def _submit(self, *, live: bool = False) -> None:
        recognizer, page, picture = self.recognizer, self._state.pad.page, self._state.picture
        if recognizer is None:
            return
        ink = self._state.pad.live_ink() if live else self._state.pad.ink()
        dot = DOT * self._view.pen
        comparison = self._services.comparison if self._state.comparing and not live else None

        def job() -> Callable[[], None]:
            verdict = None
            if picture is not None:
                reading = recognizer.read_coverage(picture.coverage)
            else:
                verdict = comparison.read(recognizer, ink) if comparison else None
                reading = recognizer.read(ink, pins=page.pins, dot=dot)
            return lambda: self._take_reading(page, picture, live, reading, verdict)

        self._services.worker.submit("read", job)

    def submit_map(self, number: int) -> None:
        """Request the occlusion map of a digit of the reading."""
        reading, recognizer = self._state.reading, self.recognizer
        digit = self._state.digit(number)
        if recognizer is None or digit is None or digit.image is None:
            return
        image, best = digit.image, best_of(digit)

        def job() -> Callable[[], None]:
            heat = np.rint(occlusion_map(recognizer.classifier, image, best) * 255).astype(np.uint8)
            return lambda: self._take_map(reading, number, heat.tobytes())

        self._services.worker.submit("map", job)

    def submit_layers(self) -> None:
        """Request the layers of the digit written last, if they are shown."""
        state, recognizer = self._state, self.recognizer
        if recognizer is None or not (state.shows_layers or state.top_panel("layers")):
            return
        last = max(state.shown.digits, key=lambda digit: max(digit.strokes, default=-1), default=None)
        image = self._traced = last.image if last else None
        if image is None:
            state.layers = ()
            return

        def job() -> Callable[[], None]:
            layers = self._map_reader.read(recognizer.classifier, image)
            return lambda: self._take_layers(image, layers)

        self._services.worker.submit("layers", job)

    # Without the worker

    def finish(self) -> None:
        """Read the page at once if needed, with the stroke under the pen, and record it: it is about to be replaced."""
        state = self._state
        if state.picture is not None or (not state.pad.lift() and state.is_read):
            return
        state.reading = Reading()
        if self.recognizer:
            try:
                with self._services.worker.exclusive():
                    page, dot = state.pad.page, DOT * self._view.pen
                    state.reading = self.recognizer.read(state.pad.ink(), pins=page.pins, dot=dot)
            except DigitpadError as error:
                self._notices.report(error)
        state.read_page = state.pad.page
        self._record()

    def split(self, parts: Sequence[Part]) -> tuple[Sequence[Part], Sequence[Part]] | None:
        """Return the two halves of a digit; None if it cannot be cut."""
        if self.recognizer is None:
            return None
        with self._services.worker.exclusive():
            return self.recognizer.split(parts)

    def update(self, change: Callable[[], Result]) -> Result:
        """Call `change` while no reading runs, and clear the recogniser's cache."""
        with self._services.worker.exclusive():
            result = change()
            if self.recognizer:
                self.recognizer.clear_cache()
        return result

    # Results

    def take_results(self) -> None:
        """Take the worker's results."""
        for name, result in self._services.worker.results():
            if isinstance(result, Loaded):
                self._take_model(result)
            elif not isinstance(result, DigitpadError):
                result()  # of `_submit` or `submit_map`
            elif name in ("map", "layers"):
                self._notices.report(result)
            else:
                self.exit_status = result.exit_status if name == "load" else self.exit_status
                self._state.message = result.notice
                self._services.log(str(result))

    def _take_model(self, loaded: Loaded) -> None:
        self.recognizer = loaded.recognizer
        if loaded.classifier is not None:
            loaded.classifier.enabled = self._state.settings.learn
        self.update(lambda: self._services.personalization.attach(loaded.classifier))
        self.submit()
        for text in loaded.notices:  # another model is used than the installed one
            self._notices.report(text)

    def _take_map(self, reading: Reading, number: int, heat: bytes) -> None:
        if reading is self._state.reading:
            self._state.heat[number] = heat

    def _take_layers(self, image: DigitImage, layers: tuple[Maps, ...]) -> None:
        if image is self._traced:
            self._state.layers = layers

    def _take_reading(
        self, page: Page, picture: Picture | None, live: bool, reading: Reading, verdict: Verdict | None
    ) -> None:
        state = self._state
        if page is not state.pad.page or picture is not state.picture:
            return  # changed meanwhile, and requested again
        if live:
            state.live = reading if state.pad.current else None
            self.submit_layers()
            return
        if picture is None and not page.strokes:
            return  # the pad was blank: a picture was closed meanwhile
        state.reading = reading if picture is None else corrected(reading, picture.labels)
        state.read_page, state.verdict, state.live, state.message = page, verdict, None, None
        self._record()
        if picture is not None and not state.reading.digits:
            self._notices.show(state.tr("no_digit"))
        self.submit_layers()
        self.on_reading()

    def _record(self) -> None:
        """Record the page for the history, which takes no exercises and pictures."""
        state, recorder = self._state, self._services.recorder
        if state.exercise is None and state.picture is None:
            model = self.recognizer.classifier.model.sha256 if self.recognizer else ""
            recorder.record(state.pad.page.sheet.number, state.pad.ink(), state.reading, model)
            self._timers.after(KEPT_AFTER, recorder.flush)


def corrected(reading: Reading, labels: dict[int, str]) -> Reading:
    """Return a picture's reading with its corrections applied."""
    digits = (
        replace(digit, digit=labels[i], pinned=True) if i in labels else digit for i, digit in enumerate(reading.digits)
    )
    return replace(reading, digits=tuple(digits))
