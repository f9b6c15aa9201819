"""`python -m tests.fuzz.picture [libFuzzer options]`: fuzz picture files under atheris."""

from functools import partial

from .harness import SEEDS, fuzz, read_file

if __name__ == "__main__":
    fuzz(partial(read_file, ".png"), SEEDS[".png"])
