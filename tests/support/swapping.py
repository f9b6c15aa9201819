"""Kills `use-model` at random points: `python -m tests.support.swapping FOLDER KILLS` prints what was found.

Each child process installs and chooses one model. After its death the old one must be in use or the new one, intact.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

from edge_app.modelfiles.registry import Choice, Registry
from edge_app.recognition.model import Model

CONTENT = [bytes([number]) * 200_000 for number in range(4)]
MODELS = [
    Model(Path(f"{number}.tflite"), content, hashlib.sha256(content).hexdigest(), tuple("0123456789"))
    for number, content in enumerate(CONTENT)
]


def swap(registry: Registry, model: Model) -> None:
    registry.choose(Choice(registry.install(model), registry.read().now))


def check(registry: Registry) -> Choice:
    """Return which models are in use, after loading each of them."""
    choice = registry.read()
    for installed in choice:
        if installed:
            registry.load(installed)
    return choice


def main(folder: Path, kills: int) -> None:
    registry, rng, seen = Registry(folder), random.Random(5), Counter[str]()
    times = []
    for number in range(5):
        began = time.perf_counter()
        swap(registry, MODELS[number % 2])
        times.append(time.perf_counter() - began)
    latest = 2 * median(times)
    for number in range(kills):
        before, wanted = check(registry), MODELS[number % len(MODELS)]
        child = os.fork()
        if not child:
            swap(registry, wanted)
            os._exit(0)
        time.sleep(rng.uniform(0, latest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = check(registry)
        if after == before:
            seen["old"] += 1
            latest *= 1.1  # adapt to the machine's speed, so that half of the kills come early and half late
        else:
            assert after.now is not None, "neither"
            assert (after.now.model, after.before) == (wanted.sha256, before.now), "neither"
            seen["new"] += 1
            latest /= 1.1
        unfinished = [path for path in folder.iterdir() if path.name.startswith(".")]
        seen["while writing"] += len(unfinished) > seen["unfinished"]
        seen["unfinished"] = len(unfinished)
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
