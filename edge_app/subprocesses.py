"""Programs that digitpad starts: a module of its own, apart from what must not suffer from it, and the system's."""

import os
import shutil
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


def find_program(name: str) -> str | None:
    """Return the full path of a program of the system, None where there is none.

    One in the folder that one happens to be in is none: Windows looks there first, as does a PATH with an empty part.
    """
    found = shutil.which(name)
    return found if found and os.path.isabs(found) else None  # noqa: PTH117  a text that is not touched
