"""Model files: damaged, lying and random ones against the check of their structure, and what passes against the gate.

Each case goes through the check in this process, and what passes through a fork of it for each runtime, with the gate's
limits and the gate's own code. What passes that is opened and read with here, as the app would. Of what the check
refuses, one in four is shown to the runtimes all the same, in forks: that says what the check is for.
"""

import faulthandler
import json
import os
import random
import select
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.errors import ModelError, RuntimeMissingError
from edge_app.modelfiles.card import MAX_BYTES
from edge_app.modelfiles.isolated import limit_this_process
from edge_app.modelfiles.selftest import check_reading, known_digits
from edge_app.modelfiles.validation import NEXT, try_model, validate
from edge_app.modelfiles.verifier import verify
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import MODULES, find_runtime
from edge_app.recognition.model import Model

from .run import Run
from .tflite import difference, edited, lie

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "models", ROOT / "tests" / "data" / "models")
COMPUTING, PATIENCE = 5, 20.0  # seconds of the processor and in all: a sound file takes a tenth
UNCHECKED = 4  # one in so many of those refused is shown to the runtimes
WHOLE = 40  # one in so many of those that pass the check goes through a whole process as well
WORST = [
    *("accepted", "refused by the self-test", "refused by the runtime"),
    *("refused by the check", "timed out", "too much memory", "crashed"),  # at the gate for its number of classes
]
WORDS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, MAX_BYTES)

Way = Callable[[random.Random, bytes], bytes]


def fuzz(run: Run) -> None:
    """Try model files; a case is the file behind a line that says how and of which sound file it was made."""
    figures = run.figures = {"ways": {}, "runtimes": {}, "unchecked": {}, "whole": {}, "accepted": {}}
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case, rng=rng: check(case, rng, figures))  # type: ignore[misc]


@cache
def seeds() -> list[bytes]:
    """Return sound files of every kind."""
    return [path.read_bytes() for folder in FILES for path in sorted(folder.glob("*.tflite"))]


@cache
def runtimes() -> list[str]:
    """Return the runtimes that work here."""
    found = []
    for name in MODULES:
        try:
            find_runtime(name)
        except RuntimeMissingError:
            continue
        found.append(name)
    return found


# ---- how cases are made


def make(rng: random.Random) -> bytes:
    """Return a case."""
    way, sound = rng.choice(list(WAYS)), rng.randrange(len(seeds()))
    return f"{sound} {way}\n".encode() + WAYS[way](rng, seeds()[sound])


