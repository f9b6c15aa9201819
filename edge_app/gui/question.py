"""The question of `digitpad --ask`: which numbers answer it, and what may be done meanwhile."""

from dataclasses import dataclass

from .actions import Action, Name

WHEN_SECRET: frozenset[Name] = frozenset(
    ("undo", "redo", "clear", "erase", "answer", "escape", "focus", "press", "quit", "leave")
)
ALLOWED: frozenset[Name] = WHEN_SECRET | {
    "digit_panel",
    "neighbour",
    "digit",
    "label",
    "take",
    "split",
    "join",
    "map",
    "turn",
}


@dataclass(frozen=True)
class Question:
    """What a script asks for, with bounds that are None where any number will do."""

    prompt: str = ""
    digits: tuple[int, int] | None = None  # fewest and most
    least: int | None = None
    most: int | None = None
    secret: bool = False  # neither shown nor stored
    timeout: float | None = None  # seconds

    def accepts(self, text: str) -> bool:
        """Return whether a reading answers the question; one with a rejected digit never does."""
        return text.isdecimal() and self.fits_length(text) and self._fits_range(int(text))

    def fits_length(self, text: str) -> bool:
        """Return whether a reading has as many digits as asked for."""
        return self.digits is None or self.digits[0] <= len(text) <= self.digits[1]

    def _fits_range(self, number: int) -> bool:
        return (self.least is None or self.least <= number) and (self.most is None or number <= self.most)

    @property
    def length(self) -> str:
        """The number of digits as shown, such as `4` or `3–6`; empty if any."""
        return "–".join(str(count) for count in dict.fromkeys(self.digits or ()))

    @property
    def range(self) -> str:
        """The range as shown, such as `10–99`; empty if there is none."""
        if self.least is not None and self.most is not None:
            return f"{self.least}–{self.most}"
        return f"≥ {self.least}" if self.least is not None else f"≤ {self.most}" if self.most is not None else ""

    def permits(self, action: Action) -> bool:
        """Return whether an action is allowed while the question is open; a secret is not shown by any of them."""
        return action.name in (WHEN_SECRET if self.secret else ALLOWED)
