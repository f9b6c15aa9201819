"""Icons: strokes of one width on a grid of 24 by 24, drawn in any size and colour."""

import math
from functools import lru_cache

import pygame

from .lines import Colour, Point, draw_lines

Line = tuple[Point, ...]

GRID = 24
WIDTH = 2.0  # of the strokes, in units of the grid
THINNEST = 1.5  # pixels; a line between two rows of them still shows


def _arc(x: float, y: float, radius: float, start: float, end: float, flat: float = 1.0) -> Line:
    """Return an arc in steps of about 10 degrees; 0 is right, 90 is down; `flat` squeezes it upright."""
    count = max(1, math.ceil(abs(end - start) / 10))
    angles = [math.radians(start + (end - start) * i / count) for i in range(count + 1)]
    return tuple((x + radius * math.cos(a), y + flat * radius * math.sin(a)) for a in angles)


def _circle(x: float, y: float, radius: float) -> Line:
    return _arc(x, y, radius, 0, 360)


def _closed(*points: Point) -> Line:
    return (*points, points[0])


def _box(left: float, top: float, right: float, bottom: float, radius: float = 2.0) -> Line:
    """Return a rectangle with round corners."""
    corners = [
        (right - radius, top + radius, -90.0),
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, 90.0),
        (left + radius, top + radius, 180.0),
    ]
    return _closed(*(point for x, y, at in corners for point in _arc(x, y, radius, at, at + 90)))


def _mirrored(*lines: Line) -> tuple[Line, ...]:
    """Return lines mirrored left to right."""
    return tuple(tuple((GRID - x, y) for x, y in line) for line in lines)


def _turned(*lines: Line) -> tuple[Line, ...]:
    """Return lines with x and y swapped: what pointed left points up."""
    return tuple(tuple((y, x) for x, y in line) for line in lines)


_UNDO = (((8, 4), (4, 8), (8, 12)), ((4, 8), *_arc(14.5, 13.5, 5.5, -90, 90), (8, 19)))
_BACK = (((15, 5), (8, 12), (15, 19)),)
_PENCIL = _closed((16, 4), (20, 8), (8, 20), (4, 20), (4, 16))
_CORNER = ((4, 9), (4, 4), (9, 4))
_OUTWARDS = (((8, 12), (2, 12)), ((5, 9), (2, 12), (5, 15)))
_INWARDS = (((2, 12), (9, 12)), ((6, 8), (10, 12), (6, 16)))
_PAN = ((2, 14), (6, 7), (10, 14), *_arc(6, 14, 4, 0, 180, 0.7))

