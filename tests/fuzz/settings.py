"""`python -m tests.fuzz.settings [libFuzzer options]`: fuzz settings files under atheris."""

from functools import partial

from .harness import SEEDS, fuzz, read_file

if __name__ == "__main__":
    fuzz(partial(read_file, ".toml"), SEEDS[".toml"])
