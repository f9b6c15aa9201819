"""An opened picture, scaled and coloured to lie under the ink."""

from typing import Any

import numpy as np
import pygame

from ..state import Picture
from ..views.layout import Area, Viewport
from .lines import Colour
from .theme import THEMES


class Backdrop:
    """Caches the last shown picture in the theme's colours and at the pad's size."""

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._kept: tuple[Any, pygame.Surface] | None = None

    def surface(self, picture: Picture | None, theme: str, pad: Area, viewport: Viewport) -> pygame.Surface | None:
        """Return the picture on paper as large as the pad; None for no picture."""
        if picture is None:
            self._kept = None
            return None
        key = (picture.number, theme, pad)
        if self._kept is None or self._kept[0] != key:
            colours = THEMES[theme]
            self._kept = key, _surface(picture.coverage, pad, viewport.scale, colours.paper, colours.ink)
        return self._kept[1]


def _surface(coverage: Any, pad: Any, scale: float, paper: Colour, ink: Colour) -> pygame.Surface:
    share = coverage.astype(np.float32)[..., None] / 255
    pixels = np.array(paper) * (1 - share) + np.array(ink) * share
    small = pygame.surfarray.make_surface(np.rint(pixels).astype(np.uint8).swapaxes(0, 1))
    size = max(1, round(coverage.shape[1] * scale)), max(1, round(coverage.shape[0] * scale))
    whole = pygame.Surface((pad.width, pad.height))
    whole.fill(paper)
    whole.blit(pygame.transform.smoothscale(small.convert(24), size), (0, 0))
    return whole
