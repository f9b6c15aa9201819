"""The actions of the app; buttons, keys and dropped files all become one of these."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, TypeAlias

# fmt: off
Name: TypeAlias = Literal[
    "undo", "redo", "clear", "erase", "compare",
    "copy", "speak", "save",
    "look", "digit_panel", "neighbour", "digit", "label", "take", "split", "join", "map",
    "open", "escape", "turn", "layers", "layer", "focus", "press", "quit", "leave",
    "folder", "file",
    "entry", "restore", "keypad", "backspace", "typed", "delete", "export", "forget", "unlearn",
    "practice", "next", "show", "judge",
    "set", "fullscreen",
    "answer",
]
# fmt: on


@dataclass(frozen=True)
class Action:
    """What to do, with the value that its handler takes."""

    name: Name
    value: Hashable = None
