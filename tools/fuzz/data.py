"""What `compare` and `evaluate` read: MNIST as IDX and npz, folders of pictures, model cards, earlier reports."""

import gzip
import io
import json
import random
import shutil
import struct
import zipfile
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from edge_app.evaluation.compare.baseline import read_baseline, regressions
from edge_app.evaluation.compare.data import Batches
from edge_app.modelfiles.card import CARD, models_folder, read_card
from edge_app.recognition.normalise import DigitImage

from .mutation import mutate_bytes, mutate_tree
from .pictures import png
from .run import Run

SETS, MODELS = ("a.jsonl", "mnist.npz"), ("digits_float.tflite", "digits_int8.tflite")
SHAPES = ((3,), (3, 28, 28), (1, 28, 28), (0, 28, 28), (2**31, 28, 28), (3, 2**16, 2**16), (28, 28, 3))


def fuzz(run: Run) -> None:
    """Try files; a case is a letter for what it is, and the file."""
    run.limits.megabytes = 250.0  # IDX of 200,000 images are read whole, others are refused
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case: check(case, run.folder))  # type: ignore[misc]


def make(rng: random.Random) -> bytes:
    """Return a case."""
    kind = rng.choice("IZNFCB")
    content = {"I": _idx, "Z": _idx_packed, "N": _npz, "F": _picture, "C": _card, "B": _report}[kind](rng)
    return kind.encode() + (content if rng.randrange(3) else mutate_bytes(rng, content))


def _idx(rng: random.Random) -> bytes:
    shape = rng.choice(SHAPES)
    magic = rng.choice((0x800 + len(shape), 0x803, 0x801, 0xD03))
    count = min(int(np.prod(shape, dtype=object)), 5000)
    return struct.pack(f">{len(shape) + 1}I", magic, *(side % 2**32 for side in shape)) + rng.randbytes(count)


def _idx_packed(rng: random.Random) -> bytes:
    if not rng.randrange(10):  # two hundred megabytes in two hundred kilobytes
        return gzip.compress(struct.pack(">4I", 0x803, 200_000, 28, 28) + bytes(200_000_000 // rng.choice((1, 100))), 1)
    return gzip.compress(_idx(rng))


def _npz(rng: random.Random) -> bytes:
    file = io.BytesIO()
    arrays = {
        "x_train": np.zeros((rng.choice((1, 60000)), 28, 2), np.uint8),
        "y_train": np.zeros(3, rng.choice((np.uint8, np.float64, object, "U5"))),
        "x_test": np.zeros((2, 28, 28), np.uint8),
        "y_test": np.zeros(2, np.uint8),
    }
    if not rng.randrange(3):
        arrays.pop(rng.choice(list(arrays)))
    np.savez_compressed(file, **arrays)
    if not rng.randrange(3):  # a header that promises more than there is
        with zipfile.ZipFile(file, "a") as archive:
            shape = rng.choice(
                ("(60000, 28, 28)", "(99999999999, 28, 28)", "(-1,)", "()", "(1" * 500, "__import__('os')")
            )
            text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
            archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(100))
    return file.getvalue()


def _picture(rng: random.Random) -> bytes:
    return png(rng)


@cache
def _card_seed() -> object:
    return json.loads((models_folder() / CARD).read_bytes())


def _card(rng: random.Random) -> bytes:
    tree = _card_seed()
    for _ in range(rng.randint(1, 3)):
        tree = mutate_tree(rng, tree)
    return json.dumps(tree).encode()


def _report(rng: random.Random) -> bytes:
    answers = [{"accuracy": 0.99}, {"accuracy": 0.98}]
    tree: object = {
        "models": [{"file": name} for name in MODELS],
        "sets": [{"name": name, "n": 100, "models": answers} for name in SETS],
    }
    for _ in range(rng.randint(0, 3)):
        tree = mutate_tree(rng, tree)
    return json.dumps(tree).encode()


def check(case: bytes, folder: Path) -> str:
    """Read a case; raises DigitpadError, or what is none."""
    home = folder / "data"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    kind, content = case[:1], case[1:]
    if kind == b"C":
        (home / CARD).write_bytes(content)
        card = read_card(home / CARD)
        assert all(isinstance(name, str) for name in card["classes"])
        return "card"
    if kind == b"B":
        (home / "report.json").write_bytes(content)
        baseline = read_baseline(home / "report.json", SETS, MODELS)
        now = {"sets": [{"name": SETS[0], "n": 100, "models": [{"accuracy": 0.5}] * 2}]}
        lines = regressions({**now, "models": [{"file": name} for name in MODELS]}, baseline, 0.1)
        assert all(isinstance(line, str) for line in lines)
        return "baseline"
    for images, labels in islice(Batches(_file(kind, content, home)), 3):
        _are_digits(images, labels)
    return "digits"


def _file(kind: bytes, content: bytes, home: Path) -> Path:
    if kind == b"F":
        (home / "7").mkdir()
        (home / "7" / "a.png").write_bytes(content)
        return home
    if kind == b"N":
        (home / "mnist.npz").write_bytes(content)
        return home / "mnist.npz"
    ending = ".gz" if kind == b"Z" else ""
    path = home / f"t10k-images-idx3-ubyte{ending}"
    path.write_bytes(content)
    labels = struct.pack(">2I", 0x801, 3) + bytes([1, 2, 3])
    (home / f"t10k-labels-idx1-ubyte{ending}").write_bytes(gzip.compress(labels) if ending else labels)
    return path


def _are_digits(images: DigitImage, labels: DigitImage) -> None:
    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == (len(labels), 28, 28)
    assert labels.max() <= 9
