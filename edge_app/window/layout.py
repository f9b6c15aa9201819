"""Where things are on a window of any size: a pure function, so that every size can be tested."""

from dataclasses import dataclass
from typing import NamedTuple

TARGET = 44  # pixels: the smallest a finger hits reliably on a common small screen


class Area(NamedTuple):
    """A rectangle in window pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column outside."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row outside."""
        return self.top + self.height

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom


class Split(NamedTuple):
    """The reading strip divided in two, and between the halves the mark whether they agree."""

    left: Area
    mark: Area
    right: Area


@dataclass(frozen=True)
class Layout:
    """The parts of the window; `pen` is the width of the line in pixels, `split` is there in the compare view."""

    reading: Area
    pad: Area
    buttons: dict[str, Area]
    pen: int
    split: Split | None = None


BUTTONS = ("undo", "clear", "quit")
THREE_LINES = 80  # pixels: a number with a line above and one below that can still be read


def arrange(width: int, height: int, *, comparing: bool = False) -> Layout:
    """Return the layout for a window of `width` by `height` pixels: buttons beside a wide pad, below a high one.

    The pad is lower for `comparing` only where the strip would be too low for three lines.
    """
    short = min(width, height)
    margin = max(4, short // 60)
    strip = max(THREE_LINES if comparing else TARGET, round(min(height * 0.2, width * 0.2)))
    wide = width >= height
    count = len(BUTTONS)
    if wide:
        bar = max(TARGET + 20, round(width * 0.14))
        each = (height - margin * (count + 1)) // count
        buttons = {
            name: Area(width - bar, margin + i * (each + margin), bar - margin, each) for i, name in enumerate(BUTTONS)
        }
        body = width - bar
        bottom = height
    else:
        bar = max(TARGET + 2 * margin, round(height * 0.1))
        each = (width - margin * (count + 1)) // count
        buttons = {
            name: Area(margin + i * (each + margin), height - bar + margin, each, bar - 2 * margin)
            for i, name in enumerate(BUTTONS)
        }
        body = width
        bottom = height - bar
    reading = Area(margin, margin, body - 2 * margin, strip)
    top = reading.bottom + margin
    pad = Area(margin, top, body - 2 * margin, max(1, bottom - top - (margin if wide else 0)))
    pen = max(3, round(min(pad.width, pad.height) * 0.022))
    return Layout(reading, pad, buttons, pen, _split(reading) if comparing else None)


def _split(strip: Area) -> Split:
    """Return the strip's two equal halves, and the room for a sign between them."""
    mark = max(40, min(strip.height, strip.width // 8))
    half = max(1, (strip.width - mark) // 2)
    left = Area(strip.left, strip.top, half, strip.height)
    right = Area(strip.right - half, strip.top, half, strip.height)
    return Split(left, Area(left.right, strip.top, right.left - left.right, strip.height), right)


@dataclass(frozen=True)
class Viewport:
    """How ink lies on the pad: ink units are the pixels of the pad on which the writing began."""

    area: Area
    scale: float = 1.0

    def to_ink(self, x: float, y: float) -> tuple[float, float]:
        """Return a window position in ink units."""
        return (x - self.area.left) / self.scale, (y - self.area.top) / self.scale

    def to_window(self, x: float, y: float) -> tuple[float, float]:
        """Return an ink position in window pixels."""
        return self.area.left + x * self.scale, self.area.top + y * self.scale


def fit_viewport(area: Area, written_on: tuple[int, int]) -> Viewport:
    """Return the viewport that shows all of a pad of size `written_on` within `area`, aspect kept."""
    return Viewport(area, min(area.width / written_on[0], area.height / written_on[1]))
