"""The widgets that a screen consists of: rectangles with a text, an icon and an action."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ..actions import Action
from .layout import Area

Kind: TypeAlias = Literal["button", "tool", "row", "cell", "text", "title", "image", "reading", "timed", "sign", "card"]
Tone: TypeAlias = Literal["normal", "quiet", "accent", "refused", "good", "bad"]


@dataclass(frozen=True)
class Peers:
    """Buttons of one row or grid, which share a text size, and have either all icons or none."""

    words: tuple[str, ...]
    width: int  # of the narrowest


@dataclass(frozen=True)
class Widget:
    """One rectangle of the screen; without an action it cannot be pressed."""

    area: Area
    kind: Kind
    action: Action | None = None
    text: str = ""
    icon: str = ""
    note: str = ""  # secondary: at the right of a row, below a cell's digit
    tone: Tone = "normal"
    share: float = 0.0  # of a bar that is filled
    on: bool = False  # chosen, switched on
    enabled: bool = True
    hold: int = 0  # milliseconds for which it must be pressed
    image: bytes = b""  # 28x28 uint8, of which 0 is paper
    heat: bytes = b""  # 28x28 uint8, laid over the image
    peers: Peers | None = None

    @property
    def takes(self) -> Action | None:
        """What pressing it does now."""
        return self.action if self.enabled else None


def alike(buttons: Sequence[Widget]) -> list[Widget]:
    """Return buttons as peers of each other."""
    words = tuple(button.text for button in buttons if button.text)
    peers = Peers(words, min((button.area.width for button in buttons), default=0))
    return [replace(button, peers=peers) for button in buttons]


def widget_at(widgets: "tuple[Widget, ...]", x: float, y: float) -> Widget | None:
    """Return the topmost widget that can be pressed at a point; the last one lies on top."""
    return next((widget for widget in reversed(widgets) if widget.takes and widget.area.holds(x, y)), None)
