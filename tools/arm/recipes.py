"""What the userlands hold: the app's own requirements, as they are for that machine, and what its tests need."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from .userland import ARM64, ARMHF, SUITES, Recipe, Suite

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
PACKAGES = ("python3", "libstdc++6")
OF_DEBIAN = ("python3-numpy", "python3-pil", "python3-platformdirs", "python3-tomlkit")
FOR_TESTS = ("ai-edge-litert", "hypothesis", "pytest", "pytest-timeout")


def arm64(suite: Suite) -> Recipe:
    """Return the userland of a 64-bit Pi with the lean app, both interpreters where both exist, and pytest."""
    project = tomllib.loads(PROJECT.read_text())
    lean = [Requirement(text) for text in project["project"]["dependencies"]]
    dev = [Requirement(text) for text in project["dependency-groups"]["dev"]]
    wanted = [one for one in lean if on(one, suite)] + [one for one in dev if one.name in FOR_TESTS]
    return Recipe(ARM64, suite, PACKAGES, tuple(sorted(f"{one.name}{one.specifier}" for one in wanted)))


def on(requirement: Requirement, suite: Suite) -> bool:
    """Return whether a requirement holds on the Arm machine; pip would ask the Python that runs it."""
    there = {"sys_platform": "linux", "platform_machine": ARM64.wheels, "python_version": suite.python}
    return requirement.marker is None or requirement.marker.evaluate(there)


def armhf() -> Recipe:
    """Return the userland of a 32-bit Pi with what there is: the interpreter's wheel, and all else from Debian."""
    (interpreter,) = (one for one in arm64(SUITES["bookworm"]).wheels if one.startswith("tflite-runtime"))
    return Recipe(ARMHF, SUITES["bookworm"], (*PACKAGES, *OF_DEBIAN), (interpreter,), complete=False)
