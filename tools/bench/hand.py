"""The window's own program with a hand that writes in it, and an eye on when what it wrote was to be seen.

The hand is a thread that posts pointer events; the app runs as always, with its own loop and its own reader.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from edge_app.gui import main as loop
from edge_app.gui.actions import Action, Name

# isort: split
import pygame

from edge_app.gui.app import App
from edge_app.gui.platform.display import Display

from .samples import Place

RATE = 120  # points a second, as a mouse or a touchscreen sends them
PAUSE = 0.15  # seconds between two strokes
PATIENCE = 60.0  # seconds, after which something that ought to be shown never will be
DEED = pygame.USEREVENT + 1  # something that the hand wants done by the app's own thread


class Hand:
    """Posts events from its thread; sees, from the app's, when their effect has been shown."""

    def __init__(self, app: App) -> None:
        """Have written nothing yet."""
        self.app = app
        self.shown: list[float] = []  # milliseconds from each point's event to its pixels
        self.read: list[float] = []  # milliseconds from each lifting to the final reading
        self.late: list[float] = []  # milliseconds by which the hand missed its own beat: how busy the machine was
        self.ignored = self.unseen = 0  # points that the app did not take, or showed in no rectangle
        self._points: list[tuple[float, Place]] = []
        self._lifted: float | None = None
        self._posted = self._taken = self._settled = 0
        self._changed = threading.Condition()

    # In its own thread

    def await_model(self) -> None:
        """Wait until the app can read."""
        end = time.monotonic() + PATIENCE
        while self.app.reader.recognizer is None:
            if time.monotonic() > end:
                raise TimeoutError("the model was not loaded")
            time.sleep(0.01)
        self.settle()

    def write(self, strokes: Sequence[Sequence[Place]], rate: float | None = RATE) -> None:
        """Write strokes at so many points a second, or each point as soon as the one before it is shown."""
        for stroke in strokes:
            beat = time.perf_counter()
            for i, at in enumerate(stroke):
                self._post(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, at)
                if rate is None:
                    self.settle()
                else:
                    beat += 1 / rate
                    time.sleep(max(0.0, beat - time.perf_counter()))
                    self.late.append(1000 * (time.perf_counter() - beat))
            self._post(pygame.MOUSEBUTTONUP, stroke[-1])
            self.settle()
            if rate is not None:
                time.sleep(PAUSE)

    def do(self, name: Name, value: Any = None) -> None:
        """Have an action done, and wait until what comes of it is shown."""
        self.have(lambda: self.app.do(Action(name, value)))

    def have(self, deed: Callable[[], object]) -> None:
        """Have something done in the app's thread, and wait until what comes of it is shown."""
        self._send(pygame.event.Event(DEED, deed=deed))
        self.settle()

    def settle(self) -> None:
        """Wait until all that was posted has been shown, and read."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._settled == self._posted, PATIENCE):
                raise TimeoutError("the app did not show what was written")

    def forget(self) -> None:
        """Begin the lists of what was measured anew."""
        for found in (self.shown, self.read, self.late):
            found.clear()

    def _post(self, kind: int, at: Place) -> None:
        buttons = (int(kind == pygame.MOUSEMOTION), 0, 0)
        named = {"pos": on_window(self.app, at), "button": 1, "rel": (0, 0), "buttons": buttons, "touch": False}
        self._send(pygame.event.Event(kind, named, posted=time.perf_counter()))

    def _send(self, event: pygame.event.Event) -> None:
        with self._changed:
            self._posted += 1
        pygame.event.post(event)

    # In the app's thread

    def handle(self, event: pygame.event.Event, now: int) -> None:
        """Let the app take an event, and note what becomes of one of our own."""
        posted = getattr(event, "posted", None)
        if event.type == DEED:
            event.deed()
        elif posted is None:
            self.app.handle(event, now)
            return
        elif event.type == pygame.MOUSEBUTTONUP:
            self.app.handle(event, now)
            self._lifted = posted
        else:
            before = len(self.app.state.pad.current)
            self.app.handle(event, now)
            if len(self.app.state.pad.current) in (before, 0):
                self.ignored += 1
            else:
                self._points.append((posted, event.pos))
        self._taken += 1

    def see(self, changed: Sequence[pygame.Rect]) -> None:
        """Note what has just been shown."""
        now, state = time.perf_counter(), self.app.state
        waiting = []
        for posted, at in self._points:
            if any(area.collidepoint(at) for area in changed):
                self.shown.append(1000 * (now - posted))
            else:
                waiting.append((posted, at))
        self._points = waiting
        if self._lifted is not None and state.is_read and not state.pad.current:
            self.read.append(1000 * (now - self._lifted))
            self.unseen += len(waiting)
            self._lifted, self._points = None, []
        if self._lifted is None and not self._points:
            with self._changed:
                self._settled = self._taken
                self._changed.notify_all()


def on_window(app: App, at: Place) -> Place:
    """Return where a place on the upright picture is in the window, which the app may have turned."""
    window, rotate = pygame.display.get_surface(), app.state.settings.rotate
    if window is None or not rotate:
        return at
    x, y = at[0] / app.surface.get_width(), at[1] / app.surface.get_height()
    turned = {90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[rotate]
    return round(turned[0] * window.get_width()), round(turned[1] * window.get_height())


class _WatchedApp:
    """The app, but for what its loop hands to it."""

    def __init__(self, hand: Hand) -> None:
        self._app, self.handle = hand.app, hand.handle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)


class _WatchedDisplay:
    """The display, but for what its loop has shown."""

    def __init__(self, display: Display, hand: Hand) -> None:
        self._display, self._hand = display, hand

    def show(self, changed: Sequence[pygame.Rect]) -> None:
        self._display.show(changed)
        self._hand.see(changed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._display, name)


def run_with(script: Callable[[Hand], dict[str, Any]], size: tuple[int, int] | None) -> dict[str, Any]:
    """Open the window as its users do, let `script` write in it, close it; returns what the script does.

    Raises what the script raises.
    """
    serve = loop.serve
    outcome: list[dict[str, Any]] = []
    faults: list[BaseException] = []

    def serve_hand(app: App, display: Display) -> int:
        hand = Hand(app)

        def act() -> None:
            try:
                hand.await_model()
                outcome.append(script(hand))
            except BaseException as fault:  # handed over to the thread that ends the app
                faults.append(fault)
            finally:
                pygame.event.post(pygame.event.Event(pygame.QUIT))

        thread = threading.Thread(target=act, name="hand", daemon=True)
        thread.start()
        watched: tuple[Any, Any] = _WatchedApp(hand), _WatchedDisplay(display, hand)
        status = serve(*watched)
        thread.join(PATIENCE)
        return status

    loop.serve = serve_hand
    try:
        loop.run(size=size)
    finally:
        loop.serve = serve
    if faults:
        raise faults[0]
    if not outcome:
        raise RuntimeError("the window was closed while it was measured")
    return outcome[0]
