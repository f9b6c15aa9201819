"""The pad: a state machine against a simple model, with every change undone and done again."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_app.pad import Pad, Strokes

point = st.tuples(st.integers(0, 9).map(float), st.integers(0, 9).map(float))


class PadMachine(RuleBasedStateMachine):
    """Histories kept naively as a list of all states, compared after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.pad = Pad()
        self.states: list[Strokes] = [()]
        self.at = 0
        self.pen: list[tuple[float, float]] = []

    def commit(self, strokes: Strokes) -> None:
        self.states = [*self.states[: self.at + 1], strokes]
        self.at += 1

    def finish(self) -> None:
        if self.pen:
            self.commit((*self.states[self.at], tuple(self.pen)))
            self.pen = []

    @rule(p=point)
    def begin(self, p: tuple[float, float]) -> None:
        self.finish()
        self.pen = [p]
        self.pad.begin(p)

    @rule(p=point)
    def extend(self, p: tuple[float, float]) -> None:
        grew = bool(self.pen) and self.pen[-1] != p
        if grew:
            self.pen.append(p)
        assert self.pad.extend(p) == grew

    @rule()
    def lift(self) -> None:
        assert self.pad.lift() == bool(self.pen)
        self.finish()

    @rule()
    def clear(self) -> None:
        self.finish()
        had = bool(self.states[self.at])
        assert self.pad.clear() == had
        if had:
            self.commit(())

    @rule()
    def undo(self) -> None:
        assert self.pad.undo() == (bool(self.pen) or self.at > 0)
        if self.pen:
            self.pen = []
        else:
            self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        can = not self.pen and self.at + 1 < len(self.states)
        assert self.pad.redo() == can
        self.at += can

    @invariant()
    def same(self) -> None:
        assert self.pad.strokes == self.states[self.at]
        assert self.pad.current == self.pen
        assert self.pad.can_undo == (self.at > 0 or bool(self.pen))
        assert len(self.pad.ink()) == len(self.states[self.at])


TestPad = PadMachine.TestCase
TestPad.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
