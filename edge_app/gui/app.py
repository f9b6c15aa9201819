"""The window's program but for its clock and its window: events in, actions done, a picture out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pygame

from ..errors import DigitpadError
from ..recognition.recognizer import Recognizer
from ..recognition.results import Reading
from .actions import Action
from .drawing.backdrop import Backdrop
from .drawing.fonts import Fonts
from .drawing.painter import Painter
from .handlers import Deeds
from .input import Pen, Pointers, key_meaning
from .jobs import Loaded, corrected, read_ink, read_picture
from .kiosk import visitor_may
from .pad import Page
from .pen_controller import Hand
from .services import Services
from .state import Picture, State
from .views.layout import Layout, Metrics, Viewport, fit_viewport, measure
from .views.screen import Scene, layout_of, make_scene

DOT = 1.0  # of the pen's width: ink no larger is a dot and no digit
FRAME = 33  # milliseconds between two pictures of a demonstration
KEPT_AFTER = 3000  # milliseconds without a change, after which the page is stored
SPOKEN_AFTER = 1200
JUDGED_AFTER = 1000
IN_USE = 300_000  # milliseconds after the last touch for which a kiosk keeps its screen on
WAKE = pygame.USEREVENT  # a job is done
ON_CARDS = {"escape", "focus", "press", "turn", "digit", "fullscreen", "quit"}  # keys, while a card covers the pad


class App:
    """Driven by `handle` and `tick`, seen by `draw`; all it changes is in `state`, by the actions in `deeds`."""

    def __init__(self, surface: pygame.Surface, state: State, services: Services, *, density: float = 0.0) -> None:
        """Start with an empty pad on `surface`, on a screen of `density` dots per inch; 0 where nobody knows."""
        self.surface, self.state, self.services = surface, state, services
        self.recognizer: Recognizer | None = None
        self.running = True
        self.status = 0  # to exit with
        self.now = 0  # milliseconds, of the last event or tick
        self.density = density
        services.keeper.report = services.learner.report = self.report
        self.deeds = Deeds(self)
        self._timers: dict[str, int] = {}
        self._pointers = Pointers()
        self._hand = Hand(self)
        self._backdrop = Backdrop()
        self._fit_window()

    # Events and time

    def handle(self, event: pygame.event.Event, now: int) -> None:
        """Take one pygame event at `now` milliseconds; a fault that a user can mend is shown, and ends nothing."""
        self.now = max(self.now, now)
        try:
            self._take(event)
        except DigitpadError as error:
            self.report(error.notice)

    def _take(self, event: pygame.event.Event) -> None:
        if event.type == WAKE:
            for name, result in self.services.worker.results():
                self._done(name, result)
        elif event.type == pygame.QUIT:
            self.running = False
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSHOWN, pygame.WINDOWRESTORED):
            self.painter.forget()
        elif event.type == pygame.DROPFILE:
            self.do(Action("file", event.file))
        elif event.type == pygame.MOUSEWHEEL and event.y:
            self.do(Action("turn", -1 if event.y > 0 else 1))
        elif event.type == pygame.KEYDOWN:
            self._used()
            action, panel = key_meaning(event), self.state.panel
            if action and (panel is None or action.name in ON_CARDS or (panel.name, action.name) == ("keypad", "undo")):
                self.do(action)
        else:
            for pen in self._pointers.translate(event, self.surface.get_size(), self.now):
                self._pen(pen)

    def tick(self, now: int) -> None:
        """Do what has become due by `now` milliseconds."""
        self.now = max(self.now, now)
        for name in list(self._timers):
            if self._timers.get(name, self.now + 1) <= self.now:  # one that went off may have set or stopped another
                del self._timers[name]
                try:
                    getattr(self, f"_on_{name}")()
                except DigitpadError as error:
                    self.report(error.notice)

    def next_tick(self) -> int | None:
        """Return milliseconds until something is due; None when nothing is, and the app may sleep."""
        return max(0, min(self._timers.values()) - self.now) if self._timers else None

    def after(self, name: str, delay: int | None) -> None:
        """Let a timer go off in `delay` milliseconds, in place of what it was set to; never, for None."""
        self._timers.pop(name, None)
        if delay is not None:
            self._timers[name] = self.now + delay

    def do(self, action: Action) -> None:
        """Carry out an action; in a kiosk, only what a visitor may."""
        if self.state.settings.kiosk and not visitor_may(action):
            return
        self.deeds.do(action)

    def resize(self, surface: pygame.Surface) -> None:
        """Go on with a window of another size; what is written stays, scaled to fit."""
        self.surface = surface
        self._fit_window()

    def close(self) -> None:
        """Store what is on the pad, the stroke under the pen too, and end what runs beside."""
        try:
            self.finish()
            self.services.keeper.flush()
        finally:
            self.services.worker.close()
            self.services.close()

    def finish(self) -> None:
        """Read what has not been read yet, the stroke under the pen too, and note it: the page is about to go."""
        state = self.state
        if state.picture is not None or not (state.pad.lift() or not state.is_read):
            return
        state.reading = Reading()
        if self.recognizer:
            dot = DOT * self.layout().pen / self.viewport().scale
            try:
                with self.services.worker.exclusive():
                    state.reading = self.recognizer.read(state.pad.ink(), pins=state.pad.page.pins, dot=dot)
            except DigitpadError as error:
                self.report(error.notice)
        state.read_page = state.pad.page
        self._keep()

    def say(self, text: str) -> None:
        """Show a short notice for as long as it takes to read it."""
        self.state.toast = text
        self.after("toast", 2000 + 50 * len(text))

    def report(self, text: str) -> None:
        """Show a fault, and keep it in the log."""
        self.services.note(text)
        self.say(self.state.tr.fault(text))

    # The pen

    def _used(self) -> None:
        """Note that somebody is there."""
        if self.state.settings.kiosk:
            self.state.in_use = True
            self.after("idle", IN_USE)

    def _on_idle(self) -> None:
        """Let the screen blank, and the next visitor begin afresh."""
        self._hand.let_go()
        self.state.in_use = False
        self.deeds.start_afresh()

    def _pen(self, pen: Pen) -> None:
        self._used()
        self._hand.move(pen)

    def _on_hold(self) -> None:
        self._hand.hold_on()

    # Reading

    def changed(self) -> None:
        """Read what is on the pad now."""
        state = self.state
        state.heat.clear()
        state.message = None if self.recognizer else state.message  # of what was there before
        self.after("judge", None)
        if state.pad.is_empty and state.picture is None:
            state.reading, state.read_page, state.live, state.verdict = Reading(), state.pad.page, None, None
            self._keep()
        else:
            self._ask_reading()

    def read_along(self) -> None:
        """Read what is on the pad with the line under the pen, where that is wanted."""
        if self.state.settings.live:
            self._ask_reading(live=True)

    def _ask_reading(self, *, live: bool = False) -> None:
        recognizer, state = self.recognizer, self.state
        if recognizer is None:
            return
        page, picture = state.pad.page, state.picture
        if picture is not None:
            job = partial(read_picture, recognizer, picture.coverage)
        else:
            ink = state.pad.live_ink() if live else state.pad.ink()
            dot = DOT * self.layout().pen / self.viewport().scale
            duel = self.services.duel if state.comparing and not live else None
            job = partial(read_ink, recognizer, ink, page.pins, dot, duel)
        self.services.worker.submit("read", lambda: (page, picture, live, job()))

    def _done(self, name: str, result: Any) -> None:
        if isinstance(result, DigitpadError) and name == "map":
            self.report(result.notice)
        elif isinstance(result, DigitpadError):
            self.status = result.exit_status if name == "load" else self.status
            self.state.message = result.notice
            self.services.note(str(result))
        else:
            getattr(self, f"_done_{name}")(result)

    def _done_load(self, loaded: Loaded) -> None:
        self.recognizer, classifier, said = loaded
        with self.services.worker.exclusive():
            self.services.learner.attach(classifier)
            if classifier is not None:
                classifier.enabled = self.state.settings.learn
        self.changed()
        for text in said:  # another model reads than the one that was put there
            self.report(text)

    def _done_read(self, result: tuple[Page, Picture | None, bool, tuple[Reading, Any]]) -> None:
        page, picture, live, (reading, verdict) = result
        state = self.state
        if page is not state.pad.page or picture is not state.picture:
            return  # it has changed since, and is being read again
        if live:
            state.live = reading if state.pad.current else None
            return
        if picture is None and not page.strokes:
            return  # of what was wiped meanwhile
        if state.picture is not None:
            reading = corrected(reading, state.picture.labels)
        state.reading, state.read_page, state.verdict, state.live, state.message = reading, page, verdict, None, None
        self._keep()
        if picture is not None and not reading.digits:
            self.say(state.tr("no_digit"))
        if state.settings.speak and not state.exercise:
            self.after("speak", SPOKEN_AFTER)
        exercise = state.exercise
        if exercise and exercise.judged is None and len(reading.digits) >= len(exercise.practice.target):
            self.after("judge", JUDGED_AFTER)

    def _done_map(self, result: tuple[Reading, int, bytes]) -> None:
        reading, number, heat = result
        if reading is self.state.reading:
            self.state.heat[number] = heat

    def _keep(self) -> None:
        """Note the page for the history; exercises are none."""
        if self.state.exercise is None and self.state.picture is None:
            model = self.recognizer.classifier.model.sha256 if self.recognizer else ""
            page = self.state.pad.page
            self.services.keeper.read(page.sheet.number, self.state.pad.ink(), self.state.reading, model)
            self.after("keep", KEPT_AFTER)

    def _on_keep(self) -> None:
        self.services.keeper.flush()

    def _on_toast(self) -> None:
        self.state.toast = None

    def _on_speak(self) -> None:
        self.do(Action("speak"))

    def _on_judge(self) -> None:
        self.do(Action("judge"))

    def _on_demonstration(self) -> None:
        exercise = self.state.exercise
        if exercise and exercise.shown:
            done = self.now - exercise.shown_since > 1000 * exercise.shown.duration + JUDGED_AFTER
            exercise.shown = None if done else exercise.shown
            self.after("demonstration", None if done else FRAME)

    # The picture

    def layout(self) -> Layout:
        """Return where things are."""
        return layout_of(self.state, self.metrics)

    def viewport(self) -> Viewport:
        """Return how the ink, or the picture, lies on the pad."""
        picture = self.state.picture
        if picture is not None:
            return fit_viewport(self.layout().pad, (picture.coverage.shape[1], picture.coverage.shape[0]))
        return fit_viewport(self.layout().pad, self.state.pad.size or self.pad_size())

    def scene(self) -> Scene:
        """Return all that the picture depends on."""
        return make_scene(self.state, self.metrics, self.viewport())

    def draw(self) -> list[pygame.Rect]:
        """Draw what has changed; returns the rectangles to show."""
        state, demonstrated = self.state, []
        exercise = state.exercise
        if exercise and exercise.shown:
            written = exercise.shown.at((self.now - exercise.shown_since) / 1000)
            demonstrated = [tuple((float(x), float(y)) for x, y in stroke) for stroke in written]
        strokes = () if state.picture else state.pad.strokes
        current: Sequence[tuple[float, float]] = () if state.picture else state.pad.current
        below = self._backdrop.surface(state.picture, state.settings.theme, self.layout().pad, self.viewport())
        return self.painter.draw(self.scene(), strokes, current, below, demonstrated)

    def _fit_window(self) -> None:
        settings = self.state.settings
        width, height = self.surface.get_size()
        self.metrics: Metrics = measure(
            width,
            height,
            density=settings.density or self.density,
            target_mm=settings.target_mm,
            text_size=settings.text_size,
        )
        self.painter = Painter(self.surface, Fonts("".join(self.state.tr.texts.values())))

    def pad_size(self) -> tuple[int, int]:
        """Return the pad's size in pixels."""
        pad = self.layout().pad
        return pad.width, pad.height
