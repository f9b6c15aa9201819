"""Any .tflite file as a classifier: with its card where one lies beside it, by its own shapes where not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...escape import escape
from ...modelfiles.card import FLOAT, INT8, has_card, load_model, make_unlisted, models_folder, read_file
from ...modelfiles.loader import is_bundled
from ...modelfiles.validation import pass_gate
from ...recognition.classifier import Classifier
from ...recognition.interpreter import Runtime
from ...recognition.model import Model


def default_models() -> list[Path]:
    """Return the project's float and int8 model; raises ModelError where the float one is not there."""
    paths = [models_folder() / FLOAT, models_folder() / INT8]
    if not paths[0].exists():  # the wheel holds the int8 model alone
        raise ModelError(f"{FLOAT} comes with a checkout, not with the installed app. Name the models: {FLOAT} {INT8}")
    return paths


def open_classifiers(paths: Sequence[Path], runtime: Runtime, threads: int = 1) -> list[Classifier]:
    """Return a classifier for each file; raises ModelError unless all have the same classes."""
    classifiers = [Classifier(load_any(path, runtime), runtime, threads) for path in paths]
    first = classifiers[0].model
    for classifier in classifiers[1:]:
        own = classifier.model
        if own.classes != first.classes:
            raise ModelError(
                f"{own.path} has the classes {' '.join(own.classes)}, {first.path} {' '.join(first.classes)}: "
                "only models of the same classes can be compared"
            )
    return classifiers


def load_any(path: Path, runtime: Runtime) -> Model:
    """Return the model at `path`, proven by its card; without one the digits are its classes, an 11th is "no digit".

    Unless it came with the program it has passed the gate, which lets through here what reads badly: that it does is
    what a comparison finds out.
    """
    if not has_card(path):
        content = read_file(path)
        return make_unlisted(path, content, pass_gate(path, content, runtime, reads=False))
    model = load_model(path)
    if not is_bundled(model):
        pass_gate(path, model.content, runtime, model.classes, reads=False)
    return model


def names_of(classifiers: Sequence[Classifier]) -> list[str]:
    """Return the files' names, numbered where two are the same: a report goes by names, paths are nobody's business."""
    return number_names([escape(classifier.model.path.name) for classifier in classifiers])


def number_names(files: Sequence[str]) -> list[str]:
    """Return names, each that is there twice with its number."""
    return [f"{file} ({files[:i].count(file) + 1})" if files.count(file) > 1 else file for i, file in enumerate(files)]


def describe(classifier: Classifier, name: str) -> dict[str, Any]:
    """Return what identifies a model in a report."""
    model = classifier.model
    return {
        "file": name,
        "sha256": model.sha256,
        "bytes": len(model.content),
        "type": classifier.number_type,
        "classes": list(model.classes),
        "temperature": model.temperature if has_card(model.path) else None,  # 1 where nothing is known
    }
