"""The app without its window and clock: it handles events, runs timers and draws."""

from collections.abc import Callable
from functools import partial

import pygame

from ..errors import DigitpadError
from .actions import Action
from .context import Context
from .drawing.backdrop import Backdrop
from .drawing.fonts import Fonts
from .drawing.painter import Painter
from .handlers import dispatch
from .handlers.practice import after_reading, make_room
from .input import Pointers, key_meaning
from .notices import Notices
from .pad import Line
from .pen_controller import PenController
from .reader import Reader
from .services import Services
from .state import State
from .timers import Timers
from .view import View

IN_USE = 300_000  # milliseconds after the last touch until a kiosk starts afresh
DIM = 15_000  # milliseconds for which the screen is dim before it goes dark
LIGHT = {"dim": (70, 70, 70), "off": (0, 0, 0)}  # of 255
WAKE = pygame.USEREVENT  # the worker has a result
ON_CARDS = {"escape", "focus", "press", "turn", "digit", "fullscreen", "quit"}  # keys that work above a card


class App:
    """Driven by `handle`, `tick` and `draw`; what it shows is in `state`, which the handlers change."""

    def __init__(self, surface: pygame.Surface, state: State, services: Services, *, density: float = 0.0) -> None:
        """Draw on `surface`, on a screen of `density` dots per inch; 0 if unknown."""
        self.state, self.services = state, services
        timers, view = Timers(), View(state, surface.get_size(), density)
        notices = Notices(state, services, timers)
        self.reader = Reader(state, services, timers, view, notices)
        self.ctx = Context(state, services, timers, notices, self.reader, view)
        self.reader.on_reading = partial(after_reading, self.ctx)
        services.recorder.report = services.personalization.report = notices.report
        self._pointers, self._pen = Pointers(), PenController(self.ctx)
        self._backdrop = Backdrop()
        self._waking = False  # the touch that woke the screen is still on it
        self._drawn_light = state.light
        self.resize(surface)

    def handle(self, event: pygame.event.Event, now: int) -> None:
        """Handle one pygame event at `now` milliseconds; a DigitpadError is shown."""
        self.ctx.timers.now = max(self.ctx.timers.now, now)
        self._guarded(lambda: self._handle(event))

    def _handle(self, event: pygame.event.Event) -> None:
        if event.type == WAKE:
            self.reader.take_results()
        elif event.type == pygame.QUIT:
            self.state.running = False
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSHOWN, pygame.WINDOWRESTORED):
            self._redraw_all()
        elif event.type == pygame.DROPFILE:
            dispatch(self.ctx, Action("file", event.file))
        elif event.type == pygame.MOUSEWHEEL and event.y:
            dispatch(self.ctx, Action("turn", -1 if event.y > 0 else 1))
        elif event.type == pygame.KEYDOWN:
            self._key(event)
        else:
            for pen in self._pointers.translate(event, self.surface.get_size(), self.ctx.timers.now):
                self._waking |= pen.kind == "down" and self.state.light != "on"
                self.in_use()
                if not self._waking:
                    self._pen.handle(pen)
                elif pen.kind in ("up", "lost"):
                    self._waking = False

    def _key(self, event: pygame.event.Event) -> None:
        dark = self.state.light != "on"
        self.in_use()
        if dark:
            return
        action, panel = key_meaning(event), self.state.panel
        if action == Action("undo") and panel and panel.name == "keypad":
            dispatch(self.ctx, Action("backspace"))
        elif action and (panel is None or action.name in ON_CARDS):
            dispatch(self.ctx, action)

    def do(self, action: Action) -> None:
        """Dispatch an action; a DigitpadError is shown."""
        self._guarded(lambda: dispatch(self.ctx, action))

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except DigitpadError as error:
            self.report(error)

    def tick(self, now: int) -> None:
        """Run the timers that are due at `now` milliseconds."""
        self.ctx.timers.now = max(self.ctx.timers.now, now)
        self.ctx.timers.run(self.report)

    def next_tick(self) -> int | None:
        """Return the milliseconds until the next timer; None if there is none, and the app may sleep."""
        return self.ctx.timers.until_next()

    def resize(self, surface: pygame.Surface) -> None:
        """Draw on another surface; the ink is scaled to fit."""
        self.surface, self._language = surface, self.state.tr
        self.ctx.view.size = surface.get_size()
        self.painter = Painter(surface, Fonts("".join(self._language.texts.values())))
        self._redraw_all()

    def close(self) -> None:
        """Save what is on the pad, with the stroke under the pen, and end the worker."""
        try:
            self.reader.finish()
            self.services.recorder.flush()
        finally:
            self.services.worker.close()
            self.services.close()

    def report(self, fault: str | Exception) -> None:
        """Show an error, and log it."""
        self.ctx.notices.report(fault)

    # A kiosk's visitors

    def in_use(self) -> None:
        """Light a kiosk's screen, and restart the timers that dim it and end the visit."""
        if self.state.settings.kiosk:
            self.state.light = "on"
            self.ctx.timers.after(IN_USE, self._visitor_left)
            if self.state.settings.blank:
                self.ctx.timers.after(60_000 * self.state.settings.blank - DIM, self._dim)

    def _dim(self) -> None:
        self.state.light = "dim"
        self.ctx.timers.after(DIM, self._darken)

    def _darken(self) -> None:
        if self.state.light == "dim":
            self.state.light = "off"

    def _visitor_left(self) -> None:
        """Clear everything for the next visitor."""
        self._pen.let_go()
        make_room(self.ctx)
        self.state.forget_visitor()

    # Drawing

    def draw(self) -> list[pygame.Rect]:
        """Draw what has changed; returns the rectangles to update on the display."""
        if self._drawn_light == self.state.light != "on":
            return []  # nothing moves on a dark screen
        if self._drawn_light != self.state.light:
            self._redraw_all()
        self._drawn_light = self.state.light
        state, exercise = self.state, self.state.exercise
        if state.tr is not self._language:
            self.resize(self.surface)
        scene, demonstrated = self.ctx.view.scene(), list[Line]()
        if exercise and exercise.shown:
            written = exercise.shown.at((self.ctx.timers.now - exercise.shown_since) / 1000)
            demonstrated = [tuple((float(x), float(y)) for x, y in stroke) for stroke in written]
        strokes, current = (state.pad.strokes, state.pad.current) if state.picture is None else ((), [])
        if state.question and state.question.secret:
            strokes = strokes[-1:]  # the digit that is being written; what was written before is hidden
        below = self._backdrop.surface(state.picture, scene.theme, scene.layout.pad, scene.viewport)
        changed = self.painter.draw(scene, strokes, current, below, demonstrated)
        if state.light != "on":
            self.surface.fill(LIGHT[state.light], special_flags=pygame.BLEND_RGB_MULT)
        return changed

    def _redraw_all(self) -> None:
        self.painter.forget()
        self._drawn_light = "on"
