"""Builds an interpreter and reads the bundled samples: `python -m edge_app.system.doctor.runtime_probe`."""

from pathlib import Path
from typing import Any

from ...errors import DigitpadError, ModelError
from ...modelfiles.card import load_model
from ...recognition.model import Model
from .probe import serve

SAMPLES = Path(__file__).parents[2] / "datasets" / "samples.jsonl"


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return {"stage", "error"} for the stage that fails: numpy, runtime, model or reading; or the stage done."""
    try:
        import numpy

        from ...recognition.interpreter import find_runtime
    except (ImportError, OSError, AttributeError) as error:
        return {"stage": "numpy", "error": _reason(error)}
    known = {"numpy": numpy.__version__}
    try:
        runtime = find_runtime(job["runtime"])
    except DigitpadError as error:
        return {"stage": "runtime", "error": str(error).partition(": ")[2], **known}
    try:
        model, title = _model(job)
    except DigitpadError as error:
        return {"stage": "model", "error": str(error), **known}
    known |= {"model": title} if title else {}
    try:
        from ...datasets.labelled import read_labelled_ink
        from ...modelfiles.selftest import check_expected
        from ...recognition.classifier import Classifier
        from ...recognition.recognizer import Recognizer

        recognizer = Recognizer(classifier=Classifier(model, runtime))
        check_expected(recognizer.classifier)
        samples = list(read_labelled_ink(SAMPLES))
        right = sum(recognizer.read(sample.ink).text == sample.label for sample in samples)
    except (DigitpadError, ImportError, OSError) as error:
        return {"stage": "reading", "error": _reason(error), **known}
    return {"stage": "done", "samples": len(samples), "right": right, **known}


def _model(job: dict[str, Any]) -> tuple[Model, str]:
    """Return the model of --model, or else the installed one with its title, or else the bundled one."""
    if job["model"]:
        return load_model(Path(job["model"])), ""
    from ...modelfiles.registry import Registry  # not at import: it loads numpy, which may be what is broken

    registry = Registry(Path(job["installed"] or ""))
    try:
        installed = registry.read().now if job["installed"] else None
        return (registry.load(installed), registry.title(installed)) if installed else (load_model(), "")
    except ModelError:  # check_model reports it, and the app uses the bundled model
        return load_model(), ""


def _reason(error: Exception) -> str:
    """Return the most useful line of an error: numpy wraps the loader's own in a page of advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    marked = [line for line in lines if line.startswith("Original error was: ")]
    return marked[0].partition(": ")[2] if marked else lines[0]


if __name__ == "__main__":
    serve(answer)
