"""The panel that opens an image or ink: one row per folder or file."""

from collections.abc import Sequence

from ..actions import Action
from ..state import Panel, State
from .layout import Area, Metrics
from .parts import paged_rows
from .widgets import Widget


def files_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return the way up, the folders and the files that can be read."""
    folder = state.folder
    if folder is None:
        return []
    entries: list[tuple[str, str, Action]] = []
    if folder.parent != folder:
        entries.append(("up", folder.parent.name or str(folder.parent), Action("folder", str(folder.parent))))
    for entry in state.entries:
        action = Action("folder" if entry.is_folder else "file", str(entry.path))
        entries.append(("open" if entry.is_folder else "", entry.name, action))
    shown, turn = paged_rows(state, panel, entries, metrics, body)
    found = [Widget(area, "row", action, text=text, icon=icon) for area, (icon, text, action) in shown]
    if len(entries) < 2:
        step = metrics.unit + metrics.margin
        hint = body._replace(top=body.top + step, height=max(1, body.height - step))
        found.append(Widget(hint, "text", text=state.tr("drop_hint"), tone="quiet"))
    return [*found, *turn]
