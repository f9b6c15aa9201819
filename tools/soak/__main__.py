"""`python -m tools.soak`: use the window for long, and take away what it stands on."""

import sys

from tools.faults.report import run_steps

from .steps import STEPS

ABOUT = "Uses the window for a simulated day, sets its clock, takes its display away and lets it hang."


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit status."""
    return run_steps("soak", STEPS, ABOUT, argv)


if __name__ == "__main__":
    sys.exit(main())
