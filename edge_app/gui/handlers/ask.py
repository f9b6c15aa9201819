"""Answer the question of `digitpad --ask`."""

from ..context import Context
from .panels import leave
from .registry import handles


@handles("answer")
def answer(ctx: Context, _: None = None) -> None:
    """Take the number as the answer and close the window, if it is one."""
    state = ctx.state
    if state.question is None:
        return
    ctx.reader.finish()
    if state.question.accepts(state.reading.text):
        state.answer = state.reading.text
        leave(ctx)
