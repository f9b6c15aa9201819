"""The menu: every command, as small windows have few buttons."""

from collections.abc import Sequence

from ..actions import Action
from ..kiosk import visitor_may
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .parts import paged, row_count
from .widgets import Kind, Widget, alike

ITEMS = (  # name of the icon and key of the text, action
    ("redo", Action("redo")),
    ("erase", Action("erase")),
    ("copy", Action("copy")),
    ("speak", Action("speak")),
    ("network", Action("look")),
    ("practice", Action("practice")),
    ("save", Action("save")),
    ("open", Action("open", "files")),
    ("history", Action("open", "history")),
    ("hand", Action("open", "hand")),
    ("compare", Action("compare")),
    ("layers", Action("layers")),
    ("settings", Action("open", "settings")),
    ("fullscreen", Action("fullscreen")),
    ("help", Action("open", "keys")),
    ("quit", Action("quit")),
)


def menu_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the menu as a grid of buttons, in a kiosk only with what visitors may do."""
    items = [
        (name, action)
        for name, action in ITEMS
        if (visitor_may(action) or not state.settings.kiosk) and (name != "speak" or state.can_speak)
    ]
    columns = max(2, min(5, body.width // max(2 * metrics.unit, 6 * metrics.text)))

    def high(area: Area) -> int:
        return min(4, row_count(area, metrics))

    shown, room, turn = paged(state, panel, items, lambda area: columns * high(area), metrics, body)
    lines = high(room) if turn else -(-len(shown) // columns)
    places = cells(room, columns, lines, metrics.margin)
    grid = [command(state, "button", area, *item) for area, item in zip(places, shown, strict=False)]
    return [*alike(grid), *turn]


def command(state: State, kind: Kind, area: Area, name: str, action: Action) -> Widget:
    """Return a button of the menu or the main screen; `name` is that of its icon and the key of its text."""
    switches = {"compare": state.comparing, "erase": state.erasing, "layers": state.settings.layers}
    return Widget(
        area,
        kind,
        action,
        text=state.tr(name),
        icon=name,
        on=switches.get(name, False),
        enabled=is_enabled(state, action),
    )


def is_enabled(state: State, action: Action) -> bool:
    """Return whether the action would have an effect now."""
    if action.name == "undo":
        return state.pad.can_undo or bool(state.picture and state.picture.labels)
    if action.name == "redo":
        return state.pad.can_redo
    if action.name in ("copy", "speak"):
        return bool(state.reading.text.strip("?\n"))
    if action.name == "clear":
        return bool(state.pad.strokes or state.picture or state.exercise)
    if action.name == "look":
        return bool(state.reading.digits)
    if action.name == "answer":
        return bool(state.question and state.is_read and state.question.accepts(state.reading.text))
    if action.name == "save":
        return bool(state.pad.strokes)
    return True
