"""What visitors of a kiosk may do; the rest is for its owner."""

from .actions import Action, Name

ALLOWED: frozenset[Name] = frozenset(
    (
        *("undo", "redo", "clear", "erase", "copy", "speak"),
        *("look", "digit_panel", "neighbour", "digit", "label", "take", "split", "join", "map"),
        *("practice", "show", "next", "judge"),
        *("escape", "turn", "layer", "focus", "press", "quit", "leave", "answer"),
    )
)
PANELS = frozenset(("menu", "digit", "layers", "keys", "quit"))


def visitor_may(action: Action) -> bool:
    """Return whether a visitor may do this: no files, history or settings; leaving takes a button held down."""
    return action.value in PANELS if action.name == "open" else action.name in ALLOWED
