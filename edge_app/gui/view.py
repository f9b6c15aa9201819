"""Where everything is in the window, and what is to be seen there."""

from .state import State
from .views.layout import Layout, Metrics, Viewport, fit_viewport, measure
from .views.screen import Scene, layout_of, make_scene


class View:
    """Follows the state: nothing here has to be invalidated, and what has not changed is not computed again."""

    def __init__(self, state: State, size: tuple[int, int], density: float = 0.0) -> None:
        """See `state` in a window of `size` pixels, on a screen of `density` dots per inch; 0 if unknown."""
        self.size = size
        self._state, self._density = state, density

    @property
    def metrics(self) -> Metrics:
        """The window's size, and sizes that suit fingers and eyes."""
        settings = self._state.settings
        return measure(
            *self.size,
            density=settings.density or self._density,
            target_mm=settings.target_mm,
            text_size=settings.text_size,
        )

    @property
    def layout(self) -> Layout:
        """Where things are."""
        return layout_of(self._state, self.metrics)

    @property
    def pad_size(self) -> tuple[int, int]:
        """The pad's width and height in pixels."""
        pad = self.layout.pad
        return pad.width, pad.height

    @property
    def viewport(self) -> Viewport:
        """How the ink, or the picture, lies on the pad."""
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
        """Return all that the picture depends on, but for the ink."""
        return make_scene(self._state, self.metrics, self.viewport)
