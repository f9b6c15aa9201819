"""Models that were put in the place of the bundled one: kept by their SHA-256, and one file that says which is used.

What a model needs is there before that file is moved into place, and nothing is taken away that it names: whenever
this is cut short, the old model is in use or the new one.
"""

import contextlib
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ModelError
from ..recognition.model import Model
from ..storage.atomic_write import readable_json, write_atomically
from ..storage.paths import PRIVATE_FILE, files_set_aside, make_private_folder, set_aside
from .card import make_model, parse_card, read_card, read_file, read_proven

POINTER = "in-use.json"
AGE = 3600  # seconds after which what nothing names is taken away: another digitpad may be putting it there


class Kept(NamedTuple):
    """The SHA-256 of a model that is kept, and that of its card."""

    model: str
    card: str


class Choice(NamedTuple):
    """The model in use and the one before it; None is the bundled one."""

    now: Kept | None = None
    before: Kept | None = None


def read_choice(folder: Path) -> Choice:
    """Return which models are in use; raises ModelError for a file that does not say."""
    path = folder / POINTER
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Choice()
    except OSError:
        pass  # what hinders it is said below
    try:
        found = json.loads(read_file(path))
        return Choice(_kept(found["now"]), _kept(found["before"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{path}: damaged, so nobody knows which model was in use") from None


def _kept(found: Any) -> Kept | None:
    if found is None:
        return None
    kept = Kept(found["model"], found["card"])
    if not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in kept):  # they become names of files
        raise ValueError
    return kept


def load_kept(folder: Path, kept: Kept) -> Model:
    """Return a model that is kept, its two files proven by their names; raises ModelError."""
    path, card = folder / f"{kept.model}.tflite", folder / f"{kept.card}.json"
    content = read_proven(path, kept.model)
    return make_model(path, content, kept.model, parse_card(card, read_proven(card, kept.card)))


def name_of(folder: Path, kept: Kept) -> str:
    """Return the name of the file that a model came from; raises ModelError for one that is damaged."""
    load_kept(folder, kept)
    return next(iter(read_card(folder / f"{kept.card}.json")["files"]), kept.model)


def keep(folder: Path, model: Model) -> Kept:
    """Write a model and what its card said into the folder, where it changes nothing yet; raises ModelError."""
    card = card_of(model)
    kept = Kept(model.sha256, hashlib.sha256(card).hexdigest())
    try:
        make_private_folder(folder)
        write_atomically(folder / f"{kept.model}.tflite", model.content, PRIVATE_FILE)
        write_atomically(folder / f"{kept.card}.json", card, PRIVATE_FILE)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror}). Nothing was changed") from None
    return kept


def card_of(model: Model) -> bytes:
    """Return a card with all that a program needs to know of one model."""
    card = {
        "classes": model.classes,
        "temperature": model.temperature,
        "refuse_below": model.refuse_below,
        "files": {model.path.name: {"sha256": model.sha256, "bytes": len(model.content)}},
        **({"self_test": model.self_test} if model.self_test else {}),
    }
    return readable_json(card)


def choose(folder: Path, choice: Choice) -> None:
    """Use other models from now on, and take away what has not been named for long; raises ModelError.

    A damaged file that said which were used is set aside, and as long as it lies there nothing is taken away.
    """
    pointer = folder / POINTER
    said = {name: kept._asdict() if kept else None for name, kept in choice._asdict().items()}
    try:
        make_private_folder(folder)
        if _is_damaged(folder):
            set_aside(pointer)
        write_atomically(pointer, json.dumps(said).encode(), PRIVATE_FILE)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror}). Nothing was changed") from None
    if files_set_aside(pointer):
        return
    named = {name for kept in choice if kept for name in (f"{kept.model}.tflite", f"{kept.card}.json")}
    with contextlib.suppress(OSError):  # it can wait until the next time
        for path in folder.iterdir():
            ours = re.fullmatch(r"[0-9a-f]{64}\.(tflite|json)", path.name)
            if ours and path.name not in named and time.time() - path.stat().st_mtime > AGE:
                path.unlink()


def _is_damaged(folder: Path) -> bool:
    try:
        read_choice(folder)
    except ModelError:
        return True
    return False
