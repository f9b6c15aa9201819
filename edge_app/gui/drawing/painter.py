"""Drawing: the window's picture as a function of the scene; what has not changed is not drawn again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pygame

from ..pad import Line
from ..views.layout import Area, Metrics
from ..views.screen import Frame, Scene
from ..views.widgets import Widget
from .fonts import Fonts
from .ink_layer import InkLayer
from .lines import Colour, Point, draw_line
from .theme import THEMES, Theme
from .widget_renderer import ROUND, SMALLEST, Brush, Look, tone_colour

ROOM = 200  # pixels of the short side: with fewer, not everything has a place of its own
SHADE = 120  # of 255: how much of the window a card leaves to be seen


class Painter:
    """Draws scenes on a surface, and remembers the last one."""

    def __init__(self, surface: pygame.Surface, fonts: Fonts) -> None:
        """Draw nothing yet."""
        self.surface, self.fonts = surface, fonts
        self._brush = Brush(surface, fonts)
        self._drawn: Scene | None = None
        self._layer = InkLayer((1, 1))
        self._background: pygame.Surface | None = None
        self._placed: dict[int, tuple[Line, Line]] = {}  # by id, with their pixels on the pad, while the scale stays
        self._demonstrated: Sequence[Line] = ()

    def forget(self) -> None:
        """Draw everything with the next scene: the window was covered."""
        self._drawn = None

    def draw(
        self,
        scene: Scene,
        strokes: Sequence[Line],
        current: Sequence[Point] = (),
        background: pygame.Surface | None = None,
        demonstrated: Sequence[Line] = (),
    ) -> list[pygame.Rect]:
        """Draw what differs from the last scene; returns the rectangles that changed.

        Strokes are in ink units, the demonstrated ones in pixels of the pad; `background` has the pad's size.
        """
        before, theme = self._drawn, THEMES[scene.theme]
        inked = self._ink(scene, before, strokes, current, background, theme)
        self._drawn, goes_on, self._demonstrated = scene, demonstrated != self._demonstrated, demonstrated
        # below a card, what changes on the pad shines through; in a window without room it lies below other things
        crowded = min(scene.metrics.width, scene.metrics.height) < ROOM
        if before is None or _is_other(before, scene, crowded) or ((scene.card or crowded) and (inked or goes_on)):
            self._draw_all(scene, theme, demonstrated)
            return [self.surface.get_rect()]
        if scene.card:
            changed = self._changed(before, scene, before.card, scene.card, theme, theme.paper)
            if changed and scene.toast:
                self._draw_toast(scene, theme, scene.metrics.whole)  # on top again
            return changed
        changed = self._changed(before, scene, before.widgets, scene.widgets, theme, theme.desk)
        pad = pygame.Rect(scene.layout.pad)
        damaged = [inked.move(pad.topleft)] if inked else []
        gone = set(before.frames) ^ set(scene.frames)
        damaged += [self._bounds(frame) for frame in gone]
        if (before.toast, before.hint) != (scene.toast, scene.hint) or goes_on:
            damaged = [pad]
        for area in _merged(rect.clip(pad) for rect in damaged):
            self._draw_pad(scene, theme, area, demonstrated)
            changed.append(area)
        return changed

    def _draw_all(self, scene: Scene, theme: Theme, demonstrated: Sequence[Line]) -> None:
        self.surface.set_clip(None)
        self.surface.fill(theme.desk)
        below = replace(scene, focus=None, pressed=None, toast="") if scene.card else scene
        for widget in scene.widgets:
            self._draw_widget(widget, below, theme)
        self._draw_pad(below, theme, pygame.Rect(scene.layout.pad), demonstrated)
        if scene.card:
            kept = 255 - SHADE  # as an alpha blend, without a surface of the window's size
            self.surface.fill((kept, kept, kept), special_flags=pygame.BLEND_RGB_MULT)
            red, green, blue = (part * SHADE // 255 for part in theme.shade)
            self.surface.fill((red, green, blue), special_flags=pygame.BLEND_RGB_ADD)
            for widget in scene.card:
                self._draw_widget(widget, scene, theme)
            if scene.toast:
                self._draw_toast(scene, theme, scene.metrics.whole)

    def _changed(
        self,
        before: Scene,
        scene: Scene,
        old: Sequence[Widget],
        new: Sequence[Widget],
        theme: Theme,
        ground: Colour,
    ) -> list[pygame.Rect]:
        """Draw the widgets that look different now."""
        changed = []
        for one, other in zip(old, new, strict=True):
            looks = [
                (widget, widget.action and widget.action == of.focus, widget.action and widget.action == of.pressed)
                for widget, of in ((one, before), (other, scene))
            ]
            if looks[0] == looks[1]:
                continue
            if one.kind == other.kind == "reading" and one.area == other.area:
                look = Look(theme, scene.metrics, pressed=False)
                for area in _merged(self._brush.written(one, look) + self._brush.written(other, look)):
                    self._brush.draw(other, look, focused=False, within=area)
                    changed.append(area)
            else:
                area = pygame.Rect(other.area)
                self.surface.fill(ground, area)
                self._draw_widget(other, scene, theme)
                changed.append(area)
        return changed

    # The pad

    def _ink(
        self,
        scene: Scene,
        before: Scene | None,
        strokes: Sequence[Line],
        current: Sequence[Point],
        background: pygame.Surface | None,
        theme: Theme,
    ) -> pygame.Rect | None:
        """Bring the layer with the ink up to date; returns what of it changed."""
        size = (scene.layout.pad.width, scene.layout.pad.height)
        if self._layer.surface.get_size() != size:
            self._layer.resize(size)
        if background is not self._background:
            self._background = background
            self._layer.set_background(background)
        scale = scene.viewport.scale
        if before is None or before.viewport.scale != scale:
            self._placed.clear()
        # by identity, as the layer knows them: comparing thousands of points would take longer than drawing one
        kept = {id(line): self._placed.get(id(line)) or (line, _scaled(line, scale)) for line in strokes}
        self._placed = kept
        placed = [kept[id(line)][1] for line in strokes]
        if current:
            placed.append(_scaled(current, scale))
        return self._layer.update(placed, scene.layout.pen, theme.ink, theme.paper)

    def _draw_pad(self, scene: Scene, theme: Theme, area: pygame.Rect, demonstrated: Sequence[Line]) -> None:
        pad = pygame.Rect(scene.layout.pad)
        self.surface.set_clip(area)
        self.surface.blit(self._layer.surface, area, area.move(-pad.left, -pad.top))
        pygame.draw.rect(self.surface, theme.line, pad, 1)
        if scene.hint:
            room = scene.layout.pad.inset(2 * scene.metrics.margin)
            self._brush.centred(self.fonts.fit(scene.hint, room.width, max(20, pad.height // 10), theme.quiet), pad)
        for line in demonstrated:
            moved = [(x + pad.left, y + pad.top) for x, y in line]
            draw_line(self.surface, moved, scene.layout.pen, theme.accent)
        for frame in scene.frames:
            if area.colliderect(self._bounds(frame)):
                self._draw_frame(frame, theme, scene.metrics)
        if scene.toast:
            self._draw_toast(scene, theme, scene.layout.pad)
        self.surface.set_clip(None)

    def _bounds(self, frame: Frame) -> pygame.Rect:
        return pygame.Rect(frame.area).union(pygame.Rect(frame.label)).inflate(4, 4)

    def _draw_frame(self, frame: Frame, theme: Theme, metrics: Metrics) -> None:
        """Draw a box with its label; a refused one dashed, as colour alone says nothing to some."""
        colour, area = tone_colour(frame.tone, theme), pygame.Rect(frame.area)
        width = max(1, metrics.unit // 30)
        if frame.tone == "refused":
            _dashed(self.surface, colour, area, width, 4 * width + 2)
        else:
            pygame.draw.rect(self.surface, colour, area, width, border_radius=ROUND)
        label = pygame.Rect(frame.label)
        if frame.pinned:  # the writer said so
            pygame.draw.rect(self.surface, colour, label, border_radius=ROUND)
            colour = theme.paper if frame.tone == "refused" else theme.on_accent
        self._brush.centred(self.fonts.fit(frame.text, label.width, label.height, colour), label)

    def _draw_toast(self, scene: Scene, theme: Theme, pad: Area) -> None:
        margin = scene.metrics.margin
        text = self.fonts.paragraph(
            scene.toast, pad.width - 8 * margin, pad.height // 2, theme.paper, scene.metrics.text, SMALLEST
        )
        area = pygame.Rect(0, 0, text.get_width() + 4 * margin, text.get_height() + 2 * margin)
        area.midbottom = (pad.left + pad.width // 2, pad.bottom - 2 * margin)
        pygame.draw.rect(self.surface, theme.text, area, border_radius=ROUND)
        self.surface.blit(text, text.get_rect(center=area.center))

    # Widgets

    def _draw_widget(self, widget: Widget, scene: Scene, theme: Theme) -> None:
        pressed = widget.action is not None and widget.action == scene.pressed
        top = widget in (scene.card or scene.widgets)  # a button below a card may do the same
        focused = bool(widget.takes) and widget.takes == scene.focus and top
        self._brush.draw(widget, Look(theme, scene.metrics, pressed), focused=focused)


def _is_other(before: Scene, scene: Scene, crowded: bool) -> bool:
    """Return whether so much changed that everything is to be drawn: anything, where its parts lie over each other."""
    if crowded and before != scene:
        return True
    if (before.metrics, before.theme, before.layout, before.viewport) != (
        scene.metrics,
        scene.theme,
        scene.layout,
        scene.viewport,
    ):
        return True
    if [widget.area for widget in before.card] != [widget.area for widget in scene.card]:
        return True
    if scene.card:  # what lies below shines through
        return (before.widgets, before.frames, before.toast, before.hint) != (
            scene.widgets,
            scene.frames,
            scene.toast,
            scene.hint,
        )
    return [widget.area for widget in before.widgets] != [widget.area for widget in scene.widgets]


def _merged(areas: Iterable[pygame.Rect]) -> list[pygame.Rect]:
    """Return rectangles that do not overlap and hold all of `areas`."""
    found: list[pygame.Rect] = []
    for area in areas:
        if not area.width or not area.height:
            continue
        while (hit := area.collidelist(found)) >= 0:
            area = area.union(found.pop(hit))
        found.append(area)
    return found


def _scaled(line: Sequence[Point], scale: float) -> Line:
    return tuple(line) if scale == 1 else tuple((x * scale, y * scale) for x, y in line)


def _dashed(surface: pygame.Surface, colour: Colour, area: pygame.Rect, width: int, dash: int) -> None:
    for start in range(area.left, area.right, 2 * dash):
        length = min(dash, area.right - start)
        surface.fill(colour, (start, area.top, length, width))
        surface.fill(colour, (start, area.bottom - width, length, width))
    for start in range(area.top, area.bottom, 2 * dash):
        length = min(dash, area.bottom - start)
        surface.fill(colour, (area.left, start, width, length))
        surface.fill(colour, (area.right - width, start, width, length))
