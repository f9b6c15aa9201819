"""Ink from anywhere: files and lines of JSON, plain and gzipped, read as the commands and the window read them."""

import gzip
import json
import math
import random
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from edge_app.datasets.labelled import LabelledInk, read_labelled
from edge_app.datasets.readers import read_sources
from edge_app.errors import DigitpadError
from edge_app.evaluation.evaluate import read_sample
from edge_app.recognition.ink import Ink, dump_ink, parse_ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Reading

from .mutation import mutate_bytes, mutate_tree
from .run import Run

KINDS = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
SAMPLES = Path(__file__).parents[2] / "edge_app" / "datasets" / "samples.jsonl"


def fuzz(run: Run) -> None:
    """Try damaged, odd and oversized ink; a case is a letter for how it is read, a digit for its kind, and the file."""
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case: check(case, run.folder))  # type: ignore[misc]


@cache
def seeds() -> list[bytes]:
    """Return the sample ink, a line each."""
    return SAMPLES.read_bytes().splitlines()


def make(rng: random.Random) -> bytes:
    """Return a case."""
    lines = [_line(rng) for _ in range(rng.choice((1, 1, 1, 3)))]
    content = b"\n".join(lines)
    if not rng.randrange(3):
        content = mutate_bytes(rng, content, seeds())
    return _packed(rng, rng.choice((b"L", b"R", b"R")), rng.randrange(len(KINDS)), content)


def _packed(rng: random.Random, how: bytes, kind: int, content: bytes) -> bytes:
    if KINDS[kind].endswith(".gz"):
        content = gzip.compress(content, 1, mtime=0)
        if not rng.randrange(4):
            content = mutate_bytes(rng, content)
    return how + b"%d" % kind + content


def change(rng: random.Random, case: bytes) -> bytes:
    """Return a case with something in its JSON, or among its bytes, changed."""
    kind, content = case[1] % len(KINDS) if len(case) > 1 else 0, case[2:]
    try:
        if KINDS[kind].endswith(".gz"):
            content = zlib.decompressobj(31).decompress(content, 1_000_000)
        lines = content.splitlines() or [b""]
        at = rng.randrange(len(lines))
        lines[at] = json.dumps(mutate_tree(rng, json.loads(lines[at]))).encode()
        content = b"\n".join(lines)
    except (ValueError, RecursionError, zlib.error):
        content = mutate_bytes(rng, content, seeds())
    return _packed(rng, case[:1], kind, content)


def _line(rng: random.Random) -> bytes:
    tree = json.loads(rng.choice(seeds())) | {"label": rng.choice("0123456789"), "writer": "me/1"}
    way = rng.randrange(12)
    if way == 0:
        return _generated(rng)
    if way == 1:  # nested deeper than a parser may follow
        return rng.choice((b"[", b'{"strokes":')) * rng.choice((100, 1000, 100_000))
    for _ in range(rng.randint(1, 4)):
        tree = mutate_tree(rng, tree)
    return json.dumps(tree).encode()


def _generated(rng: random.Random) -> bytes:
    """Return ink of many strokes or many points, in any scale: what the limits are for."""
    strokes = rng.choice((1, 2, 30, 200))
    points = rng.choice((1, 2, 20, 500)) if strokes < 100 else rng.choice((1, 5))
    scale = 10.0 ** rng.randint(-12, 9)
    place = rng.choice((0.0, 0.0, 1e6, -1e8))
    tree = [
        [[place + scale * rng.random(), place + scale * rng.random()] for _ in range(points)] for _ in range(strokes)
    ]
    return json.dumps({"label": "1", "strokes": tree}).encode()


@cache
def recognizer() -> Recognizer:
    """Return one for all tries: its memory of groups is part of what is tried."""
    return Recognizer()


def check(case: bytes, folder: Path) -> str:
    """Read a case; raises what is no refusal, AssertionError for a reading that makes no sense."""
    path = folder / f"case{KINDS[case[1] % len(KINDS)] if len(case) > 1 else '.json'}"
    path.write_bytes(case[2:])
    outcomes = list(_read_labelled(path) if case[:1] == b"L" else _read(path))
    return max(outcomes, default="empty")


def _read(path: Path) -> Iterator[str]:
    for sample in read_sources([str(path)]):
        if isinstance(sample.content, DigitpadError):
            assert len(str(sample.content).splitlines()) == 1, sample.content
            yield "refused"
            continue
        assert isinstance(sample.content, tuple)
        check_reading(recognizer().read(sample.content), sample.content)
        yield "read" if sample.content else "no ink"


def _read_labelled(path: Path) -> Iterator[str]:
    for sample in read_labelled(path):
        outcome = read_sample(recognizer(), sample)
        assert math.isfinite(outcome.confidence)
        assert isinstance(sample, LabelledInk)
        yield "read"


def check_reading(reading: Reading, ink: Ink) -> None:
    """Raise AssertionError unless a reading can be one of this ink: each stroke in a digit, all numbers finite."""
    assert set(reading.text) <= set("0123456789?"), reading.text
    assert len(reading.text) == len(reading.digits)
    used = [stroke for digit in reading.digits for stroke in digit.strokes]
    assert set(used) == set(range(len(ink))), f"strokes {sorted(set(used))} of {len(ink)}"
    check_numbers(reading)
    if ink:
        again = parse_ink(dump_ink(ink))
        assert [len(stroke) for stroke in again] == [len(stroke) for stroke in ink]


def check_numbers(reading: Reading) -> None:
    """Raise for a reading with numbers in it that are none, or out of order."""
    content: Any = [digit.to_json() for digit in reading.digits]
    json.dumps(content, allow_nan=False)  # raises ValueError for what is not finite
    for digit in reading.digits:
        left, top, right, bottom = digit.box
        assert left <= right, digit.box
        assert top <= bottom, digit.box
        assert 0 <= digit.confidence <= 1, digit.confidence
