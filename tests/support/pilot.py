"""Drives the window's app without a screen, a thread or a clock, and writes on it as people do."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pygame
from PIL import Image

from edge_app.gui.actions import Action, Name
from edge_app.gui.app import WAKE, App
from edge_app.gui.background import Job, Worker
from edge_app.gui.history_recorder import HistoryRecorder
from edge_app.gui.personalization import Personalization
from edge_app.gui.reader import Loaded, with_lessons
from edge_app.gui.services import Services
from edge_app.gui.side_by_side import Comparison
from edge_app.gui.state import State
from edge_app.gui.views.widgets import Widget
from edge_app.i18n import available_languages, load_language
from edge_app.personal.lessons import ClearDigits, PersonalClassifier
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import Paths
from edge_app.storage.settings import Settings

from ..conftest import ROOT

SIZES = [(320, 240), (480, 320), (800, 480), (720, 1280), (1024, 600), (1920, 1080), (3840, 2160)]
SAMPLES = [json.loads(line) for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

# Each reads all translations anew.
language, languages = cache(load_language), cache(available_languages)

Place = tuple[float, float]


class Immediate(Worker):
    """A worker without a thread: a job is done when `submit` returns, or, of jobs submitted while busy, the latest."""

    def __init__(self, wake: Callable[[], object] = bool) -> None:
        super().__init__(wake)
        super().close()
        self._is_busy = False

    def submit(self, name: str, job: Job) -> None:
        super().submit(name, job)
        if not self._is_busy:
            self._run_pending()

    @contextmanager
    def busy(self) -> Iterator[None]:
        self._is_busy = True
        yield
        self._is_busy = False
        self._run_pending()

    def _run_pending(self) -> None:
        while self._pending:
            name = next(iter(self._pending))
            self._finish(name, self._pending.pop(name))
            self._wake()


@cache
def reference_digits(classifier: Classifier) -> ClearDigits:
    """Return what the guard of lessons compares with; a classifier's windows share it, for it takes 0.2 s."""
    return PersonalClassifier(classifier)._clear_digits


def loaded(recognizer: Recognizer) -> Loaded:
    found = with_lessons(Recognizer(classifier=recognizer.classifier))
    if found.classifier:
        found.classifier._clear_digits = reference_digits(recognizer.classifier)
    return found


