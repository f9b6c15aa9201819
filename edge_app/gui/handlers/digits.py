"""Inspect, correct, split and join digits of the reading."""

from ..context import Context
from ..personalization import difference, key_of, picture_key
from .lessons import learn, relearn
from .registry import handles

LONGEST = 12  # digits that can be typed


@handles("look")
def look(ctx: Context, _: None = None) -> None:
    """Open the panel of the first digit."""
    if ctx.state.reading.digits:
        ctx.state.close_panel("menu")
        digit_panel(ctx, 0)


@handles("digit_panel")
def digit_panel(ctx: Context, number: int) -> None:
    """Open the panel of a digit."""
    ctx.state.open_panel("digit", number)


@handles("neighbour")
def neighbour(ctx: Context, step: int) -> None:
    """Move the digit panel to a neighbouring digit."""
    panel = ctx.state.top_panel("digit")
    if panel and ctx.state.digit(int(panel.value or 0) + step):
        panel.value = int(panel.value or 0) + step


@handles("digit")
def type_digit(ctx: Context, name: str) -> None:
    """Handle a digit key: it types on the keypad, and corrects on the digit panel."""
    keypad = ctx.state.top_panel("keypad")
    if keypad and len(str(keypad.value or "")) < LONGEST:
        keypad.value = f"{keypad.value or ''}{name}"
    label(ctx, name)


@handles("label")
def label(ctx: Context, name: str) -> None:
    """Correct the digit on the panel, and learn from that."""
    state, panel = ctx.state, ctx.state.top_panel("digit")
    if panel is None:
        return
    number = int(panel.value or 0)
    digit = state.digit(number)
    state.close_panel("digit")
    if digit is None or not state.is_read:
        return
    if state.picture is not None:
        state.picture.labels.pop(number, None)  # keeps the labels in order, for undo
        state.picture.labels[number] = name
        learn(ctx, picture_key(state.picture, number), digit, name)
    else:
        before = state.pad.page
        if state.pad.correct(state.reading, number, name):
            relearn(ctx, difference(before, state.pad.page)[0], set())  # an earlier correction of it
            learn(ctx, key_of(state.pad.page, state.pad.page.pins[-1]), digit, name)
    ctx.reader.submit()


@handles("take")
def take(ctx: Context, number: int) -> None:
    """Take a candidate for the whole number, and learn those of its digits that were misread."""
    state, before = ctx.state, ctx.state.pad.page
    if not state.is_read or number >= len(state.reading.candidates):
        return
    candidate = state.reading.candidates[number]
    if state.pad.take(candidate):
        page = state.pad.page
        relearn(ctx, difference(before, page)[0], set())
        pins = page.pins[-len(candidate.digits) :]
        for digit, name, pin in zip(candidate.digits, candidate.labels, pins, strict=True):
            if not digit.pinned:
                learn(ctx, key_of(page, pin), digit, name)
        ctx.reader.submit()


@handles("split")
def split(ctx: Context, number: int) -> None:
    """Split a digit in two."""
    digit = ctx.state.digit(number)
    if digit is None or not ctx.state.is_read or not digit.parts:
        return
    halves = ctx.reader.split(digit.parts)
    if halves and ctx.state.pad.split(ctx.state.reading, number, halves):
        ctx.state.close_panel("digit")
        ctx.reader.submit()


@handles("join")
def join(ctx: Context, number: int) -> None:
    """Join a digit with its right neighbour; those of a picture have no strokes to join."""
    state = ctx.state
    if state.picture is None and state.is_read and state.pad.join(state.reading, number):
        state.close_panel("digit")
        ctx.reader.submit()


@handles("map")
def show_map(ctx: Context, number: int) -> None:
    """Show or hide the occlusion map of a digit."""
    if not ctx.state.heat.pop(number, None):
        ctx.reader.submit_map(number)
