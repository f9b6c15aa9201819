"""Sound models that did not come with the program, for tests: the int8 one with another description, on a card."""

import hashlib
import json
from pathlib import Path
from typing import Any

from edge_app.modelfiles.card import CARD, DIGITS, INT8, models_folder
from tools.fuzz.tflite import edited

CLASSES = [*DIGITS, "?"]
CONTENT = (models_folder() / INT8).read_bytes()


def strange(name: str) -> bytes:
    """Return a sound model of which no card of the program knows."""
    return edited(CONTENT, lambda model: setattr(model, "description", name))


def on_card(folder: Path, content: bytes, classes: list[str] = CLASSES, name: str = "mine.tflite", **card: Any) -> Path:
    """Write a model and a card that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / CARD).write_text(json.dumps({"classes": classes, "files": {name: entry}, **card}))
    return folder / name
