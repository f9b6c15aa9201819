"""Anti-aliased lines with round ends and joints; drawn in clips they give the same pixels as at once.

pygame-ce's own anti-aliased lines have a width only since 2.5.6, and their ends are square.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pygame
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Point = tuple[float, float]
Segment = tuple[Point, Point]

TILE = 192  # pixels; in tiles, a long diagonal line costs its length, not the area of its bounding box
LONGEST = 96.0  # pixels; longer segments are split, as their boxes would be mostly paper


def draw_line(surface: pygame.Surface, points: Sequence[Point], width: float, colour: Colour) -> pygame.Rect:
    """Draw a line through points, a dot for one point; returns the rectangle that may have changed.

    Integer coordinates lie between pixels: a line of width 2 along y = 5 fills rows 4 and 5.
    """
    return Trace([points], width).draw(surface, colour)


def draw_lines(surface: pygame.Surface, lines: Iterable[Sequence[Point]], width: float, colour: Colour) -> pygame.Rect:
    """Draw several lines as one shape: where they cross, their soft edges are not blended twice."""
    return Trace(lines, width).draw(surface, colour)


class Trace:
    """Lines with their bounding boxes, kept so that they can be extended, and redrawn whole or within a clip.

    A pixel's coverage depends only on its distance to the nearest segment, so clips leave no seams.
    """

    def __init__(self, lines: Iterable[Sequence[Point]], width: float) -> None:
        """Take lines of one width in pixels; a line of one point is a dot."""
        self.width = width
        self._segments: list[Segment] = []
        self._boxes: list[pygame.Rect] = []
        for line in lines:
            self.add(line)

    def add(self, line: Sequence[Point]) -> pygame.Rect:
        """Add a line to the shape; returns the pixels that it can touch."""
        segments = list(_segments(line))
        boxes = [_box(segment, self.width / 2 + 0.5) for segment in segments]
        self._segments += segments
        self._boxes += boxes
        return pygame.Rect.unionall(boxes[0], boxes) if boxes else pygame.Rect(0, 0, 0, 0)

    def cut(self, count: int) -> pygame.Rect:
        """Keep only the first `count` segments; returns the pixels that the others could touch."""
        removed = self._boxes[count:]
        del self._segments[count:], self._boxes[count:]
        return removed[0].unionall(removed) if removed else pygame.Rect(0, 0, 0, 0)

    def __len__(self) -> int:
        """Return the number of straight segments, of which long lines have several."""
        return len(self._segments)

    def draw(self, surface: pygame.Surface, colour: Colour) -> pygame.Rect:
        """Draw within the surface's clip; returns the rectangle that may have changed."""
        clip = surface.get_clip()
        seen = [self._boxes[i] for i in clip.collidelistall(self._boxes)]
        area = seen[0].unionall(seen).clip(clip) if seen else pygame.Rect(clip.topleft, (0, 0))
        for tile in _tiles(area):
            if near := tile.collidelistall(self._boxes):
                parts = [(self._segments[i], self._boxes[i].clip(tile)) for i in near]
                _draw_tile(surface, tile, parts, self.width / 2, colour)
        return area


def _segments(points: Sequence[Point]) -> Iterator[Segment]:
    """Yield the segments between points, long ones split; a single point becomes a segment of no length."""
    if len(points) == 1:
        yield points[0], points[0]
    for (x0, y0), (x1, y1) in pairwise(points):
        count = math.ceil(math.hypot(x1 - x0, y1 - y0) / LONGEST) or 1
        ends = [(x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count) for i in range(count)]
        yield from pairwise([*ends, (x1, y1)])


def _box(segment: Segment, reach: float) -> pygame.Rect:
    """Return the whole pixels within reach of a segment."""
    (x0, y0), (x1, y1) = segment
    left, top = math.floor(min(x0, x1) - reach), math.floor(min(y0, y1) - reach)
    right, bottom = math.ceil(max(x0, x1) + reach), math.ceil(max(y0, y1) + reach)
    return pygame.Rect(left, top, right - left, bottom - top)


def _tiles(area: pygame.Rect) -> Iterator[pygame.Rect]:
    for top in range(area.top, area.bottom, TILE):
        for left in range(area.left, area.right, TILE):
            yield pygame.Rect(left, top, TILE, TILE).clip(area)


def _draw_tile(
    surface: pygame.Surface,
    tile: pygame.Rect,
    parts: Sequence[tuple[Segment, pygame.Rect]],
    half: float,
    colour: Colour,
) -> None:
    """Draw segments, each with its box in the tile; a pixel's coverage follows from the distance of its centre."""
    squared = np.full((tile.height, tile.width), (half + 1) ** 2, np.float32)
    for segment, box in parts:
        rows = slice(box.top - tile.top, box.bottom - tile.top)
        here = squared[rows, box.left - tile.left : box.right - tile.left]
        np.minimum(here, _squared_distance(segment, box), out=here)
    cover = np.float32(half + 0.5) - np.sqrt(squared)
    patch = pygame.Surface(tile.size, pygame.SRCALPHA, 32)
    patch.fill((*colour, 0))
    pixels = pygame.surfarray.pixels_alpha(patch)
    pixels.T[...] = np.clip(cover, 0, min(1.0, 2 * half)) * np.float32(255) + np.float32(0.5)
    del pixels  # it locks the patch
    surface.blit(patch, tile)


def _squared_distance(segment: Segment, box: pygame.Rect) -> NDArray[np.float32]:
    """Return the squared distance of each pixel centre in a box to a segment: (height, width) float32."""
    (x0, y0), (x1, y1) = segment
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = ((x1 - x0) / length, (y1 - y0) / length) if length else (1.0, 0.0)
    x = np.arange(box.left, box.right) + (0.5 - x0)
    y = np.arange(box.top, box.bottom)[:, None] + (0.5 - y0)
    across = (x * dy).astype(np.float32) - (y * dx).astype(np.float32)
    along = (x * dx).astype(np.float32) + (y * dy).astype(np.float32)
    beyond = along - np.minimum(np.maximum(along, np.float32(0)), np.float32(length))
    across *= across
    beyond *= beyond
    across += beyond
    return across
