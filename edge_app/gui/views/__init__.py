"""What can lie over the pad: each panel is a function from the state to the widgets on its card."""

from collections.abc import Callable, Sequence

from ..state import Panel, State
from .dialogs import forget_panel, keys_panel, privacy_panel, quit_panel
from .digit import digit_panel
from .files import files_panel
from .history import entry_panel, history_panel, keypad_panel
from .layout import Area, Metrics
from .lessons import hand_panel
from .menu import menu_panel
from .parts import card_area, framed
from .settings import settings_panel
from .widgets import Widget

PANELS: dict[str, Callable[[State, Panel, Metrics, Area], Sequence[Widget]]] = {
    "menu": menu_panel,
    "digit": digit_panel,
    "history": history_panel,
    "entry": entry_panel,
    "keypad": keypad_panel,
    "hand": hand_panel,
    "files": files_panel,
    "settings": settings_panel,
    "keys": keys_panel,
    "privacy": privacy_panel,
    "forget": forget_panel,
    "quit": quit_panel,
}
TITLES = {
    "menu": "menu",
    "digit": "network",
    "history": "history",
    "entry": "history",
    "keypad": "correct",
    "hand": "hand",
    "files": "open",
    "settings": "settings",
    "keys": "help",
    "privacy": "privacy_title",
    "forget": "forget",
    "quit": "quit",
}


def panel_widgets(state: State, panel: Panel, metrics: Metrics) -> tuple[Widget, ...]:
    """Return the widgets of the panel on its card."""
    body, frame = framed(state, state.tr(TITLES[panel.name]), metrics, card_area(metrics))
    return (*frame, *PANELS[panel.name](state, panel, metrics, body))
