"""A model as the recogniser needs it: its bytes, classes and thresholds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REJECT = "?"  # the class for ink that is not a digit, and the text shown for it
HOW_TO_MAKE = "Reinstall digitpad, or in a checkout run: python -m convert"


@dataclass(frozen=True)
class Model:
    """A model file and the values of its card."""

    path: Path
    content: bytes = field(repr=False)
    sha256: str
    classes: tuple[str, ...]  # the outputs in order; REJECT for "not a digit" if it has one
    temperature: float = 1.0  # logits are divided by it before the softmax (Guo et al., 2017)
    refuse_below: float = 0.5  # less confident digits are rejected
    input_range: tuple[float, float] = (0.0, 1.0)  # what the network takes for paper and for full ink
    self_test: dict[str, Any] | None = field(default=None, repr=False)  # reference digits, see selftest
