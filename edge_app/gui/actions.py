"""What can be asked of the app: the one way in which anything in it changes."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, TypeAlias

# fmt: off
Name: TypeAlias = Literal[
    "undo", "redo", "clear", "erase", "compare",
    "copy", "speak", "save",
    "look", "digit_panel", "neighbour", "digit", "label", "split", "join", "map",
    "open", "escape", "turn", "focus", "press", "quit", "leave",
    "folder", "file",
    "entry", "restore", "keypad", "backspace", "typed", "delete", "export", "forget", "unlearn",
    "practice", "next", "show", "judge",
    "set", "fullscreen",
]
# fmt: on


@dataclass(frozen=True)
class Action:
    """Something to do, by name, and to what: asked for by buttons, keys, panels and files dropped on the window."""

    name: Name
    value: Hashable = None
