"""Shared by the panels: the card with its title, rows, buttons, and paging."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .widgets import Widget, alike

Item = TypeVar("Item")

LARGEST = 0.8  # of the window's side; a larger card fills it, as so narrow a rim would show nothing


def card_area(metrics: Metrics) -> Area:
    """Return the area of a card: a small window as a whole, or the middle of a large one."""
    wanted = max(16 * metrics.unit, 36 * metrics.text), max(11 * metrics.unit, 26 * metrics.text)
    width = wanted[0] if wanted[0] < LARGEST * metrics.width else metrics.width
    high = max(wanted[1], wanted[1] * wanted[0] // width)  # a narrower card is higher
    height = high if high < LARGEST * metrics.height else metrics.height
    return Area((metrics.width - width) // 2, (metrics.height - height) // 2, width, height)


def framed(state: State, title: str, metrics: Metrics, card: Area) -> tuple[Area, list[Widget]]:
    """Return the area below a card's title, and the widgets: card, title and close button."""
    margin, unit = metrics.margin, metrics.unit
    close = Area(card.right - unit - margin, card.top + margin, unit, unit)
    head = Area(card.left + 2 * margin, card.top + margin, card.width - unit - 4 * margin, unit)
    top = head.bottom + margin
    body = Area(card.left + margin, top, card.width - 2 * margin, card.bottom - margin - top)
    return body, [
        Widget(card, "card"),
        Widget(head, "title", text=title),
        Widget(close, "tool", Action("escape"), icon="close", text=state.tr("close")),
    ]


def paged(
    state: State, panel: Panel, items: Sequence[Item], fits: Callable[[Area], int], metrics: Metrics, body: Area
) -> tuple[Sequence[Item], Area, list[Widget]]:
    """Return the items of the current page, the area for them, and the paging buttons if there is more than one page.

    `fits` returns how many items fit an area.
    """
    if len(items) <= fits(body):
        return items, body, []
    room, _ = foot(body, metrics)
    per = fits(room)
    pages = -(-len(items) // per)
    page = min(max(panel.page, 0), pages - 1)
    return items[page * per : (page + 1) * per], room, turner(state, page, pages, metrics, body)


def paged_rows(
    state: State, panel: Panel, items: Sequence[Item], metrics: Metrics, body: Area
) -> tuple[list[tuple[Area, Item]], list[Widget]]:
    """Return the items of the current page with a row for each, and the paging buttons if there are several pages."""
    shown, room, turn = paged(state, panel, items, lambda area: row_count(area, metrics), metrics, body)
    return list(zip(rows(room, len(shown), metrics), shown, strict=True)), turn


def turner(state: State, page: int, pages: int, metrics: Metrics, body: Area) -> list[Widget]:
    """Return the paging buttons at the foot of a body."""
    bar = Area(body.left, body.bottom - metrics.unit, body.width, metrics.unit)
    left, middle, right = cells(bar, 3, 1, metrics.margin)
    return [
        Widget(left, "tool", Action("turn", -1), icon="back", enabled=page > 0),
        Widget(middle, "title", text=state.tr("page_of", page=page + 1, pages=pages), tone="quiet"),
        Widget(right, "tool", Action("turn", 1), icon="next", enabled=page < pages - 1),
    ]


def row_count(body: Area, metrics: Metrics) -> int:
    """Return how many rows fit in a body."""
    return max(1, (body.height + metrics.margin) // (metrics.unit + metrics.margin))


def rows(body: Area, count: int, metrics: Metrics) -> list[Area]:
    """Return areas of one row each, from the top."""
    step = metrics.unit + metrics.margin
    return [Area(body.left, body.top + i * step, body.width, metrics.unit) for i in range(count)]


def foot(body: Area, metrics: Metrics) -> tuple[Area, Area]:
    """Return a body without its lowest row, and that row."""
    unit, margin = metrics.unit, metrics.margin
    upper = body._replace(height=max(1, body.height - unit - margin))
    return upper, Area(body.left, body.bottom - unit, body.width, unit)


def buttons(bar: Area, what: Sequence[tuple[str, str, Action, bool]], state: State, metrics: Metrics) -> list[Widget]:
    """Return a row of buttons: icon, key of the text, action, and whether it can be pressed.

    Those without a text are square.
    """
    bare = sum(not text for _, text, _, _ in what)
    rest = bar._replace(width=bar.width - bare * (metrics.unit + metrics.margin))
    roomy = cells(rest, max(1, len(what) - bare), 1, metrics.margin)
    found, left = [], bar.left
    for icon, text, action, enabled in what:
        area = Area(left, bar.top, next(roomy).width if text else metrics.unit, bar.height)
        left = area.right + metrics.margin
        found.append(Widget(area, "button", action, text=state.tr(text) if text else "", icon=icon, enabled=enabled))
    named = iter(alike([button for button in found if button.text]))
    return [next(named) if button.text else button for button in found]
