"""What the actions' handlers work with."""

from dataclasses import dataclass

from .notices import Notices
from .reader import Reader
from .services import Services
from .state import State
from .timers import Timers
from .view import View


@dataclass(frozen=True)
class Context:
    """The window's parts, but for its events and its drawing."""

    state: State
    services: Services
    timers: Timers
    notices: Notices
    reader: Reader
    view: View
