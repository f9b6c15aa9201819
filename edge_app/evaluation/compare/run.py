"""`digitpad compare`: measures, prints ten lines, writes JSON and a page, holds the result against a baseline."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.mnist import VARIABLE, mnist_path
from ...errors import DataError
from ...escape import escape, print_error
from ...recognition.classifier import Classifier
from ...recognition.interpreter import find_runtime
from ...storage.atomic_write import readable_json, write_atomically
from ...version import __version__
from .accuracy import BATCH, Set, answer_all
from .baseline import read_baseline, regressions
from .corruptions import CORRUPTIONS, SEED, corrupt
from .cost import measure_cost, measure_preprocessing, usable_runtimes
from .data import Batch, Batches, Some
from .device import describe_device
from .layers import compare_layers
from .models import default_models, describe, names_of, number_names, open_classifiers
from .progress import Progress
from .report.page import make_page
from .report.summary import summarise

SPOILT = 1000  # digits of the first set that are spoilt in each way


@dataclass(frozen=True)
class Job:
    """What to compare, on what, and where the report goes."""

    models: tuple[Path, ...] = ()
    mnist: Path | None = None
    data: tuple[Path, ...] = ()
    json: Path | None = None
    html: Path | None = None
    baseline: Path | None = None
    max_drop: float = 0.1  # points
    spoilt: int = SPOILT
    cost: bool = True
    runtime: str | None = None


def compare_command(job: Job) -> int:
    """Compare as told; 0, or 1 where a model lost more than `max_drop` points against the baseline."""
    _check_outputs(job)
    models, paths = list(job.models) or default_models(), sets_of(job)
    names = [name_of(path) for path in paths]
    files = number_names([escape(path.name) for path in models])
    before = read_baseline(job.baseline, names, files) if job.baseline else {}
    report, sets = compare(job, models, paths)
    if job.json:
        _write(job.json, readable_json(report))
    if job.html:
        pictures = {(s.name, i): pair.pictures for s in sets for i, pair in enumerate(s.pairs, 1)}
        _write(job.html, make_page(report, pictures).encode())
    print(summarise(report))
    lost = regressions(report, before, job.max_drop)
    for line in lost:
        print_error(f"worse than {job.baseline}: {line}")
    return 1 if lost else 0


def sets_of(job: Job) -> list[Path]:
    """Return the labelled files and folders to compare on; raises DataError when none is named, or two alike."""
    mnist = mnist_path(job.mnist)
    if job.mnist is None and job.data:
        mnist = None  # the variable is a default, not an addition
    paths = [*([mnist] if mnist else []), *job.data]
    if not paths:
        raise DataError(
            f"no labelled data named. Get Keras' mnist.npz and run again with --mnist FILE or {VARIABLE}=FILE, or name "
            "your own with --data"
        )
    for path in paths:
        if not path.exists():
            raise DataError(f"{path}: not found. MNIST is Keras' mnist.npz; other data is labelled ink or a folder")
    if len({name_of(path) for path in paths}) < len(paths):  # a report goes by names: paths are nobody's business
        raise DataError("two sets have the same name: rename one")
    return paths


def name_of(path: Path) -> str:
    """Return what a set is called in a report: its own name, whatever letters that has."""
    return escape(path.resolve().name)


def compare(job: Job, models: Sequence[Path], paths: Sequence[Path]) -> tuple[dict[str, Any], list[Set]]:
    """Return the report, and the sets with the pictures of what flipped."""
    progress = Progress()
    try:
        return _compare(job, models, paths, progress)
    finally:
        progress.end()


def _compare(
    job: Job, models: Sequence[Path], paths: Sequence[Path], progress: Progress
) -> tuple[dict[str, Any], list[Set]]:
    runtime = find_runtime(job.runtime)
    classifiers = open_classifiers(models, runtime)
    names = usable_runtimes(job.runtime) if job.cost else [runtime.name]
    spoilt = len(CORRUPTIONS) if job.spoilt else 0
    progress.steps = len(paths) + bool(spoilt) + 1 + (len(names) if job.cost else 0)
    chosen = Some(max(job.spoilt, BATCH))
    sets = [_answer(path, classifiers, progress, chosen if path == paths[0] else None) for path in paths]
    some = chosen.batch()
    report: dict[str, Any] = {
        "digitpad": __version__,
        "device": describe_device(),
        "runtime": runtime.name,
        "runtimes": [{"name": name, "version": find_runtime(name).version} for name in names],
        "models": [describe(*own) for own in zip(classifiers, names_of(classifiers), strict=True)],
        "sets": [own.to_json() for own in sets],
    }
    if spoilt:
        report["robustness"] = _spoil(name_of(paths[0]), classifiers, some, job.spoilt, progress)
    progress.step("layer by layer")
    report["layers"] = compare_layers(classifiers, some[0])
    report["cost"] = measure_cost(classifiers, some[0], names, progress.step) if job.cost else []
    report["preprocessing_us"] = measure_preprocessing()
    return report, sets


def _answer(path: Path, classifiers: Sequence[Classifier], progress: Progress, chosen: Some | None) -> Set:
    batches = Batches(path)
    seen = chosen.watch(batches) if chosen else batches
    name = name_of(path)
    found = answer_all(name, classifiers, progress.follow(name, seen))
    found.skipped = batches.skipped
    return found


def _spoil(name: str, classifiers: Sequence[Classifier], some: Batch, count: int, progress: Progress) -> dict[str, Any]:
    """Return each model's accuracy on the same digits spoilt in each way."""
    images, labels = some[0][:count], some[1][:count]

    def accuracies(spoilt: NDArray[np.uint8]) -> tuple[list[float], list[int]]:
        read = [classifier.logits(spoilt).argmax(axis=1) for classifier in classifiers]
        return [float((own == labels).mean()) for own in read], [int((own != read[0]).sum()) for own in read[1:]]

    found = []
    for way in progress.follow("spoilt digits", CORRUPTIONS, len(CORRUPTIONS)):
        right, flipped = accuracies(corrupt(way, images))
        found.append({"name": way, "accuracy": right, "flipped": flipped})
    clean = accuracies(images)[0]
    return {"set": name, "n": len(labels), "seed": SEED, "clean": clean, "corruptions": found}


def _check_outputs(job: Job) -> None:
    """Raise DataError at once for a report that could not be written in minutes' time."""
    outputs = [path.resolve() for path in (job.json, job.html) if path]
    if len(set(outputs)) < len(outputs):
        raise DataError("--json and --html name the same file")
    for path in outputs:
        folder = path.parent
        if path.is_dir():
            raise DataError(f"{path}: cannot be written, it is a folder")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise DataError(f"{path}: cannot be written, {folder} is no folder to write in")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from None
    print(f"wrote {escape(path)}", file=sys.stderr)
