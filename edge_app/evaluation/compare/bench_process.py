"""Measures cost in a process of its own, so that memory and caches of one measurement cannot affect the next.

The module reads a JSON job from standard input and prints JSON; `run_bench` starts it.
"""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...modelfiles.isolated import run_isolated

if TYPE_CHECKING:
    from ...recognition.classifier import Classifier
    from ...recognition.interpreter import Runtime

WARM_UP = 50
ROUNDS = 40
A_ROUND = 50  # images per model before the next one: clock drift affects all models alike
ENERGY_SECONDS = 1.0  # the counter is updated about every millisecond


def run_bench(job: dict[str, Any], timeout: float = 600) -> dict[str, Any]:
    """Return the result of `job` from a new process; raises ModelError with its error message."""
    who = job.get("runtime", "Python")
    answer: dict[str, Any] = json.loads(
        run_isolated("edge_app.evaluation.compare.bench_process", json.dumps(job).encode(), who, timeout)
    )
    return answer


def peak_bytes() -> int | None:
    """Return the peak resident memory of this process; None where the system does not report it."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not Linux
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure_empty(_: dict[str, Any]) -> dict[str, Any]:
    """Return the memory of an idle Python process."""
    return {"peak_bytes": peak_bytes()}


def _open(model: dict[str, Any], runtime: "Runtime", threads: int = 1) -> "Classifier":
    """Return a classifier of the file, if its checksum is unchanged."""
    from ...modelfiles.card import read_verified
    from ...recognition.classifier import Classifier
    from ...recognition.model import Model

    path = Path(model["path"])
    content = read_verified(path, model["sha256"])
    card = {name: model[name] for name in ("classes", "input_range")}
    return Classifier(Model(path, content, model["sha256"], **card), runtime, threads)


def measure_start(job: dict[str, Any]) -> dict[str, Any]:
    """Return the time to load a model and to its first result, in ms, and the process's peak memory."""
    import numpy as np

    from ...recognition.classifier import Classifier  # noqa: F401  imported before the clock starts
    from .compiled import find_way

    runtime = find_way(job["runtime"])  # imports are not part of the model's cost
    blank = np.zeros((1, 28, 28), np.uint8)
    started = time.perf_counter()
    classifier = _open(job["model"], runtime)
    loaded = time.perf_counter()
    classifier.logits(blank)
    first = time.perf_counter()
    return {
        "load_ms": 1000 * (loaded - started),
        "first_result_ms": 1000 * (first - started),
        "peak_bytes": peak_bytes(),
        "delegate": "XNNPACK" if "DELEGATE" in classifier.operators() else "none",
    }


def measure_latency(job: dict[str, Any]) -> dict[str, Any]:
    """Return nanoseconds from digit image to logits for each model, warm and in turns, and all answers."""
    import numpy as np

    from ...recognition.classifier import Classifier
    from .compiled import find_way
    from .device import energy_uj

    runtime = find_way(job["runtime"])
    classifiers = [_open(model, runtime, job["threads"]) for model in job["models"]]
    images = np.load(job["images"])
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

    def energy(classifier: Classifier) -> float | None:
        before, count, until = energy_uj(), 0, time.perf_counter() + ENERGY_SECONDS
        if before is None:
            return None
        while time.perf_counter() < until:
            classifier.logits(images[:100])
            count += len(images[:100])
        after = energy_uj()
        return (after - before) / count if after is not None and after >= before else None  # the counter wraps

    return {
        "times_ns": times,
        "energy_uj": [energy(classifier) for classifier in classifiers],
        "read": [classifier.logits(images).argmax(axis=1).tolist() for classifier in classifiers],
    }


KINDS = {"empty": measure_empty, "start": measure_start, "latency": measure_latency}


def main() -> int:
    """Run the job on standard input."""
    from ...errors import DigitpadError

    job = json.load(sys.stdin)
    try:
        print(json.dumps(KINDS[job["kind"]](job)))
    except DigitpadError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
