"""Pictures as in `images`, guided by what of the decoders' Python a case reaches."""

from .guided import fuzz_guided
from .run import Run


def fuzz(run: Run) -> None:
    """Fuzz until time is up."""
    run.limits.seconds, run.limits.megabytes = 5.0, 400.0
    fuzz_guided(run, "images", ("edge_app", "PIL"))
