"""Fuzz targets: each takes bytes and may raise nothing but DigitpadError; and seeded damage to valid files."""

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from edge_app.datasets.readers import read_sources
from edge_app.errors import DigitpadError
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.settings import read_settings

from ..conftest import DATA, ROOT

SEEDS = {
    ".jsonl": (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_bytes(),
    ".png": (DATA / "2026.png").read_bytes(),
    ".toml": b'history = "on"\ntheme = "dark"\nlanguage = "de"\n',
}
RECOGNIZER = Recognizer()
FOLDER = tempfile.TemporaryDirectory(prefix="digitpad-fuzz-")  # removed when the process ends
SCRATCH = Path(FOLDER.name)


def read_file(suffix: str, content: bytes) -> None:
    """Read ink, a picture or settings as the app does; a rejected file is no finding."""
    path = SCRATCH / f"case{suffix}"
    path.write_bytes(content)
    if suffix == ".toml":
        read_settings(path)
        return
    try:
        for sample in read_sources([str(path)]):
            if isinstance(sample.content, DigitpadError):
                continue
            read = RECOGNIZER.read if isinstance(sample.content, tuple) else RECOGNIZER.read_coverage
            assert set(read(sample.content).text) <= set("0123456789?")  # type: ignore[arg-type]
    except DigitpadError:
        pass


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return a file with some bytes changed, cut, doubled or removed."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 10))):
        at, size = rng.randrange(len(changed) + 1), rng.choice((1, 2, 8, 64))
        kind = rng.randrange(4)
        piece = rng.randbytes(size) if kind == 0 else b"" if kind == 1 else bytes(changed[:size] * 2)
        changed[at : at + size] = rng.choice((b"9" * 40, b"-1e999", b"NaN", b"[" * 300)) if kind == 3 else piece
    return bytes(changed)


def fuzz(target: Callable[[bytes], None], seed: bytes) -> None:
    """Run a target under libFuzzer, guided by coverage, with the options of the command line."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # wheels for Linux x86-64 only

    atheris.instrument_all()
    (SCRATCH / "corpus").mkdir()
    (SCRATCH / "corpus" / "seed").write_bytes(seed)
    atheris.Setup([*sys.argv, str(SCRATCH / "corpus")], target)
    atheris.Fuzz()
