"""Model files for tests, rewritten with the schema's own code, and cards for them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from edge_app.modelfiles.card import CARD, DIGITS, INT8, models_folder

CLASSES = [*DIGITS, "?"]
CONTENT = (models_folder() / INT8).read_bytes()


def edited(content: bytes, change: Callable[[Any], None]) -> bytes:
    """Return a model file after `change(model)`, where `model` is the schema's ModelT."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content))
    change(model)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def variant(name: str) -> bytes:
    """Return the bundled int8 model with another description, which no card of digitpad names."""
    return edited(CONTENT, lambda model: setattr(model, "description", name))


def write_with_card(
    folder: Path, content: bytes, classes: list[str] = CLASSES, name: str = "mine.tflite", **card: Any
) -> Path:
    """Write a model and a card that names it; returns the model's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / CARD).write_text(json.dumps({"classes": classes, "files": {name: entry}, **card}))
    return folder / name
