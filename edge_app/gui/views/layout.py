"""The layout of a window of any size, as pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..layer_maps import MOST

TARGET = 44  # pixels: the smallest size that fingers hit on common small screens
LIKELY_DENSITY = (60.0, 600.0)  # dots per inch; other values that systems report are ignored
TEXT_SIZES = {"normal": 1.0, "large": 1.25, "huge": 1.5}


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

    def inset(self, by: int) -> "Area":
        """Return the area without a rim."""
        return Area(self.left + by, self.top + by, max(1, self.width - 2 * by), max(1, self.height - 2 * by))


@dataclass(frozen=True)
class Metrics:
    """The window's size, and the sizes of targets, text and margins in it, in pixels."""

    width: int
    height: int
    unit: int  # the smallest side of a target
    text: int  # font size as pygame counts it: capitals are half as high
    margin: int

    @property
    def whole(self) -> Area:
        """The window."""
        return Area(0, 0, self.width, self.height)


def measure(
    width: int, height: int, *, density: float = 0.0, target_mm: float = 9.0, text_size: str = "normal"
) -> Metrics:
    """Return the metrics of a window on a screen of `density` dots per inch, 0 if unknown.

    A target is at least `target_mm` at that density, and never under 44 pixels. Larger windows have larger ones, as
    they are seen from afar or their pixels are small, whatever density the system reports.
    """
    short = min(width, height)
    known = LIKELY_DENSITY[0] <= density <= LIKELY_DENSITY[1]
    wanted = max(target_mm / 25.4 * density, short * 0.04) if known else short * 0.07
    most = max(TARGET, (short - 5 * 4) // 5)  # five in a row must fit the smallest side
    unit = min(max(TARGET, round(wanted)), most)
    text = round(unit / 2 * TEXT_SIZES[text_size])
    return Metrics(width, height, unit, text, max(4, unit // 10))


def cells(area: Area, columns: int, rows: int, margin: int) -> Iterator[Area]:
    """Yield the cells of a grid, row by row, with a margin between them."""
    for row in range(rows):
        top = area.top + round(row * (area.height + margin) / rows)
        bottom = area.top + round((row + 1) * (area.height + margin) / rows) - margin
        for column in range(columns):
            left = area.left + round(column * (area.width + margin) / columns)
            right = area.left + round((column + 1) * (area.width + margin) / columns) - margin
            yield Area(left, top, max(1, right - left), max(1, bottom - top))


@dataclass(frozen=True)
class Layout:
    """The main screen: the strip with the number, the pad, and room for so many buttons."""

    reading: Area
    pad: Area
    buttons: tuple[Area, ...]
    pen: int  # the width of the line in pixels
    question: Area | None = None  # the bar below the pad
    layers: Area | None = None  # for the network's layers, if they are wanted and there is room


MOST_BUTTONS = 8
LAYERS = 0.36  # of the pad's width
ONE_ROW = 14  # targets: a question as wide has its buttons beside the text, a narrower one below
THREE_LINES = 80  # pixels: a number with a line above and one below that can still be read


@lru_cache(maxsize=8)
def arrange(
    metrics: Metrics,
    *,
    comparing: bool = False,
    layers: bool = False,
    left_handed: bool = False,
    asking: bool = False,
    most: int = MOST_BUTTONS,
) -> Layout:
    """Return the layout: buttons beside a wide pad or below a tall one, as many as fit, the last one in the corner.

    `comparing` makes the strip high enough for three lines, and `asking` makes room for a question, at the pad's cost.
    """
    width, height, unit, margin = metrics.width, metrics.height, metrics.unit, metrics.margin
    strip = max(THREE_LINES if comparing else unit, round(min(height * 0.2, width * 0.2, 4 * unit)))
    wide = width >= height
    length = height if wide else width
    count = max(1, min(most, (length - margin) // (unit + margin)))
    each = min((length - margin * (count + 1)) // count, 2 * unit)
    bar = (round(min(max(unit, width * 0.15), 2 * unit)) if wide else max(unit, each * 3 // 4)) + 2 * margin
    starts = [margin + i * (each + margin) for i in range(count - 1)] + [length - margin - each]
    if wide:
        left = 0 if left_handed else width - bar
        buttons = tuple(Area(left + margin, start, bar - 2 * margin, each) for start in starts)
        body = Area(bar - margin if left_handed else 0, 0, width - bar + margin, height)
    else:
        starts = [length - start - each for start in starts] if left_handed else starts
        buttons = tuple(Area(start, height - bar + margin, each, bar - 2 * margin) for start in starts)
        body = Area(0, 0, width, height - bar + margin)
    reading = Area(body.left + margin, margin, max(1, body.width - 2 * margin), strip)
    top = reading.bottom + margin
    pad = Area(reading.left, top, reading.width, max(1, body.bottom - margin - top))
    pad, beside = _divided(pad, metrics) if layers else (pad, None)
    question = None
    if asking:
        high = round((1.2 if pad.width >= ONE_ROW * unit else 2.0) * unit)
        pad = pad._replace(height=max(1, pad.height - high - margin))
        question = Area(pad.left, pad.bottom + margin, pad.width, high)
    return Layout(reading, pad, buttons, max(3, round(min(pad.width, pad.height) * 0.022)), question, beside)


def _divided(pad: Area, metrics: Metrics) -> tuple[Area, Area | None]:
    """Return a smaller pad and room for the layers beside a wide one or below a tall one; none in a small window."""
    wide, margin = metrics.width >= metrics.height, metrics.margin
    long, across = (pad.height, pad.width) if wide else (pad.width, pad.height)
    room = round(across * LAYERS)
    if long < (MOST + 1) * (TARGET + margin) or room < 3 * metrics.unit:
        return pad, None
    if wide:
        left = pad._replace(width=pad.width - room - margin)
        return left, Area(left.right + margin, pad.top, room, pad.height)
    upper = pad._replace(height=pad.height - room - margin)
    return upper, Area(pad.left, upper.bottom + margin, pad.width, room)


def split_strip(strip: Area) -> tuple[Area, Area, Area]:
    """Return the strip's left half, the room for a sign, and the right half, which is as wide as the left."""
    mark = max(40, min(strip.height, strip.width // 8))
    half = max(1, (strip.width - mark) // 2)
    left = Area(strip.left, strip.top, half, strip.height)
    right = Area(strip.right - half, strip.top, half, strip.height)
    return left, Area(left.right, strip.top, right.left - left.right, strip.height), right


@dataclass(frozen=True)
class Viewport:
    """Maps ink to the window: ink units are pixels of the pad at the time the writing began."""

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
