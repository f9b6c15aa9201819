"""The main screen as a function of the state: the strip with the number, the pad, the buttons."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...recognition.results import Digit, Reading
from ..actions import Action
from ..question import Question
from ..side_by_side import Timed
from ..state import State
from . import panel_widgets
from .layers import layers_strip
from .layout import Area, Layout, Metrics, Viewport, arrange, cells, split_strip
from .menu import command
from .parts import buttons, foot
from .widgets import Tone, Widget, alike

BUTTONS = (  # by importance: the smallest screen shows only the first ones; name of icon and text, action
    ("menu", Action("open", "menu")),
    ("undo", Action("undo")),
    ("clear", Action("clear")),
    ("redo", Action("redo")),
    ("erase", Action("erase")),
    ("copy", Action("copy")),
    ("practice", Action("practice")),
    ("network", Action("look")),
)
PLACES = ("undo", "redo", "clear", "erase", "copy", "network", "practice", "menu")  # from the top
PRACTISING = (
    ("close", Action("practice")),
    ("show", Action("show")),
    ("next", Action("next")),
    ("clear", Action("clear")),
    ("undo", Action("undo")),
)
PRACTISING_PLACES = ("undo", "clear", "show", "next", "close")
ASKING = (
    ("done", Action("answer")),
    ("close", Action("leave")),
    ("clear", Action("clear")),
    ("undo", Action("undo")),
    ("erase", Action("erase")),
)
ASKING_PLACES = ("undo", "clear", "erase", "close", "done")


@dataclass(frozen=True)
class Frame:
    """The box around a digit where it was written, with its label."""

    area: Area
    label: Area
    text: str
    tone: Tone
    pinned: bool


@dataclass(frozen=True)
class Scene:
    """Everything that the window shows, except the ink."""

    metrics: Metrics
    theme: str
    layout: Layout
    viewport: Viewport
    widgets: tuple[Widget, ...]
    frames: tuple[Frame, ...]
    hint: str
    toast: str
    card: tuple[Widget, ...]
    focus: Action | None
    pressed: Action | None


def layout_of(state: State, metrics: Metrics) -> Layout:
    """Return the layout of the state's mode."""
    most = len(_choice(state)[0])
    return arrange(
        metrics,
        comparing=state.comparing,
        layers=state.shows_layers,
        left_handed=state.settings.left_handed,
        asking=state.asks_to_keep,
        most=most,
    )


def _choice(state: State) -> tuple[Sequence[tuple[str, Action]], Sequence[str]]:
    """Return the buttons of the state's mode by importance, and their names by place."""
    if state.question:
        return ASKING, ASKING_PLACES
    return (PRACTISING, PRACTISING_PLACES) if state.exercise else (BUTTONS, PLACES)


def make_scene(state: State, metrics: Metrics, viewport: Viewport) -> Scene:
    """Return what to draw."""
    layout = layout_of(state, metrics)
    blank = state.pad.is_empty and state.picture is None and not (state.exercise and state.exercise.shown)
    return Scene(
        metrics,
        state.settings.theme,
        layout,
        viewport,
        (
            *strip(state, layout, metrics),
            *tools(state, layout),
            *layers_strip(state, layout, metrics),
            *_keep_question(state, layout.question, metrics),
        ),
        frames(state, layout, viewport, metrics),
        _hint(state) if blank else "",
        state.toast or "",
        panel_widgets(state, state.panel, metrics) if state.panel else (),
        state.focus if state.focus_seen else None,
        state.pressed,
    )


def tools(state: State, layout: Layout) -> list[Widget]:
    """Return the most important buttons that fit, in their order on screen."""
    chosen, places = _choice(state)
    fitting = sorted(chosen[: len(layout.buttons)], key=lambda button: places.index(button[0]))
    return alike([command(state, "tool", area, *one) for area, one in zip(layout.buttons, fitting, strict=False)])


