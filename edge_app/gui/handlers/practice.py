"""Practice."""

from typing import Any

from ...personal.practice import Practice, demonstration, labelled_glyphs
from ..state import Exercise
from .subject import Subject


class Exercises(Subject):
    """Practice."""

    def practice(self, _: Any = None) -> None:
        """Begin an exercise, or end it; the pad is wiped for it."""
        self._leave("menu")
        self.state.erasing = False
        self.deeds.writing.clear()
        for timer in ("judge", "demonstration"):
            self.app.after(timer, None)
        self.state.exercise = None if self.state.exercise else Exercise(Practice(self.services.rng))

    def next(self, _: Any = None) -> None:
        """Ask for the next number."""
        if self.state.exercise:
            self.deeds.writing.clear()
            self.state.exercise.practice.next()
            self.state.exercise.judged = self.state.exercise.shown = None

    def show(self, _: Any = None) -> None:
        """Show how the number is written."""
        exercise = self.state.exercise
        if exercise:
            if exercise.judged is not None:
                exercise.judged = None
            self.deeds.writing.clear()
            pad = self.app.layout().pad
            exercise.shown = demonstration(exercise.practice.target, pad.width, pad.height)
            exercise.shown_since = self.app.now
            self.app.after("demonstration", 0)

    def judge(self, _: Any = None) -> None:
        """Say whether the number is right, and keep its digits as examples where they are sure to be what was asked."""
        exercise, reading = self.state.exercise, self.state.reading
        if exercise is None or exercise.judged is not None or not self.state.is_read or self.state.pad.current:
            return
        exercise.judged = exercise.practice.judge(reading.text)
        for number, label in labelled_glyphs(exercise.practice.target, reading):
            digit = reading.digits[number]
            strokes = tuple(self.state.pad.strokes[i] for i in digit.strokes)
            self.lessons.learn((strokes, label), digit, label, "practice")
