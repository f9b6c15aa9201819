"""What the recogniser needs to know of a model: its bytes, its classes and its thresholds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REJECT = "?"  # the class, and the answer, for ink that is no digit
HOW_TO_MAKE = "Reinstall digitpad, or in a checkout run: python -m convert"


@dataclass(frozen=True)
class Model:
    """A model's bytes with what its card says of it."""

    path: Path
    content: bytes = field(repr=False)
    sha256: str
    classes: tuple[str, ...]  # the outputs in order; REJECT for "no digit", where the network has it
    temperature: float = 1.0  # logits are divided by it before the softmax (Guo et al., 2017)
    refuse_below: float = 0.5  # confidence under which a digit is not taken
    self_test: dict[str, Any] | None = field(default=None, repr=False)  # known digits, see selftest
