"""The settings: one row each, which switches to the next value when pressed."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics
from .parts import paged, row_count, rows
from .widgets import Widget

SWITCHES = {  # setting: key of its text
    "live": "live",
    "learn": "learn",
    "speak": "speak_setting",
    "left_handed": "left_handed",
    "fullscreen": "fullscreen",
}
CHOICES: dict[str, tuple[str, dict[Any, str]]] = {  # setting: key of its text, keys of its values' texts
    "theme": ("theme", {"light": "theme_light", "dark": "theme_dark", "contrast": "theme_contrast"}),
    "text_size": ("text_size", {"normal": "size_normal", "large": "size_large", "huge": "size_huge"}),
    "history": ("keep_history", {"on": "on", "off": "off"}),
}
ORDER = (
    *("theme", "text_size", "language", "live", "history", "learn", "speak"),
    *("left_handed", "rotate", "fullscreen"),  # not kiosk, as there would be no way back
)
TURNS = (0, 90, 180, 270)


def settings_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return a row for each setting."""
    names = [name for name in ORDER if name != "speak" or state.can_speak]
    shown, room, turn = paged(state, panel, names, partial(row_count, metrics=metrics), metrics, body)
    return [
        *(_row(state, name, area) for name, area in zip(shown, rows(room, len(shown), metrics), strict=True)),
        *turn,
    ]


def _row(state: State, name: str, area: Area) -> Widget:
    """Return the row of a setting: its name, its value, and as the action its next value."""
    tr, value = state.tr, getattr(state.settings, name)
    if name in SWITCHES:
        note = tr("on" if value else "off")
        return Widget(area, "row", Action("set", (name, not value)), text=tr(SWITCHES[name]), note=note, on=bool(value))
    if name == "rotate":
        return Widget(area, "row", Action("set", (name, after(TURNS, value))), text=tr("rotate"), note=f"{value}°")
    if name == "language":
        codes = ("system", *state.languages)
        note = tr("language_system") if value == "system" else state.languages.get(value, value)
        return Widget(area, "row", Action("set", (name, after(codes, value))), text=tr("language"), note=note)
    text, values = CHOICES[name]
    note = tr(values.get(value, "off"))
    return Widget(area, "row", Action("set", (name, after(tuple(values), value))), text=tr(text), note=note)


def after(values: Sequence[Any], value: Any) -> Any:
    """Return the next value, the first one after the last or after an unknown one."""
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]
