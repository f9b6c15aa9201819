"""Hundreds of damaged files, the same each time: reading them raises nothing but DigitpadError."""

import random

import pytest

from .harness import SEEDS, damage, read_file


@pytest.mark.parametrize("suffix", SEEDS)
def test_damaged_file_is_read_or_rejected(suffix: str) -> None:
    for seed in range(150):
        lines = SEEDS[suffix].splitlines(keepends=True)[:2] if suffix == ".jsonl" else [SEEDS[suffix]]
        read_file(suffix, damage(b"".join(lines), random.Random(seed)))
