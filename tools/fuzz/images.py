"""Pictures from anywhere, opened and read as the command and the window do."""

import random
from pathlib import Path

import numpy as np

from edge_app.datasets.readers import read_sources
from edge_app.errors import DigitpadError
from edge_app.recognition.pictures import WORKING_SIDE

from .ink import check_numbers, recognizer
from .mutation import mutate_bytes
from .pictures import bmp, jpeg, png, repaired
from .run import Run

MAKERS = {b"P": (png, ".png"), b"J": (jpeg, ".jpg"), b"B": (bmp, ".bmp")}


def fuzz(run: Run) -> None:
    """Try pictures; a case is a letter for its kind, and the file."""
    run.limits.seconds, run.limits.megabytes = 5.0, 400.0
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case: check(case, run.folder))  # type: ignore[misc]


def make(rng: random.Random) -> bytes:
    """Return a case, now and then with bytes damaged that have no meaning to an encoder."""
    kind = rng.choice((b"P", b"P", b"J", b"J", b"B"))
    content = MAKERS[kind][0](rng)
    if not rng.randrange(4):
        content = mutate_bytes(rng, content, most=3)
        content = repaired(content) if kind == b"P" and rng.randrange(4) else content
    return kind + content


def change(rng: random.Random, case: bytes) -> bytes:
    """Return a case with bytes damaged, or another one."""
    if not rng.randrange(10):
        return make(rng)
    content = mutate_bytes(rng, case[1:], most=3)
    return case[:1] + (repaired(content) if case[:1] == b"P" and rng.randrange(8) else content)


def check(case: bytes, folder: Path) -> str:
    """Read a case; raises what is no refusal, AssertionError for what makes no sense."""
    path = folder / f"case{MAKERS.get(case[:1], MAKERS[b'P'])[1]}"
    path.write_bytes(case[1:])
    (sample,) = read_sources([str(path)])
    if isinstance(sample.content, DigitpadError):
        raise sample.content
    coverage = sample.content
    assert isinstance(coverage, np.ndarray)
    assert coverage.dtype == np.uint8
    assert coverage.ndim == 2
    assert 1 <= min(coverage.shape) <= max(coverage.shape) <= WORKING_SIDE
    reading = recognizer().read_coverage(coverage)
    assert set(reading.text) <= set("0123456789?")
    check_numbers(reading)
    for digit in reading.digits:
        assert digit.box[2] <= coverage.shape[1]
        assert digit.box[3] <= coverage.shape[0]
    return "read" if reading.digits else "no ink"
