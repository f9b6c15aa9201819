"""Drawing: the window's picture as a function of the state."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import pygame

from .layout import Area, Layout, Viewport
from .reading import Reading

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 252)
DESK: Colour = (232, 235, 240)
INK: Colour = (24, 38, 66)
QUIET: Colour = (96, 106, 124)
LINE: Colour = (206, 212, 222)
SURE: Colour = (20, 98, 190)
REFUSED: Colour = (176, 92, 0)
BUTTON: Colour = (250, 251, 253)
FINE = 3  # supersampling of lines

LABELS = {"undo": "Undo", "clear": "Clear", "quit": "Quit"}
HINT = "Write a number here"


@dataclass(frozen=True)
class Scene:
    """All that the picture depends on."""

    layout: Layout
    viewport: Viewport
    strokes: Sequence[Sequence[tuple[float, float]]]
    reading: Reading
    pressed: str | None = None
    can_undo: bool = False
    message: str | None = None


@lru_cache(maxsize=64)
def _font(size: int) -> "pygame.font.Font":
    return pygame.font.Font(None, size)


def forget_fonts() -> None:
    """Drop the fonts of a window that was closed: they died with it."""
    _font.cache_clear()


def draw_scene(surface: pygame.Surface, scene: Scene) -> None:
    """Draw the whole window."""
    surface.fill(DESK)
    pad = pygame.Rect(scene.layout.pad)
    pygame.draw.rect(surface, PAPER, pad, border_radius=10)
    pygame.draw.rect(surface, LINE, pad, 1, border_radius=10)
    surface.set_clip(pad)
    if not scene.strokes:
        _text(surface, HINT, scene.layout.pad, max(16, scene.layout.pad.height // 12), LINE)
    for stroke in scene.strokes:
        draw_line(surface, [scene.viewport.to_window(*point) for point in stroke], pen_width(scene))
    if not scene.message:
        _draw_boxes(surface, scene)
    surface.set_clip(None)
    _draw_reading(surface, scene)
    for name, area in scene.layout.buttons.items():
        _draw_button(surface, name, area, pressed=scene.pressed == name, enabled=name != "undo" or scene.can_undo)


def pen_width(scene: Scene) -> int:
    """Return the width of the line in window pixels."""
    return max(2, round(scene.layout.pen))


def draw_line(surface: pygame.Surface, points: Sequence[tuple[float, float]], width: int) -> pygame.Rect:
    """Draw a smooth line with round ends and joints; returns the rectangle that changed."""
    left = int(min(x for x, _ in points)) - width - 1
    top = int(min(y for _, y in points)) - width - 1
    right = int(max(x for x, _ in points)) + width + 2
    bottom = int(max(y for _, y in points)) + width + 2
    area = pygame.Rect(left, top, right - left, bottom - top)
    patch = pygame.Surface((area.width * FINE, area.height * FINE), pygame.SRCALPHA, 32)
    patch.fill((*INK, 0))  # the ink's own colour, transparent: scaling must not darken the edge
    fine = [((x - left) * FINE, (y - top) * FINE) for x, y in points]
    half = width * FINE / 2
    for (x0, y0), (x1, y1) in pairwise(fine):
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = (
            (y1 - y0) / length * half,
            (x0 - x1) / length * half,
        )  # pygame's own wide lines have ragged ends
        corners = [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]
        pygame.draw.polygon(patch, INK, corners)
    for x, y in fine:
        pygame.draw.circle(patch, INK, (x, y), half)
    surface.blit(pygame.transform.smoothscale(patch, area.size), area)
    return area


def _draw_boxes(surface: pygame.Surface, scene: Scene) -> None:
    """Frame each digit where it was written, with what it was read as."""
    scale, width = scene.viewport.scale, pen_width(scene)
    around = 1.3 * width
    size = max(18, scene.layout.pad.height // 14)
    for digit in scene.reading.digits:
        left, top = scene.viewport.to_window(digit.box[0], digit.box[1])
        frame = pygame.Rect(
            round(left - around),
            round(top - around),
            round((digit.box[2] - digit.box[0]) * scale + 2 * around),
            round((digit.box[3] - digit.box[1]) * scale + 2 * around),
        )
        colour = REFUSED if digit.refused else SURE
        pygame.draw.rect(surface, colour, frame, 1 if width < 8 else 2, border_radius=6)
        label = _font(size).render(digit.digit, True, colour)
        above = frame.top - label.get_height() - 1
        y = (
            above
            if above >= scene.layout.pad.top
            else min(frame.bottom + 1, scene.layout.pad.bottom - label.get_height())
        )
        surface.blit(label, (frame.centerx - label.get_width() // 2, y))


def _draw_reading(surface: pygame.Surface, scene: Scene) -> None:
    """Draw the number in large type, and how sure it is."""
    area = scene.layout.reading
    pygame.draw.rect(surface, PAPER, area, border_radius=10)
    if scene.message:
        _paragraph(surface, scene.message, area)
        return
    if not scene.reading.digits:
        return
    inner = Area(area.left + 10, area.top, area.width - 20, area.height)
    refused = any(digit.refused for digit in scene.reading.digits)
    sure = f"{scene.reading.confidence:.0%}".replace("%", " %")
    note = _font(max(16, area.height // 3)).render(sure, True, QUIET)
    room = inner.width - note.get_width() - 12
    label = _fitting(scene.reading.text, room, area.height, REFUSED if refused else INK)
    for part, left in ((label, inner.left), (note, inner.right - note.get_width())):
        seen = part.get_bounding_rect()  # fonts leave more room below than above: centre what is seen
        surface.blit(part, (left, area.top + area.height // 2 - seen.centery))


def _fitting(text: str, width: int, height: int, colour: Colour) -> pygame.Surface:
    """Return text as large as fits."""
    size = round(height * 1.2)
    while size > 14 and _font(size).size(text)[0] > width:
        size = max(14, int(size * 0.9))
    return _font(size).render(text, True, colour)


def _paragraph(surface: pygame.Surface, text: str, area: Area) -> None:
    """Draw a message over as many lines as it needs, as large as fits."""
    for size in range(28, 11, -2):
        font = _font(size)
        lines: list[str] = [""]
        for word in text.split():
            if lines[-1] and font.size(f"{lines[-1]} {word}")[0] > area.width - 16:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        if len(lines) * font.get_linesize() <= area.height or size == 12:
            break
    for i, line in enumerate(lines):
        surface.blit(font.render(line, True, REFUSED), (area.left + 8, area.top + 4 + i * font.get_linesize()))


def _draw_button(surface: pygame.Surface, name: str, area: Area, *, pressed: bool, enabled: bool) -> None:
    pygame.draw.rect(surface, LINE if pressed else BUTTON, area, border_radius=10)
    pygame.draw.rect(surface, LINE, area, 1, border_radius=10)
    label = LABELS[name]
    size = min(36, max(18, min(area.height // 2, area.width // 3)))
    _text(surface, label, area, size, INK if enabled else LINE)


def _text(surface: pygame.Surface, text: str, area: Area, size: int, colour: Colour) -> None:
    while size > 12 and _font(size).size(text)[0] > area.width - 8:
        size -= 1
    label = _font(size).render(text, True, colour)
    surface.blit(label, label.get_rect(center=pygame.Rect(area).center))
