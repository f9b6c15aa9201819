"""What can be asked of the app: the one way in which anything in it changes."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """Something to do, by name, and to what: asked for by buttons, keys, panels and files dropped on the window."""

    name: str
    value: Hashable = None
