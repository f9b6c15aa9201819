"""What the userlands hold: the app's own requirements, as they are for that machine, and what its tests need."""

import tomllib

from packaging.requirements import Requirement

from tools.bench.process import ROOT

from .userland import ARM64, ARMHF, SUITES, Recipe, Suite

PACKAGES = ("python3", "libstdc++6")
OF_DEBIAN = ("python3-numpy", "python3-pil", "python3-platformdirs", "python3-tomlkit")
FOR_TESTS = ("ai-edge-litert", "hypothesis", "pytest", "pytest-timeout")


def arm64(suite: Suite) -> Recipe:
    """Return the userland of a 64-bit Pi with the lean app, both interpreters where both exist, and pytest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # pip would evaluate markers for the Python that runs it
    there = {"sys_platform": "linux", "platform_machine": ARM64.wheels, "python_version": suite.python}
    lean = [Requirement(text) for text in project["project"]["dependencies"]]
    wanted = [one for one in lean if one.marker is None or one.marker.evaluate(there)]
    wanted += [one for one in map(Requirement, project["dependency-groups"]["dev"]) if one.name in FOR_TESTS]
    return Recipe(ARM64, suite, PACKAGES, tuple(sorted(f"{one.name}{one.specifier}" for one in wanted)))


def armhf() -> Recipe:
    """Return the userland of a 32-bit Pi: the interpreter's wheel, and everything else from Debian."""
    (interpreter,) = (one for one in arm64(SUITES["bookworm"]).wheels if one.startswith("tflite-runtime"))
    return Recipe(ARMHF, SUITES["bookworm"], (*PACKAGES, *OF_DEBIAN), (interpreter,), complete=False)
