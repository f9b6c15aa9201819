"""`python -m tools.faults`: try to lose what was confirmed."""

import sys

from .report import run_steps
from .steps import STEPS

ABOUT = "Kills the app, takes its power, fails its disk, damages its files; looks whether what was confirmed is there."


def main(argv: list[str] | None = None) -> int:
    """Try; returns the exit status."""
    return run_steps("faults", STEPS, ABOUT, argv)


if __name__ == "__main__":
    sys.exit(main())
