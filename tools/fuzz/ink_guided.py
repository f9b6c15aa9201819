"""Ink as in `ink`, guided by what of the reading code a case reaches."""

from .guided import fuzz_guided
from .run import Run


def fuzz(run: Run) -> None:
    """Fuzz until time is up."""
    fuzz_guided(run, "ink", ("edge_app", "json"))
