"""The window: events in, state changed, picture out; nothing is drawn unless something changed."""

import contextlib
import os
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_TOUCH_MOUSE_EVENTS", "0")  # a finger is a finger, not a mouse as well
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "digitpad")  # what a launcher's StartupWMClass names

import pygame

from ..duel import Duel, Verdict, open_float
from ..errors import DigitpadError, DisplayError
from ..pad import Pad
from ..reading import Reading
from ..recognizer import Recognizer
from .events import Command, Pen, Pointers
from .layout import Layout, Viewport, arrange, fit_viewport
from .view import Scene, draw_line, draw_scene, forget_fonts, pen_width
from .waiting import make_waiter

TITLE = "digitpad"
SIZE = (800, 480)
UNSEEN = {"offscreen", "dummy"}  # drivers that SDL falls back to without a display: a window that nobody sees


class App:
    """The whole program but its clock and its window: driven by `handle`, seen by `draw`."""

    def __init__(self, surface: pygame.Surface, duel: Duel | None = None) -> None:
        """Start with an empty pad on `surface`; reads nothing until it has a recogniser.

        `duel` holds the model of the compare view; by default the project's float model.
        """
        forget_fonts()
        self.surface = surface
        self.recognizer: Recognizer | None = None
        self.message: str | None = None
        self.pad = Pad()
        self.reading = Reading()
        self.duel = duel or Duel()
        self.comparing = False
        self.verdict: Verdict | None = None
        self.running = True
        self.wants_fullscreen_toggle = False
        self._pointers = Pointers()
        self._pressed: str | None = None
        self._layout: Layout = arrange(*surface.get_size())
        self._written_on = self._pad_size()
        self._dirty = True
        self._fresh: list[tuple[float, float]] = []  # the part of the line not drawn yet, in window pixels

    def handle(self, event: pygame.event.Event, now: int) -> None:
        """Take one pygame event at `now` milliseconds."""
        if event.type == pygame.QUIT:
            self.running = False
        elif event.type in (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED, pygame.WINDOWRESTORED):
            self.resize(pygame.display.get_surface() or self.surface)
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSHOWN):
            self._dirty = True
        else:
            action = self._pointers.translate(event, self.surface.get_size(), now)
            if isinstance(action, Pen):
                self._pen(action)
            elif isinstance(action, Command):
                self.do(action.name)

    def resize(self, surface: pygame.Surface) -> None:
        """Go on with a window of another size; what is written stays, scaled to fit."""
        self.surface = surface
        self._layout = arrange(*surface.get_size(), comparing=self.comparing)
        self._fresh = [self._viewport().to_window(*point) for point in self.pad.current[-1:]]
        if self.pad.is_empty:
            self._written_on = self._pad_size()
        self._dirty = True

    def do(self, name: str) -> None:
        """Carry out a button or key: undo, redo, clear, quit, fullscreen, compare."""
        if name == "quit":
            self.running = False
        elif name == "fullscreen":
            self.wants_fullscreen_toggle = True
        elif name == "compare":
            self._toggle_compare()
        elif {"undo": self.pad.undo, "redo": self.pad.redo, "clear": self.pad.clear}[name]():
            self._fresh = []
            self.read()

    def read(self) -> None:
        """Read what is on the pad; a fault of the recogniser is shown, the ink stays."""
        self._dirty = True
        if self.recognizer is None:
            return
        try:
            ink = self.pad.ink()
            self.verdict = self.duel.read(self.recognizer, ink) if self.comparing else None
            self.reading = self.verdict.own.reading if self.verdict else self.recognizer.read(ink)
            self.message = None
        except DigitpadError as error:
            self.message = str(error)

    def _toggle_compare(self) -> None:
        """Show two readings side by side, or one again; what is written is read anew."""
        self.comparing = not self.comparing
        self.duel.forget_fault()
        self.resize(self.surface)
        self.read()

    def _pen(self, pen: Pen) -> None:
        if pen.kind == "down":
            self._down(pen)
        elif self._pressed is not None:
            if pen.kind != "move":
                name, self._pressed = self._pressed, None
                self._dirty = True
                if pen.kind == "up" and self._layout.buttons[name].holds(pen.x, pen.y):
                    self.do(name)
        elif self.pad.current:
            self._write(pen)

    def _down(self, pen: Pen) -> None:
        for name, area in self._layout.buttons.items():
            if area.holds(pen.x, pen.y):
                self._pressed, self._dirty = name, True
                return
        if self._layout.pad.holds(pen.x, pen.y):
            if self.pad.is_empty:
                self._written_on = self._pad_size()
                self._dirty = True  # the hint goes
            self.pad.begin(self._viewport().to_ink(pen.x, pen.y))
            self._fresh = [(pen.x, pen.y)]

    def _write(self, pen: Pen) -> None:
        area = self._layout.pad
        x = min(max(pen.x, area.left), area.right - 1)
        y = min(max(pen.y, area.top), area.bottom - 1)
        if self.pad.extend(self._viewport().to_ink(x, y)):
            self._fresh.append((x, y))
        if pen.kind != "move" and self.pad.lift():
            self._fresh = []
            self.read()

    def _pad_size(self) -> tuple[int, int]:
        return self._layout.pad.width, self._layout.pad.height

    def _viewport(self) -> Viewport:
        return fit_viewport(self._layout.pad, self._written_on)

    def scene(self) -> Scene:
        """Return all that the picture depends on."""
        strokes = [*self.pad.strokes, *([tuple(self.pad.current)] if self.pad.current else [])]
        return Scene(
            self._layout,
            self._viewport(),
            strokes,
            self.reading,
            self._pressed,
            self.pad.can_undo,
            self.message,
            self.verdict,
        )

    def draw(self) -> list[pygame.Rect] | None:
        """Draw what has changed; returns the rectangles to show, or None when nothing has."""
        if self._dirty:
            draw_scene(self.surface, self.scene())
            self._dirty = False
            self._fresh = self._fresh[-1:]
            return [self.surface.get_rect()]
        if len(self._fresh) > 1:
            self.surface.set_clip(self._layout.pad)
            area = draw_line(self.surface, self._fresh, pen_width(self.scene()))
            self.surface.set_clip(None)
            self._fresh = self._fresh[-1:]
            return [area.clip(self.surface.get_rect())]
        return None


