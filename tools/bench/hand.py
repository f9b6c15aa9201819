"""A hand that writes in the app's own window: a thread that posts pointer events, timed until they are shown."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, groupby
from typing import Any

import numpy as np

from edge_app.datasets.readers import bundled_samples
from edge_app.gui import main as window
from edge_app.recognition.ink import Ink

# isort: split
import pygame

from edge_app.gui.app import App
from edge_app.gui.platform.display import Display

Stroke = list[tuple[int, int]]
RATE = 120  # points a second, as a mouse or a touchscreen sends them
PAUSE = 0.15  # seconds between two strokes
TIMEOUT = 60.0  # seconds
CALL = pygame.USEREVENT + 1  # a function to call in the app's thread


def numbers() -> list[Ink]:
    """Return the bundled numbers with most strokes: five digits."""
    inks = [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)]
    most = max(map(len, inks))
    return [ink for ink in inks if len(ink) == most]


def placed(ink: Ink, pad: tuple[int, int, int, int], rng: random.Random) -> list[Stroke]:
    """Return strokes in whole pixels of a pad (left, top, width, height), of random size: the app caches readings.

    Repeated points are left out: a pointer that does not move sends no event.
    """
    points = np.concatenate(ink)
    scale = np.multiply(pad[2:], [rng.uniform(0.55, 0.7), rng.uniform(0.45, 0.55)]) / np.ptp(points, axis=0)
    start = np.add(pad[:2], np.multiply(pad[2:], (0.15, 0.25)))
    strokes = [((stroke - points.min(axis=0)) * scale + start).round().astype(int).tolist() for stroke in ink]
    return [[(x, y) for (x, y), _ in groupby(stroke)] for stroke in strokes]


class Hand:
    """Writes from its own thread; takes times in the app's."""

    def __init__(self, app: App, display: Display) -> None:
        """Observe the events that the app handles and what the display shows."""
        self.app = app
        self.shown: list[float] = []  # milliseconds from each point's event to its pixels
        self.read: list[float] = []  # milliseconds from each lifting to the reading
        self._points: list[tuple[float, tuple[int, int]]] = []  # handled, not shown yet
        self._lifted: float | None = None
        self._posted = self._handled = self._settled = 0
        self._changed = threading.Condition()
        self._app_handle, self._display_show = app.handle, display.show
        app.handle, display.show = self._handle, self._show  # type: ignore[method-assign]

    # In its own thread

    def numbers(self) -> Iterator[list[Stroke]]:
        """Yield five-digit numbers, no two alike."""
        rng = random.Random(1)
        return (placed(ink, self.app.ctx.view.layout.pad, rng) for ink in cycle(numbers()))

    def write(self, strokes: Sequence[Stroke], rate: float | None = RATE) -> None:
        """Write strokes at `rate` points a second, or each point as soon as the one before it is shown."""
        for stroke in strokes:
            due = time.perf_counter()
            for i, at in enumerate(stroke):
                self._post_pointer(pygame.MOUSEMOTION if i else pygame.MOUSEBUTTONDOWN, at)
                if rate is None:
                    self.settle()
                else:
                    due += 1 / rate
                    time.sleep(max(0.0, due - time.perf_counter()))
            self._post_pointer(pygame.MOUSEBUTTONUP, stroke[-1])
            self.settle()
            if rate is not None:
                time.sleep(PAUSE)

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the app's thread, and wait until its effect is shown."""
        self._post(pygame.event.Event(CALL, function=function))
        self.settle()

    def settle(self) -> None:
        """Wait until everything posted is shown and read."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._settled == self._posted, TIMEOUT):
                raise TimeoutError(f"the app did not show within {TIMEOUT:.0f} s what was written")

    def _post_pointer(self, kind: int, at: tuple[int, int]) -> None:
        fields = {"pos": at, "button": 1, "rel": (0, 0), "buttons": (1, 0, 0), "touch": False}
        self._post(pygame.event.Event(kind, fields, posted=time.perf_counter()))

    def _post(self, event: pygame.event.Event) -> None:
        with self._changed:
            self._posted += 1
        pygame.event.post(event)

    # In the app's thread

    def _handle(self, event: pygame.event.Event, now: int) -> None:
        if event.type == CALL:
            event.function()
        else:
            self._app_handle(event, now)
            if not hasattr(event, "posted"):
                return
            if event.type == pygame.MOUSEBUTTONUP:
                self._lifted = event.posted
            else:
                self._points.append((event.posted, event.pos))
        self._handled += 1

    def _show(self, changed: Sequence[pygame.Rect]) -> None:
        self._display_show(changed)
        now, state = time.perf_counter(), self.app.state
        hidden = [(posted, at) for posted, at in self._points if not any(area.collidepoint(at) for area in changed)]
        self.shown += [1000 * (now - posted) for posted, at in self._points if (posted, at) not in hidden]
        self._points = hidden
        if self._lifted is not None and state.is_read and not state.pad.current:
            self.read.append(1000 * (now - self._lifted))
            self._lifted = None
        if self._lifted is None and not self._points:
            with self._changed:
                self._settled = self._handled
                self._changed.notify_all()


def run_with(script: Callable[[Hand], dict[str, Any]], size: tuple[int, int] | None = None) -> dict[str, Any]:
    """Open the app's window, let `script` write in it, close it; returns or raises what the script does."""
    serve = window.serve
    outcome: list[dict[str, Any] | Exception] = []

    def act(hand: Hand) -> None:
        try:
            end = time.monotonic() + TIMEOUT
            while hand.app.reader.recognizer is None:
                if time.monotonic() > end:
                    raise TimeoutError(f"the model was not loaded within {TIMEOUT:.0f} s")
                time.sleep(0.01)
            outcome.append(script(hand))
        except Exception as error:  # raised below, in the main thread
            outcome.append(error)
        finally:
            pygame.event.post(pygame.event.Event(pygame.QUIT))

    def serve_hand(app: App, display: Display) -> int:
        thread = threading.Thread(target=act, args=[Hand(app, display)], daemon=True)
        thread.start()
        status = serve(app, display)
        thread.join(TIMEOUT)
        return status

    window.serve = serve_hand
    try:
        window.run(size=size)
    finally:
        window.serve = serve
    if not outcome:
        raise RuntimeError("the window was closed before the script ended")
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
