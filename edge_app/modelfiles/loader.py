"""Opens a model file: checked against its card, validated unless it is bundled, and self-tested."""

from pathlib import Path

from ..recognition.classifier import Classifier
from ..recognition.interpreter import Runtime, find_runtime
from ..recognition.model import Model
from ..storage.paths import Paths
from .card import CARD, has_card, load_model, make_unlisted, models_folder, read_card, read_file
from .selftest import check_expected
from .validation import validate
from .validation_cache import add_to_cache, cache_key, read_cache


def open_named(path: Path, runtime: Runtime, paths: Paths | None, *, unlisted: bool = False) -> Classifier:
    """Return the model in a file that the user named; raises ModelError."""
    if not unlisted or has_card(path):
        return open_model(load_model(path), runtime, paths)
    content = read_file(path)
    return _open(make_unlisted(path, content, validate(path, content, runtime)), runtime)


def open_file(path: Path | None) -> Classifier:
    """Return the model at `path`, or the bundled one, without the validation cache; raises ModelError."""
    return open_model(load_model(path), find_runtime(), None)


def open_model(model: Model, runtime: Runtime, paths: Paths | None) -> Classifier:
    """Return a model that matches its card, opened; raises ModelError. `paths` hold the validation cache."""
    if not is_bundled(model):
        key = cache_key(model, runtime)
        if paths is None or key not in read_cache(paths.validation_cache):
            validate(model.path, model.content, runtime, model.classes)
            if paths is not None:
                add_to_cache(paths.validation_cache, key)
    return _open(model, runtime)


def _open(model: Model, runtime: Runtime) -> Classifier:
    classifier = Classifier(model, runtime)
    check_expected(classifier)
    return classifier


def is_bundled(model: Model) -> bool:
    """Return whether digitpad's own card names a model."""
    entries = read_card(models_folder() / CARD)["files"].values()
    return model.sha256 in {entry["sha256"] for entry in entries}
