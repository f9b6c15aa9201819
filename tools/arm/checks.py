"""What is compared between this machine and the emulated one; each check returns figures with its `faults`."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_app.datasets.allographs import reference_digits
from edge_app.datasets.mnist import mnist_path, read_mnist
from tools.bench.process import ROOT, ProcessError, first_frame, output

from .outputs import DRAWN
from .userland import CPU_VARIABLE
from .window import NUMBER

IMAGES = 1000
CPUS = {"cortex-a72": "Pi 4", "cortex-a53": "Pi 3 and Zero 2 W", "cortex-a76": "Pi 5"}
EXACT = "tflite-runtime"  # its int8 kernels use integers only: not one bit may differ
# What computes, draws and reads; the rest is files, texts and systems, the same on every processor.
NAMES = """
gui/compare_view gui/ink_layer gui/pad gui/window modelfiles/card modelfiles/shipped personal/saliency
recognition/classifier recognition/gestures recognition/ink recognition/normalise recognition/pictures
recognition/recognizer recognition/segmentation
"""
PICTURES = "tests/gui/test_screens.py::test_screen_matches_its_golden_picture"
TESTS = (*(f"tests/{name.replace('/', '/test_')}.py" for name in NAMES.split()), PICTURES)
TEST_OPTIONS = ("-q", "-rfE", "-pno:cacheprovider", "-ptools.arm.floats", "--timeout=300")
TIMEOUT = 3600  # seconds for all tests

Found = dict[str, Any]


@dataclass(frozen=True)
class Machines:
    """The Python of this machine and the emulated ones, the runtimes of both, and a folder for what they write."""

    here: Path
    there: Path
    there32: Path
    runtimes: list[str]
    folder: Path
    log: Path  # what the emulated tests print

    @property
    def environment(self) -> Mapping[str, str]:
        """A window without a display, an empty home, and no data: tests that need it take long."""
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        (config / "settings.toml").write_text('history = "on"\n')
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DIGITPAD_", "PYTEST_"))}
        return {**kept, "SDL_VIDEODRIVER": "dummy", "DIGITPAD_HOME": str(self.folder), "LC_ALL": "C.UTF-8"}


def compared(expected: NDArray[Any], got: NDArray[Any]) -> Found:
    """Return how many rows of two integer arrays are identical; raises ValueError for other shapes or types."""
    if expected.shape != got.shape or expected.dtype != got.dtype:
        raise ValueError(f"{got.shape} {got.dtype} against {expected.shape} {expected.dtype}")
    difference = np.abs(expected.astype(int) - got.astype(int)).reshape(len(expected), -1).max(axis=1)
    identical = int((difference == 0).sum())
    return {"n": len(difference), "identical": identical, "greatest_difference": int(difference.max())}


def compared_outputs(expected: NDArray[np.int8], got: NDArray[np.int8]) -> Found:
    """Return how two networks' outputs differ, and how many answers are the same."""
    same = int((expected.argmax(axis=1) == got.argmax(axis=1)).sum())
    return {**compared(expected, got), "same_answers": same}


def output_faults(runtime: str, found: Found) -> list[str]:
    """Return what must not be: another answer, or another bit where there are no floats."""
    kind = "identical" if runtime == EXACT else "same_answers"
    return [f"{found['n'] - found[kind]} of {found['n']} outputs differ"] if found[kind] != found["n"] else []


def check_outputs(machines: Machines) -> Found:
    """Compare the int8 network's outputs on each processor, and digit images made of ink."""
    return _compare_outputs(machines, machines.there, machines.runtimes, list(CPUS))


def check_32_bit(machines: Machines) -> Found:
    """Compare the same in a 32-bit userland."""
    return _compare_outputs(machines, machines.there32, [EXACT], [""])


def _compare_outputs(
    machines: Machines, there: Path, runtimes: list[str], cpus: Mapping[str, str] | list[str]
) -> Found:
    """Use MNIST's first test images, or our own digits, also shifted by a pixel."""
    if path := mnist_path(None):
        kind, images = "MNIST's first test images", read_mnist(path).x_test
    else:
        drawn = reference_digits()[0]
        kind, images = "reference digits", np.concatenate([drawn, np.roll(drawn, 1, axis=2)])
    np.save(machines.folder / "images.npy", images[:IMAGES])
    expected, here = _outputs(machines, machines.here, "", runtimes)
    found: Found = {"images": kind, "here": here, "faults": []}
    for cpu in cpus:
        got, found["there"] = _outputs(machines, there, cpu, runtimes)
        own = {name: compared_outputs(expected[name], got[name]) for name in runtimes}
        found[cpu] = {**own, DRAWN: compared(expected[DRAWN], got[DRAWN])}
        found["faults"] += [f"{cpu} {name}: {fault}" for name in runtimes for fault in output_faults(name, own[name])]
    return found


def _outputs(machines: Machines, python: Path, cpu: str, runtimes: list[str]) -> tuple[dict[str, NDArray[Any]], Found]:
    file = machines.folder / "found.npz"
    command = [str(python), "-m", "tools.arm.outputs", str(machines.folder / "images.npy"), str(file), *runtimes]
    about: Found = json.loads(output(command, {**machines.environment, **({CPU_VARIABLE: cpu} if cpu else {})}))
    with np.load(file) as arrays:
        return dict(arrays), about


def check_window(machines: Machines) -> Found:
    """Start the app on both, write a number, and compare readings; pictures are reported only."""
    here, there = (_written(machines, name) for name in ("here", "there"))
    pixels = [np.asarray(Image.open(machines.folder / f"{name}.png").convert("RGB")) for name in ("here", "there")]
    faults = [f"{NUMBER} was read as {there['text']!r}"] if there["text"] != NUMBER else []
    picture = compared(*(one.reshape(-1, 3) for one in pixels))
    return {"here": here, "there": there, "picture": picture, "faults": faults}


def _written(machines: Machines, name: str) -> Found:
    python, environment = str(getattr(machines, name)), machines.environment
    command = [python, "-m", "tools.arm.window", str(machines.folder / f"{name}.png")]
    seconds = first_frame(python, environment)
    return {**json.loads(output(command, environment).splitlines()[-1]), "first_frame_s": round(seconds, 2)}


def check_doctor(machines: Machines) -> Found:
    """Run `digitpad doctor` there; the display that it misses is not a fault."""
    command = [str(machines.there), "-m", "edge_app", "doctor", "--json"]
    done = subprocess.run(
        command, env=machines.environment, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    try:
        findings = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError):
        raise ProcessError(f"doctor printed no JSON: {done.stderr.strip()[-200:]}") from None
    faults = [one["said"] for one in findings if one["state"] == "bad" and one["check"] != "display"]
    return {"findings": len(findings), "faults": faults}


def check_tests(machines: Machines) -> Found:
    """Run TESTS there."""
    command = [str(machines.there), "-m", "pytest", *TEST_OPTIONS, f"--basetemp={machines.folder}/tests", *TESTS]
    with machines.log.open("w") as log:
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=machines.environment, stdout=log, stderr=log, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise ProcessError(f"the tests timed out after {TIMEOUT} s, see {machines.log}") from None
    if done.returncode not in (0, 1):
        raise ProcessError(f"pytest ended with status {done.returncode}, see {machines.log}")
    lines = machines.log.read_text().splitlines()
    return {"summary": lines[-1], "faults": [line for line in lines if line.startswith(("FAILED ", "ERROR "))]}


CHECKS = {
    "outputs": check_outputs,
    "armhf": check_32_bit,
    "window": check_window,
    "doctor": check_doctor,
    "tests": check_tests,
}
