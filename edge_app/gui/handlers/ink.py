"""What is done to the strokes on the pad."""

from typing import Any

from .lessons import difference, picture_key
from .subject import Subject


class Writing(Subject):
    """The pad's ink and the tools that change it."""

    def undo(self, _: Any = None) -> None:
        """Take the last change back, and what it taught."""
        if self.state.panel and self.state.panel.name == "keypad":
            self.deeds.history.backspace()
            return
        picture = self.state.picture
        if picture is not None and picture.labels:
            number, _ = picture.labels.popitem()
            self.lessons.relearn({picture_key(picture, number)}, set())
            self._changed_back()
            return
        before = self.state.pad.page
        if self.state.pad.undo():
            self.state.picture = None  # it took the place of what comes back
            gone, come = difference(before, self.state.pad.page)
            self.lessons.relearn(gone, come)
            self._changed_back()

    def redo(self, _: Any = None) -> None:
        """Make the undone change again, and teach it again."""
        before = self.state.pad.page
        if self.state.pad.redo():
            gone, come = difference(before, self.state.pad.page)
            corrected = {strokes for strokes, _ in come}  # what goes with its ink has been learned all the same
            self.lessons.relearn({key for key in gone if key[0] in corrected}, come)
            self._changed_back()

    def _changed_back(self) -> None:
        self._close_panels()
        self.app.changed()

    def clear(self, _: Any = None) -> None:
        """Wipe the pad; the page is stored."""
        self.app.after("speak", None)
        self.app.finish()
        self.services.keeper.flush()
        self.state.picture = None
        if self.state.exercise:
            self.state.exercise.judged = None  # asked again
        if self.state.pad.clear() or self.state.reading.digits:
            self.app.changed()

    def erase(self, _: Any = None) -> None:
        """Take up the eraser, or the pen again."""
        self.state.erasing = not self.state.erasing
        self._leave("menu")

    def compare(self, _: Any = None) -> None:
        """Show float beside int8, or one reading again; what is written is read anew."""
        self.state.comparing = not self.state.comparing
        with self.services.worker.exclusive():
            self.services.duel.forget_fault()
        self._leave("menu")
        self.app.changed()
