"""What the writing hand does: it writes, erases, taps digits and presses buttons."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..recognition.gestures import scratched
from ..recognition.results import Reading
from .actions import Action
from .input import Pen
from .pad import Page, strokes_at
from .views.screen import frame_at
from .views.widgets import Widget, widget_at

if TYPE_CHECKING:
    from .app import App

TAP = 0.2  # of a target: a stroke no larger is a tap
ERASER = 0.25  # of a target: how near to a stroke the eraser must come
HOLD_STEP = 60  # milliseconds between two pictures of a press that must last


class Hand:
    """Follows one pen from where it comes down to where it goes up."""

    def __init__(self, app: "App") -> None:
        """Serve `app`."""
        self.app = app
        self._pressed: Widget | None = None
        self._pressed_at = 0
        self._erased: Page | None = None

    def let_go(self) -> None:
        """Forget what was pressed, and what is being erased."""
        self._pressed, self._erased, self.app.state.pressed = None, None, None

    def move(self, pen: Pen) -> None:
        """Take what a pen did."""
        self.app.state.focus_seen = False
        if pen.kind == "down":
            self._down(pen)
        elif pen.kind == "drop":
            self._drop()
        elif self._pressed is not None:
            if pen.kind != "move" or (self._pressed.hold and not self._pressed.area.holds(pen.x, pen.y)):
                self._release(pen)
        elif self._erased is not None:
            self._erase(pen)
        elif self.app.state.pad.current:
            self._write(pen)

    def _drop(self) -> None:
        """Undo what a palm has done: its press, its line, what it erased."""
        self._pressed, self.app.state.pressed, self.app.state.held = None, None, 0.0
        self.app.after("hold", None)
        self.app.state.pad.drop()
        erased, self._erased = self._erased, None
        if erased is not None and self.app.state.pad.change(erased):
            self.app.changed()

    def _down(self, pen: Pen) -> None:
        scene = self.app.scene()
        widget = widget_at(scene.card or scene.widgets, pen.x, pen.y)
        if widget is not None:
            self._pressed, self._pressed_at, self.app.state.pressed = widget, self.app.now, widget.action
            if widget.hold:
                self.app.after("hold", HOLD_STEP)
        elif scene.card:
            if not scene.card[0].area.holds(pen.x, pen.y):
                self.app.do(Action("escape"))
        elif scene.layout.pad.holds(pen.x, pen.y):
            if pen.erasing or self.app.state.erasing:
                self._erased = self.app.state.pad.page
                self._erase(pen)
            else:
                self._begin(pen)

    def _release(self, pen: Pen) -> None:
        widget, self._pressed, self.app.state.pressed, self.app.state.held = self._pressed, None, None, 0.0
        self.app.after("hold", None)
        if widget and widget.action and not widget.hold and pen.kind == "up" and widget.area.holds(pen.x, pen.y):
            self.app.do(widget.action)

    def hold_on(self) -> None:
        """Go on with a press that must last."""
        widget = self._pressed
        if widget is None or widget.action is None:
            return
        self.app.state.held = min(1.0, (self.app.now - self._pressed_at) / widget.hold)
        if self.app.state.held < 1:
            self.app.after("hold", HOLD_STEP)
            return
        self._pressed, self.app.state.pressed, self.app.state.held = None, None, 0.0
        self.app.do(widget.action)

    def _begin(self, pen: Pen) -> None:
        state = self.app.state
        state.live = None
        if state.picture is not None:
            tapped = frame_at(self.app.scene().frames, pen.x, pen.y, self.app.metrics.unit)
            if tapped is not None:
                self.app.do(Action("digit_panel", tapped))
                return
            state.picture, state.reading = None, Reading()
        if state.exercise is not None:
            state.exercise.shown = None
            self.app.after("demonstration", None)
            if state.exercise.judged is not None:
                return  # the next number comes first
            self.app.after("judge", None)
        state.pad.begin(self.app.viewport().to_ink(pen.x, pen.y), self.app.pad_size())
        self.app.after("speak", None)

    def _write(self, pen: Pen) -> None:
        area = self.app.layout().pad
        x = min(max(pen.x, area.left), area.right - 1)
        y = min(max(pen.y, area.top), area.bottom - 1)
        pad = self.app.state.pad
        moved = pad.extend(self.app.viewport().to_ink(x, y))
        if pen.kind != "move":
            self._lift()
        elif moved:
            self.app.read_along()

    def _lift(self) -> None:
        """End the stroke: a tap on a digit, a scratch-out, or writing."""
        pad = self.app.state.pad
        stroke = np.array(pad.current)
        tapped = self._tapped(stroke)
        if tapped is not None:
            pad.drop()
            self.app.do(Action("digit_panel", tapped))
            return
        gone = scratched(stroke, pad.ink())
        if gone:
            pad.drop()
            pad.erase(gone)
        else:
            pad.lift()
        self.app.changed()

    def _tapped(self, stroke: "np.ndarray[Any, np.dtype[np.float64]]") -> int | None:
        """Return the number of the digit that a stroke is a tap on; None for writing."""
        metrics, viewport = self.app.metrics, self.app.viewport()
        if not self.app.state.is_read or float(np.ptp(stroke, axis=0).max()) * viewport.scale > TAP * metrics.unit:
            return None
        x, y = viewport.to_window(*stroke[-1])
        return frame_at(self.app.scene().frames, x, y, metrics.unit)

    def _erase(self, pen: Pen) -> None:
        """Take away the strokes that the eraser touches."""
        radius = ERASER * self.app.metrics.unit / self.app.viewport().scale
        if pen.kind in ("down", "move"):
            touched = strokes_at(self.app.state.pad.strokes, self.app.viewport().to_ink(pen.x, pen.y), radius)
            if touched and self.app.state.pad.erase(touched):
                self.app.changed()
        else:
            self._erased = None