def _keep_question(state: State, bar: Area | None, metrics: Metrics) -> list[Widget]:
    """Return the question whether to keep what is written, its buttons beside the text or below."""
    if bar is None:
        return []
    text, row = cells(bar, 2, 1, metrics.margin) if bar.height < 2 * metrics.unit else foot(bar, metrics)
    offers: list[tuple[str, str, Action, bool]] = [
        ("keep", "keep", Action("set", ("history", "on")), True),
        ("close", "keep_not", Action("set", ("history", "off")), True),
    ]
    return [Widget(text, "text", text=state.tr("keep_question")), *buttons(row, offers, state, metrics)]


def strip(state: State, layout: Layout, metrics: Metrics) -> list[Widget]:
    """Return the strip's content: the number, an error, an exercise, or two readings side by side."""
    area = layout.reading
    if state.message:
        return [Widget(area, "text", text=state.tr.fault(state.message), tone="rejected")]
    if state.exercise:
        return [_asked(state, area)]
    if state.comparing and not state.question:
        return _compared(state, area)
    others = _candidates(state, area, metrics)
    area = area._replace(width=others[0].area.left - metrics.margin - area.left) if others else area
    return [_answer(state, state.question, area) if state.question else _number(state, state.shown, area), *others]


def _candidates(state: State, area: Area, metrics: Metrics) -> list[Widget]:
    """Return what else the whole number may be, at the right of the strip, as many as fit; none while writing."""
    question = state.question
    if not state.is_read or state.shown is state.live or (question and question.secret):
        return []
    found = [
        (candidate, Action("take", number))
        for number, candidate in enumerate(state.reading.candidates)
        if not question or question.accepts(candidate.text)
    ]
    margin, longest = metrics.margin, max((len(candidate.text) for candidate, _ in found), default=0)
    each = max(metrics.unit * 3 // 2, longest * metrics.text // 2)
    found = found[: area.width * 3 // 5 // (each + margin)]
    width = len(found) * (each + margin) - margin
    places = cells(area._replace(left=area.right - width, width=width), max(1, len(found)), 1, margin)
    return [
        Widget(at, "cell", action, text=one.text, note=state.tr.percent(one.confidence), share=one.confidence)
        for at, (one, action) in zip(places, found, strict=False)
    ]


def _number(state: State, reading: Reading, area: Area) -> Widget:
    if not reading.digits:
        return Widget(area, "reading")
    if reading is state.live:  # provisional: a half-written digit is not rejected yet
        return Widget(area, "reading", text=reading.text.replace("?", "·"), tone="quiet")
    rejected = any(digit.rejected and not digit.pinned for digit in reading.digits)
    if rejected:  # a rejection has no confidence
        return Widget(area, "reading", text=reading.text, tone="rejected")
    return Widget(area, "reading", text=reading.text, note=state.tr.percent(reading.confidence))


def _hint(state: State) -> str:
    return (_wanted(state, state.question) if state.question else "") or state.tr("hint")


def _wanted(state: State, question: Question) -> str:
    """Return what the question demands of a number, that of its length first; empty if any will do."""
    if question.digits and not (question.range and question.fits_length(state.reading.text)):
        return state.tr("digits_wanted", count=question.length)
    return question.range


def _answer(state: State, question: Question, area: Area) -> Widget:
    """Return the number, with what is asked until something is written, or what is wrong with the number beside it."""
    number = _number(state, state.shown, area)
    if not number.text:
        return replace(number, text=question.prompt, tone="quiet")
    note = question.prompt if question.accepts(state.shown.text) else _wanted(state, question)
    text = re.sub("[0-9]", "•", number.text) if question.secret else number.text
    return replace(number, text=text, note=note)


def _asked(state: State, area: Area) -> Widget:
    assert state.exercise is not None
    practice, judged = state.exercise.practice, state.exercise.judged
    done = practice.score
    score = state.tr("score", right=done.right, total=done.total) if done.total else ""
    if judged is None:
        return Widget(area, "reading", text=state.tr("ask_number", number=practice.target), note=score)
    if judged.right:
        return Widget(area, "reading", text=f"{practice.target}  {state.tr('right')}", note=score, tone="good")
    said = f"{practice.target} – {state.tr('wrong', text=judged.reading or '–')}"
    return Widget(area, "reading", text=said, note=score, tone="bad")


def _compared(state: State, area: Area) -> list[Widget]:
    """Return both readings with the sign between them, or why there is only one."""
    left, mark, right = split_strip(area)
    verdict = state.verdict
    if verdict is None:
        return [Widget(left, "timed"), Widget(right, "timed")]
    own = _timed(state, verdict.own, right)
    if verdict.fault:  # the message also takes the room of the sign
        room = left._replace(width=left.width + mark.width * 7 // 8)
        return [Widget(room, "text", text=state.tr.fault(verdict.fault)), own]
    found = [_timed(state, verdict.reference, left) if verdict.reference else Widget(left, "timed"), own]
    if verdict.agree is not None:
        tone: Tone = "accent" if verdict.agree else "rejected"
        sign, word = ("=", "agree") if verdict.agree else ("≠", "differ")
        found.append(Widget(mark, "sign", text=sign, note=state.tr(word), tone=tone))
    return found


def _timed(state: State, timed: Timed, area: Area) -> Widget:
    if not timed.reading.digits:
        return Widget(area, "timed", icon=timed.kind)
    rejected = any(digit.rejected for digit in timed.reading.digits)
    note = f"{state.tr.percent(timed.reading.confidence)}  {duration(timed.seconds)}"
    return Widget(
        area, "timed", text=timed.reading.text, icon=timed.kind, note=note, tone="rejected" if rejected else "normal"
    )


def duration(seconds: float) -> str:
    """Return a duration with a suitable unit."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def frames(state: State, layout: Layout, viewport: Viewport, metrics: Metrics) -> tuple[Frame, ...]:
    """Return a frame for each digit of the last finished reading; none below an error."""
    secret = state.question is not None and state.question.secret
    if state.message or secret or (state.exercise and state.exercise.judged is None):
        return ()
    digits = state.reading.digits
    return tuple(frame_of(digit, layout, viewport, metrics, is_last=digit.line == digits[-1].line) for digit in digits)


def frame_of(digit: Digit, layout: Layout, viewport: Viewport, metrics: Metrics, *, is_last: bool) -> Frame:
    """Return a digit's frame, its label above it or, at the rim of the pad, below; inside one as high as the pad.

    Below all lines but the last are the labels of the next: there it is in the frame's corner.
    """
    pad, around = layout.pad, 1.3 * layout.pen
    left, top = viewport.to_window(digit.box[0], digit.box[1])
    right, bottom = viewport.to_window(digit.box[2], digit.box[3])
    area = Area(
        round(left - around), round(top - around), round(right - left + 2 * around), round(bottom - top + 2 * around)
    )
    size = max(metrics.text, pad.height // 14)
    at = area.left + (area.width - size) // 2
    above, below = area.top - size, area.bottom
    if above < pad.top and not is_last:
        at = area.left
    fits_below = is_last and below + size <= pad.bottom
    place = above if above >= pad.top else below if fits_below else max(area.top, pad.top) + 2
    return Frame(
        area, Area(at, place, size, size), digit.digit, "rejected" if digit.rejected else "accent", digit.pinned
    )


def frame_at(shown: tuple[Frame, ...], x: float, y: float, reach: float) -> int | None:
    """Return the index of the frame at a point: of those that hold it, the nearest; small ones are enlarged.

    In a line the nearest is the one whose middle is; of two lines, the one whose frame is.
    """
    found: list[tuple[float, float, int]] = []
    for number, frame in enumerate(shown):
        wide, high = max(frame.area.width, reach), max(frame.area.height, reach)
        dx = abs(x - frame.area.left - frame.area.width / 2)
        dy = abs(y - frame.area.top - frame.area.height / 2)
        inside = dx <= wide / 2 and dy <= high / 2
        if inside or frame.label.holds(x, y):
            found.append((max(0.0, dy - frame.area.height / 2), dx, number))
    return min(found)[2] if found else None
