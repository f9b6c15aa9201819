"""The window's program but for its clock and its window: events in, actions done, a picture out."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pygame

from ..adaptation import PersonalClassifier
from ..errors import DigitpadError, ModelError
from ..gestures import scratched
from ..ink import Ink
from ..pad import Page, strokes_at
from ..reading import Pin, Reading
from ..recognizer import Recognizer
from .actions import Action
from .deeds import Deeds
from .events import Pen, Pointers, key_meaning
from .fonts import Fonts
from .kiosk import visitor_may
from .layout import Layout, Metrics, Viewport, fit_viewport, measure
from .lines import Colour
from .painter import Painter
from .screen import Scene, frame_at, layout_of, make_scene
from .services import Services
from .state import Picture, State
from .theme import THEMES
from .widgets import Widget, widget_at

TAP = 0.2  # of a target: a stroke no larger is a tap
DOT = 1.0  # of the pen's width: ink no larger is a dot and no digit
ERASER = 0.25  # of a target: how near to a stroke the eraser must come
HOLD_STEP = 60  # milliseconds between two pictures of a press that must last
FRAME = 33  # milliseconds between two pictures of a demonstration
KEPT_AFTER = 3000  # milliseconds without a change, after which the page is stored
SPOKEN_AFTER = 1200
JUDGED_AFTER = 1000
IN_USE = 300_000  # milliseconds after the last touch for which a kiosk keeps its screen on
WAKE = pygame.USEREVENT  # a job is done
Loaded = tuple[Recognizer, PersonalClassifier | None, Sequence[str]]
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
        services.keeper.complain = services.learner.complain = self.complain
        self.deeds = Deeds(self)
        self._timers: dict[str, int] = {}
        self._pointers = Pointers()
        self._pressed: Widget | None = None
        self._pressed_at = 0
        self._erased: Page | None = None
        self._background: tuple[Any, pygame.Surface] | None = None
        self._fit_window()

    # Events and time

    def handle(self, event: pygame.event.Event, now: int) -> None:
        """Take one pygame event at `now` milliseconds; a fault that a user can mend is shown, and ends nothing."""
        self.now = max(self.now, now)
        try:
            self._take(event)
        except DigitpadError as error:
            self.complain(str(error))

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
                    self.complain(str(error))

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
                with self.services.worker.alone():
                    state.reading = self.recognizer.read(state.pad.ink(), pins=state.pad.page.pins, dot=dot)
            except DigitpadError as error:
                self.complain(str(error))
        state.read_page = state.pad.page
        self._keep()

    def say(self, text: str) -> None:
        """Show a short notice for as long as it takes to read it."""
        self.state.toast = text
        self.after("toast", 2000 + 50 * len(text))

    def complain(self, text: str) -> None:
        """Show a fault, and keep it in the log."""
        self.services.note(text)
        self.say(text)

    # The pen

    def _used(self) -> None:
        """Note that somebody is there."""
        if self.state.settings.kiosk:
            self.state.in_use = True
            self.after("idle", IN_USE)

    def _on_idle(self) -> None:
        """Let the screen blank, and the next visitor begin afresh."""
        self._pressed, self._erased, self.state.pressed, self.state.in_use = None, None, None, False
        self.deeds.start_afresh()

    def _pen(self, pen: Pen) -> None:
        self._used()
        self.state.focus_seen = False
        if pen.kind == "down":
            self._down(pen)
        elif pen.kind == "drop":
            self._drop()
        elif self._pressed is not None:
            if pen.kind != "move" or (self._pressed.hold and not self._pressed.area.holds(pen.x, pen.y)):
                self._release(pen)
        elif self._erased is not None:
            self._erase(pen)
        elif self.state.pad.current:
            self._write(pen)

    def _drop(self) -> None:
        """Undo what a palm has done: its press, its line, what it erased."""
        self._pressed, self.state.pressed, self.state.held = None, None, 0.0
        self.after("hold", None)
        self.state.pad.drop()
        erased, self._erased = self._erased, None
        if erased is not None and self.state.pad.change(erased):
            self.changed()

    def _down(self, pen: Pen) -> None:
        scene = self.scene()
        widget = widget_at(scene.card or scene.widgets, pen.x, pen.y)
        if widget is not None:
            self._pressed, self._pressed_at, self.state.pressed = widget, self.now, widget.action
            if widget.hold:
                self.after("hold", HOLD_STEP)
        elif scene.card:
            if not scene.card[0].area.holds(pen.x, pen.y):
                self.do(Action("escape"))
        elif scene.layout.pad.holds(pen.x, pen.y):
            if pen.erasing or self.state.erasing:
                self._erased = self.state.pad.page
                self._erase(pen)
            else:
                self._begin(pen)

    def _release(self, pen: Pen) -> None:
        widget, self._pressed, self.state.pressed, self.state.held = self._pressed, None, None, 0.0
        self.after("hold", None)
        if widget and widget.action and not widget.hold and pen.kind == "up" and widget.area.holds(pen.x, pen.y):
            self.do(widget.action)

    def _on_hold(self) -> None:
        widget = self._pressed
        if widget is None or widget.action is None:
            return
        self.state.held = min(1.0, (self.now - self._pressed_at) / widget.hold)
        if self.state.held < 1:
            self.after("hold", HOLD_STEP)
            return
        self._pressed, self.state.pressed, self.state.held = None, None, 0.0
        self.do(widget.action)

    def _begin(self, pen: Pen) -> None:
        state = self.state
        state.live = None
        if state.picture is not None:
            tapped = frame_at(self.scene().frames, pen.x, pen.y, self.metrics.unit)
            if tapped is not None:
                self.do(Action("digit_panel", tapped))
                return
            state.picture, state.reading = None, Reading()
        if state.exercise is not None:
            state.exercise.shown = None
            self.after("demonstration", None)
            if state.exercise.judged is not None:
                return  # the next number comes first
            self.after("judge", None)
        state.pad.begin(self.viewport().to_ink(pen.x, pen.y), self._pad_size())
        self.after("speak", None)

    def _write(self, pen: Pen) -> None:
        area = self.layout().pad
        x = min(max(pen.x, area.left), area.right - 1)
        y = min(max(pen.y, area.top), area.bottom - 1)
        pad = self.state.pad
        moved = pad.extend(self.viewport().to_ink(x, y))
        if pen.kind != "move":
            self._lift()
        elif moved and self.state.settings.live:
            self._ask_reading(live=True)

    def _lift(self) -> None:
        """End the stroke: a tap on a digit, a scratch-out, or writing."""
        pad = self.state.pad
        stroke = np.array(pad.current)
        tapped = self._tapped(stroke)
        if tapped is not None:
            pad.drop()
            self.do(Action("digit_panel", tapped))
            return
        gone = scratched(stroke, pad.ink())
        if gone:
            pad.drop()
            pad.erase(gone)
        else:
            pad.lift()
        self.changed()

    def _tapped(self, stroke: "np.ndarray[Any, np.dtype[np.float64]]") -> int | None:
        """Return the number of the digit that a stroke is a tap on; None for writing."""
        metrics, viewport = self.metrics, self.viewport()
        if not self.state.is_read or float(np.ptp(stroke, axis=0).max()) * viewport.scale > TAP * metrics.unit:
            return None
        x, y = viewport.to_window(*stroke[-1])
        return frame_at(self.scene().frames, x, y, metrics.unit)

    def _erase(self, pen: Pen) -> None:
        """Take away the strokes that the eraser touches."""
        radius = ERASER * self.metrics.unit / self.viewport().scale
        if pen.kind in ("down", "move"):
            touched = strokes_at(self.state.pad.strokes, self.viewport().to_ink(pen.x, pen.y), radius)
            if touched and self.state.pad.erase(touched):
                self.changed()
        else:
            self._erased = None

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

    def _ask_reading(self, *, live: bool = False) -> None:
        recognizer, state = self.recognizer, self.state
        if recognizer is None:
            return
        page, picture = state.pad.page, state.picture
        if picture is not None:
            job = partial(_read_picture, recognizer, picture.coverage)
        else:
            ink = state.pad.live_ink() if live else state.pad.ink()
            dot = DOT * self.layout().pen / self.viewport().scale
            duel = self.services.duel if state.comparing and not live else None
            job = partial(_read_ink, recognizer, ink, page.pins, dot, duel)
        self.services.worker.ask("read", lambda: (page, picture, live, job()))

    def _done(self, name: str, result: Any) -> None:
        if isinstance(result, DigitpadError) and name == "map":
            self.complain(str(result))
        elif isinstance(result, DigitpadError):
            self.status = result.exit_status if name == "load" else self.status
            self.state.message = str(result)
            self.services.note(str(result))
        else:
            getattr(self, f"_done_{name}")(result)

    def _done_load(self, loaded: Loaded) -> None:
        self.recognizer, classifier, said = loaded
        with self.services.worker.alone():
            self.services.learner.attach(classifier)
            if classifier is not None:
                classifier.enabled = self.state.settings.learn
        self.changed()
        for text in said:  # another model reads than the one that was put there
            self.complain(text)

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
            reading = _corrected(reading, state.picture.labels)
        state.reading, state.read_page, state.verdict, state.live, state.message = reading, page, verdict, None, None
        self._keep()
        if picture is not None and not reading.digits:
            self.say(state.say("no_digit"))
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
        return fit_viewport(self.layout().pad, self.state.pad.size or self._pad_size())

    def scene(self) -> Scene:
        """Return all that the picture depends on."""
        return make_scene(self.state, self.metrics, self.viewport())

    def draw(self) -> list[pygame.Rect]:
        """Draw what has changed; returns the rectangles to show."""
        demonstrated = []
        exercise = self.state.exercise
        if exercise and exercise.shown:
            written = exercise.shown.at((self.now - exercise.shown_since) / 1000)
            demonstrated = [tuple((float(x), float(y)) for x, y in stroke) for stroke in written]
        strokes = () if self.state.picture else self.state.pad.strokes
        current: Sequence[tuple[float, float]] = () if self.state.picture else self.state.pad.current
        return self.painter.draw(self.scene(), strokes, current, self._picture(), demonstrated)

    def _picture(self) -> pygame.Surface | None:
        """Return the opened picture in the theme's colours and the pad's pixels."""
        picture = self.state.picture
        if picture is None:
            self._background = None
            return None
        theme, pad = THEMES[self.state.settings.theme], self.layout().pad
        key = (picture.number, self.state.settings.theme, pad)
        if self._background is None or self._background[0] != key:
            self._background = (
                key,
                _picture_surface(picture.coverage, pad, self.viewport().scale, theme.paper, theme.ink),
            )
        return self._background[1]

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
        self.painter = Painter(self.surface, Fonts("".join(self.state.say.texts.values())))

    def _pad_size(self) -> tuple[int, int]:
        pad = self.layout().pad
        return pad.width, pad.height


def load(recognizer: Recognizer, said: Sequence[str] = ()) -> Loaded:
    """Return a recogniser whose answers can be corrected, where its model allows that, and what was `said` of it."""
    try:
        personal = PersonalClassifier(recognizer.classifier)
    except ModelError:  # corrections hold on the page, and teach nothing
        return recognizer, None, said
    recognizer.classifier = personal
    return recognizer, personal, said


def _read_ink(recognizer: Recognizer, ink: Ink, pins: Sequence[Pin], dot: float, duel: Any) -> tuple[Reading, Any]:
    verdict = duel.read(recognizer, ink) if duel else None
    return recognizer.read(ink, pins=pins, dot=dot), verdict


def _read_picture(recognizer: Recognizer, coverage: Any) -> tuple[Reading, Any]:
    return recognizer.read_coverage(coverage), None


def _corrected(reading: Reading, labels: dict[int, str]) -> Reading:
    """Return the reading of a picture with what was said of its digits."""
    return Reading(
        tuple(
            replace(digit, digit=labels[i], pinned=True) if i in labels else digit
            for i, digit in enumerate(reading.digits)
        )
    )


def _picture_surface(coverage: Any, pad: Any, scale: float, paper: Colour, ink: Colour) -> pygame.Surface:
    share = coverage.astype(np.float32)[..., None] / 255
    pixels = np.array(paper) * (1 - share) + np.array(ink) * share
    small = pygame.surfarray.make_surface(np.rint(pixels).astype(np.uint8).swapaxes(0, 1))
    size = max(1, round(coverage.shape[1] * scale)), max(1, round(coverage.shape[0] * scale))
    whole = pygame.Surface((pad.width, pad.height))
    whole.fill(paper)
    whole.blit(pygame.transform.smoothscale(small.convert(24), size), (0, 0))
    return whole
