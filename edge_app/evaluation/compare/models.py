"""Any .tflite file as a classifier, with or without a card."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import ModelError
from ...escape import escape
from ...modelfiles.card import FLOAT, INT8, has_card, models_folder
from ...modelfiles.loader import load_any
from ...recognition.classifier import Classifier
from ...recognition.interpreter import Runtime
from .report.schema import ModelInfo


def default_models() -> list[Path]:
    """Return the project's float and int8 models; raises ModelError where the float model is missing."""
    paths = [models_folder() / FLOAT, models_folder() / INT8]
    if not paths[0].exists():  # the wheel has the int8 model only
        raise ModelError(f"{FLOAT} is part of a checkout, not of the installed app. Name the models: {FLOAT} {INT8}")
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


def names_of(classifiers: Sequence[Classifier]) -> list[str]:
    """Return the files' names, numbered where two are the same; a report has no paths, which are private."""
    return number_names([escape(classifier.model.path.name) for classifier in classifiers])


def number_names(files: Sequence[str]) -> list[str]:
    """Return names, with a number after those that occur twice."""
    return [f"{file} ({files[:i].count(file) + 1})" if files.count(file) > 1 else file for i, file in enumerate(files)]


def describe(classifier: Classifier, name: str) -> ModelInfo:
    """Return the model's entry in the report."""
    model = classifier.model
    return {
        "file": name,
        "sha256": model.sha256,
        "bytes": len(model.content),
        "type": classifier.number_type,
        "classes": list(model.classes),
        "temperature": model.temperature if has_card(model.path) else None,
    }
