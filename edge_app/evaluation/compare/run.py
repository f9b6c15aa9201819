"""`digitpad compare`: measures, prints ten lines, writes JSON and a page, and checks against a baseline."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...datasets.mnist import VARIABLE, mnist_path
from ...errors import DataError
from ...escape import escape, print_error
from ...recognition.classifier import Classifier
from ...recognition.interpreter import find_runtime
from ...storage.atomic_write import readable_json, write_atomically
from ...version import __version__
from .accuracy import BATCH, Set
from .baseline import read_baseline, regressions
from .compiled import find_way
from .corruptions import CORRUPTIONS, measure_robustness
from .cost import measure_cost, measure_preprocessing, usable_runtimes
from .data import Batches, Sampler
from .device import describe_device
from .layers import compare_layers
from .merge import merge, pictures_of, read_reports, summarise_merged
from .models import default_models, describe, names_of, number_names, open_classifiers
from .progress import Progress
from .report.page import make_page
from .report.page_merged import make_merged_page
from .report.schema import Report
from .report.summary import summarise
from .seen import Witness, uses_of
from .why import explain


@dataclass(frozen=True)
class Job:
    """What to compare, and on what."""

    models: Sequence[Path] = ()
    mnist: Path | None = None
    data: Sequence[Path] = ()
    corrupted: int = 1000  # digits of the first set that are corrupted in each way
    cost: bool = True
    runtime: str | None = None


def compare_command(
    job: Job, *, json_file: Path | None, html_file: Path | None, baseline: Path | None, max_drop: float
) -> int:
    """Compare; returns 1 where a model lost more than `max_drop` points against the baseline."""
    _check_outputs([path.resolve() for path in (json_file, html_file) if path])
    models, paths = list(job.models) or default_models(), sets_of(job)
    names = [name_of(path) for path in paths]
    files = number_names([escape(path.name) for path in models])
    before = read_baseline(baseline, names, files) if baseline else {}
    progress = Progress()
    try:
        report, sets = compare(job, models, paths, progress)
    finally:
        progress.end()
    if json_file:
        _write(json_file, readable_json(report))
    if html_file:
        pictures = {(own.name, i): pair.pictures for own in sets for i, pair in enumerate(own.pairs, 1)}
        _write(html_file, make_page(report, pictures).encode())
    print(summarise(report))
    lost = regressions(report, before, max_drop)
    for line in lost:
        print_error(f"worse than {baseline}: {line}")
    return 1 if lost else 0


def merge_command(reports: Sequence[Path], sets: Job, *, json_file: Path | None, html_file: Path | None) -> int:
    """Merge the reports of several devices, print the table, and write JSON and the page if asked to.

    The page shows the digits of those sets that are at hand.
    """
    _check_outputs([path.resolve() for path in (json_file, html_file) if path])
    merged = merge(read_reports(reports))
    if json_file:
        _write(json_file, readable_json(merged))
    if html_file:
        paths = sets_of(sets) if sets.data or mnist_path(sets.mnist) else []
        pictures = {name_of(path): pictures_of(path, merged["differences"]) for path in paths}
        _write(html_file, make_merged_page(merged, pictures).encode())
    print(summarise_merged(merged))
    return 0


def sets_of(job: Job) -> list[Path]:
    """Return the labelled files and folders to compare on; raises DataError when there are none, or two of one name.

    The variable DIGITPAD_MNIST is a default, not an addition: with --data alone it is ignored.
    """
    mnist = job.mnist if job.data else mnist_path(job.mnist)
    paths = [*([mnist] if mnist else []), *job.data]
    if not paths:
        raise DataError(
            f"no labelled data. Download Keras' mnist.npz and run again with --mnist FILE or {VARIABLE}=FILE, or name "
            "your own data with --data"
        )
    for path in paths:
        if not path.exists():
            raise DataError(f"{path}: not found. MNIST is Keras' mnist.npz; other data is labelled ink or a folder")
    if len({name_of(path) for path in paths}) < len(paths):  # the report has names, not paths: those are private
        raise DataError("two sets have the same name: rename one")
    return paths


def name_of(path: Path) -> str:
    """Return the name of a set in a report."""
    return escape(path.resolve().name)


def compare(job: Job, models: Sequence[Path], paths: Sequence[Path], progress: Progress) -> tuple[Report, list[Set]]:
    """Return the report, and the sets with the pictures of flipped digits."""
    runtime = find_runtime(job.runtime)
    classifiers = open_classifiers(models, runtime)
    runtimes = usable_runtimes(job.runtime) if job.cost else [runtime.name]
    progress.steps = len(paths) + bool(job.corrupted) + 1 + (len(runtimes) if job.cost else 0)
    sampler = Sampler(max(job.corrupted, BATCH))
    witness = Witness({name: uses_of(own) for name, own in zip(names_of(classifiers), models, strict=True)}, job.mnist)
    sets = [_answer(path, classifiers, progress, witness, sampler if path == paths[0] else None) for path in paths]
    images, labels = sampler.batch()
    report: Report = {
        "digitpad": __version__,
        "device": describe_device(),
        "runtime": runtime.name,
        "runtimes": [{"name": name, "version": find_way(name).version} for name in runtimes],
        "models": [describe(*own) for own in zip(classifiers, names_of(classifiers), strict=True)],
        "sets": [own.to_json() for own in sets],
        "warnings": witness.lines,
        "layers": [],
        "why": [],
        "cost": [],
        "preprocessing_us": measure_preprocessing(),
    }
    if job.corrupted:
        ways = progress.follow("corrupted digits", CORRUPTIONS, len(CORRUPTIONS))
        digits = images[: job.corrupted], labels[: job.corrupted]
        report["robustness"] = measure_robustness(name_of(paths[0]), classifiers, *digits, ways)
    progress.step("layer by layer")
    report["layers"] = compare_layers(classifiers, images)
    if job.cost:
        report["cost"] = measure_cost(classifiers, images, runtimes, progress.step)
    report["why"] = explain(report)
    return report, sets


def _answer(
    path: Path, classifiers: Sequence[Classifier], progress: Progress, witness: Witness, sampler: Sampler | None
) -> Set:
    batches = Batches(path)
    found = Set(name_of(path), classifiers)
    watched = witness.watch(path, found.name, batches)
    for images, labels in progress.follow(found.name, sampler.watch(watched) if sampler else watched):
        found.add(images, labels)
    found.skipped = batches.skipped
    return found


def _check_outputs(outputs: Sequence[Path]) -> None:
    """Raise DataError now for a report that could not be written in a few minutes."""
    if len(set(outputs)) < len(outputs):
        raise DataError("--json and --html name the same file")
    for path in outputs:
        if path.is_dir():
            raise DataError(f"{path}: cannot be written, it is a folder")
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise DataError(f"{path}: cannot be written, {path.parent} is not a writable folder")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from None
    print(f"wrote {escape(path)}", file=sys.stderr)
