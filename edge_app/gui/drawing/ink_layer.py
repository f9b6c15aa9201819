"""Paper and ink on a surface of their own, of which only what changed is drawn again; see `curves` for its lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pygame

from .curves import curve
from .lines import Colour, Point, Trace

Stroke = Sequence[Point]


@dataclass
class _Drawn:
    stroke: Stroke
    trace: Trace
    area: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    last: list[Point] = field(default_factory=list)  # the curve to the last point: the next one may bend it
    kept: int = 0  # segments of the trace before that

    def add(self, pieces: Sequence[list[Point]]) -> pygame.Rect:
        """Add curves at the end; returns the pixels that they can touch."""
        areas = []
        for self.last in pieces:
            self.kept = len(self.trace)
            areas.append(self.trace.add(self.last))
        area = areas[0].unionall(areas) if areas else pygame.Rect(0, 0, 0, 0)
        self.area = self.area.union(area) if self.area else area
        return area


class InkLayer:
    """Paper, an opened picture on it if there is one, and strokes in order, the latest on top; see `surface`."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Make a blank layer of a size in pixels."""
        self.surface = pygame.Surface(size)
        self._width, self._ink, self._paper = 1.0, (255, 255, 255), (0, 0, 0)
        self._background: pygame.Surface | None = None
        self._drawn: list[_Drawn] = []
        self._stale = True

    def resize(self, size: tuple[int, int]) -> None:
        """Start over if the size is another; the next update draws everything."""
        if self.surface.get_size() != size:
            self.surface = pygame.Surface(size)
            self._stale = True

    def set_background(self, picture: pygame.Surface | None) -> None:
        """Set or remove the picture between paper and ink, from the upper left; another one redraws everything."""
        self._stale |= picture is not self._background
        self._background = picture

    def update(self, strokes: Sequence[Stroke], width: float, ink: Colour, paper: Colour) -> pygame.Rect | None:
        """Show strokes, in pixels of the layer, and return the rectangle that changed, None if nothing did.

        Strokes are compared by identity: pass the same tuple again, not an equal one. The stroke under the pen comes
        last; it may be a new tuple that continues the old one.
        """
        if self._stale or (self._width, self._ink, self._paper) != (width, ink, paper):
            self._width, self._ink, self._paper, self._stale = width, ink, paper, False
            self._drawn = [self._measured(stroke) for stroke in strokes]
            return self._redraw(self.surface.get_rect())
        kept, removed = _compare(self._drawn, strokes)
        added = strokes[len(kept) :]
        changed = []
        if added and len(removed) == 1 and removed[0] is self._drawn[-1] and _continues(removed[0].stroke, added[0]):
            changed = [self._grow(removed[0], added[0])]
            added = added[1:]
        elif removed:
            self._drawn = kept
            changed = [self._redraw(removed[0].area.unionall([drawn.area for drawn in removed]))]
        changed += [self._append(stroke) for stroke in added]
        changed = [area for area in changed if area]
        return changed[0].unionall(changed) if changed else None

    def _measured(self, stroke: Stroke) -> _Drawn:
        drawn = _Drawn(stroke, Trace([], self._width))
        drawn.add(list(curve(stroke)))
        return drawn

    def _append(self, stroke: Stroke) -> pygame.Rect:
        self._drawn.append(self._measured(stroke))
        return self._drawn[-1].trace.draw(self.surface, self._ink)

    def _grow(self, drawn: _Drawn, stroke: Stroke) -> pygame.Rect:
        """Continue the topmost stroke; blending its soft edge twice would darken it, so its end is redrawn."""
        count, drawn.stroke = len(drawn.stroke), stroke
        if len(stroke) == count:
            return pygame.Rect(0, 0, 0, 0)
        pieces = list(curve(stroke, max(0, count - 2)))
        if pieces[0] == drawn.last:  # straight, or of points so close that no bend is seen
            return self._redraw(drawn.add(pieces[1:]))
        bent = drawn.trace.cut(drawn.kept)
        return self._redraw(bent.union(drawn.add(pieces)))

    def _redraw(self, area: pygame.Rect) -> pygame.Rect:
        """Redraw everything within a rectangle; returns the part of it that is on the layer."""
        area = area.clip(self.surface.get_rect())
        self.surface.set_clip(area)
        self.surface.fill(self._paper)
        if self._background:
            self.surface.blit(self._background, (0, 0))
        for drawn in self._drawn:
            if drawn.area.colliderect(area):
                drawn.trace.draw(self.surface, self._ink)
        self.surface.set_clip(None)
        return area


def _compare(drawn: Sequence[_Drawn], strokes: Sequence[Stroke]) -> tuple[list[_Drawn], list[_Drawn]]:
    """Return which drawn strokes begin the new ones, in order, and which are not among these."""
    kept: list[_Drawn] = []
    removed: list[_Drawn] = []
    for one in drawn:
        same = len(kept) < len(strokes) and strokes[len(kept)] is one.stroke
        (kept if same else removed).append(one)
    return kept, removed


def _continues(old: Stroke, new: Stroke) -> bool:
    return len(new) >= len(old) and all(one == other for one, other in zip(old, new, strict=False))
