"""Short notices for the user; errors are logged as well."""

from collections.abc import Callable

from ..errors import DigitpadError, Notice
from .services import Services
from .state import State
from .timers import Timers


class Notices:
    """Shows one notice at a time, at the foot of the pad."""

    def __init__(self, state: State, services: Services, timers: Timers) -> None:
        """Start without a notice."""
        self._state, self._services, self._timers = state, services, timers

    def show(self, text: str) -> None:
        """Show a notice for as long as it takes to read it."""
        self._state.toast = text
        self._timers.after(2000 + 50 * len(text), self._hide)

    def report(self, fault: str | Exception) -> None:
        """Show an error, and log it."""
        if isinstance(fault, Exception):
            fault = fault.notice if isinstance(fault, DigitpadError) else Notice(str(fault), "fault")
        self._services.log(fault)
        self.show(self._state.tr.fault(fault))

    def attempt(self, job: Callable[[], object]) -> bool:
        """Run `job` and report a DigitpadError or OSError; returns whether there was none."""
        try:
            job()
        except (DigitpadError, OSError) as error:
            self.report(error)
            return False
        return True

    def _hide(self) -> None:
        self._state.toast = None
