"""What is done to a digit of the reading."""

from typing import Any

import numpy as np

from ...personal.saliency import occlusion_map
from ...recognition.results import Reading
from ..views.digit import best_of
from .lessons import difference, key_of, picture_key
from .subject import Subject

LONGEST = 12  # digits that can be typed


class Digits(Subject):
    """One digit of the reading: looked into, corrected, split, joined."""

    def look(self, _: Any = None) -> None:
        """Show what the network sees of the first digit."""
        if self.state.reading.digits:
            self._leave("menu")
            self.digit_panel(0)

    def digit_panel(self, number: int) -> None:
        """Show a digit with its alternatives."""
        self.deeds.cards.open("digit", number)

    def neighbour(self, step: int) -> None:
        """Go on to the next digit."""
        panel = self.state.panel
        if panel and panel.name == "digit" and self.state.digit(int(panel.value or 0) + step):
            panel.value = int(panel.value or 0) + step

    def digit(self, name: str) -> None:
        """Take a digit key: the correction of a digit, or a digit typed."""
        panel = self.state.panel
        if panel and panel.name == "digit":
            self.label(name)
        elif panel and panel.name == "keypad" and len(str(panel.value or "")) < LONGEST:
            panel.value = f"{panel.value or ''}{name}"

    def label(self, name: str) -> None:
        """Correct the digit of the panel: it counts at once, for this page and for what comes."""
        panel = self.state.panel
        if panel is None or panel.name != "digit":
            return
        number, state = int(panel.value or 0), self.state
        digit = state.digit(number)
        self._leave("digit")
        if digit is None or not state.is_read:
            return
        if state.picture is not None:
            state.picture.labels.pop(number, None)  # the last one said is the first to be taken back
            state.picture.labels[number] = name
            self.lessons.learn(picture_key(state.picture, number), digit, name)
        else:
            before = state.pad.page
            if state.pad.correct(state.reading, number, name):
                self.lessons.relearn(difference(before, state.pad.page)[0], set())  # what was said of it before
                self.lessons.learn(key_of(state.pad.page, state.pad.page.pins[-1]), digit, name)
        self.app.changed()

    def split(self, number: int) -> None:
        """Take a digit for two."""
        digit, recognizer = self.state.digit(number), self.app.recognizer
        if digit is None or recognizer is None or not self.state.is_read or not digit.parts:
            return
        with self.services.worker.exclusive():
            halves = recognizer.split(digit.parts)
        if halves and self.state.pad.split(self.state.reading, number, halves):
            self._leave("digit")
            self.app.changed()

    def join(self, number: int) -> None:
        """Take a digit and its right neighbour for one; a picture's have no strokes to join."""
        if self.state.picture is None and self.state.is_read and self.state.pad.join(self.state.reading, number):
            self._leave("digit")
            self.app.changed()

    def map(self, number: int) -> None:
        """Show what mattered for a digit, or hide it again."""
        digit, recognizer, reading = self.state.digit(number), self.app.recognizer, self.state.reading
        if self.state.heat.pop(number, None) or digit is None or recognizer is None or digit.image is None:
            return
        image, best = digit.image, best_of(digit)

        def job() -> tuple[Reading, int, bytes]:
            heat = occlusion_map(recognizer.classifier, image, best)
            return reading, number, np.rint(heat * 255).astype(np.uint8).tobytes()

        self.services.worker.submit("map", job)
