"""The history: the list, one page of it, and the keypad that corrects it."""

from collections.abc import Sequence

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .parts import buttons, foot, row_count, rows, turner
from .widgets import Widget


def per_page(metrics: Metrics, body: Area) -> int:
    """Return how many entries one page of the list shows."""
    return max(1, row_count(body, metrics) - 2)


def history_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the list, newest first, one row per page."""
    upper, bar = foot(body, metrics)
    offers = buttons(
        bar,
        [
            ("export", "export", Action("export"), True),
            ("forget", "forget", Action("open", "forget"), True),
        ],
        state,
        metrics,
    )
    if not state.pages:
        key = "empty_history" if state.settings.history == "on" else "history_off"
        return [Widget(upper, "text", text=state.tr(key), tone="quiet"), *offers]
    each = per_page(metrics, body)
    pages = -(-state.page_count // each)
    found = [
        Widget(
            area,
            "row",
            Action("entry", page.id),
            text=page.correction or page.text.replace("\n", " "),
            note=page.local_time + (f" · {state.tr('corrected')}" if page.correction else ""),
        )
        for page, area in zip(state.pages, rows(upper, each, metrics), strict=False)
    ]
    turn = turner(state, panel.page, pages, metrics, upper) if pages > 1 else []
    return [*found, *turn, *offers]


def entry_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return one page that was read, and what can be done with it."""
    page = next((page for page in state.pages if page.id == panel.value), None)
    if page is None:
        return []
    upper, bar = foot(body, metrics)
    number, note = cells(upper, 1, 2, metrics.margin)
    said = page.local_time
    if page.correction:
        said += f" · {state.tr('corrected')} ({page.text})".replace("\n", " ")
    return [
        Widget(number, "reading", text=page.correction or page.text),
        Widget(note, "text", text=said, tone="quiet"),
        *buttons(
            bar,
            [
                ("restore", "restore", Action("restore", page.id), True),
                ("correct", "correct", Action("keypad", page.id), True),
                ("delete", "delete", Action("delete", page.id), True),
            ],
            state,
            metrics,
        ),
    ]


def keypad_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return what has been typed, and keys for the digits."""
    typed = str(panel.value or "")
    top = Area(body.left, body.top, body.width, metrics.unit)
    pad = Area(body.left, top.bottom + metrics.margin, body.width, body.bottom - top.bottom - metrics.margin)
    keys = [
        *((digit, Action("digit", digit), "", True) for digit in "123456789"),
        ("", Action("backspace"), "erase", bool(typed)),
        ("0", Action("digit", "0"), "", True),
        ("", Action("typed"), "done", bool(typed)),
    ]
    wide = body.width > body.height * 1.4
    grid = cells(pad, 6 if wide else 3, 2 if wide else 4, metrics.margin)
    return [
        Widget(top, "reading", text=typed),
        *(
            Widget(area, "button", action, text=text, icon=icon, enabled=enabled)
            for area, (text, action, icon, enabled) in zip(grid, keys, strict=True)
        ),
    ]
