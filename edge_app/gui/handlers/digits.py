"""One digit of the reading: examined, corrected, split, joined."""

from ..context import Context
from ..personalization import difference, key_of, picture_key
from .lessons import learn, relearn
from .registry import handles

LONGEST = 12  # digits that can be typed


@handles("look")
def look(ctx: Context, _: None = None) -> None:
    """Show what the network sees of the first digit."""
    if ctx.state.reading.digits:
        ctx.state.close_panel("menu")
        digit_panel(ctx, 0)


@handles("digit_panel")
def digit_panel(ctx: Context, number: int) -> None:
    """Show a digit with its alternatives."""
    ctx.state.open_panel("digit", number)


@handles("neighbour")
def neighbour(ctx: Context, step: int) -> None:
    """Go on to the next digit."""
    panel = ctx.state.top_panel("digit")
    if panel and ctx.state.digit(int(panel.value or 0) + step):
        panel.value = int(panel.value or 0) + step


@handles("digit")
def type_digit(ctx: Context, name: str) -> None:
    """Take a digit key: the correction of a digit, or a digit typed."""
    keypad = ctx.state.top_panel("keypad")
    if keypad and len(str(keypad.value or "")) < LONGEST:
        keypad.value = f"{keypad.value or ''}{name}"
    label(ctx, name)


@handles("label")
def label(ctx: Context, name: str) -> None:
    """Correct the digit of the panel: it counts at once, for this page and for what comes."""
    state, panel = ctx.state, ctx.state.top_panel("digit")
    if panel is None:
        return
    number = int(panel.value or 0)
    digit = state.digit(number)
    state.close_panel("digit")
    if digit is None or not state.is_read:
        return
    if state.picture is not None:
        state.picture.labels.pop(number, None)  # the last one said is the first to be undone
        state.picture.labels[number] = name
        learn(ctx, picture_key(state.picture, number), digit, name)
    else:
        before = state.pad.page
        if state.pad.correct(state.reading, number, name):
            relearn(ctx, difference(before, state.pad.page)[0], set())  # what was said of it before
            learn(ctx, key_of(state.pad.page, state.pad.page.pins[-1]), digit, name)
    ctx.reader.submit()


@handles("split")
def split(ctx: Context, number: int) -> None:
    """Take a digit for two."""
    digit = ctx.state.digit(number)
    if digit is None or not ctx.state.is_read or not digit.parts:
        return
    halves = ctx.reader.split(digit.parts)
    if halves and ctx.state.pad.split(ctx.state.reading, number, halves):
        ctx.state.close_panel("digit")
        ctx.reader.submit()


@handles("join")
def join(ctx: Context, number: int) -> None:
    """Take a digit and its right neighbour for one; a picture's have no strokes to join."""
    state = ctx.state
    if state.picture is None and state.is_read and state.pad.join(state.reading, number):
        state.close_panel("digit")
        ctx.reader.submit()


@handles("map")
def show_map(ctx: Context, number: int) -> None:
    """Show what mattered for a digit, or hide it again."""
    if not ctx.state.heat.pop(number, None):
        ctx.reader.submit_map(number)
