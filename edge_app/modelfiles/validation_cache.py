"""Which models have passed validation here: it takes half a second, 10 s on a Pi Zero, too long for every start."""

import contextlib
import hashlib
import json
from pathlib import Path

from ..errors import ModelError
from ..recognition.interpreter import Runtime
from ..recognition.model import Model
from ..storage.atomic_write import write_atomically
from ..storage.paths import PRIVATE_FILE, make_private_folder
from ..version import __version__
from .card import read_file

MOST = 64  # the oldest are dropped


def cache_key(model: Model, runtime: Runtime) -> str:
    """Return a key that changes with the model's bytes and card, the runtime, and digitpad's version."""
    card = [model.classes, model.temperature, model.refuse_below, model.input_range]
    parts = [model.sha256, card, runtime.name, runtime.version, __version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_cache(path: Path) -> list[str]:
    """Return the keys of the models that have passed, the newest last; none if the file is missing or corrupt."""
    try:
        return [str(key) for key in json.loads(read_file(path))["passed"]]
    except (ModelError, ValueError, KeyError, TypeError, RecursionError):
        return []


def add_to_cache(path: Path, key: str) -> None:
    """Remember that a model has passed; if that cannot be written, it is validated again next time."""
    keys = [known for known in read_cache(path) if known != key][1 - MOST :]
    with contextlib.suppress(OSError):
        make_private_folder(path.parent)
        write_atomically(path, json.dumps({"passed": [*keys, key]}).encode(), PRIVATE_FILE)
