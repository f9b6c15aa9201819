"""The context that handlers are called with."""

from dataclasses import dataclass

from .notices import Notices
from .reader import Reader
from .services import Services
from .state import State
from .timers import Timers
from .view import View


@dataclass(frozen=True)
class Context:
    """The app's parts, except input and drawing."""

    state: State
    services: Services
    timers: Timers
    notices: Notices
    reader: Reader
    view: View
