"""How each kind of widget looks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pygame
from numpy.typing import NDArray

from ...recognition.normalise import SIZE
from ..layer_maps import BRIGHTEST
from ..views.layout import Area, Metrics, cells
from ..views.widgets import Kind, Peers, Tone, Widget
from .fonts import Fonts
from .icons import draw_icon
from .lines import Colour
from .theme import Theme

HEAT: Colour = (230, 110, 0)
SMALLEST = 14  # font size that can still be read
GAP = 255  # in a layer's mosaic: between its maps
ROUND = 8  # radius of corners, in pixels
LEAST_SHARE = 0.005  # a share that rounds to 0% has no bar: two pixels of one look like dirt


@dataclass(frozen=True)
class Look:
    """How a widget is drawn now."""

    theme: Theme
    metrics: Metrics
    pressed: bool


class WidgetRenderer:
    """Draws widgets on a surface, one method per kind."""

    def __init__(self, surface: pygame.Surface, fonts: Fonts) -> None:
        """Draw on `surface`, with text in `fonts`."""
        self.surface, self.fonts = surface, fonts
        self._draw: dict[Kind, Callable[[Widget, Look], None]] = {
            "card": self._draw_card,
            "title": self._draw_title,
            "text": self._draw_text,
            "tool": self._draw_tool,
            "button": self._draw_button,
            "row": self._draw_row,
            "cell": self._draw_cell,
            "image": self._draw_image,
            "reading": self._draw_reading,
            "timed": self._draw_timed,
            "sign": self._draw_sign,
            "maps": self._draw_maps,
        }

    def draw(self, widget: Widget, look: Look, *, focused: bool) -> None:
        """Draw a widget, with a ring around it where the keyboard's focus is."""
        self.surface.set_clip(pygame.Rect(widget.area))
        self._draw[widget.kind](widget, look)
        if focused:
            width = max(3, look.metrics.unit // 15)
            pygame.draw.rect(self.surface, look.theme.focus, pygame.Rect(widget.area), width, border_radius=ROUND)
        self.surface.set_clip(None)

    def _draw_card(self, widget: Widget, look: Look) -> None:
        pygame.draw.rect(self.surface, look.theme.paper, pygame.Rect(widget.area))
        pygame.draw.rect(self.surface, look.theme.line, pygame.Rect(widget.area), 1)

    def _draw_title(self, widget: Widget, look: Look) -> None:
        colour, area = tone_colour(widget.tone, look.theme), widget.area
        size = round(look.metrics.text * (1.15 if widget.tone == "quiet" else 1.4))
        text = self.fonts.fit(widget.text, area.width, min(area.height, size), colour)
        if widget.tone == "quiet":
            self.centred(text, pygame.Rect(area))
        else:
            self._at_left(text, area, 0)

    def _draw_text(self, widget: Widget, look: Look) -> None:
        """Draw text over as many lines as it needs."""
        area = widget.area
        if widget.tone == "rejected" and not widget.action:
            pygame.draw.rect(self.surface, look.theme.paper, pygame.Rect(area), border_radius=ROUND)
        colour, inner = tone_colour(widget.tone, look.theme), area.inset(look.metrics.margin)
        text = self.fonts.paragraph(
            widget.text, inner.width, inner.height, colour, round(look.metrics.text * 1.5), SMALLEST
        )
        self.surface.blit(text, text.get_rect(center=pygame.Rect(area).center))

    def _ground(self, widget: Widget, look: Look) -> Colour:
        """Draw a button's background; returns the colour of its text and icon."""
        ground = look.theme.accent if widget.on else look.theme.button_pressed if look.pressed else look.theme.button
        pygame.draw.rect(self.surface, ground, pygame.Rect(widget.area), border_radius=ROUND)
        pygame.draw.rect(self.surface, look.theme.line, pygame.Rect(widget.area), 1, border_radius=ROUND)
        if not widget.takes:
            return look.theme.disabled
        return look.theme.on_accent if widget.on else look.theme.button_text

    def _draw_tool(self, widget: Widget, look: Look) -> None:
        """Draw an icon, and its name below if it fits in a legible size."""
        colour, area = self._ground(widget, look), widget.area
        label = min(round(look.metrics.text * 0.85), area.height - 32)  # so that large text does not drop the label
        peers = widget.peers or Peers((widget.text,), area.width)
        named = bool(widget.text) and label >= SMALLEST
        named = named and all(self.fonts.width(word, SMALLEST) <= peers.width - 6 for word in peers.words)
        side = min(area.width, area.height - (label if named else 0), round(look.metrics.unit * 0.75)) - 8
        icon = pygame.Rect(0, 0, side, side)
        icon.center = (area.left + area.width // 2, area.top + (area.height - (label if named else 0)) // 2)
        draw_icon(self.surface, widget.icon, icon, colour)
        if named:
            text = self.fonts.fit(widget.text, peers.width - 6, label, colour, SMALLEST, peers.words)
            self.centred(text, pygame.Rect(area.left, icon.bottom, area.width, label + 2))

    def _draw_button(self, widget: Widget, look: Look) -> None:
        """Draw an icon beside its text, or above it on a high button."""
        colour, area = self._ground(widget, look), widget.area
        if widget.share:
            held = pygame.Rect(area.left, area.top, round(area.width * widget.share), area.height)
            pygame.draw.rect(self.surface, look.theme.bar, held, border_radius=ROUND)
        if not widget.icon or not widget.text:
            self._alone(widget, colour, look)
            return
        inner, text = area.inset(max(4, look.metrics.margin // 2)), look.metrics.text
        peers = widget.peers or Peers((widget.text,), area.width)
        if area.height >= 4 * text:
            side = round(look.metrics.unit * 0.7)
            icon = pygame.Rect(0, 0, side, side)
            icon.midtop = (area.left + area.width // 2, area.top + (area.height - side - text) // 2)
            draw_icon(self.surface, widget.icon, icon, colour)
            words = pygame.Rect(inner.left, icon.bottom, inner.width, text + 4)
            self.centred(self.fonts.fit(widget.text, peers.width - 6, text + 4, colour, SMALLEST, peers.words), words)
            return
        side = min(inner.height, round(text * 1.3))
        gap = side // 3
        room = inner.width - (area.width - peers.width) - side - gap
        if max(self.fonts.width(word, round(text * 0.8)) for word in peers.words) > room:
            self._alone(replace(widget, icon=""), colour, look)  # no room for both: the word is clearer
            return
        fitted = [
            self.fonts.fit(word, room, min(inner.height, text + 4), colour, SMALLEST, peers.words)
            for word in (widget.text, *peers.words)
        ]
        # placed as if it were its widest peer, so that the icons of a column are aligned, and the words too
        left = area.left + (area.width - side - gap - max(line.get_width() for line in fitted)) // 2
        draw_icon(
            self.surface, widget.icon, pygame.Rect(left, area.top + (area.height - side) // 2, side, side), colour
        )
        self._at_left(fitted[0], area, left - area.left + side + gap)

    def _alone(self, widget: Widget, colour: Colour, look: Look) -> None:
        area = pygame.Rect(widget.area)
        if widget.text:
            size = min(area.height, round(look.metrics.text * (1.6 if len(widget.text) == 1 else 1)) + 4)
            peers = widget.peers or Peers((), area.width)
            self.centred(self.fonts.fit(widget.text, peers.width - 6, size, colour, peers=peers.words), area)
            return
        icon = pygame.Rect(0, 0, *[min(area.width, area.height, look.metrics.unit) - 10] * 2)
        icon.center = area.center
        draw_icon(self.surface, widget.icon, icon, colour)

    def _draw_row(self, widget: Widget, look: Look) -> None:
        """Draw a text at the left, its note at the right."""
        area, margin = widget.area, look.metrics.margin
        if widget.action:
            ground = look.theme.button_pressed if look.pressed else look.theme.button
            pygame.draw.rect(self.surface, ground, pygame.Rect(area), border_radius=ROUND)
        pygame.draw.line(self.surface, look.theme.line, (area.left, area.bottom - 1), (area.right, area.bottom - 1))
        left = 2 * margin
        if widget.icon:
            side = round(look.metrics.text * 1.3)
            icon = pygame.Rect(area.left + margin, area.top + (area.height - side) // 2, side, side)
            draw_icon(self.surface, widget.icon, icon, look.theme.quiet)
            left += side
        size = round(look.metrics.text * 1.1)
        note = None
        if widget.note:
            colour = look.theme.accent if widget.on or widget.action else look.theme.quiet
            note = self.fonts.fit(widget.note, (area.width - left) * 11 // 20, size, colour)
            self._at_right(note, area, 2 * margin)
        room = area.width - left - 3 * margin - (note.get_width() if note else 0)
        colour = look.theme.text if widget.enabled else look.theme.disabled
        self._at_left(self.fonts.fit(widget.text, max(20, room), size, colour), area, left)

    def _draw_cell(self, widget: Widget, look: Look) -> None:
        """Draw a candidate: the digit, the bar of its share, the share in numbers."""
        colour, area = self._ground(widget, look), pygame.Rect(widget.area)
        bar = pygame.Rect(
            area.left + 4, area.bottom - 4 - max(4, area.height // 10), area.width - 8, max(4, area.height // 10)
        )
        if widget.share >= LEAST_SHARE:
            filled = bar.copy()
            filled.width = max(2, round(bar.width * widget.share))
            pygame.draw.rect(
                self.surface, look.theme.on_accent if widget.on else look.theme.bar, filled, border_radius=2
            )
        note = round(look.metrics.text * 0.75) if area.height >= 2.2 * look.metrics.text else 0
        room = pygame.Rect(area.left, area.top, area.width, bar.top - area.top - note)
        size = min(room.height, round(look.metrics.text * (2 if len(widget.text) == 1 else 1)))
        self.centred(self.fonts.fit(widget.text, room.width - 6, size, colour, SMALLEST), room)
        if note and widget.note:
            below = pygame.Rect(area.left, room.bottom, area.width, note)
            self.centred(self.fonts.fit(widget.note, below.width - 4, note + 2, colour, SMALLEST), below)

    def _draw_image(self, widget: Widget, look: Look) -> None:
        """Draw a digit image enlarged, with the saliency map laid over."""
        area = pygame.Rect(widget.area)
        label = round(look.metrics.text * 1.1) if len(widget.text) == 1 else 0
        side = max(SIZE, min(area.width, area.height - label))
        place = pygame.Rect(0, 0, side, side)
        place.midtop = area.midtop
        self.surface.blit(pygame.transform.scale(_image(widget, look.theme), place.size), place)
        pygame.draw.rect(self.surface, look.theme.line, place, 1)
        if label:
            colour = look.theme.quiet if widget.tone == "quiet" else look.theme.text
            text = self.fonts.fit(widget.text, area.width, label, colour)
            below = pygame.Rect(area.left, place.bottom, area.width, label)
            self.centred(text, below)
            if widget.tone == "quiet":  # an inactive lesson: recognisable without colour
                struck = text.get_rect(center=below.move(0, -1).center).inflate(label, 0).clip(below)
                pygame.draw.line(self.surface, look.theme.quiet, struck.midleft, struck.midright)

    def _draw_maps(self, widget: Widget, look: Look) -> None:
        """Draw a layer's maps side by side as large as fits, or its values as bars with their names."""
        area, theme, margin = pygame.Rect(widget.area), look.theme, max(3, look.metrics.margin // 2)
        ground = theme.button_pressed if look.pressed else theme.paper
        pygame.draw.rect(self.surface, ground, area, border_radius=ROUND)
        pygame.draw.rect(self.surface, theme.line, area, 1, border_radius=ROUND)
        room = area.inflate(-2 * margin, -2 * margin)
        size = max(SMALLEST, round(look.metrics.text * 0.7))
        if area.width > area.height and area.height < 4 * size:  # a low tile has its note beside the maps
            note = pygame.Rect(room.left, room.top, min(room.width // 3, 5 * size), room.height)
            room.left, room.width = note.right + margin, room.width - note.width - margin
        else:
            note = pygame.Rect(room.left, room.top, room.width, size)
            room.top, room.height = note.bottom + margin, room.height - note.height - margin
        self.centred(self.fonts.fit(widget.note, note.width, size, theme.quiet), note)
        colour = theme.ink if widget.tone == "normal" else tone_colour(widget.tone, theme)
        if widget.text:
            self._draw_bars(widget, room, colour, size, theme)
            return
        mosaic = _mosaic(widget, room.width, room.height)
        picture = pygame.image.frombuffer(mosaic.tobytes(), mosaic.shape[::-1], "P")
        picture.set_palette(_palette(theme.paper, colour, theme.button_pressed))
        if not pygame.Rect(room).contains((room.topleft, picture.get_size())):
            picture = pygame.transform.scale(picture, room.size)
        self.surface.blit(picture, picture.get_rect(center=room.center))

    def _draw_bars(self, widget: Widget, room: pygame.Rect, colour: Colour, size: int, theme: Theme) -> None:
        """Draw a bar for each value, with its name if there is room; the answer has the text's colour."""
        highest = max(widget.image) if widget.tone == "accent" else BRIGHTEST + 1
        for value, name, cell in zip(
            widget.image, widget.text, cells(Area(*room), len(widget.image), 1, 2), strict=False
        ):
            height = max(1, (cell.height - size - 2) * value // BRIGHTEST)
            mine = theme.text if value == highest else colour
            self.surface.fill(mine, (cell.left, cell.bottom - size - 1 - height, cell.width, height))
            label = pygame.Rect(cell.left, cell.bottom - size, cell.width, size)
            if value == highest or room.width > len(widget.image) * (size // 2 + 2):
                self.centred(self.fonts.fit(name, size, size, mine), label)

    def _draw_reading(self, widget: Widget, look: Look) -> None:
        """Draw the number in large type, and its confidence."""
        pygame.draw.rect(self.surface, look.theme.paper, pygame.Rect(widget.area), border_radius=ROUND)
        area, gap = widget.area, 2 * look.metrics.margin
        room = area.width - 2 * gap
        if widget.note:
            size = min(area.height, round(1.25 * look.metrics.text))
            note = self.fonts.fit(widget.note, area.width // 3, size, look.theme.quiet)
            self._at_right(note, area, gap)
            room -= note.get_width() + gap
        if widget.text:
            self._draw_number(widget, area._replace(left=area.left + gap, width=room), look)

    def _draw_number(self, widget: Widget, area: Area, look: Look) -> None:
        """Draw a number's lines below each other in one size; more lines than are legible become one."""
        lines = widget.text.split("\n")
        if len(lines) * SMALLEST > area.height:
            lines = ["  ".join(lines)]
        colour, height = tone_colour(widget.tone, look.theme), area.height // len(lines)
        for number, line in enumerate(lines):
            part = self.fonts.fit(line, area.width, height, colour, peers=tuple(lines))
            self._at_left(part, Area(area.left, area.top + number * height, area.width, height), 0)

    def _draw_timed(self, widget: Widget, look: Look) -> None:
        """Draw a model's type, the number, and its confidence and time below each other."""
        area = widget.area
        pygame.draw.rect(self.surface, look.theme.paper, pygame.Rect(area), border_radius=ROUND)
        line = max(16, round(area.height * 0.22))
        inner = area.inset(look.metrics.margin)
        self._at_left(self.fonts.fit(widget.icon, inner.width, line, look.theme.quiet), inner._replace(height=line), 0)
        if widget.text:
            middle = Area(inner.left, inner.top + line, inner.width, max(12, inner.height - 2 * line))
            self._draw_number(widget, middle, look)
            below = Area(inner.left, middle.bottom, inner.width, line)
            self._at_left(self.fonts.fit(widget.note, inner.width, line, look.theme.quiet), below, 0)

    def _draw_sign(self, widget: Widget, look: Look) -> None:
        """Draw whether both agree as a sign and, where there is room, a word: colour alone is not enough."""
        colour, area = tone_colour(widget.tone, look.theme), pygame.Rect(widget.area)
        if self.fonts.width(widget.note, SMALLEST) > area.width - 4:
            self.centred(self.fonts.fit(widget.text, area.width, area.height, colour), area)
            return
        upper = pygame.Rect(area.left, area.top, area.width, area.height * 2 // 3)
        self.centred(self.fonts.fit(widget.text, upper.width, upper.height, colour), upper)
        lower = pygame.Rect(area.left, upper.bottom, area.width, area.bottom - upper.bottom)
        self.centred(self.fonts.fit(widget.note, lower.width - 4, min(lower.height, look.metrics.text), colour), lower)

    def centred(self, part: pygame.Surface, area: pygame.Rect) -> None:
        """Centre a line in an area by the height of its capitals, so that baselines agree."""
        self.surface.blit(part, (area.centerx - part.get_width() // 2, area.centery - self.fonts.middle(part)))

    def _at_left(self, part: pygame.Surface, area: Area, gap: int) -> None:
        self.surface.blit(part, (area.left + gap, area.top + area.height // 2 - self.fonts.middle(part)))

    def _at_right(self, part: pygame.Surface, area: Area, gap: int) -> None:
        self._at_left(part, area, area.width - gap - part.get_width())


def tone_colour(tone: Tone, theme: Theme) -> Colour:
    """Return the colour of a tone."""
    roles = {"normal": theme.text, "quiet": theme.quiet, "accent": theme.accent}
    return {**roles, "rejected": theme.rejected, "good": theme.good, "bad": theme.bad}[tone]


def _mosaic(widget: Widget, wide: int, high: int) -> "NDArray[np.uint8]":
    """Return a layer's maps in rows, each value as large as fits in whole pixels, with lines of GAP around the maps."""
    count, height, width = widget.shape
    columns, rows, each = _grid(widget.shape, wide, high)
    maps = np.zeros((rows * columns, height * each + 1, width * each + 1), np.uint8)
    maps[:count] = GAP
    values = np.frombuffer(widget.image, np.uint8).reshape(widget.shape)
    maps[:count, 1:, 1:] = values.repeat(each, axis=1).repeat(each, axis=2)
    mosaic = maps.reshape(rows, columns, *maps.shape[1:]).swapaxes(1, 2).reshape(rows * maps.shape[1], -1)
    return np.pad(mosaic, ((0, 1), (0, 1)), constant_values=GAP if rows * columns == count else 0)


@lru_cache(maxsize=32)
def _grid(shape: tuple[int, int, int], wide: int, high: int) -> tuple[int, int, int]:
    """Return the columns and rows in which maps are largest, and the pixels of a value's side."""
    count, height, width = shape

    def scale(columns: int) -> float:
        return min((wide / columns - 1) / width, (high / -(-count // columns) - 1) / height)

    columns = max(range(1, count + 1), key=scale)
    return columns, -(-count // columns), max(1, int(scale(columns)))


@lru_cache(maxsize=16)
def _palette(paper: Colour, colour: Colour, gap: Colour) -> list[Colour]:
    """Return the colours of 0 to 254, from paper to full colour, and that of GAP.

    Small values, which most are, get more of the range, as on a screen of gamma 1.7.
    """
    levels = np.linspace(0, 1, GAP)[:, None] ** 0.6
    pixels = np.array(paper) * (1 - levels) + np.array(colour) * levels
    return [*map(tuple, np.rint(pixels).astype(int).tolist()), gap]


def _image(widget: Widget, theme: Theme) -> pygame.Surface:
    """Return a 28x28 surface: ink on paper in the theme's colours, orange where the saliency is high."""
    ink = np.frombuffer(widget.image or bytes(SIZE * SIZE), np.uint8).reshape(SIZE, SIZE, 1) / 255
    pixels = np.array(theme.paper) * (1 - ink) + np.array(theme.ink) * ink
    if widget.heat:
        heat = np.frombuffer(widget.heat, np.uint8).reshape(SIZE, SIZE, 1) / 255 * 0.85
        pixels = pixels * (1 - heat) + np.array(HEAT) * heat
    surface = pygame.Surface((SIZE, SIZE))
    pygame.surfarray.blit_array(surface, np.rint(pixels).astype(np.uint8).swapaxes(0, 1))
    return surface
