"""Metrics, layout, viewport and scene of the window."""

from .state import State
from .views.layout import Layout, Metrics, Viewport, arrange, fit_viewport, measure
from .views.screen import Scene, layout_of, make_scene


class View:
    """Derives everything from the state, so that nothing can be out of date; `arrange` caches the layout."""

    def __init__(self, state: State, size: tuple[int, int], density: float = 0.0) -> None:
        """Take the window's size in pixels and the screen's dots per inch, 0 if unknown."""
        self.size = size
        self._state, self._density = state, density

    @property
    def metrics(self) -> Metrics:
        """The sizes of targets, text and margins."""
        settings = self._state.settings
        return measure(
            *self.size,
            density=settings.density or self._density,
            target_mm=settings.target_mm,
            text_size=settings.text_size,
        )

    @property
    def layout(self) -> Layout:
        """The areas of the main screen."""
        return layout_of(self._state, self.metrics)

    @property
    def has_room_for_layers(self) -> bool:
        """Whether the layers fit beside the pad."""
        return arrange(self.metrics, layers=True).layers is not None

    @property
    def pad_size(self) -> tuple[int, int]:
        """The pad's width and height in pixels."""
        pad = self.layout.pad
        return pad.width, pad.height

    @property
    def viewport(self) -> Viewport:
        """The mapping of the ink, or the picture, to the pad."""
        picture = self._state.picture
        if picture is not None:
            height, width = picture.coverage.shape
            return fit_viewport(self.layout.pad, (width, height))
        return fit_viewport(self.layout.pad, self._state.pad.size or self.pad_size)

    @property
    def pen(self) -> float:
        """The pen's width in ink units."""
        return self.layout.pen / self.viewport.scale

    def scene(self) -> Scene:
        """Return all that is drawn, except the ink."""
        return make_scene(self._state, self.metrics, self.viewport)
