"""What a kiosk lets its visitors do; everything else is its owner's."""

from .actions import Action, Name

MAY: frozenset[Name] = frozenset(
    (
        *("undo", "redo", "clear", "erase", "copy", "speak"),
        *("look", "digit_panel", "neighbour", "digit", "label", "split", "join", "map"),
        *("practice", "show", "next", "judge"),
        *("escape", "turn", "focus", "press", "quit", "leave"),
    )
)
PANELS = frozenset(("menu", "digit", "keys", "quit"))


def visitor_may(action: Action) -> bool:
    """Return whether a visitor may do this: no files, no history, no settings, no end but by holding a button."""
    return action.value in PANELS if action.name == "open" else action.name in MAY
