"""Timers: callables that are called once, later."""

from collections.abc import Callable
from typing import Any

from ..errors import DigitpadError

Call = Callable[..., object]


class Timers:
    """Pending calls, at most one per callable; time is an argument, so that no test waits."""

    def __init__(self) -> None:
        """Start at 0 ms with no calls."""
        self.now = 0  # milliseconds, of the last event or tick
        self._due: dict[Call, tuple[int, tuple[Any, ...]]] = {}

    def after(self, delay: int, call: Call, *args: Any) -> None:
        """Schedule `call(*args)` in `delay` milliseconds, replacing a pending call of it."""
        self._due.pop(call, None)
        self._due[call] = self.now + delay, args

    def cancel(self, *calls: Call) -> None:
        """Cancel the pending calls of these."""
        for call in calls:
            self._due.pop(call, None)

    def until_next(self) -> int | None:
        """Return the milliseconds until the next call; None if there is none."""
        return max(0, min(due for due, _ in self._due.values()) - self.now) if self._due else None

    def run(self, report: Callable[[DigitpadError], object]) -> None:
        """Make the calls that are due; a DigitpadError of one is reported, and the others follow."""
        for call in list(self._due):
            due, args = self._due.get(call, (self.now + 1, ()))  # another call may have moved or cancelled it
            if due <= self.now:
                del self._due[call]
                try:
                    call(*args)
                except DigitpadError as error:
                    report(error)
