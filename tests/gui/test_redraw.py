"""Incremental drawing equals a full redraw: a state machine uses the window, and a fresh painter is the oracle."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PIL import Image

from edge_app.gui.actions import Action, Name
from edge_app.gui.drawing.painter import Painter
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Reading

from ..support.pilot import Pilot, folders_in, mouse

RECOGNIZER = Recognizer()  # one for all: it is slow to open, and has no state that is seen
ACTIONS = [
    *(Action(name) for name in ("undo", "redo", "clear", "erase", "compare", "copy", "save", "look", "escape")),
    *(
        Action(name)
        for name in ("practice", "next", "show", "judge", "press", "typed", "backspace", "keypad", "fullscreen")
    ),
    *(Action("open", name) for name in ("menu", "history", "hand", "settings", "keys", "files", "forget", "quit")),
    *(Action("focus", step) for step in (1, 1, 1, -1)),
    *(Action("turn", step) for step in (1, -1)),
    *(Action("digit", digit) for digit in "170"),
    *(Action(name, number) for name in ("split", "join", "map", "digit_panel") for number in (0, 1)),
    *(Action("set", change) for change in (("theme", "dark"), ("theme", "light"), ("text_size", "huge"))),
    *(Action("set", change) for change in (("left_handed", True), ("language", "de"), ("live", False))),
]


def whole(pilot: Pilot) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The same scene drawn at once by a painter that has drawn nothing."""
    app = pilot.app
    surface = pygame.Surface(app.surface.get_size(), depth=app.surface.get_bitsize())
    kept, app.surface, app.painter = (app.surface, app.painter), surface, Painter(surface, app.painter.fonts)
    app.draw()
    app.surface, app.painter = kept
    return pygame.surfarray.array3d(surface)


class Use(RuleBasedStateMachine):
    """Anything that a user can do, in any order."""

    @initialize(size=st.sampled_from([(320, 240), (480, 320), (360, 640)]), seed=st.integers(0, 99))
    def open(self, size: tuple[int, int], seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.pilot = Pilot(RECOGNIZER, size, folders=folders_in(path))
        self.rng = random.Random(seed)
        self.down = False
        picture = np.full((60, 90), 255, np.uint8)
        picture[10:50, 20:26] = picture[10:50, 60:66] = 0
        Image.fromarray(picture).save(path / "picture.png")

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.pilot.app.close()
            self.folder.cleanup()

    def at(self, share: tuple[float, float]) -> tuple[float, float]:
        width, height = self.pilot.app.surface.get_size()
        return share[0] * width, share[1] * height

    @rule(sample=st.integers(0, 4), how=st.sampled_from(["mouse", "finger"]), share=st.floats(0.2, 0.8))
    @precondition(lambda self: not self.down)
    def write(self, sample: int, how: str, share: float) -> None:
        self.pilot.write(sample, how, width=share, height=share)

    @rule(number=st.integers(0, 5))
    @precondition(lambda self: not self.down and self.pilot.app.ctx.view.scene().frames and not self.pilot.state.panels)
    def tap_digit(self, number: int) -> None:
        self.pilot.tap_digit(number % len(self.pilot.app.ctx.view.scene().frames))

    @rule(number=st.integers(0, 30))
    @precondition(lambda self: not self.down)
    def press(self, number: int) -> None:
        takes = [widget for widget in self.pilot.widgets() if widget.takes]
        if takes:
            area = takes[number % len(takes)].area
            self.pilot.tap((area.left + area.width / 2, area.top + area.height / 2))

    @rule(share=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)), button=st.sampled_from([1, 1, 3]))
    @precondition(lambda self: not self.down)
    def pen_down(self, share: tuple[float, float], button: int) -> None:
        self.button = button
        self.down = True
        self.pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, self.at(share), button))

    @rule(share=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)))
    def pen_move(self, share: tuple[float, float]) -> None:
        self.pilot.now += 8
        self.pilot.handle(mouse(pygame.MOUSEMOTION, self.at(share)))

    @rule(share=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)))
    @precondition(lambda self: self.down)
    def pen_up(self, share: tuple[float, float]) -> None:
        self.down = False
        self.pilot.handle(mouse(pygame.MOUSEBUTTONUP, self.at(share), self.button))

    @rule(action=st.sampled_from(ACTIONS))
    def act(self, action: Action) -> None:
        self.pilot.do(action.name, action.value)
        self.pilot.state.running = True

    @rule(name=st.sampled_from(["show", "next", "practice"]))
    @precondition(lambda self: self.pilot.state.exercise)
    def practise(self, name: Name) -> None:
        self.pilot.do(name)

    @rule()
    def open_picture(self) -> None:
        self.pilot.do("file", str(Path(self.folder.name) / "picture.png"))

    @rule(milliseconds=st.sampled_from([10, 100, 1100, 4000]))
    def wait(self, milliseconds: int) -> None:
        self.pilot.wait(milliseconds)

    @rule(size=st.sampled_from([(320, 240), (480, 320), (360, 640)]))
    def resize(self, size: tuple[int, int]) -> None:
        self.pilot.app.resize(pygame.display.set_mode(size))
        self.pilot.settle()

    @invariant()
    def incremental_equals_full_redraw(self) -> None:
        if hasattr(self, "pilot"):
            seen = self.pilot.pixels()
            different = (seen != whole(self.pilot)).any(axis=2)
            assert not different.any(), np.argwhere(different)[[0, -1]].tolist()

    @invariant()
    def idle_draws_nothing(self) -> None:
        if hasattr(self, "pilot"):
            assert self.pilot.app.draw() == []

    @invariant()
    def reading_and_ink_belong_together(self) -> None:
        if hasattr(self, "pilot"):
            state = self.pilot.state
            assert state.is_read
            assert state.picture or bool(state.reading.digits) <= bool(state.pad.strokes)


def test_a_wrong_pixel_is_detected() -> None:
    pilot = Pilot(RECOGNIZER)
    pilot.write(4)
    assert (pilot.pixels() == whole(pilot)).all()
    pilot.app.surface.fill((255, 0, 0), (300, 300, 1, 1))
    assert np.argwhere((pilot.pixels() != whole(pilot)).any(axis=2)).tolist() == [[300, 300]]


def test_another_reading_redraws_only_its_strip() -> None:
    pilot = Pilot(RECOGNIZER)
    pilot.write(4)
    digits = pilot.state.reading.digits
    pilot.state.reading = Reading(tuple(replace(digit, confidence=0.5) for digit in digits))
    assert pilot.app.draw() == [pygame.Rect(pilot.app.ctx.view.layout.reading)]
    assert (pilot.pixels() == whole(pilot)).all()


TestUse = Use.TestCase
# shrinking a failure of hundreds of pictures takes longer than reading its steps
TestUse.settings = settings(
    max_examples=2 if settings().max_examples < 200 else 40,  # in make test
    stateful_step_count=30,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
