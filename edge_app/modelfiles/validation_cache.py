"""Which models have passed the gate here, so that it need not be asked at every start."""

import json
import os
from pathlib import Path

from ..recognition.interpreter import Runtime
from ..recognition.model import Model
from ..storage.atomic_write import write_atomically
from ..storage.paths import PRIVATE_FILE, make_private_folder
from ..version import __version__

MOST = 64  # the oldest go first
MOST_BYTES = 100_000

Proof = tuple[str, ...]
"""A model's SHA-256 and classes, and what it passed with: the runtime, its version, and this program's."""


def proof_of(model: Model, runtime: Runtime) -> Proof:
    """Return what is remembered of a model that has passed with a runtime: with another it must pass again."""
    return model.sha256, json.dumps(model.classes), runtime.name, runtime.version, __version__


def read_proofs(path: Path) -> list[Proof]:
    """Return what has passed, the newest last; nothing where the file is damaged or others may write it."""
    try:
        if not _is_ours(path) or path.stat().st_size > MOST_BYTES:
            return []
        found = json.loads(path.read_bytes())["proven"]
        sound = all(len(proof) == 5 and all(isinstance(part, str) for part in proof) for proof in found)
        return [tuple(proof) for proof in found] if sound else []
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # to prove again costs half a second


def _is_ours(path: Path) -> bool:
    found = path.stat()
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)


def remember(path: Path, proof: Proof) -> None:
    """Keep that a model has passed; where nothing can be kept, it passes again next time."""
    proofs = [known for known in read_proofs(path) if known != proof][1 - MOST :]
    try:
        make_private_folder(path.parent)
        write_atomically(path, json.dumps({"proven": [*proofs, proof]}).encode(), PRIVATE_FILE)
    except OSError:
        pass
