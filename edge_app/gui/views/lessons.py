"""What was learned from the owner: each example as a picture, removed by a tap."""

from collections.abc import Sequence

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics, cells
from .parts import foot, paged
from .widgets import Widget


def hand_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the switch, and the examples."""
    upper, bar = foot(body, metrics)
    switch = Widget(
        bar,
        "row",
        Action("set", ("learn", not state.settings.learn)),
        text=state.tr("learn"),
        note=state.tr("on" if state.settings.learn else "off"),
        on=state.settings.learn,
    )
    if not state.examples:
        return [Widget(upper, "text", text=state.tr("examples_none"), tone="quiet"), switch]
    least = 2 * (metrics.unit + metrics.margin)  # a row of examples, and the buttons that turn pages
    head = Area(upper.left, upper.top, upper.width, max(1, min(metrics.text * 2, upper.height - least)))
    room = Area(upper.left, head.bottom, upper.width, upper.bottom - head.bottom)
    side = min(2 * metrics.unit, room.width // 4)
    columns = max(1, room.width // side)

    def high(area: Area) -> int:
        return max(1, area.height // side)

    shown, room, turn = paged(state, panel, state.examples, lambda area: columns * high(area), metrics, room)
    used = sum(example[3] for example in state.examples)
    return [
        Widget(head, "title", text=state.tr("examples", count=len(state.examples), used=used), tone="quiet"),
        *(
            Widget(
                area,
                "image",
                Action("unlearn", number),
                text=label,
                image=image,
                tone="normal" if is_used else "quiet",
            )
            for area, (number, label, image, is_used) in zip(
                cells(room, columns, high(room), metrics.margin), shown, strict=False
            )
        ),
        *turn,
        switch,
    ]
