"""Any .tflite file as a classifier, with or without a card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import ModelError
from ...escape import escape
from ...modelfiles.card import DIGITS, FLOAT, INT8, has_card, models_folder
from ...modelfiles.loader import load_any
from ...modelfiles.selftest import CONVENTIONS
from ...modelfiles.verifier import IDENTIFIER
from ...recognition.classifier import Classifier
from ...recognition.interpreter import Runtime
from ...recognition.model import Model
from ...storage.safe_open import open_regular
from .report.schema import ModelInfo


def is_model(path: Path) -> bool:
    """Return whether a file is a .tflite model by its content, or by its name where it cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read(8)[4:] == IDENTIFIER or path.suffix == ".tflite"
    except OSError:
        return path.suffix == ".tflite"


def default_models() -> list[Path]:
    """Return the project's float and int8 models; raises ModelError where the float model is missing."""
    paths = [models_folder() / FLOAT, models_folder() / INT8]
    if not paths[0].exists():  # the wheel has the int8 model only
        raise ModelError(f"{FLOAT} is part of a checkout, not of the installed app. Name the models: {FLOAT} {INT8}")
    return paths


def open_classifiers(paths: Sequence[Path], runtime: Runtime, threads: int = 1) -> list[Classifier]:
    """Return a classifier for each file; raises ModelError unless its first ten classes are the digits."""
    classifiers = [Classifier(load_any(path, runtime), runtime, threads) for path in paths]
    for own in (classifier.model for classifier in classifiers):
        if own.classes[:10] != DIGITS:
            raise ModelError(f"{own.path} has the classes {' '.join(own.classes)}: expected the digits 0 to 9 first")
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
        "interface": classifier.interface,
        "input": convention_of(model),
        "softmax": classifier.has_softmax,
        "weights": weights_of(classifier),
        "open_batch": "SHAPE" in classifier.operators(),
        "classes": list(model.classes),
        "temperature": model.temperature if has_card(model.path) else None,
    }


def convention_of(model: Model) -> str:
    """Return the name of what a model takes for paper and ink."""
    paper, ink = model.input_range
    return next((name for name, ends in CONVENTIONS.items() if ends == model.input_range), f"{paper:g} to {ink:g}")


def weights_of(classifier: Classifier) -> str:
    """Return how the integer weights of convolutions are scaled: per channel, per tensor, or "" for no such weights."""
    scales = [
        len(detail["quantization_parameters"]["scales"])
        for step in classifier.steps()
        if step["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D")
        and np.dtype((detail := classifier.tensor(int(step["inputs"][1])))["dtype"]).kind in "iu"
        and max(detail["shape"][0], detail["shape"][-1]) > 1
    ]
    return "" if not scales else "per tensor" if max(scales) == 1 else "per channel"
