"""Practice: numbers to write, demonstrated and judged."""

from ...personal.practice import Practice, demonstration, labelled_glyphs
from ..context import Context
from ..reader import KEPT_AFTER
from ..state import Exercise
from .ink import clear
from .lessons import learn
from .registry import handles
from .settings import ask_to_keep
from .share import speak

FRAME = 33  # milliseconds
JUDGED_AFTER = 1000  # milliseconds
SPOKEN_AFTER = 1200


@handles("practice")
def practice(ctx: Context, _: None = None) -> None:
    """Start or end an exercise, with a blank pad."""
    state = ctx.state
    state.close_panel("menu")
    state.erasing = False
    clear(ctx)
    ctx.timers.cancel(judge, demonstrate)
    state.exercise = None if state.exercise else Exercise(Practice(ctx.services.rng))


def make_room(ctx: Context) -> None:
    """Clear the pad and end the exercise, before something else is opened."""
    ctx.state.erasing = False
    if ctx.state.exercise:
        practice(ctx)
    else:
        clear(ctx)


@handles("next")
def next_number(ctx: Context, _: None = None) -> None:
    """Ask for the next number."""
    exercise = ctx.state.exercise
    if exercise:
        clear(ctx)
        exercise.practice.next()
        exercise.judged = exercise.shown = None


@handles("show")
def show(ctx: Context, _: None = None) -> None:
    """Demonstrate how the number is written."""
    exercise = ctx.state.exercise
    if exercise:
        clear(ctx)
        exercise.shown = demonstration(exercise.practice.target, *ctx.view.pad_size)
        exercise.shown_since = ctx.timers.now
        ctx.timers.after(0, demonstrate, ctx)


def demonstrate(ctx: Context) -> None:
    """Advance the demonstration by a frame, until a moment after its end."""
    exercise = ctx.state.exercise
    if exercise and exercise.shown:
        if ctx.timers.now - exercise.shown_since > 1000 * exercise.shown.duration + JUDGED_AFTER:
            exercise.shown = None
        else:
            ctx.timers.after(FRAME, demonstrate, ctx)


@handles("judge")
def judge(ctx: Context, _: None = None) -> None:
    """Judge the number, and learn its digits where they are certain to be those asked for."""
    state, exercise, reading = ctx.state, ctx.state.exercise, ctx.state.reading
    if exercise is None or exercise.judged is not None or not state.is_read or state.pad.current:
        return
    exercise.judged = exercise.practice.judge(reading.text)
    for number, label in labelled_glyphs(exercise.practice.target, reading):
        digit = reading.digits[number]
        learn(ctx, (tuple(state.pad.strokes[i] for i in digit.strokes), label), digit, label, "practice")


def after_reading(ctx: Context) -> None:
    """Speak or judge the reading once the writer pauses; after the first page, ask whether to keep it."""
    exercise, reading = ctx.state.exercise, ctx.state.reading
    ctx.timers.cancel(judge)
    if exercise is None:
        if ctx.state.settings.speak and reading.digits:
            ctx.timers.after(SPOKEN_AFTER, speak, ctx)
        if ctx.state.pad.strokes:
            ctx.timers.after(KEPT_AFTER, ask_to_keep, ctx)
    elif exercise.judged is None and len(reading.digits) >= len(exercise.practice.target):
        ctx.timers.after(JUDGED_AFTER, judge, ctx)


def stop_waiting(ctx: Context) -> None:
    """Cancel what waits for a pause: the pen is down."""
    ctx.timers.cancel(speak, judge, ask_to_keep)
    if ctx.state.exercise:
        ctx.state.exercise.shown = None
        ctx.timers.cancel(demonstrate)
