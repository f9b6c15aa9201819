"""Undo, redo, clear, the eraser and the compare view."""

from ..context import Context
from ..personalization import difference, picture_key
from .lessons import relearn
from .registry import handles
from .settings import ask_to_keep
from .share import speak


@handles("undo")
def undo(ctx: Context, _: None = None) -> None:
    """Undo the last change, and its lesson."""
    state, picture = ctx.state, ctx.state.picture
    if picture is not None and picture.labels:
        number = picture.labels.popitem()[0]
        relearn(ctx, {picture_key(picture, number)}, set())
        _page_went_back(ctx)
        return
    before = state.pad.page
    if state.pad.undo():
        state.picture = None  # it had replaced the ink that comes back
        relearn(ctx, *difference(before, state.pad.page))
        _page_went_back(ctx)


@handles("redo")
def redo(ctx: Context, _: None = None) -> None:
    """Redo the undone change, and restore its lesson."""
    before = ctx.state.pad.page
    if ctx.state.pad.redo():
        gone, come = difference(before, ctx.state.pad.page)
        corrected = {strokes for strokes, _ in come}  # erasing ink does not undo its lesson
        relearn(ctx, {key for key in gone if key[0] in corrected}, come)
        _page_went_back(ctx)


def _page_went_back(ctx: Context) -> None:
    ctx.state.close_panels()
    ctx.reader.submit()


@handles("clear")
def clear(ctx: Context, _: None = None) -> None:
    """Wipe the pad; the page is stored."""
    state = ctx.state
    ctx.timers.cancel(speak)
    ctx.reader.finish()
    ctx.services.recorder.flush()
    if state.pad.strokes and not state.exercise:
        ask_to_keep(ctx)
    state.picture = None
    if state.exercise:
        state.exercise.judged = None
    if state.pad.clear() or state.reading.digits:
        ctx.reader.submit()


@handles("erase")
def erase(ctx: Context, _: None = None) -> None:
    """Switch between eraser and pen."""
    ctx.state.erasing = not ctx.state.erasing
    ctx.state.close_panel("menu")


@handles("compare")
def compare(ctx: Context, _: None = None) -> None:
    """Toggle the compare view, float beside int8, and read the pad again."""
    ctx.state.comparing = not ctx.state.comparing
    ctx.reader.update(ctx.services.comparison.forget_fault)
    ctx.state.close_panel("menu")
    ctx.reader.submit()
