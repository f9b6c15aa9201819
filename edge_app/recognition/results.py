"""What was recognised, and how it is written as JSON."""

from dataclasses import dataclass, field
from typing import Any

from .model import REJECT
from .normalise import DigitImage
from .segmentation import Box, Group, Part


@dataclass(frozen=True)
class Pin:
    """Strokes of which the writer said that they are one digit, and which one where that was said too."""

    strokes: Group
    label: str | None = None  # a digit, or REJECT for ink that is none


@dataclass(frozen=True)
class Digit:
    """One digit of a reading; `digit` is `?` where it was refused, and then `alternatives` starts with the best."""

    digit: str
    confidence: float  # calibrated probability of the most likely digit
    alternatives: tuple[tuple[str, float], ...]
    box: Box  # left, top, right, bottom in the units of the ink, or pixels of the picture
    strokes: Group  # indices of the ink's strokes; empty for a picture
    pinned: bool = False  # the writer said which digit this is
    image: DigitImage | None = field(default=None, repr=False, compare=False)  # what the network saw
    parts: tuple[Part, ...] = field(default=(), repr=False, compare=False)  # the strokes, or parts of them, behind it

    @property
    def refused(self) -> bool:
        """Whether this ink was not taken for a digit."""
        return self.digit == REJECT

    def to_json(self) -> dict[str, Any]:
        """Return the digit as the command line prints it."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 4),
            "alternatives": [[name, round(probability, 4)] for name, probability in self.alternatives],
            "box": [round(side, 2) for side in self.box],
            "strokes": list(self.strokes),
        }


@dataclass(frozen=True)
class Reading:
    """A number as it was read, digits from left to right; none for no ink."""

    digits: tuple[Digit, ...] = ()

    @property
    def text(self) -> str:
        """The number, `?` for each refused digit, empty for no ink."""
        return "".join(digit.digit for digit in self.digits)

    @property
    def confidence(self) -> float:
        """Probability that all digits are right, taken as independent; 0 for no ink."""
        product = 1.0 if self.digits else 0.0
        for digit in self.digits:
            product *= digit.confidence
        return product

    def to_json(self) -> dict[str, Any]:
        """Return the reading as the command line prints it."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "digits": [digit.to_json() for digit in self.digits],
        }
