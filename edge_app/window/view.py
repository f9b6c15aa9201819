"""Drawing: the window's picture as a function of the state."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import pygame

from ..duel import Timed, Verdict
from ..reading import Reading
from .layout import Area, Layout, Split, Viewport

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
    verdict: Verdict | None = None  # of the compare view, whose layout has a split


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
    if scene.layout.split and not scene.message:
        _draw_verdict(surface, scene.verdict, scene.layout.split)
    else:
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
        _paragraph(surface, scene.message, area, REFUSED)
        return
    if not scene.reading.digits:
        return
    inner = Area(area.left + 10, area.top, area.width - 20, area.height)
    note = _font(max(16, area.height // 3)).render(_percent(scene.reading), True, QUIET)
    room = inner.width - note.get_width() - 12
    _beside(surface, area, _number(scene.reading, room, area.height), note)


def _draw_verdict(surface: pygame.Surface, verdict: Verdict | None, split: Split) -> None:
    """Draw both readings side by side with the sign between them, or why there is but one."""
    left, mark, right = split
    _card(surface, right)
    if verdict:
        _draw_timed(surface, verdict.own, right)
    if verdict and verdict.fault:  # the sentence takes the room of the sign: there is nothing to compare
        left = left._replace(width=left.width + mark.width * 7 // 8)
        _card(surface, left)
        _paragraph(surface, verdict.fault, left, INK)
        return
    _card(surface, left)
    if verdict and verdict.reference:
        _draw_timed(surface, verdict.reference, left)
    if verdict and verdict.agree is not None:
        _draw_mark(surface, verdict.agree, mark)


def _draw_timed(surface: pygame.Surface, timed: Timed, area: Area) -> None:
    """Draw a model's type, below it the number, below that how sure it is and how long it took."""
    size = max(18, round(area.height * 0.22))
    line = round(area.height * 0.25)
    font = _font(size)
    middle = Area(area.left, area.top + line, area.width, area.height - 2 * line)
    _beside(surface, area._replace(height=line + 4), font.render(timed.kind, True, QUIET))
    if timed.reading.digits:
        _beside(surface, middle, _number(timed.reading, area.width - 20, middle.height))
        notes = (font.render(text, True, QUIET) for text in (_percent(timed.reading), _duration(timed.seconds)))
        _beside(surface, Area(area.left, middle.bottom - 4, area.width, line + 4), *notes)


def _draw_mark(surface: pygame.Surface, agree: bool, area: Area) -> None:
    """Draw a sign and a word for whether both agree: colour alone says nothing to some."""
    sign, word, colour = ("=", "agree", SURE) if agree else ("≠", "differ", REFUSED)
    upper = area._replace(height=area.height * 2 // 3)
    _text(surface, sign, upper, round(area.height * 0.8), colour)
    lower = Area(area.left, upper.bottom, area.width, area.bottom - upper.bottom)
    _text(surface, word, lower, max(18, round(area.height * 0.22)), colour)


def _number(reading: Reading, width: int, height: int) -> pygame.Surface:
    """Return the number, in another colour where a digit was refused."""
    refused = any(digit.refused for digit in reading.digits)
    return _fitting(reading.text, width, height, REFUSED if refused else INK)


def _percent(reading: Reading) -> str:
    return f"{reading.confidence:.0%}".replace("%", " %")


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def _card(surface: pygame.Surface, area: Area) -> None:
    pygame.draw.rect(surface, PAPER, area, border_radius=10)


def _beside(surface: pygame.Surface, area: Area, left: pygame.Surface, right: pygame.Surface | None = None) -> None:
    """Put one part at the left of an area and the other at its right, both at half height."""
    parts = [(left, area.left + 10)]
    if right:
        parts.append((right, area.right - 10 - right.get_width()))
    for part, at in parts:
        seen = part.get_bounding_rect()  # fonts leave more room below than above: centre what is seen
        surface.blit(part, (at, area.top + area.height // 2 - seen.centery))


def _fitting(text: str, width: int, height: int, colour: Colour) -> pygame.Surface:
    """Return text as large as fits; what is too long for the smallest type loses its middle."""
    size = round(height * 1.2)
    while size > 14 and _font(size).size(text)[0] > width:
        size = max(14, int(size * 0.9))
    font, shown, kept = _font(size), text, len(text) // 2
    while kept and font.size(shown)[0] > width:
        kept -= 1
        shown = f"{text[:kept]}…{text[len(text) - kept :]}"
    return font.render(shown, True, colour)


def _paragraph(surface: pygame.Surface, text: str, area: Area, colour: Colour) -> None:
    """Draw a message over as many lines as it needs, as large as fits."""
    for size in range(max(28, area.height // 4), 11, -1):
        font = _font(size)
        lines, high = _wrapped(font, text, area.width - 20), font.get_linesize() + 1
        if len(lines) * high <= area.height - 2:
            break
    top = area.top + max(1, (area.height - len(lines) * high) // 2)
    surface.set_clip(area)
    for i, line in enumerate(lines):
        surface.blit(font.render(line, True, colour), (area.left + 10, top + i * high))
    surface.set_clip(None)


def _wrapped(font: "pygame.font.Font", text: str, width: int) -> list[str]:
    """Return text in lines of `width` pixels, broken at spaces; a longer word, a path, inside."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.size(joined)[0] > width:
            lines.append("")
            joined = word
        while len(joined) > 1 and font.size(joined)[0] > width:
            at = next((n for n in range(len(joined) - 1, 1, -1) if font.size(joined[:n])[0] <= width), 1)
            at = max(joined.rfind(sign, 1, at) for sign in "/-_") + 1 or at
            lines[-1:] = [joined[:at], ""]
            joined = joined[at:]
        lines[-1] = joined
    return lines


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