def _place(rng: random.Random, content: bytes) -> int:
    """Return a place, more often than not among tables and lists, which lie at both ends."""
    if rng.randrange(3):
        edge = min(8000, len(content) // 3)
        place = rng.randrange(2 * edge)
        return place if place < edge else len(content) - (place - edge) - 1
    return rng.randrange(len(content))


def cut(rng: random.Random, content: bytes) -> bytes:
    """Return the beginning of a file, up to a place that a copy, a block of a disk or a table ended at."""
    at = _place(rng, content)
    return content[: rng.choice((at, at & ~3, at & ~511, at & ~4095, len(content) - rng.randrange(1, 64)))]


def flip(rng: random.Random, content: bytes) -> bytes:
    """Return a file with one to 64 bits flipped."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 4, 64))):
        changed[_place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def set_bytes(rng: random.Random, content: bytes) -> bytes:
    """Return a file with runs of one byte, as of a block that was never written."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        at, length = _place(rng, content), rng.choice((1, 2, 4, 16, 512, 4096))
        changed[at : at + length] = bytes([rng.choice((0, 0xFF, rng.randrange(256)))]) * len(changed[at : at + length])
    return bytes(changed)


def enlarge(rng: random.Random, content: bytes) -> bytes:
    """Return a file in which words that may be lengths or offsets are others."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = _place(rng, content) & ~3
        word = int.from_bytes(content[at : at + 4], "little")
        grown = rng.choice((*WORDS, word + 1, word + 4, 2 * word, word << 8, word - 4, word ^ 0x80000000))
        changed[at : at + 4] = (grown & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(changed[: len(content)])


def noise(rng: random.Random, content: bytes) -> bytes:
    """Return bytes of chance, some behind a beginning that is right."""
    start = content[: rng.choice((0, 8, 8, 32, 512, 2048))]
    return start + rng.randbytes(rng.choice((0, 1, 16, 1000, 50_000)))


def splice(rng: random.Random, content: bytes) -> bytes:
    """Return a file with a part of another in it."""
    other = rng.choice(seeds())
    at, there, length = _place(rng, content), _place(rng, other), rng.choice((16, 256, 4096, 50_000))
    keep = content[at + length :] if rng.randrange(2) else content[at:]
    return content[:at] + other[there : there + length] + keep


def tell_lies(rng: random.Random, content: bytes) -> bytes:
    """Return a flatbuffer as a writer makes it, in which one to three things are not so."""

    def change(model: Any) -> None:
        for _ in range(rng.choice((1, 1, 2, 3))):
            lie(rng, model)

    return edited(content, change)


WAYS: dict[str, Way] = {
    "cut off": cut,
    "bits flipped": flip,
    "bytes set": set_bytes,
    "lengths": enlarge,
    "noise": noise,
    "spliced": splice,
    "lies": tell_lies,
    "more lies": tell_lies,
}


# ---- what becomes of them


def check(case: bytes, rng: random.Random, figures: dict[str, Any]) -> str:
    """Return what became of a case; raises AssertionError for what must not."""
    first, _, content = case.partition(b"\n")
    sound, _, way = first.decode().partition(" ")
    outcome = _try(content, rng, figures)
    _count(figures["ways"], way.removeprefix("more "), outcome)
    if outcome == "accepted":
        kind = difference(content, seeds()[int(sound)])
        figures["accepted"][kind] = figures["accepted"].get(kind, 0) + 1
    return outcome


def _count(figures: dict[str, Any], name: str, outcome: str) -> None:
    own = figures.setdefault(name, {})
    own[outcome] = own.get(outcome, 0) + 1


def _try(content: bytes, rng: random.Random, figures: dict[str, Any]) -> str:
    try:
        verify(content)
    except ModelError as error:
        _check_line(str(error))
        if not rng.randrange(UNCHECKED):
            for name in runtimes():
                outcome = in_fork(lambda name=name: _open_unchecked(content, name))  # type: ignore[misc]
                _count(figures["unchecked"], name, outcome)
        return "refused by the check"
    outcomes = {}
    for name in runtimes():
        job = {"runtime": name, "classes": None, "reads": True}
        outcomes[name] = in_fork(lambda job=job: examine(content, job))  # type: ignore[misc]
        _count(figures["runtimes"], name, outcomes[name])
    if not rng.randrange(WHOLE):
        _compare_whole(content, rng.choice(runtimes()), outcomes, figures)
    worst = max(outcomes.values(), key=WORST.index)
    if worst == "accepted":
        for name in runtimes():  # as the app does it: a crash here is a finding
            outputs = find_runtime(name).open(content).get_output_details()
            classifier = Classifier(_model(content, int(outputs[0]["shape"][-1])), find_runtime(name))
            assert np.isfinite(classifier.logits(known_digits())).all()
    return worst


def examine(content: bytes, job: dict[str, Any]) -> dict[str, Any]:
    """Return what validation says of a case."""
    try:
        return {"classes": try_model(content, job["runtime"], None)}
    except ModelError as error:
        return {"refused": "reading" if "clear digits" in str(error) else "runtime"}


def _check_line(said: str) -> None:
    """Raise AssertionError unless a refusal is one sentence that says something."""
    assert len(said.splitlines()) == 1, said
    assert not said.startswith("case"), said


def _model(content: bytes, classes: int) -> Model:
    return Model(Path("case"), content, "", tuple("0123456789?"[:classes]))


def _open_unchecked(content: bytes, name: str) -> dict[str, Any]:
    """Return what `examine` would without its first part."""
    place = "runtime"
    try:
        interpreter = find_runtime(name).open(content)
        classes = int(interpreter.get_output_details()[0]["shape"][-1])
        classifier = Classifier(_model(content, classes), find_runtime(name))
        place = "reading"
        check_reading(classifier)
    except ModelError:
        return {"refused": place}
    except (IndexError, ValueError, TypeError):
        return {"refused": "runtime"}
    return {}


def _compare_whole(content: bytes, name: str, outcomes: dict[str, str], figures: dict[str, Any]) -> None:
    """Raise AssertionError unless the gate itself, a process from its start, comes to what the fork came to."""
    try:
        validate(Path("case"), content, find_runtime(name))
        whole = "accepted"
    except ModelError as error:
        _check_line(str(error).removeprefix("case: ").removesuffix(NEXT))
        whole = "refused"
    _count(figures["whole"], name, whole)
    assert (whole == "accepted") == (outcomes[name] == "accepted"), (whole, outcomes)


PLACES = {
    None: "accepted",
    "structure": "refused by the check",
    "runtime": "refused by the runtime",
    "reading": "refused by the self-test",
    "memory": "too much memory",
}


def in_fork(job: Callable[[], dict[str, Any]]) -> str:
    """Return what became of a job in a fork of this process, under the gate's limits."""
    answers, answer_to = os.pipe()
    child = os.fork()
    if not child:
        os.close(answers)
        _run_and_exit(job, answer_to)
    os.close(answer_to)
    try:
        ended, _, _ = select.select([answers], [], [], PATIENCE)
        if not ended:
            os.kill(child, signal.SIGKILL)
        said = os.read(answers, 65536) if ended else b""
    finally:
        os.close(answers)
        _, status = os.waitpid(child, 0)
    if not ended or os.waitstatus_to_exitcode(status) in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timed out"
    if os.WIFSIGNALED(status):
        return "crashed"
    answer = json.loads(said)
    assert "fault" not in answer, answer["fault"]
    return PLACES[answer.get("refused")]


def _run_and_exit(job: Callable[[], dict[str, Any]], answer_to: int) -> None:
    """End this process with the answer of a job; what it did not foresee ends it without, and is a fault there."""
    faulthandler.disable()  # the crash is noted by who waits
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nothing, stream)
        limit_this_process(COMPUTING)
        os.write(answer_to, json.dumps(job()).encode())
    except MemoryError:
        os.write(answer_to, b'{"refused": "memory"}')
    except BaseException as error:
        os.write(answer_to, json.dumps({"fault": repr(error)}).encode())
    finally:
        os._exit(0)
