"""The menu: every command, also those that small windows have no button for."""

from collections.abc import Sequence

from ..actions import Action
from ..kiosk import visitor_may
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .parts import paged, row_count
from .widgets import Widget, alike

ITEMS: tuple[tuple[str, str, Action], ...] = (  # icon, key of the text, what it does
    ("redo", "redo", Action("redo")),
    ("erase", "erase", Action("erase")),
    ("copy", "copy", Action("copy")),
    ("speak", "speak", Action("speak")),
    ("network", "network", Action("look")),
    ("practice", "practice", Action("practice")),
    ("save", "save", Action("save")),
    ("open", "open", Action("open", "files")),
    ("history", "history", Action("open", "history")),
    ("hand", "hand", Action("open", "hand")),
    ("compare", "compare", Action("compare")),
    ("settings", "settings", Action("open", "settings")),
    ("fullscreen", "fullscreen", Action("fullscreen")),
    ("help", "help", Action("open", "keys")),
    ("quit", "quit", Action("quit")),
)


def items(state: State) -> list[tuple[str, str, Action]]:
    """Return what the menu offers now."""
    found = []
    for item in ITEMS:
        action = item[2]
        if state.settings.kiosk and not visitor_may(action):
            continue
        if action.name == "speak" and not state.can_speak:
            continue
        found.append(item)
    return found


def menu_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the menu as a grid of buttons."""
    columns = max(2, min(5, body.width // max(2 * metrics.unit, 6 * metrics.text)))

    def high(area: Area) -> int:
        return min(4, row_count(area, metrics))

    shown, room, turn = paged(state, panel, items(state), lambda area: columns * high(area), metrics, body)
    lines = high(room) if turn else -(-len(shown) // columns)
    grid = [
        Widget(
            area,
            "button",
            action,
            text=state.tr(text),
            icon=icon,
            on=(action.name == "compare" and state.comparing) or (action.name == "erase" and state.erasing),
            enabled=is_enabled(state, action),
        )
        for area, (icon, text, action) in zip(cells(room, columns, lines, metrics.margin), shown, strict=False)
    ]
    return [*alike(grid), *turn]


def is_enabled(state: State, action: Action) -> bool:
    """Return whether the action would do anything now."""
    if action.name == "undo":
        return state.pad.can_undo or bool(state.picture and state.picture.labels)
    if action.name == "redo":
        return state.pad.can_redo
    if action.name in ("copy", "speak"):
        return bool(state.reading.text.replace("?", ""))
    if action.name == "clear":
        return bool(state.pad.strokes or state.picture or state.exercise)
    if action.name == "look":
        return bool(state.reading.digits)
    if action.name == "save":
        return bool(state.pad.strokes)
    return True
