"""The settings: one row each; a press selects the next value."""

from collections.abc import Sequence
from typing import Any

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics
from .parts import paged_rows
from .widgets import Widget

SWITCH = {True: "on", False: "off"}
SETTINGS: dict[str, tuple[str, dict[Any, str]]] = {  # key of the name; values with the keys of their texts
    "theme": ("theme", {"light": "theme_light", "dark": "theme_dark", "contrast": "theme_contrast"}),
    "text_size": ("text_size", {"normal": "size_normal", "large": "size_large", "huge": "size_huge"}),
    "language": ("language", {"system": "language_system"}),  # and those that are installed
    "live": ("live", SWITCH),
    "layers": ("layers_setting", SWITCH),
    "history": ("keep_history", {"on": "on", "off": "off"}),
    "learn": ("learn", SWITCH),
    "speak": ("speak_setting", SWITCH),
    "left_handed": ("left_handed", SWITCH),
    "rotate": ("rotate", {}),
    "fullscreen": ("fullscreen", SWITCH),  # not kiosk: there would be no way back
}


def settings_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return a row for each setting."""
    names = [name for name in SETTINGS if name != "speak" or state.can_speak]
    shown, turn = paged_rows(state, panel, names, metrics, body)
    return [*(_row(state, name, area) for area, name in shown), *turn]


def _row(state: State, name: str, area: Area) -> Widget:
    """Return the row of a setting: its name, its value, and as the action its next value."""
    value = getattr(state.settings, name)
    text, keys = SETTINGS[name]
    notes = {choice: state.tr(key) for choice, key in keys.items()}
    if name == "language":
        notes |= state.languages
    elif name == "rotate":
        notes = {turn: f"{turn}°" for turn in (0, 90, 180, 270)}
    values = list(notes)
    after = values[(values.index(value) + 1) % len(values)] if value in values else values[0]
    note = notes.get(value, value if name == "language" else state.tr("off"))
    return Widget(area, "row", Action("set", (name, after)), text=state.tr(text), note=note, on=value is True)
