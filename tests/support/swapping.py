"""Kills a process at random points of putting another model in place: `python -m tests.support.swapping FOLDER KILLS`.

Each child does one swap; whatever is there after its death must be the old state or the new one, whole.
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

from edge_app.modelfiles.registry import POINTER, Choice, choose, keep, load_kept, read_choice
from edge_app.recognition.model import Model

CONTENT = [bytes([number]) * 200_000 for number in range(4)]


def models() -> list[Model]:
    return [
        Model(Path(f"{number}.tflite"), content, hashlib.sha256(content).hexdigest(), tuple("0123456789"))
        for number, content in enumerate(CONTENT)
    ]


def swap(folder: Path, model: Model) -> None:
    choose(folder, Choice(keep(folder, model), read_choice(folder).now))


def check(folder: Path) -> Choice:
    """Return which models are in use, each of them loaded whole."""
    choice = read_choice(folder)
    for kept in choice:
        if kept:
            load_kept(folder, kept)
    return choice


def main(folder: Path, kills: int) -> None:
    rng, known, seen = random.Random(5), models(), Counter[str]()
    taken = []
    for number in range(5):
        began = time.perf_counter()
        swap(folder, known[number % 2])
        taken.append(time.perf_counter() - began)
    latest = 2 * median(taken)
    for number in range(kills):
        before = check(folder)
        wanted = known[number % len(known)]
        child = os.fork()
        if not child:
            swap(folder, wanted)
            os._exit(0)
        time.sleep(rng.uniform(0, latest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = check(folder)
        if after == before:
            seen["old"] += 1
            latest *= 1.1  # kills follow a machine that is faster or slower now: half come early, half late
        else:
            assert after.now is not None, "neither"
            assert (after.now.model, after.before) == (wanted.sha256, before.now), "neither"
            seen["new"] += 1
            latest /= 1.1
        left = [path for path in folder.iterdir() if path.name.startswith(".")]
        seen["left in the middle"] += len(left) > seen["left over"]
        seen["left over"] = len(left)
    assert (folder / POINTER).exists()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
