"""One long life of the window, of 200,000 events: whether anything grows."""

from .run import Run
from .window import fuzz_lives

EVENTS = 200_000


def fuzz(run: Run) -> None:
    """Try lives until time is up; one that has begun is lived to its end."""
    fuzz_lives(run, EVENTS)
