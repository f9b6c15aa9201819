"""Panels of text: the question whether to forget everything, the keys, and leaving a kiosk."""

from collections.abc import Sequence

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics
from .parts import buttons, foot, paged_rows
from .widgets import Widget

HOLD = 2000  # milliseconds; too long to happen by accident


def forget_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Ask before everything is deleted."""
    upper, bar = foot(body, metrics)
    offers = [("delete", "forget", Action("forget"), True), ("close", "no", Action("escape"), True)]
    return [Widget(upper, "text", text=state.tr("forget_question")), *buttons(bar, offers, state, metrics)]


def quit_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the only way out of a kiosk: a button that must be held."""
    area = body._replace(height=min(body.height, 4 * metrics.unit))
    text = state.tr("hold_to_quit")
    return [Widget(area, "button", Action("leave"), text=text, icon="quit", hold=HOLD, share=state.held)]


KEYS = (
    ("undo", "Backspace, Ctrl+Z"),
    ("redo", "Ctrl+Y"),
    ("clear", "Delete"),
    ("erase", "E"),
    ("copy", "Ctrl+C"),
    ("save", "Ctrl+S"),
    ("open", "Ctrl+O"),
    ("speak", "R"),
    ("network", "I"),
    ("practice", "P"),
    ("history", "H"),
    ("settings", "S"),
    ("compare", "F2"),
    ("layers", "F3"),
    ("menu", "M, F10"),
    ("fullscreen", "F11"),
    ("reach", "Tab, Enter"),
    ("close", "Esc"),
    ("quit", "Q, Ctrl+Q"),
)


def keys_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return what each key does."""
    shown, turn = paged_rows(state, panel, KEYS, metrics, body)
    return [*(Widget(area, "row", text=state.tr(text), note=keys) for area, (text, keys) in shown), *turn]
