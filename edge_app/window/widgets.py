"""What a screen is made of: rectangles with a text, an icon, and what pressing them does."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .actions import Action
from .layout import Area

Kind: TypeAlias = Literal["button", "tool", "row", "cell", "text", "title", "image", "reading", "timed", "sign", "card"]
Tone: TypeAlias = Literal["normal", "quiet", "accent", "refused", "good", "bad"]


@dataclass(frozen=True)
class Widget:
    """One thing on the screen; without an action it is only looked at."""

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

    @property
    def takes(self) -> Action | None:
        """What pressing it does now."""
        return self.action if self.enabled else None


def widget_at(widgets: "tuple[Widget, ...]", x: float, y: float) -> Widget | None:
    """Return the topmost widget that can be pressed at a point; the last one lies on top."""
    return next((widget for widget in reversed(widgets) if widget.takes and widget.area.holds(x, y)), None)
