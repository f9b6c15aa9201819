"""One digit of the reading: its input image, the candidates with their confidence, and how to correct it."""

from collections.abc import Sequence

from ...recognition.model import REJECT
from ...recognition.results import Digit
from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .parts import buttons, foot
from .widgets import Widget

DIGITS = "0123456789"


def digit_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the image, the candidates with their bars, and the buttons."""
    number = int(panel.value or 0)
    digit = state.digit(number)
    if digit is None:
        return [Widget(body, "text", text=state.tr("hint"))]
    wide = body.width >= 1.25 * body.height
    rest, bar = foot(body, metrics)
    margin = metrics.margin
    if wide:
        side = min(rest.height - metrics.text * 2, rest.width * 2 // 5)
        left = Area(rest.left, rest.top, side, rest.height)
        right = Area(left.right + 2 * margin, rest.top, rest.right - left.right - 2 * margin, rest.height)
        image = Area(left.left, left.top, side, side)
        note = Area(left.left, image.bottom, side, rest.bottom - image.bottom)
    else:
        side = min(rest.width // 2, rest.height // 3)
        image = Area(rest.left, rest.top, side, side)
        note = Area(image.right + margin, rest.top, rest.right - image.right - margin, side)
        right = Area(rest.left, image.bottom + margin, rest.width, rest.bottom - image.bottom - margin)
    return [
        _image(state, number, digit, image),
        Widget(note, "text", text=_note(state, number, digit), tone="rejected" if digit.rejected else "normal"),
        *_candidates(state, digit, metrics, right),
        *buttons(bar, _offers(state, number, digit), state, metrics),
    ]


def _image(state: State, number: int, digit: Digit, area: Area) -> Widget:
    pixels = b"" if digit.image is None else digit.image.tobytes()
    heat = state.heat.get(number, b"")
    return Widget(area, "image", Action("map", number), text=state.tr("sees"), image=pixels, heat=heat)


def _note(state: State, number: int, digit: Digit) -> str:
    if state.heat.get(number):
        return state.tr("map_note", digit=best_of(digit))
    said = state.tr("refused") if digit.rejected else state.tr("read_as", digit=digit.digit)
    return f"{said}. {state.tr('tap_digit')}"


def best_of(digit: Digit) -> str:
    """Return the most likely digit, even if it was rejected."""
    return digit.alternatives[0][0] if digit.rejected and digit.alternatives else digit.digit


def _candidates(state: State, digit: Digit, metrics: Metrics, area: Area) -> list[Widget]:
    """Return a cell for each digit, in the order of a keypad that never moves, and one for no digit."""
    shares = dict(digit.alternatives)
    if not digit.rejected:
        shares[digit.digit] = digit.confidence
    columns = 4 if area.width < max(1.6 * area.height, 6 * (metrics.unit + metrics.margin)) else 6
    lines = 12 // columns
    # on the smallest screens the cells need the room more than the gaps between them
    margin = max(2, min(metrics.margin, (area.height - lines * metrics.unit) // (lines - 1)))
    *places, before, last = cells(area, columns, lines, margin)
    places.append(before._replace(width=last.right - before.left))  # a word needs more room than a digit
    found = []
    for where, name in zip(places, (*DIGITS, REJECT), strict=True):
        share = shares.get(name, 0.0) if name != REJECT else max(0.0, 1 - sum(shares.values()))
        text = name if name != REJECT else state.tr("no_digit")
        note = state.tr.percent(share) if share >= 0.005 else ""
        on = digit.digit == name
        found.append(Widget(where, "cell", Action("label", name), text=text, note=note, share=share, on=on))
    return found


def _offers(state: State, number: int, digit: Digit) -> list[tuple[str, str, Action, bool]]:
    last = len(state.reading.digits) - 1
    ink = bool(digit.strokes)
    return [
        ("back", "", Action("neighbour", -1), number > 0),
        ("split", "split", Action("split", number), ink),
        ("join", "join", Action("join", number), ink and number < last),
        ("map", "map", Action("map", number), digit.image is not None),
        ("next", "", Action("neighbour", 1), number < last),
    ]
