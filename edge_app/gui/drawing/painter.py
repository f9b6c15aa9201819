"""Draws the window as a function of its scene, of which only what changed is drawn again."""

from collections.abc import Sequence
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
from .widget_renderer import ROUND, SMALLEST, Look, WidgetRenderer, tone_colour

ROOMY = 200  # pixels of the short side; in a smaller window the pad lies below other things
SHADE = 120  # of 255: how much a card darkens the window below it


class Painter:
    """Draws scenes on a surface, and remembers the last one."""

    def __init__(self, surface: pygame.Surface, fonts: Fonts) -> None:
        """Draw nothing yet."""
        self.surface, self.fonts = surface, fonts
        self._renderer = WidgetRenderer(surface, fonts)
        self._drawn: Scene | None = None
        self._layer = InkLayer((1, 1))
        self._scale = 1.0
        self._scaled: dict[int, tuple[Line, Line]] = {}  # by id: a stroke in ink units and in pixels of the pad
        self._demonstrated: Sequence[Line] = ()

    def forget(self) -> None:
        """Draw everything the next time: the window was covered."""
        self._drawn = None

    def draw(
        self,
        scene: Scene,
        strokes: Sequence[Line],
        current: Sequence[Point] = (),
        background: pygame.Surface | None = None,
        demonstrated: Sequence[Line] = (),
    ) -> list[pygame.Rect]:
        """Draw what changed since the last call; returns the rectangles to show.

        Strokes are in ink units, the demonstrated ones in pixels of the pad; `background` has the pad's size.
        """
        theme = THEMES[scene.theme]
        inked = self._update_ink(scene, strokes, current, background, theme)
        before, same_lines = self._drawn, demonstrated == self._demonstrated
        self._drawn, self._demonstrated = scene, demonstrated
        if scene == before and same_lines and not inked:
            return []
        if before is None or not same_lines or not _is_piecewise(before, scene):
            self._draw_all(scene, theme, demonstrated)
            return [self.surface.get_rect()]
        changed = []
        for old, widget in zip(before.widgets, scene.widgets, strict=True):
            if widget != old:
                changed.append(self.surface.fill(theme.desk, widget.area))
                self._draw_widget(widget, scene, theme)
        pad = pygame.Rect(scene.layout.pad)
        if inked or scene.frames != before.frames:
            changed.append(inked.move(pad.topleft) if inked and scene.frames == before.frames else pad)
            self._draw_pad(scene, theme, changed[-1], demonstrated)
        return changed

    def _draw_all(self, scene: Scene, theme: Theme, demonstrated: Sequence[Line]) -> None:
        self.surface.fill(theme.desk)
        below = replace(scene, focus=None, pressed=None, toast="") if scene.card else scene
        for widget in scene.widgets:
            self._draw_widget(widget, below, theme)
        self._draw_pad(below, theme, pygame.Rect(scene.layout.pad), demonstrated)
        if scene.card:
            kept = 255 - SHADE  # an alpha blend without a surface of the window's size
            self.surface.fill((kept, kept, kept), special_flags=pygame.BLEND_RGB_MULT)
            red, green, blue = (part * SHADE // 255 for part in theme.shade)
            self.surface.fill((red, green, blue), special_flags=pygame.BLEND_RGB_ADD)
            for widget in scene.card:
                self._draw_widget(widget, scene, theme)
            if scene.toast:
                self._draw_toast(scene, theme, scene.metrics.whole)

    def _update_ink(
        self,
        scene: Scene,
        strokes: Sequence[Line],
        current: Sequence[Point],
        background: pygame.Surface | None,
        theme: Theme,
    ) -> pygame.Rect | None:
        """Bring the ink layer up to date; returns what changed on it."""
        self._layer.resize((scene.layout.pad.width, scene.layout.pad.height))
        self._layer.set_background(background)
        scale = scene.viewport.scale
        if scale != self._scale:
            self._scale, self._scaled = scale, {}
        # by identity, as the layer knows them: comparing thousands of points would take longer than drawing one
        self._scaled = {id(line): self._scaled.get(id(line)) or (line, _scale(line, scale)) for line in strokes}
        pixels = [self._scaled[id(line)][1] for line in strokes]
        if current:
            pixels.append(_scale(current, scale))
        return self._layer.update(pixels, scene.layout.pen, theme.ink, theme.paper)

    def _draw_pad(self, scene: Scene, theme: Theme, area: pygame.Rect, demonstrated: Sequence[Line]) -> None:
        pad = pygame.Rect(scene.layout.pad)
        self.surface.set_clip(area)
        self.surface.blit(self._layer.surface, area, area.move(-pad.left, -pad.top))
        pygame.draw.rect(self.surface, theme.line, pad, 1)
        if scene.hint:
            room = scene.layout.pad.inset(2 * scene.metrics.margin)
            self._renderer.centred(self.fonts.fit(scene.hint, room.width, max(20, pad.height // 10), theme.quiet), pad)
        for line in demonstrated:
            moved = [(x + pad.left, y + pad.top) for x, y in line]
            draw_line(self.surface, moved, scene.layout.pen, theme.accent)
        for frame in scene.frames:
            self._draw_frame(frame, theme, scene.metrics)
        if scene.toast:
            self._draw_toast(scene, theme, scene.layout.pad)
        self.surface.set_clip(None)

    def _draw_frame(self, frame: Frame, theme: Theme, metrics: Metrics) -> None:
        """Draw a box with its label; a rejected one dashed, for those who cannot tell the colours apart."""
        colour, area = tone_colour(frame.tone, theme), pygame.Rect(frame.area)
        width = max(1, metrics.unit // 30)
        if frame.tone == "rejected":
            _dashed(self.surface, colour, area, width, 4 * width + 2)
        else:
            pygame.draw.rect(self.surface, colour, area, width, border_radius=ROUND)
        label = pygame.Rect(frame.label)
        if frame.pinned:  # labelled by the user
            pygame.draw.rect(self.surface, colour, label, border_radius=ROUND)
            colour = theme.paper if frame.tone == "rejected" else theme.on_accent
        self._renderer.centred(self.fonts.fit(frame.text, label.width, label.height, colour), label)

    def _draw_toast(self, scene: Scene, theme: Theme, pad: Area) -> None:
        margin = scene.metrics.margin
        text = self.fonts.paragraph(
            scene.toast, pad.width - 8 * margin, pad.height // 2, theme.paper, scene.metrics.text, SMALLEST
        )
        area = pygame.Rect(0, 0, text.get_width() + 4 * margin, text.get_height() + 2 * margin)
        area.midbottom = (pad.left + pad.width // 2, pad.bottom - 2 * margin)
        pygame.draw.rect(self.surface, theme.text, area, border_radius=ROUND)
        self.surface.blit(text, text.get_rect(center=area.center))

    def _draw_widget(self, widget: Widget, scene: Scene, theme: Theme) -> None:
        pressed = widget.action is not None and widget.action == scene.pressed
        on_top = widget in (scene.card or scene.widgets)  # a button below a card may have the same action
        focused = on_top and bool(widget.takes) and widget.takes == scene.focus
        self._renderer.draw(widget, Look(theme, scene.metrics, pressed), focused=focused)


def _is_piecewise(before: Scene, scene: Scene) -> bool:
    """Return whether scenes differ only in parts that do not overlap: widgets in the same places, frames on the pad."""
    roomy = min(scene.metrics.width, scene.metrics.height) >= ROOMY
    in_place = [widget.area for widget in before.widgets] == [widget.area for widget in scene.widgets]
    rest = replace(before, widgets=scene.widgets, frames=scene.frames)
    return roomy and in_place and not scene.card and rest == scene


def _scale(line: Sequence[Point], scale: float) -> Line:
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
