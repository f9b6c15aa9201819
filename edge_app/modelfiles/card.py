"""Model files and their card `digits.json`: found, checked against their SHA-256, read."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..recognition.model import HOW_TO_MAKE, Model
from ..storage.safe_open import open_regular

CARD = "digits.json"
INT8 = "digits_int8.tflite"
FLOAT = "digits_float.tflite"
DIGITS = tuple("0123456789")
MAX_BYTES = 64_000_000
NEXT_CARD = "digits.next.json"
UNLISTED = "If you trust who made it, try it with --unlisted: its outputs are taken for 0 to 9"


@dataclass(frozen=True)
class Wanted:
    """Which model was asked for: a file, or None for the one in use; `unlisted` allows a file that no card names."""

    path: Path | None = None
    unlisted: bool = False


def models_folder() -> Path:
    """Return the folder of the bundled models: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "models"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def load_model(path: Path | None = None) -> Model:
    """Return the model at `path`, or the bundled int8 model, its bytes proven by the card beside it.

    While a conversion replaces models, the next card lies beside the old one: each file is of one or the other.
    Raises ModelError when the file or the card is missing, damaged, or they do not belong together.
    """
    path = path or models_folder() / INT8
    content = read_file(path)
    if not (path.parent / CARD).exists():
        raise ModelError(f"{path}: no {CARD} beside it, the card that says what its outputs mean. {UNLISTED}")
    card = read_card(path.parent / CARD)
    digest = hashlib.sha256(content).hexdigest()
    entry = card["files"].get(path.name)
    if entry is None:
        raise ModelError(f"{path}: not named in {path.parent / CARD}. {UNLISTED}")
    if digest != entry["sha256"]:
        card = _next_card(path, digest) or card
    if digest != card["files"][path.name]["sha256"]:
        raise ModelError(
            f"{path}: altered or truncated, SHA-256 {digest[:12]}… is not the card's {entry['sha256'][:12]}…. "
            f"{HOW_TO_MAKE}"
        )
    return make_model(path, content, digest, card)


def _next_card(path: Path, digest: str) -> dict[str, Any] | None:
    """Return the card of a conversion that was cut short while it moved its files, where it names this one."""
    if not (path.parent / NEXT_CARD).exists():
        return None
    card = read_card(path.parent / NEXT_CARD)
    return card if card["files"].get(path.name, {}).get("sha256") == digest else None


def make_model(path: Path, content: bytes, digest: str, card: dict[str, Any]) -> Model:
    """Return a model as its card describes it; that they belong together has been seen to."""
    return Model(
        path,
        content,
        digest,
        tuple(card["classes"]),
        float(card.get("temperature", 1)),
        float(card.get("refuse_below", 0.5)),
        card.get("self_test"),
    )


def make_unlisted(path: Path, content: bytes, classes: tuple[str, ...]) -> Model:
    """Return a model that no card describes."""
    return Model(path, content, hashlib.sha256(content).hexdigest(), classes)


def has_card(path: Path) -> bool:
    """Return whether the card beside a model names it; raises ModelError for a card that is damaged or out of reach."""
    card = path.parent / CARD
    try:
        card.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # what hinders it is said by who reads it
    return path.name in read_card(card)["files"]


def read_card(path: Path) -> dict[str, Any]:
    """Return the card in a file; raises ModelError."""
    return parse_card(path, read_file(path))


def parse_card(path: Path, content: bytes) -> dict[str, Any]:
    """Return a card as decoded JSON, with at least `files` and `classes` of the right kind; raises ModelError."""
    try:
        card = json.loads(content)
        entries = card["files"].values()
        sound = all(isinstance(entry["sha256"], str) for entry in entries)
        sound = sound and all(isinstance(name, str) for name in card["classes"])
        sound = sound and float(card.get("temperature", 1)) > 0
        sound = sound and 0 <= float(card.get("refuse_below", 0.5)) <= 1
        sound = sound and isinstance(card.get("self_test", {}), dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ModelError(f"{path}: damaged model card ({type(error).__name__}: {error}). {HOW_TO_MAKE}") from None
    if not sound:
        raise ModelError(f"{path}: damaged model card (a value is of the wrong kind). {HOW_TO_MAKE}")
    return dict(card)


def read_proven(path: Path, sha256: str) -> bytes:
    """Return the bytes of a file if they are those of a SHA-256; raises ModelError for others."""
    content = read_file(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path}: altered or truncated, its SHA-256 is not {sha256[:12]}…")
    return content


def read_file(path: Path) -> bytes:
    """Return the bytes of a model or its card; raises ModelError."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ModelError(f"{path}: not found. {HOW_TO_MAKE}") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). {HOW_TO_MAKE}") from None
    if len(content) > MAX_BYTES:
        raise ModelError(f"{path}: more than {MAX_BYTES:,} bytes is no model of this program. {HOW_TO_MAKE}")
    return content
