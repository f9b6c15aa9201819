"""What is to be done later: callables, each due at most once."""

from collections.abc import Callable
from typing import Any

from ..errors import DigitpadError

Call = Callable[..., object]


class Timers:
    """Calls of which each is due once; the time is an argument, so that no test waits."""

    def __init__(self) -> None:
        """Start at 0 ms with nothing due."""
        self.now = 0  # milliseconds, of the last event or tick
        self._due: dict[Call, tuple[int, tuple[Any, ...]]] = {}

    def after(self, delay: int, call: Call, *args: Any) -> None:
        """Call `call(*args)` in `delay` milliseconds, in place of when it was due before."""
        self._due.pop(call, None)
        self._due[call] = self.now + delay, args

    def cancel(self, *calls: Call) -> None:
        """Call none of these."""
        for call in calls:
            self._due.pop(call, None)

    def until_next(self) -> int | None:
        """Return the milliseconds until the next call; None if nothing is due."""
        return max(0, min(due for due, _ in self._due.values()) - self.now) if self._due else None

    def run(self, report: Callable[[DigitpadError], object]) -> None:
        """Call what is due now; an error that a user can fix is reported and stops no other call."""
        for call in list(self._due):
            due, args = self._due.get(call, (self.now + 1, ()))  # a call may have set or cancelled another
            if due <= self.now:
                del self._due[call]
                try:
                    call(*args)
                except DigitpadError as error:
                    report(error)
