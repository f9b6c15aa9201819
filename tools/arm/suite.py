"""The project's own tests on the emulated machine: those that can run there, counted."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from tools.bench.process import ROOT

PATIENCE = 3600  # seconds for all of them
LOG = "tests.log"
ONE = 300  # seconds for one
# What computes, draws and reads; the rest is files, words and systems, the same on every processor.
NAMES = """
gui/compare_view gui/ink_layer gui/pad gui/window modelfiles/card modelfiles/shipped personal/saliency
recognition/classifier recognition/gestures recognition/ink recognition/normalise recognition/pictures
recognition/recognizer recognition/segmentation
"""
PICTURES = "tests/gui/test_screens.py::test_screen_matches_its_golden_picture"
TESTS = (*(f"tests/{name.replace('/', '/test_')}.py" for name in NAMES.split()), PICTURES)
OPTIONS = ("-q", "-pno:cacheprovider", "-ptools.arm.floats", "--durations=25", f"--timeout={ONE}")


class SuiteError(Exception):
    """The tests could not be run to their end, in one sentence."""


def run_suite(python: Path, environment: Mapping[str, str], log: Path) -> dict[str, Any]:
    """Run TESTS; returns the counts, with the names of what failed. Raises SuiteError; `log` has all that was said."""
    with TemporaryDirectory(prefix="digitpad-arm-") as name:
        report = Path(name) / "report.xml"
        command = [str(python), "-m", "pytest", *OPTIONS, f"--junitxml={report}", f"--basetemp={name}/tests", *TESTS]
        with log.open("w") as said:
            try:
                done = subprocess.run(
                    command, cwd=ROOT, env=_own(environment), stdout=said, stderr=said, timeout=PATIENCE, check=False
                )
            except subprocess.TimeoutExpired:
                raise SuiteError(f"not ended after {PATIENCE} s, see {log}") from None
        if done.returncode not in (0, 1) or not report.exists():
            raise SuiteError(f"pytest ended with status {done.returncode}, see {log}")
        return counts(report)


def _own(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the data: what needs it takes long, and differs in nothing that is of Arm."""
    data = ("DIGITPAD_MNIST", "DIGITPAD_INK", "DIGITPAD_NO_SKIPS", "PYTEST_ADDOPTS")
    return {name: value for name, value in environment.items() if name not in data}


def counts(report: Path) -> dict[str, Any]:
    """Return how many tests of a JUnit report passed, were skipped and failed, and which failed."""
    suite = next(ElementTree.parse(report).iter("testsuite"))
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return {"passed": total - skipped - len(failed), "skipped": skipped, "failed": failed}
