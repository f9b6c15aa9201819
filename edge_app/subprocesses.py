"""Child processes: digitpad's own modules, and programs of the operating system."""

import os
import shutil
import sys
from pathlib import Path

RUN_MODULE = "--run-module"  # hidden: a frozen program has no `python -m`
MODULES = (
    "edge_app.evaluation.compare.bench_process",
    "edge_app.gui.platform.pygame_probe",
    "edge_app.modelfiles.validation",
    "edge_app.system.doctor.runtime_probe",
)
# `python -m` would import from the working directory first: a numpy.py among downloaded pictures would run.
CODE = (
    "import sys; sys.path[:] = [sys.argv.pop(1), *filter(None, sys.path)]; module = sys.argv.pop(1); "
    "import runpy; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


def is_frozen() -> bool:
    """Return whether this program was frozen, so that `sys.executable` is digitpad itself."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str) -> list[str]:
    """Return the command that runs a module of this package; nothing is imported from the working directory."""
    if is_frozen():
        return [sys.executable, RUN_MODULE, module]
    return [sys.executable, "-c", CODE, str(Path(__file__).parents[1]), module]


def run_module(words: list[str]) -> bool:
    """Run the module that `--run-module NAME` asks for; returns False for any other words, and for other modules."""
    if words[:1] != [RUN_MODULE] or words[1:] not in [[module] for module in MODULES]:
        return False
    import runpy  # not at every start

    runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    return True


def find_program(name: str) -> str | None:
    """Return the absolute path of a program on PATH, or None.

    A match in the working directory is ignored: Windows searches it first, as does an empty entry in PATH.
    """
    found = shutil.which(name)
    return found if found and os.path.isabs(found) else None  # noqa: PTH117  a text that is not touched
