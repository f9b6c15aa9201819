"""`python -m tests.fuzz.ink [libFuzzer options]`: fuzz ink files under atheris."""

from functools import partial

from .harness import SEEDS, fuzz, read_file

if __name__ == "__main__":
    fuzz(partial(read_file, ".jsonl"), SEEDS[".jsonl"])
