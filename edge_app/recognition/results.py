"""What was recognised, and its JSON."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from .model import REJECT
from .normalise import DigitImage
from .segmentation import Box, Group, Part


@dataclass(frozen=True)
class Pin:
    """Strokes that the writer declared to be one digit, and which digit if they said so."""

    strokes: Group
    label: str | None = None  # a digit, or REJECT for ink that is not a digit


@dataclass(frozen=True)
class Digit:
    """One digit of a reading; if it is rejected, `digit` is `?` and `alternatives` start with the most likely digit."""

    digit: str
    confidence: float  # calibrated probability of the most likely digit
    alternatives: tuple[tuple[str, float], ...]
    box: Box  # left, top, right, bottom in the units of the ink, or pixels of the picture
    strokes: Group  # indices of the ink's strokes; empty for a picture
    line: int = 0  # of the page, from the top
    pinned: bool = False  # labelled by the writer
    image: DigitImage | None = field(default=None, repr=False, compare=False)  # what the network saw
    parts: tuple[Part, ...] = field(
        default=(), repr=False, compare=False
    )  # the strokes, or parts of them, that make it up

    @property
    def rejected(self) -> bool:
        """Whether this ink was rejected as not a digit."""
        return self.digit == REJECT

    def to_json(self) -> dict[str, Any]:
        """Return the digit as the command line prints it."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 4),
            "alternatives": [[name, round(probability, 4)] for name, probability in self.alternatives],
            "box": [round(side, 2) for side in self.box],
            "strokes": list(self.strokes),
            "line": self.line,
        }


@dataclass(frozen=True)
class Candidate:
    """Another number that the same ink may be: its digits as the network reads them, and what each would be."""

    digits: tuple[Digit, ...]
    labels: tuple[str, ...]
    confidence: float  # probability that grouping and all labels are right

    @property
    def text(self) -> str:
        """The number."""
        return "".join(self.labels)


@dataclass(frozen=True)
class Reading:
    """A recognised number, digits from left to right and line by line; empty for no ink."""

    digits: tuple[Digit, ...] = ()
    grouping: float = 1.0  # probability that the strokes, or pieces of a picture, are grouped rightly into digits
    candidates: tuple[Candidate, ...] = field(default=(), repr=False, compare=False)  # of an uncertain number in ink

    @property
    def text(self) -> str:
        """The number, with `?` for each rejected digit and a newline between lines; empty for no ink."""
        lines = groupby(self.digits, key=lambda digit: digit.line)
        return "\n".join("".join(digit.digit for digit in line) for _, line in lines)

    @property
    def confidence(self) -> float:
        """Probability that grouping and all digits are right, assuming independence; 0 for no ink."""
        product = self.grouping if self.digits else 0.0
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