ICONS: dict[str, tuple[Line, ...]] = {
    "undo": _UNDO,
    "redo": _mirrored(*_UNDO),
    "clear": (_box(3, 4, 21, 20), ((9, 9), (15, 15)), ((15, 9), (9, 15))),
    "erase": (
        _closed((14, 4), (20, 10), (11, 19), (8, 19), (4, 15), (4, 14)),
        ((9, 9), (15, 15)),
        ((11, 19), (20, 19)),
    ),
    "write": (_closed((16, 3), (20, 7), (11, 16), (7, 16), (7, 12)), ((4, 21), (20, 21))),
    "menu": (((4, 6), (20, 6)), ((4, 12), (20, 12)), ((4, 18), (20, 18))),
    "close": (((6, 6), (18, 18)), ((18, 6), (6, 18))),
    "back": _BACK,
    "next": _mirrored(*_BACK),
    "up": _turned(*_BACK),
    "down": _turned(*_mirrored(*_BACK)),
    "copy": (_box(8, 8, 21, 21), ((3, 16), *_arc(5, 5, 2, 180, 270), (16, 3))),
    "save": (
        _closed((4, 4), (16, 4), (20, 8), (20, 20), (4, 20)),
        ((8, 20), (8, 14), (16, 14), (16, 20)),
        ((8, 4), (8, 8), (13, 8)),
    ),
    "open": (_closed((3, 20), (3, 5), (9, 5), (12, 8), (21, 8), (21, 20)),),
    "speak": (
        _closed((3, 9), (7, 9), (12, 5), (12, 19), (7, 15), (3, 15)),
        _arc(12, 12, 4.5, -45, 45),
        _arc(12, 12, 9, -50, 50),
    ),
    "history": (_circle(12, 12, 9), ((12, 7), (12, 12), (15.5, 14))),
    "practice": (
        _closed((12, 5), (22, 10), (12, 15), (2, 10)),
        ((6, 12), (6, 17), (9, 19), (15, 19), (18, 17), (18, 12)),
        ((22, 10), (22, 16)),
    ),
    "settings": (
        *(((3, 6), (12, 6)), _circle(14.5, 6, 2.5), ((17, 6), (21, 6))),
        *(((3, 12), (6, 12)), _circle(8.5, 12, 2.5), ((11, 12), (21, 12))),
        *(((3, 18), (12, 18)), _circle(14.5, 18, 2.5), ((17, 18), (21, 18))),
    ),
    "network": (_arc(12, 17.5, 11.5, 209, 331), _arc(12, 6.5, 11.5, 29, 151), _circle(12, 12, 2.5)),
    "compare": (((12, 3), (12, 21)), ((8, 21), (16, 21)), ((6, 7), (18, 7)), _PAN, *_mirrored(_PAN)),
    "layers": (_box(3, 3, 13, 13), ((17, 7), (17, 17), (7, 17)), ((21, 11), (21, 21), (11, 21))),
    "fullscreen": (
        *(_CORNER, *_mirrored(_CORNER)),
        *_turned(*_mirrored(*_turned(_CORNER, *_mirrored(_CORNER)))),
    ),
    "quit": (_arc(12, 13, 8, -55, 235), ((12, 3), (12, 12))),
    "help": (_circle(12, 12, 9.5), (*_arc(12, 9.5, 2.8, 180, 405), (12, 14)), ((12, 17.3),)),
    "hand": (
        *(((8, 13), (8, 6)), ((11.5, 12), (11.5, 3.5)), ((15, 12), (15, 4.5))),
        ((18.5, 7.5), (18.5, 15), *_arc(13, 15.5, 5.5, 0, 110), (8.5, 19), (4, 14)),
    ),
    "split": (((12, 3), (12, 21)), *_OUTWARDS, *_mirrored(*_OUTWARDS)),
    "join": (*_INWARDS, *_mirrored(*_INWARDS)),
    "map": (_circle(12, 12, 9), _circle(12, 12, 4.5), ((12, 12),)),
    "show": (_closed((7, 4), (20, 12), (7, 20)),),
    "done": (((4, 13), (9.5, 18.5), (20, 6)),),
    "delete": (
        ((4, 6), (20, 6)),
        ((9, 6), (9, 3), (15, 3), (15, 6)),
        ((6, 6), (7, 21), (17, 21), (18, 6)),
        *(((10, 10), (10, 17)), ((14, 10), (14, 17))),
    ),
    "forget": (_PENCIL, ((4, 4), (20, 20))),
    "correct": (_PENCIL, ((13, 7), (17, 11))),
    "export": (((4, 13), (4, 20), (20, 20), (20, 13)), ((12, 15), (12, 3)), ((7, 8), (12, 3), (17, 8))),
    "plus": (((12, 4), (12, 20)), ((4, 12), (20, 12))),
    "minus": (((4, 12), (20, 12)),),
    "restore": (
        ((15, 8), (15, 4), (3, 4), (3, 20), (15, 20), (15, 16)),
        ((21, 12), (8, 12)),
        ((12, 8), (8, 12), (12, 16)),
    ),
    "keep": (_closed((6, 3), (18, 3), (18, 21), (12, 16), (6, 21)),),
}


def draw_icon(surface: pygame.Surface, name: str, rect: pygame.Rect, colour: Colour) -> None:
    """Draw an icon in the middle of a rectangle, as large as fits."""
    size = min(rect.width, rect.height)
    if size < 1:  # in a window of a few pixels
        return
    icon = _icon(name, size, colour)
    surface.blit(icon, icon.get_rect(center=rect.center))


@lru_cache(maxsize=256)
def _icon(name: str, size: int, colour: Colour) -> pygame.Surface:
    icon = pygame.Surface((size, size), pygame.SRCALPHA, 32)
    icon.fill((*colour, 0))  # transparent in the icon's own colour, so that its soft edge does not darken
    scale = size / GRID
    lines = [[(x * scale, y * scale) for x, y in line] for line in ICONS[name]]
    draw_lines(icon, lines, max(THINNEST, WIDTH * scale), colour)
    return icon
