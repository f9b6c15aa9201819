"""The pad: strokes being written, with undo and redo; knows nothing of windows or time."""

from dataclasses import dataclass, field

from .ink import MAX_POINTS, MAX_STROKES, Ink, make_ink

Point = tuple[float, float]
Strokes = tuple[tuple[Point, ...], ...]


@dataclass
class Pad:
    """Finished strokes and the one under the pen; each change can be taken back."""

    strokes: Strokes = ()
    current: list[Point] = field(default_factory=list)
    _past: list[Strokes] = field(default_factory=list)
    _future: list[Strokes] = field(default_factory=list)

    def begin(self, point: Point) -> None:
        """Put the pen down; a stroke that was never lifted is kept. A full pad takes no more."""
        self.lift()
        if len(self.strokes) < MAX_STROKES and self._points() < MAX_POINTS:
            self.current = [point]

    def extend(self, point: Point) -> bool:
        """Move the pen; returns whether that added to the line."""
        if not self.current or point == self.current[-1] or self._points() >= MAX_POINTS:
            return False
        self.current.append(point)
        return True

    def lift(self) -> bool:
        """Take the pen up; returns whether a stroke was finished."""
        if not self.current:
            return False
        self._change((*self.strokes, tuple(self.current)))
        self.current = []
        return True

    def undo(self) -> bool:
        """Take the last change back, or drop the stroke under the pen."""
        if self.current:
            self.current = []
            return True
        if not self._past:
            return False
        self._future.append(self.strokes)
        self.strokes = self._past.pop()
        return True

    def redo(self) -> bool:
        """Make the last undone change again."""
        if not self._future or self.current:
            return False
        self._past.append(self.strokes)
        self.strokes = self._future.pop()
        return True

    def clear(self) -> bool:
        """Wipe the pad; can be undone."""
        self.lift()
        if not self.strokes:
            return False
        self._change(())
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written, not even under the pen."""
        return not self.strokes and not self.current

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._past or self.current)

    def ink(self) -> Ink:
        """Return the finished strokes as ink."""
        return make_ink(self.strokes)

    def _points(self) -> int:
        return sum(map(len, self.strokes)) + len(self.current)

    def _change(self, strokes: Strokes) -> None:
        self._past.append(self.strokes)
        self._future.clear()
        self.strokes = strokes
