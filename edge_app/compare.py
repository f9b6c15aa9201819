"""What int8 cost in accuracy against float, and what it bought, measured on this device without TensorFlow."""

import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atomic import readable_json, write_atomically
from .classifier import Classifier
from .errors import DataError
from .mnist import VARIABLE, mnist_path, read_mnist
from .modelfile import FLOAT, INT8, load_model, models_folder

WARM_UP = 50
ROUNDS = 20
A_ROUND = 100  # images a model before the other has its turn: a machine that drifts hurts both alike


def compare_command(models: Sequence[Path], mnist: Path | None, output: Path | None) -> int:
    """Compare two models on MNIST's test images, print ten lines and write JSON where asked."""
    path = mnist_path(mnist)
    if path is None:
        raise DataError(f"no MNIST named. Get Keras' mnist.npz and run again with --mnist FILE or {VARIABLE}=FILE")
    data = read_mnist(path)
    paths = list(models) or [models_folder() / FLOAT, models_folder() / INT8]
    if not models and not paths[0].exists():  # the wheel holds the int8 model alone
        raise DataError(f"{FLOAT} comes with a checkout, not with the installed app. Name two models: {FLOAT} {INT8}")
    classifiers = [Classifier(load_model(path)) for path in paths]
    result = compare(classifiers, data.x_test, data.y_test, progress=sys.stderr.isatty())
    print(summary(result))
    if output:
        try:
            write_atomically(output, readable_json(result))
        except OSError as error:
            raise DataError(f"{output}: cannot be written ({error.strerror})") from None
    return 0


def compare(
    classifiers: Sequence[Classifier],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    *,
    progress: bool = False,
) -> dict[str, Any]:
    """Return the figures of each classifier on the same images, and on how many of them they disagree."""
    answers = []
    for number, classifier in enumerate(classifiers, 1):
        name = f"{classifier.model.path.name} ({number}/{len(classifiers)})"
        answers.append(_answers(classifier, images, name if progress else None))
    latencies = _latencies(classifiers, images)
    return {
        "n": len(labels),
        "disagreements": int((answers[0] != answers[1]).sum()),
        "models": [
            {
                "file": classifier.model.path.name,
                "sha256": classifier.model.sha256,
                "bytes": len(classifier.model.content),
                "type": "int8" if classifier.is_int8 else "float32",
                "right": int((answer == labels).sum()),
                "accuracy": float((answer == labels).mean()),
                "latency_us": {
                    "median": round(float(np.median(times)), 1),
                    "p90": round(float(np.percentile(times, 90)), 1),
                    "n": len(times),
                },
            }
            for classifier, answer, times in zip(classifiers, answers, latencies, strict=True)
        ],
        "threads": 1,
        "runtime": {"name": classifiers[0].runtime.name, "version": classifiers[0].runtime.version},
        "machine": {
            "processor": _processor(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
    }


def _answers(classifier: Classifier, images: NDArray[np.uint8], name: str | None) -> NDArray[np.intp]:
    """Return the class of each image; with `name`, a bar on standard error shows how far it is."""
    parts = []
    for first in range(0, len(images), 500):
        parts.append(classifier.logits(images[first : first + 500]).argmax(axis=1))
        if name:
            done = min(1.0, (first + 500) / len(images))
            print(f"\r{name:<36} {'#' * round(30 * done):<30} {done:4.0%}", end="", file=sys.stderr, flush=True)
    if name:
        print(file=sys.stderr)
    return np.concatenate(parts)


def _latencies(classifiers: Sequence[Classifier], images: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Return microseconds from digit image to logits, one image at a time, warm, models taking turns."""
    times: list[list[int]] = [[] for _ in classifiers]
    for classifier in classifiers:
        classifier.logits(images[:WARM_UP])
    for turn in range(ROUNDS):
        for own, classifier in zip(times, classifiers, strict=True):
            for i in range(A_ROUND):
                at = (turn * A_ROUND + i) % len(images)
                started = time.perf_counter_ns()
                classifier.logits(images[at : at + 1])
                own.append(time.perf_counter_ns() - started)
    return [np.array(own) / 1000 for own in times]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def summary(result: dict[str, Any]) -> str:
    """Return the figures in a table for a terminal."""
    runtime, machine = result["runtime"], result["machine"]
    lines = [
        f"MNIST test images, n = {result['n']:,}; {runtime['name']} {runtime['version']}, one thread; "
        f"{machine['processor']}",
        f"{'model':<22} {'type':<8} {'bytes':>8} {'accuracy':>9} {'wrong':>6} {'median us':>10} {'p90 us':>8}",
    ]
    for model in result["models"]:
        latency = model["latency_us"]
        lines.append(
            f"{model['file']:<22} {model['type']:<8} {model['bytes']:>8,} {model['accuracy']:>9.2%} "
            f"{result['n'] - model['right']:>6} {latency['median']:>10.0f} {latency['p90']:>8.0f}"
        )
    one, two = result["models"][0], result["models"][1]
    points = 100 * (two["accuracy"] - one["accuracy"])
    lines.append(
        f"{two['type']} against {one['type']}: {points:+.2f} points, {result['disagreements']} disagreements, "
        f"{one['bytes'] / two['bytes']:.1f} times smaller, "
        f"{one['latency_us']['median'] / two['latency_us']['median']:.2f} times as fast"
    )
    return "\n".join(lines)
