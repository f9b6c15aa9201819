"""Model files and the card beside them, `digits.json`: found, checked against their SHA-256, read."""

import hashlib
import json
import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..recognition.model import HOW_TO_MAKE, Model
from ..storage.safe_open import open_regular

CARD = "digits.json"
NEXT_CARD = "digits.next.json"
INT8 = "digits_int8.tflite"
FLOAT = "digits_float.tflite"
DIGITS = tuple("0123456789")
MAX_BYTES = 64_000_000
UNLISTED = "If you trust its source, try it with --unlisted: its outputs are taken as 0 to 9"


@dataclass(frozen=True)
class ModelOption:
    """The value of --model, None for the model in use; `unlisted` accepts a file that no card names."""

    path: Path | None = None
    unlisted: bool = False


def models_folder() -> Path:
    """Return the folder of the bundled models: in the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "models"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def load_model(path: Path | None = None) -> Model:
    """Return the model at `path`, or the bundled int8 model, after checking its SHA-256 against the card beside it.

    While a conversion replaces models, the next card lies beside the old one: each file matches one of the two.
    Raises ModelError if the file or the card is missing or corrupt, or if they do not match.
    """
    path = path or models_folder() / INT8
    content = read_file(path)
    if not (path.parent / CARD).exists():
        raise ModelError(f"{path}: no {CARD} beside it, the card that says what its outputs mean. {UNLISTED}")
    card = read_card(path.parent / CARD)
    if path.name not in card["files"]:
        raise ModelError(f"{path}: not named in {path.parent / CARD}. {UNLISTED}")
    digest, expected = hashlib.sha256(content).hexdigest(), card["files"][path.name]["sha256"]
    if digest != expected and (path.parent / NEXT_CARD).exists():
        card = read_card(path.parent / NEXT_CARD)
    if digest != card["files"].get(path.name, {}).get("sha256"):
        raise ModelError(
            f"{path}: altered or truncated, its SHA-256 is {digest[:12]}…, expected {expected[:12]}…. {HOW_TO_MAKE}"
        )
    return make_model(path, content, digest, card)


def make_model(path: Path, content: bytes, digest: str, card: dict[str, Any]) -> Model:
    """Return a model with the classes and thresholds of its card."""
    return Model(
        path,
        content,
        digest,
        tuple(card["classes"]),
        float(card.get("temperature", 1)),
        float(card.get("refuse_below", 0.5)),
        _input_range(card),
        card.get("self_test"),
    )


def has_card(path: Path) -> bool:
    """Return whether the card beside a model names it; raises ModelError for a card that cannot be read."""
    card = path.parent / CARD
    return os.path.exists(card) and path.name in read_card(card)["files"]  # noqa: PTH110  Path.exists raises


def read_card(path: Path) -> dict[str, Any]:
    """Return the card in a file; raises ModelError."""
    return parse_card(path, read_file(path))


def parse_card(path: Path, content: bytes) -> dict[str, Any]:
    """Return a card from JSON; raises ModelError if a value that digitpad uses is missing or of the wrong type."""
    try:
        card = json.loads(content)
        valid = (
            all(isinstance(entry["sha256"], str) for entry in card["files"].values())
            and all(isinstance(name, str) for name in card["classes"])
            and float(card.get("temperature", 1)) > 0
            and 0 <= float(card.get("refuse_below", 0.5)) <= 1
            and all(isfinite(end) for end in _input_range(card))
            and isinstance(card.get("self_test", {}), dict)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{path}: corrupt model card ({type(error).__name__}: {error}). {HOW_TO_MAKE}") from None
    if not valid:
        raise ModelError(f"{path}: corrupt model card (a value has the wrong type). {HOW_TO_MAKE}")
    return dict(card)


def _input_range(card: dict[str, Any]) -> tuple[float, float]:
    """Return what the network takes for paper and for full ink; MNIST's 0 to 1 where the card does not say."""
    own = card.get("input", {"paper": 0, "ink": 1})
    return float(own["paper"]), float(own["ink"])


def read_verified(path: Path, sha256: str) -> bytes:
    """Return the content of a file; raises ModelError if its SHA-256 is not the expected one."""
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path}: altered or truncated, its SHA-256 is not {sha256[:12]}…")
    return content


def read_file(path: Path) -> bytes:
    """Return the content of a model or a card; raises ModelError."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ModelError(f"{path}: not found. {HOW_TO_MAKE}") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). {HOW_TO_MAKE}") from None
    if len(content) > MAX_BYTES:
        raise ModelError(f"{path}: larger than {MAX_BYTES:,} bytes, not a model for digitpad. {HOW_TO_MAKE}")
    return content
