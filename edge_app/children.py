"""Processes of digitpad's own: a module of this package, run apart from what must not suffer from it."""

import sys
from pathlib import Path

# `python -m` puts the folder that one happens to be in first: a numpy.py among downloaded pictures would be run.
RUN = (
    "import sys; sys.path[:] = [sys.argv.pop(1), *filter(None, sys.path)]; module = sys.argv.pop(1); "
    "import runpy; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


def is_frozen() -> bool:
    """Tell whether this is the program that needs no Python: `sys.executable` is digitpad then."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str) -> list[str]:
    """Return the command that runs a module of this very package; nothing is imported from the working folder."""
    if is_frozen():  # it takes these words for its own modules: tools/freeze/start.py
        return [sys.executable, "-m", module]
    return [sys.executable, "-c", RUN, str(Path(__file__).parents[1]), module]
