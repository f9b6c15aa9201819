"""Fuzzing guided by coverage: libFuzzer, through atheris, keeps the cases that reach new lines and changes those."""

import importlib
import random
import sys
from collections.abc import Sequence
from typing import Any

from .run import Run

MOST_BYTES = 20_000
PATIENCE = 60  # seconds for one case


def fuzz_guided(run: Run, name: str, watched: Sequence[str]) -> None:
    """Try cases of the target `name` until time is up, watching the lines of packages; does not return.

    The target has `seeds()`, `make(rng)` for a case from nothing, `change(rng, case)` and `check(case, folder)`.
    """
    import atheris  # an extra of its own

    with atheris.instrument_imports(include=list(watched)):
        target: Any = importlib.import_module(f"tools.fuzz.{name}")
    corpus = run.folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number in range(200):
        (corpus / f"seed-{number}").write_bytes(target.make(run.rng(number)))

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        changed = target.change(rng, data) if rng.randrange(2) else atheris.Mutate(data, most)
        return bytes(changed[:most])

    limits = [f"-max_total_time={run.seconds:.0f}"] if run.seconds is not None else [f"-runs={run.most}"]
    options = [*limits, f"-max_len={MOST_BYTES}", f"-seed={run.seed}", f"-timeout={PATIENCE}", "-rss_limit_mb=4096"]
    atheris.Setup(
        [sys.argv[0], *options, "-print_final_stats=1", str(corpus)],
        lambda case: run.attempt(case, lambda: target.check(case, run.folder)) and None,
        custom_mutator=mutate,
    )
    atheris.Fuzz()