def run(
    model: Path | None = None, *, fullscreen: bool = False, compare: bool = False, float_model: Path | None = None
) -> int:
    """Open the window, in the compare view if asked, and serve it until it is closed; returns the exit status.

    Without the project's float model the window does its work; a `float_model` that was named and fails is a fault.
    """
    app = App(open_window(fullscreen), Duel(partial(open_float, float_model)))
    if compare:
        app.do("compare")
    show(app)  # before the model is loaded: the window is there at once
    status = 0
    try:
        app.recognizer = Recognizer(model)
        if compare:
            app.read()
            show(app)
    except DigitpadError as error:
        app.message, status = str(error), error.exit_status
        print(f"digitpad: {error}", file=sys.stderr)
        app.read()
        show(app)
    wait = make_waiter()
    while app.running:
        wait()
        for event in pygame.event.get():
            app.handle(event, pygame.time.get_ticks())
        if app.wants_fullscreen_toggle:
            app.wants_fullscreen_toggle = False
            pygame.display.toggle_fullscreen()
            app.resize(pygame.display.get_surface() or app.surface)
        show(app)
    pygame.quit()
    if float_model and app.duel.fault:
        status = status or app.duel.fault.exit_status
    return status


def show(app: App) -> None:
    """Put what has changed on the screen."""
    changed = app.draw()
    if changed:
        pygame.display.update(changed)


def open_window(fullscreen: bool) -> pygame.Surface:
    """Return the window's surface; raises DisplayError where there is none to be had."""
    try:
        pygame.display.init()
        if pygame.display.get_driver() in UNSEEN and not os.environ.get("SDL_VIDEODRIVER"):
            pygame.display.quit()
            raise pygame.error("no display is there")
        pygame.font.init()
        # SDL presents through OpenGL by default: 90 MB and ten times the idle work. Off breaks Wayland, so X11 only.
        if pygame.display.get_driver() == "x11":
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        pygame.display.set_caption(TITLE)
        size, flags = SIZE, pygame.RESIZABLE
        with contextlib.suppress(pygame.error):
            screen = pygame.display.get_desktop_sizes()[0]
            fullscreen = fullscreen or screen[0] <= SIZE[0] or screen[1] <= SIZE[1]
            size = screen if fullscreen else size
        return pygame.display.set_mode(size, flags | (pygame.FULLSCREEN if fullscreen else 0))
    except pygame.error as error:
        raise DisplayError(
            f"no window can be opened here ({error}). Without a screen, run: digitpad demo, or digitpad recognize FILE"
        ) from None
