"""Handles the pen: it writes, erases, taps digits and presses buttons."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..recognition.gestures import scratched
from ..recognition.ink import box_of
from ..recognition.results import Reading
from ..recognition.segmentation import line_height
from .actions import Action
from .context import Context
from .handlers import dispatch
from .handlers.practice import stop_waiting
from .input import Pen
from .pad import Page, strokes_at
from .views.screen import frame_at
from .views.widgets import Widget, widget_at

TAP = 0.2  # of a target's size: a stroke no larger is a tap
NEAR = 0.5  # of a digit's height, or of a target's size: a tap farther than this from all ink is ignored
ERASER = 0.25  # of a target's size: the eraser's radius
HOLD_STEP = 60  # milliseconds between frames while a button is held


class PenController:
    """Follows one pen from down to up."""

    def __init__(self, ctx: Context) -> None:
        """Start with the pen up."""
        self._ctx, self._state, self._view = ctx, ctx.state, ctx.view
        self._pressed: Widget | None = None
        self._pressed_at = 0  # milliseconds
        self._erased: Page | None = None  # while erasing: the page before

    def let_go(self) -> None:
        """Release the pressed widget without its action, and end erasing."""
        self._pressed, self._erased = None, None
        self._state.pressed, self._state.held = None, 0.0
        self._ctx.timers.cancel(self._hold)

    def handle(self, pen: Pen) -> None:
        """Handle what a pen did."""
        self._state.focus_seen = False
        if pen.kind == "down":
            self._down(pen)
        elif pen.kind == "drop":
            self._drop()
        elif self._pressed is not None:
            if pen.kind != "move" or (self._pressed.hold and not self._pressed.area.holds(pen.x, pen.y)):
                self._release(pen, self._pressed)
        elif self._erased is not None:
            self._erase(pen)
        elif self._state.pad.current:
            self._write(pen)

    def _drop(self) -> None:
        """Undo what a palm has done: its press, its stroke, what it erased."""
        erased = self._erased
        self.let_go()
        self._state.pad.drop()
        if erased is not None and self._state.pad.change(erased):
            self._ctx.reader.submit()

    def _down(self, pen: Pen) -> None:
        scene = self._view.scene()
        widget = widget_at(scene.card or scene.widgets, pen.x, pen.y)
        if widget is not None:
            self._pressed, self._pressed_at, self._state.pressed = widget, self._ctx.timers.now, widget.action
            if widget.hold:
                self._ctx.timers.after(HOLD_STEP, self._hold)
        elif scene.card:
            if not scene.card[0].area.holds(pen.x, pen.y):
                dispatch(self._ctx, Action("escape"))
        elif scene.layout.pad.holds(pen.x, pen.y):
            if pen.erasing or self._state.erasing:
                self._erased = self._state.pad.page
                self._erase(pen)
            else:
                self._begin(pen)

    def _release(self, pen: Pen, widget: Widget) -> None:
        self.let_go()
        if widget.action and not widget.hold and pen.kind == "up" and widget.area.holds(pen.x, pen.y):
            dispatch(self._ctx, widget.action)

    def _hold(self) -> None:
        """Advance a button that is held; it acts when held long enough."""
        widget = self._pressed
        if widget is None or widget.action is None:
            return
        self._state.held = min(1.0, (self._ctx.timers.now - self._pressed_at) / widget.hold)
        if self._state.held < 1:
            self._ctx.timers.after(HOLD_STEP, self._hold)
        else:
            self.let_go()
            dispatch(self._ctx, widget.action)

    def _begin(self, pen: Pen) -> None:
        state = self._state
        state.live = None
        if state.picture is not None:
            tapped = frame_at(self._view.scene().frames, pen.x, pen.y, self._view.metrics.unit)
            if tapped is not None:
                dispatch(self._ctx, Action("digit_panel", tapped))
                return
            state.picture, state.reading = None, Reading()
        if state.exercise is not None and state.exercise.judged is not None:
            return  # no more writing until the next number
        stop_waiting(self._ctx)
        state.pad.begin(self._view.viewport.to_ink(pen.x, pen.y), self._view.pad_size)

    def _write(self, pen: Pen) -> None:
        viewport, pad = self._view.viewport, self._state.pad
        area = viewport.area
        x = min(max(pen.x, area.left), area.right - 1)
        y = min(max(pen.y, area.top), area.bottom - 1)
        moved = pad.extend(viewport.to_ink(x, y))
        if pen.kind != "move":
            self._lift()
        elif moved:
            self._ctx.reader.submit_live()

    def _lift(self) -> None:
        """End the stroke: a tap on a digit, a stray tap, a scratch-out, or writing."""
        pad = self._state.pad
        stroke = np.array(pad.current)
        tapped = self._tapped(stroke)
        if tapped is not None:
            pad.drop()
            dispatch(self._ctx, Action("digit_panel", tapped))
            return
        gone = scratched(stroke, pad.ink())
        if gone or self._is_stray(stroke):
            pad.drop()
            pad.erase(gone)
        else:
            pad.lift()
        self._ctx.reader.submit()

    def _tapped(self, stroke: "NDArray[Any]") -> int | None:
        """Return the index of the digit that a stroke taps; None for writing."""
        unit, viewport = self._view.metrics.unit, self._view.viewport
        if not self._state.is_read or _extent(stroke) * viewport.scale > TAP * unit:
            return None
        return frame_at(self._view.scene().frames, *viewport.to_window(*stroke[-1]), unit)

    def _is_stray(self, stroke: "NDArray[Any]") -> bool:
        """Return whether a stroke is a tap far from all ink; closer to a digit, a dot may belong to the number."""
        strokes, unit = self._state.pad.strokes, self._view.metrics.unit / self._view.viewport.scale
        if _extent(stroke) > max(TAP * unit, self._view.pen):
            return False
        height = line_height(np.array([box_of([np.array(line)]) for line in strokes]).reshape(-1, 4))
        return not strokes_at(strokes, (stroke[-1][0], stroke[-1][1]), NEAR * max(height, unit))

    def _erase(self, pen: Pen) -> None:
        """Remove the strokes that the eraser touches."""
        if pen.kind not in ("down", "move"):
            self._erased = None
            return
        viewport, pad = self._view.viewport, self._state.pad
        radius = ERASER * self._view.metrics.unit / viewport.scale
        touched = strokes_at(pad.strokes, viewport.to_ink(pen.x, pen.y), radius)
        if touched and pad.erase(touched):
            self._ctx.reader.submit()


def _extent(stroke: "NDArray[Any]") -> float:
    """Return the longer side of a stroke's box."""
    return float(np.ptp(stroke, axis=0).max())
