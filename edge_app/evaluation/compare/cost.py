"""Cost of each model on this device: memory, start-up, latency, throughput, energy; with each runtime installed."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.readers import bundled_samples
from ...errors import ModelError, RuntimeMissingError
from ...escape import escape
from ...recognition.classifier import Classifier
from ...recognition.interpreter import MODULES, VARIABLE, find_runtime
from ...recognition.normalise import normalise_digit
from .bench_process import ROUNDS, run_bench
from .compiled import COMPILED, find_way
from .device import describe_state
from .models import names_of

STARTS = 3  # the median is reported


def usable_runtimes(wanted: str | None) -> list[str]:
    """Return the ways to run models that work here, the default first; only the runtime `wanted`, if given."""
    wanted = wanted or os.environ.get(VARIABLE) or None
    chosen = find_runtime(wanted).name
    names = [chosen]
    for name in (*MODULES, COMPILED):
        if name != chosen and wanted is None:
            try:
                find_way(name)
            except RuntimeMissingError:
                continue
            names.append(name)
    return names


def measure_cost(
    classifiers: Sequence[Classifier], images: NDArray[np.uint8], runtimes: Sequence[str], report: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Return the cost of each model with each runtime; `error` where a runtime cannot run a model.

    `differing` counts the images for which a runtime's answer is not the classifier's.
    """
    models = [
        {"path": str(own.path), **{name: getattr(own, name) for name in ("sha256", "classes", "input_range")}}
        for own in (classifier.model for classifier in classifiers)
    ]
    empty = run_bench({"kind": "empty"})["peak_bytes"]
    expected = [classifier.logits(images).argmax(axis=1) for classifier in classifiers]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.npy"
        np.save(file, images)
        for name in runtimes:
            before = describe_state()
            report(f"cost with {name}")
            starts = [_start(model, name, empty) for model in models]
            running = [model for model, start in zip(models, starts, strict=True) if "error" not in start]
            try:
                speeds = {threads: _latencies(running, file, name, threads) for threads in _threads()}
            except ModelError as error:
                starts = [start if "error" in start else {"error": escape(error)} for start in starts]
                speeds = {}
            for title, model, start, read in zip(names_of(classifiers), models, starts, expected, strict=True):
                path = model["path"]
                own = {str(threads): speed[path] for threads, speed in speeds.items() if path in speed}
                differing = max((int((speed.pop("read") != read).sum()) for speed in own.values()), default=None)
                found.append({"model": title, "runtime": name, **start, "differing": differing, "latency_us": own})
            found[-1]["state"] = {"before": before, "after": describe_state()}
    return found


def _threads() -> list[int]:
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return sorted({1, ours or 1})


def _start(model: dict[str, Any], runtime: str, empty: int | None) -> dict[str, Any]:
    job = {"kind": "start", "model": model, "runtime": runtime}
    try:
        answers = [run_bench(job) for _ in range(STARTS)]
    except ModelError as error:
        return {"error": escape(error)}
    peaks = [answer["peak_bytes"] for answer in answers]
    return {
        "load_ms": median(answer["load_ms"] for answer in answers),
        "first_result_ms": median(answer["first_result_ms"] for answer in answers),
        "delegate": answers[0]["delegate"],
        "peak_bytes": None if empty is None or None in peaks else median(peaks) - empty,
    }


def _latencies(models: Sequence[dict[str, Any]], images: Path, runtime: str, threads: int) -> dict[str, dict[str, Any]]:
    if not models:
        return {}
    job = {"kind": "latency", "models": list(models), "images": str(images)}
    answer = run_bench({**job, "runtime": runtime, "threads": threads})
    found = {}
    rounds = np.median(np.reshape(answer["times_ns"], (len(models), ROUNDS, -1)), axis=2)
    slower = (rounds > rounds[0]).mean(axis=1)
    for number, (model, times, energy) in enumerate(zip(models, answer["times_ns"], answer["energy_uj"], strict=True)):
        own = np.array(times) / 1000
        found[model["path"]] = {
            **{name: round(float(np.percentile(own, p)), 1) for name, p in (("median", 50), ("p90", 90), ("p99", 99))},
            "n": len(own),
            "throughput_per_s": round(1e6 / float(own.mean())),
            "energy_uj": energy,
            "read": answer["read"][number],
            "slower_rounds": float(slower[number]),  # share in which the median was above the first model's
        }
    return found


def measure_preprocessing(rounds: int = 20) -> dict[str, Any]:
    """Return microseconds from strokes to digit image, over the bundled samples, each as one digit."""
    inks = [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)]
    times = []
    for _ in range(rounds):
        for ink in inks:
            started = time.perf_counter_ns()
            normalise_digit(ink)
            times.append((time.perf_counter_ns() - started) / 1000)
    return {"median": round(median(times), 1), "p90": round(float(np.percentile(times, 90)), 1), "n": len(times)}
