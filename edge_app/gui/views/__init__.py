"""The panels that can cover the pad: each is a function from the state to the widgets on its card."""

from collections.abc import Callable, Sequence

from ..state import Panel, State
from .dialogs import forget_panel, keys_panel, quit_panel
from .digit import digit_panel
from .files import files_panel
from .history import entry_panel, history_panel, keypad_panel
from .layers import layers_panel
from .layout import Area, Metrics
from .lessons import hand_panel
from .menu import menu_panel
from .parts import card_area, framed
from .settings import settings_panel
from .widgets import Widget

PANELS: dict[str, tuple[str, Callable[[State, Panel, Metrics, Area], Sequence[Widget]]]] = {  # key of the title, view
    "menu": ("menu", menu_panel),
    "digit": ("network", digit_panel),
    "layers": ("layers", layers_panel),
    "history": ("history", history_panel),
    "entry": ("history", entry_panel),
    "keypad": ("correct", keypad_panel),
    "hand": ("hand", hand_panel),
    "files": ("open", files_panel),
    "settings": ("settings", settings_panel),
    "keys": ("help", keys_panel),
    "forget": ("forget", forget_panel),
    "quit": ("quit", quit_panel),
}


def panel_widgets(state: State, panel: Panel, metrics: Metrics) -> tuple[Widget, ...]:
    """Return the widgets of the panel on its card."""
    title, view = PANELS[panel.name]
    body, frame = framed(state, state.tr(title), metrics, card_area(metrics))
    return (*frame, *view(state, panel, metrics, body))
