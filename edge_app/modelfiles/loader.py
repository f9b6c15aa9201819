"""Opens a model file: checked against its card, validated unless it is bundled, and self-tested."""

import hashlib
from pathlib import Path

from ..recognition.classifier import Classifier
from ..recognition.interpreter import Runtime, find_runtime
from ..recognition.model import Model
from ..storage.paths import Paths
from .card import CARD, has_card, load_model, models_folder, read_card, read_file
from .selftest import check_expected
from .validation import validate
from .validation_cache import add_to_cache, cache_key, read_cache


def open_named(path: Path, runtime: Runtime, paths: Paths | None, *, unlisted: bool = False) -> Classifier:
    """Return the model in a file that the user named; raises ModelError."""
    if not unlisted or has_card(path):
        return open_model(load_model(path), runtime, paths)
    return Classifier(load_unlisted(path, runtime), runtime)


def open_file(path: Path | None) -> Classifier:
    """Return the model at `path`, or the bundled one, without the validation cache; raises ModelError."""
    return open_model(load_model(path), find_runtime(), None)


def open_model(model: Model, runtime: Runtime, paths: Paths | None) -> Classifier:
    """Return a model that matches its card, opened; raises ModelError. `paths` hold the validation cache."""
    if not is_bundled(model):
        key = cache_key(model, runtime)
        if paths is None or key not in read_cache(paths.validation_cache):
            validate(model, runtime)
            if paths is not None:
                add_to_cache(paths.validation_cache, key)
    classifier = Classifier(model, runtime)
    check_expected(classifier)
    return classifier


def load_any(path: Path, runtime: Runtime) -> Model:
    """Return a model with a card or without one, validated unless it is bundled; it may read badly."""
    if not has_card(path):
        return load_unlisted(path, runtime, must_read=False)
    model = load_model(path)
    if not is_bundled(model):
        validate(model, runtime, must_read=False)
    return model


def load_unlisted(path: Path, runtime: Runtime, *, must_read: bool = True) -> Model:
    """Return a validated model that has no card; its classes are the digits and, if there is an eleventh, "?"."""
    content = read_file(path)
    model = Model(path, content, hashlib.sha256(content).hexdigest(), ())
    return validate(model, runtime, must_read=must_read)


def is_bundled(model: Model) -> bool:
    """Return whether digitpad's own card names a model."""
    entries = read_card(models_folder() / CARD)["files"].values()
    return model.sha256 in {entry["sha256"] for entry in entries}
