"""Random hands at the window; `DIGITPAD_EVENTS=200000 pytest tests/fuzz/test_window.py` runs longer."""

import os
from typing import Any

import numpy as np
import pygame
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_app.recognition.recognizer import Recognizer

from ..support.pilot import Pilot, finger, mouse

EVENTS = int(os.environ.get("DIGITPAD_EVENTS", "150"))
STEPS = 30  # of one window
SIZES = [(320, 240), (480, 320), (800, 480), (480, 800)]
KEYS = [pygame.K_z, pygame.K_ESCAPE, pygame.K_TAB, pygame.K_RETURN, pygame.K_BACKSPACE, pygame.K_s, pygame.K_h]
RECOGNIZER = Recognizer()
share = st.floats(-0.1, 1.1)


class Window(RuleBasedStateMachine):
    """A window in which anything may be done in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.pilot = Pilot(RECOGNIZER, (480, 320))

    def _place(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.pilot.app.surface.get_size()
        return x * width, y * height

    @rule(kind=st.sampled_from([pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP]), x=share, y=share)
    def use_mouse(self, kind: int, x: float, y: float) -> None:
        self.pilot.handle(mouse(kind, self._place(x, y)))

    @rule(
        kind=st.sampled_from([pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP]),
        number=st.integers(1, 3),
        x=share,
        y=share,
    )
    def use_finger(self, kind: int, number: int, x: float, y: float) -> None:
        self.pilot.handle(finger(kind, self._place(x, y), self.pilot.app.surface.get_size(), number))

    @rule(at=share)
    def press_button(self, at: float) -> None:
        widgets = self.pilot.widgets()
        if widgets:
            area = widgets[min(int(abs(at) * len(widgets)), len(widgets) - 1)].area
            self.pilot.tap((area.left + area.width / 2, area.top + area.height / 2))

    @rule(key=st.sampled_from(KEYS), mod=st.sampled_from([0, pygame.KMOD_CTRL]))
    def press_key(self, key: int, mod: int) -> None:
        self.pilot.key(key, mod)

    @rule(sample=st.integers(0, 4))
    def write(self, sample: int) -> None:
        self.pilot.write(sample)

    @rule(size=st.sampled_from(SIZES))
    def resize(self, size: tuple[int, int]) -> None:
        self.pilot.app.resize(pygame.display.set_mode(size))

    @rule(milliseconds=st.sampled_from([1, 500, 3000]))
    def wait(self, milliseconds: int) -> None:
        self.pilot.wait(milliseconds)

    @invariant()
    def what_is_on_the_pad_is_finite_and_read(self) -> None:
        state = self.pilot.state
        for line in state.pad.page.strokes:
            assert np.isfinite(np.array(line)).all()
        self.pilot.settle()
        assert state.is_read or state.pad.current or self.pilot.app.reader.recognizer is None

    @invariant()
    def widgets_lie_within_the_window(self) -> None:
        scene = self.pilot.app.ctx.view.scene()
        whole = pygame.Rect(0, 0, scene.metrics.width, scene.metrics.height)
        outside: list[Any] = [w for w in (*scene.widgets, *scene.card) if not whole.contains(pygame.Rect(w.area))]
        assert not outside


Window.TestCase.settings = settings(
    max_examples=max(1, EVENTS // STEPS), stateful_step_count=STEPS, deadline=None, derandomize=EVENTS < 1000
)
TestWindow = Window.TestCase
