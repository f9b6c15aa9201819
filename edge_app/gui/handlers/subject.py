"""What the actions of one subject have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import DigitpadError, Notice, StoreError
from ..services import Services
from ..state import State

if TYPE_CHECKING:
    from ..app import App
    from . import Deeds
    from .lessons import Lessons


class Subject:
    """Actions that belong together: an action's name is the method's."""

    def __init__(self, app: "App", deeds: "Deeds") -> None:
        """Act for `app`, beside the other subjects of `deeds`."""
        self.app, self.deeds = app, deeds

    @property
    def state(self) -> State:
        """What the window shows."""
        return self.app.state

    @property
    def services(self) -> Services:
        """The world outside."""
        return self.app.services

    @property
    def lessons(self) -> "Lessons":
        """What corrections teach."""
        return self.deeds.lessons

    def _leave(self, name: str) -> None:
        """Close a panel if it is on top."""
        if self.state.panel and self.state.panel.name == name:
            self.state.panels.pop()

    def _close_panels(self) -> None:
        """Close all panels but the question that has not been answered yet."""
        self.state.panels[:] = [panel for panel in self.state.panels if panel.name == "privacy"]

    def _stored(self, job: Callable[[], Any]) -> bool:
        """Do something with the store; returns whether that went well, and says it if not."""
        try:
            job()
        except (StoreError, OSError) as error:
            self._fault(error)
            return False
        return True

    def _fault(self, error: Exception) -> None:
        self.app.report(error.notice if isinstance(error, DigitpadError) else Notice(str(error), "fault"))
