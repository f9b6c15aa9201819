"""What must hold in the window after every event, and what is looked at now and then as it costs more."""

import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygame

from edge_app.gui.app import App
from edge_app.gui.background import Worker
from edge_app.gui.drawing.painter import Painter
from edge_app.gui.pad import MOST_STEPS, Line, Pad, Page
from edge_app.gui.views.screen import Scene

SMALLEST = 240  # pixels of the short side, for which everything has its place
MOST_SECONDS = 2.0  # of the processor, for one event: a page of a thousand strokes is read in less
SETTLED = 20.0  # seconds for which a reader's thread is waited for


class Judge:
    """Looks at an app each time it has drawn; raises AssertionError for what must not be."""

    def __init__(self, every: int, threaded: bool) -> None:
        """Look at what costs more after every so many events."""
        self.every, self.threaded = every, threaded
        self.panels: Counter[str] = Counter()
        self.times: Counter[int] = Counter()  # events by milliseconds of the processor
        self.leaving = False
        self._app: App | None = None
        self._began: float | None = None
        self._looked = 0
        self._dropped = 0
        self._pad = Pad()
        self._page, self._current = Page(), list[tuple[float, float]]()

    def begin(self, app: App) -> None:
        """Take an app to look at."""
        self._app = app
        self._remember()

    def before(self) -> None:
        """Begin to count the processor's time: an event comes."""
        self._began = time.thread_time()
        self._dropped = 0

    def watched_drop(self, drop: Callable[[Pad], bool]) -> Callable[[Pad], bool]:
        """Return `Pad.drop`, noted: a stroke may go only by it."""

        def watched(pad: Pad) -> bool:
            self._dropped += 1
            return drop(pad)

        return watched

    def see(self, number: int) -> None:
        """Look at what has just been shown, after so many events."""
        app = self._app
        if app is None:
            return
        if self._began is not None:
            seconds = time.thread_time() - self._began
            self.times[round(1000 * seconds)] += 1
            assert seconds < MOST_SECONDS, f"an event took {seconds:.2f} s"
        if not self.leaving:
            app.running = True  # somebody who ends it all the time sees little of it
        if app.state.panel:
            self.panels[app.state.panel.name] += 1
        self._ink_is_kept(app)
        self._everything_has_its_place(app.scene())
        due = app.next_tick()
        assert due is None or due >= 0
        if number - self._looked >= self.every and not pygame.event.peek():  # else what was asked for is still to come
            self._looked = number
            self._look_closely(app)
        self._remember()

    def after(self, status: int) -> None:
        """Look at how it ended."""
        assert status == 0, f"exit status {status}"

    def kind(self, error: Exception) -> str:
        """Return what tells one fault from another."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.name}"

    def said(self, error: Exception) -> str:
        """Return the traceback."""
        return "".join(traceback.format_exception(error))

    def _remember(self) -> None:
        assert self._app is not None
        self._pad = self._app.state.pad
        self._page, self._current = self._pad.page, list(self._pad.current)

    def _ink_is_kept(self, app: App) -> None:
        """What was written can be brought back by undo or redo, and the line under the pen has become a stroke."""
        pad = app.state.pad
        if pad is not self._pad:
            assert app.state.settings.kiosk, "the pad was changed for another"
            return
        if pad.page is not self._page:
            reachable = any(page is self._page for page in (*pad._past[-MOST_STEPS:], *pad._future))
            assert reachable, "a page is gone that undo does not bring back"
        was = tuple(self._current)
        if was and not self._dropped and tuple(pad.current[: len(was)]) != was:
            pages = (pad.page, *pad._past[-3:])
            assert any(_begins(line, was) for page in pages for line in page.strokes), "the line under the pen is gone"

    def _everything_has_its_place(self, scene: Scene) -> None:
        width, height = scene.metrics.width, scene.metrics.height
        if min(width, height) < SMALLEST or max(width, height) < 320:
            return
        whole = pygame.Rect(0, 0, width, height)
        for widget in (*scene.widgets, *scene.card):
            area = pygame.Rect(widget.area)
            assert whole.contains(area), f"{widget.kind} {widget.text!r} at {tuple(area)} of {width}x{height}"

    def _look_closely(self, app: App) -> None:
        if isinstance(app.services.worker, Worker):
            settle(app.services.worker)
            return  # what it has done comes with the next events: the picture may be about to change
        assert app.draw() == [], "something was drawn twice"
        different = (pygame.surfarray.array3d(app.surface) != whole(app)).any(axis=2)
        assert not different.any(), f"drawn piece by piece it differs within {np.argwhere(different)[[0, -1]].tolist()}"
        assert app.recognizer is None or app.state.is_read, "what is on the pad was not read"
        check_pad(app.state.pad)


def _begins(line: Line, points: tuple[tuple[float, float], ...]) -> bool:
    return line[: len(points)] == points


def check_pad(pad: Pad) -> None:
    """Raise unless undo and redo lead back and forth through pages that hold together."""
    copy = Pad(pad.page, list(pad.current), pad.newest, pad._fresh, list(pad._past), list(pad._future))
    copy.drop()
    forth = [copy.page]
    while copy.undo():
        forth.append(copy.page)
    back = [copy.page]
    while copy.redo():
        back.append(copy.page)
    every = [*pad._past, pad.page, *reversed(pad._future)]
    assert back == every, "redo leads elsewhere than undo came from"
    assert forth == list(reversed(every[: len(forth)]))
    assert len(pad._past) <= MOST_STEPS
    for page in every[-5:]:
        check_page(page)


def check_page(page: Page) -> None:
    """Raise unless strokes are finite, and what was said of them is said of strokes that are there, once."""
    pinned = [stroke for pin in page.pins for stroke in pin.strokes]
    assert all(pin.strokes for pin in page.pins), page.pins
    assert len(pinned) == len(set(pinned)), page.pins
    assert set(pinned) <= set(range(len(page.strokes))), page.pins
    for line in page.strokes:
        assert np.isfinite(np.array(line)).all()


def whole(app: App) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Return what a painter that has drawn nothing yet makes of the same scene."""
    surface = pygame.Surface(app.surface.get_size(), depth=app.surface.get_bitsize())
    kept, app.surface, app.painter = (app.surface, app.painter), surface, Painter(surface, app.painter.fonts)
    try:
        app.draw()
    finally:
        app.surface, app.painter = kept
    return pygame.surfarray.array3d(surface)


def settle(worker: Worker) -> None:
    """Wait until a reader's thread has nothing to do."""
    end = time.monotonic() + SETTLED
    while worker._waiting or worker._busy.locked():
        assert time.monotonic() < end, "the reader does not come to an end"
        time.sleep(0.001)