class Pilot:
    """An app on a surface of the dummy driver, with everything outside of it in memory."""

    def __init__(
        self,
        recognizer: Recognizer | None,
        size: tuple[int, int] = (800, 480),
        *,
        folders: Paths | None = None,
        store: HistoryStore | None = None,
        comparison: Comparison | None = None,
        density: float = 0.0,
        **settings: Any,
    ) -> None:
        """Open an app whose model is loaded, unless there is none; settings are those named, history off."""
        pygame.display.init()
        pygame.font.init()
        chosen = Settings(**{"history": "off", "language": "en", **settings})
        tr, problems = language(chosen.language)
        assert not problems
        memory = store or HistoryStore.in_memory(lambda: NOW.timestamp())
        self.copied: list[str] = []
        self.notes: list[str] = []
        self.settings_written: list[dict[str, Any]] = []
        self.worker = Immediate()
        self.services = Services(
            worker=self.worker,
            recorder=HistoryRecorder(memory),
            personalization=Personalization(memory),
            comparison=comparison or Comparison(),
            rng=random.Random(3),
            now=lambda: NOW,
            copy=self._copy,
            log=self.notes.append,
            folders=folders,
            write_settings=self._write_settings,
        )
        surface = pygame.display.set_mode(size)
        self.app = App(surface, State(chosen, tr, languages()), self.services, density=density)
        self.now = 0
        if recognizer is not None:
            self.services.worker.submit("load", lambda: loaded(recognizer))
        self.settle()

    def _copy(self, text: str) -> bool:
        self.copied.append(text)
        return True

    def _write_settings(self, changes: Mapping[str, Any]) -> list[str]:
        self.settings_written.append(dict(changes))
        return []

    @property
    def state(self) -> State:
        """The app's state."""
        return self.app.state

    def handle(self, event: pygame.event.Event) -> None:
        """Hand an event over, and what was done because of it."""
        self.app.handle(event, self.now)
        self.settle()

    def do(self, name: Name, value: Any = None) -> None:
        """Do an action, and what follows at once."""
        self.app.do(Action(name, value))
        self.settle()

    def wait(self, milliseconds: int) -> None:
        """Let time pass, with all the app's timers going off in their order."""
        until = self.now + milliseconds
        while True:
            due = self.app.next_tick()
            step = until - self.now if due is None else min(due, until - self.now)
            self.now += step
            self.app.tick(self.now)
            self.settle()
            if self.now >= until:
                return

    def settle(self) -> None:
        """Fetch what the worker has done, and draw."""
        self.app.handle(pygame.event.Event(WAKE), self.now)
        self.app.draw()

    def pixels(self) -> "np.ndarray[Any, np.dtype[np.uint8]]":
        """Return the picture as (width, height, 3)."""
        return pygame.surfarray.array3d(self.app.surface)

    # Writing

    def strokes_of(self, sample: int, *, width: float = 0.8, height: float = 0.55) -> list[list[Place]]:
        """Return a bundled sample's strokes in window pixels, well inside the pad."""
        ink = [np.array(stroke, float) for stroke in SAMPLES[sample]["strokes"]]
        points = np.concatenate(ink)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        pad = self.app.ctx.view.layout.pad
        scale = min(width * pad.width / extent[0], height * pad.height / extent[1])
        start = np.array([pad.left + 0.1 * pad.width, pad.top + 0.25 * pad.height])
        return [[(float(x), float(y)) for x, y in (stroke - low) * scale + start] for stroke in ink]

    def write(self, sample: int, how: str = "mouse", **fit: float) -> None:
        """Write a bundled sample with mouse, finger, or both as some systems report them."""
        for stroke in self.strokes_of(sample, **fit):
            self.draw(stroke, how)

    def pen_down(self, stroke: Sequence[Place], button: int = 1) -> None:
        """Draw one line with the mouse, and do not lift it."""
        for i, at in enumerate(stroke):
            self.handle(mouse(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, at, button))

    def draw(self, stroke: Sequence[Place], how: str = "mouse") -> None:
        """Draw one line, faster than it is read and shown."""
        size = self.app.surface.get_size()
        with self.worker.busy():
            for i, at in enumerate(stroke):
                if how in ("mouse", "both"):
                    self.app.handle(mouse(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, at), self.now)
                if how in ("finger", "both"):
                    self.app.handle(finger(pygame.FINGERMOTION if i else pygame.FINGERDOWN, at, size), self.now)
                self.now += 8
        if how in ("mouse", "both"):
            self.handle(mouse(pygame.MOUSEBUTTONUP, stroke[-1]))
        if how in ("finger", "both"):
            self.handle(finger(pygame.FINGERUP, stroke[-1], self.app.surface.get_size()))
        self.now += 600

    # Pressing

    def widgets(self) -> tuple[Widget, ...]:
        """Return what is on top now: the card's widgets, or the main screen's."""
        scene = self.app.ctx.view.scene()
        return scene.card or scene.widgets

    def button(self, name: Name, value: Any = None) -> Widget:
        """Return the widget that would do an action; fails where there is none."""
        return next(widget for widget in self.widgets() if widget.takes == Action(name, value))

    def press(self, name: Name, value: Any = None) -> None:
        """Press that widget with the mouse."""
        area = self.button(name, value).area
        self.tap((area.left + area.width / 2, area.top + area.height / 2))

    def tap(self, at: Place) -> None:
        """Click at a place."""
        self.handle(mouse(pygame.MOUSEBUTTONDOWN, at))
        self.handle(mouse(pygame.MOUSEBUTTONUP, at))
        self.now += 600

    def tap_digit(self, number: int) -> None:
        """Tap a digit of the reading where it was written."""
        area = self.app.ctx.view.scene().frames[number].area
        self.tap((area.left + area.width / 2, area.top + area.height / 2))

    def key(self, key: int, mod: int = 0) -> None:
        """Press a key."""
        self.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod))


def mouse(kind: int, at: Place, button: int = 1) -> pygame.event.Event:
    """Return a mouse event."""
    return pygame.event.Event(kind, pos=at, button=button, touch=False)


def finger(kind: int, at: Place, size: tuple[int, int], number: int = 1) -> pygame.event.Event:
    """Return a finger's event."""
    return pygame.event.Event(kind, touch_id=5, finger_id=number, x=at[0] / size[0], y=at[1] / size[1])


def folders_in(path: Path) -> Paths:
    """Return folders below a path."""
    return Paths(path / "config", path / "data", path / "pictures")


def picture_in(folder: Path) -> Path:
    """Write a picture of two upright bars, which reads 11."""
    pixels = np.full((120, 160), 255, np.uint8)
    pixels[20:100, 40:48] = pixels[20:100, 110:118] = 0
    Image.fromarray(pixels).save(folder / "two bars.png")
    return folder / "two bars.png"
