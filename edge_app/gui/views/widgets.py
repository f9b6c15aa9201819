"""Widgets: rectangles with a text, an icon and an action."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ..actions import Action
from .layout import Area

Kind: TypeAlias = Literal[
    "button", "tool", "row", "cell", "text", "title", "image", "reading", "timed", "sign", "card", "maps"
]
Tone: TypeAlias = Literal["normal", "quiet", "accent", "rejected", "good", "bad"]


@dataclass(frozen=True)
class Peers:
    """Buttons of one row or grid: they share a text size, and either all have icons or none has."""

    words: tuple[str, ...]
    width: int  # of the narrowest


@dataclass(frozen=True)
class Widget:
    """A rectangle of the screen; it can be pressed if it has an action."""

    area: Area
    kind: Kind
    action: Action | None = None
    text: str = ""
    icon: str = ""
    note: str = ""  # secondary: at the right of a row, below a cell's digit
    tone: Tone = "normal"
    share: float = 0.0  # filled part of a bar
    on: bool = False  # chosen or switched on
    enabled: bool = True
    hold: int = 0  # milliseconds for which it must be held
    image: bytes = b""  # 28x28 uint8, 0 is paper
    shape: tuple[int, int, int] = (0, 0, 0)  # of a layer whose maps `image` holds: their number, height, width
    heat: bytes = b""  # 28x28 uint8, laid over the image
    peers: Peers | None = None

    @property
    def takes(self) -> Action | None:
        """The action if it is enabled."""
        return self.action if self.enabled else None


def alike(buttons: Sequence[Widget]) -> list[Widget]:
    """Make buttons each other's peers."""
    words = tuple(button.text for button in buttons if button.text)
    peers = Peers(words, min((button.area.width for button in buttons), default=0))
    return [replace(button, peers=peers) for button in buttons]


def widget_at(widgets: "tuple[Widget, ...]", x: float, y: float) -> Widget | None:
    """Return the widget that a press at a point hits; later ones lie on top."""
    return next((widget for widget in reversed(widgets) if widget.takes and widget.area.holds(x, y)), None)
