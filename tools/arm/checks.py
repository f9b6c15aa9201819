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
from edge_app.recognition.interpreter import MODULES, find_runtime
from tools.bench.process import ROOT, ProcessError, first_frame, output

from .judge import compared, compared_outputs, compared_pictures
from .outputs import DRAWN
from .suite import run_suite
from .userland import CPU_VARIABLE
from .window import NUMBER

IMAGES = 1000
CPUS = {"cortex-a72": "Pi 4", "cortex-a53": "Pi 3 and Zero 2 W", "cortex-a76": "Pi 5"}
EXACT = "tflite-runtime"  # its int8 kernels compute in whole numbers alone: a bit that differs is a fault
UNSEEN = "display"  # what the doctor rightly finds bad here
PATIENCE = 600  # seconds for one process

Found = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """Where the checks run: this machine's Python, the emulated one, and a folder for what they write."""

    here: Path
    there: Path
    there32: Path
    folder: Path
    log: Path  # what the emulated tests said

    @property
    def log_here(self) -> Path:
        """What this machine's tests said."""
        return self.log.with_stem(f"{self.log.stem}-here")

    @property
    def environment(self) -> Mapping[str, str]:
        """What both are started with: a window that nobody sees, a home of its own, no question at its start."""
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        (config / "settings.toml").write_text('history = "on"\n')
        own = {"SDL_VIDEODRIVER": "dummy", "DIGITPAD_HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return {**{k: v for k, v in os.environ.items() if not k.startswith("DIGITPAD_RUNTIME")}, **own}


def images() -> tuple[str, NDArray[np.uint8]]:
    """Return what the digit images are, and so many of them: MNIST's first, else our own, moved by a pixel."""
    path = mnist_path(None)
    if path:
        return "MNIST's first test images", read_mnist(path).x_test[:IMAGES]
    drawn = reference_digits()[0]
    return "reference digits, also moved by a pixel", np.concatenate([drawn, np.roll(drawn, 1, axis=2)])[:IMAGES]


def check_outputs(bench: Bench, runtimes: list[str]) -> Found:
    """Compare what the int8 network puts out, on each processor, and the digit images made of ink."""
    kind, given = images()
    np.save(bench.folder / "images.npy", given)
    expected, here = _outputs(bench, bench.here, "", runtimes)
    found: Found = {"images": kind, "here": here, "processors": {}, "faults": []}
    for cpu in CPUS:
        got, found["there"] = _outputs(bench, bench.there, cpu, runtimes)
        own = {name: compared_outputs(expected[name], got[name]) for name in runtimes}
        found["processors"][cpu] = {**own, DRAWN: compared(expected[DRAWN], got[DRAWN])}
        found["faults"] += [f"{cpu}, {name}: {fault}" for name in runtimes for fault in output_faults(name, own[name])]
    return found


def _outputs(bench: Bench, python: Path, cpu: str, runtimes: list[str]) -> tuple[dict[str, NDArray[Any]], Found]:
    file = bench.folder / "found.npz"
    command = [str(python), "-m", "tools.arm.outputs", str(bench.folder / "images.npy"), str(file), *runtimes]
    about: Found = json.loads(output(command, {**bench.environment, **({CPU_VARIABLE: cpu} if cpu else {})}))
    with np.load(file) as arrays:
        return dict(arrays), about


def check_32_bit(bench: Bench, _: list[str]) -> Found:
    """Compare what the int8 network puts out in a 32-bit userland, and the digit images made of ink."""
    kind, given = images()
    np.save(bench.folder / "images.npy", given)
    (expected, _here), (got, there) = (_outputs(bench, python, "", [EXACT]) for python in (bench.here, bench.there32))
    own = compared_outputs(expected[EXACT], got[EXACT])
    drawn = compared(expected[DRAWN], got[DRAWN])
    return {"images": kind, "there": there, EXACT: own, DRAWN: drawn, "faults": output_faults(EXACT, own)}


def output_faults(runtime: str, found: Found) -> list[str]:
    """Return what must not be: another answer, or another bit where there are no floats."""
    faults = []
    if found["same_answers"] != found["n"]:
        faults.append(f"{found['n'] - found['same_answers']} of {found['n']} answers are others")
    if runtime == EXACT and found["same_values"] != found["values"]:
        faults.append(f"{found['values'] - found['same_values']} of {found['values']} outputs are others")
    return faults


def check_window(bench: Bench, _: list[str]) -> Found:
    """Start the app on both, write in it, compare what it read; the pictures are for information."""
    here, there = (_written(bench, python, name) for python, name in ((bench.here, "here"), (bench.there, "there")))
    pictures = [np.asarray(Image.open(bench.folder / f"{name}.png").convert("RGB")) for name in ("here", "there")]
    faults = [f"{NUMBER} was read as {there['text']!r}"] if there["text"] != NUMBER else []
    return {"here": here, "there": there, "picture": compared_pictures(*pictures), "faults": faults}


def _written(bench: Bench, python: Path, name: str) -> Found:
    first = first_frame(str(python), bench.environment)
    command = [str(python), "-m", "tools.arm.window", str(bench.folder / f"{name}.png")]
    found: Found = json.loads(output(command, bench.environment).splitlines()[-1])
    return {**found, "first_frame_s": round(first, 2)}


def check_doctor(bench: Bench, _: list[str]) -> Found:
    """Let the app examine the emulated machine."""
    command = [str(bench.there), "-m", "edge_app", "doctor", "--json"]
    done = subprocess.run(
        command, env=bench.environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    try:
        findings = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError):
        raise ProcessError(f"doctor says nothing to be read: {done.stderr.strip()[-200:]}") from None
    states = [one["state"] for one in findings]
    faults = [one["said"] for one in findings if one["state"] == "bad" and one["check"] != UNSEEN]
    return {"states": {state: states.count(state) for state in sorted(set(states))}, "faults": faults}


def check_tests(bench: Bench, _: list[str]) -> Found:
    """Run the project's tests on the emulated machine; what fails on this one as well is no fault of Arm's."""
    found = run_suite(bench.there, bench.environment, bench.log)
    here = run_suite(bench.here, bench.environment, bench.log_here)["failed"] if found["failed"] else []
    own = [name for name in found["failed"] if name not in here]
    return {**found, "failed_here_too": len(found["failed"]) - len(own), "faults": [f"failed: {name}" for name in own]}


def runtimes_of(wheels: tuple[str, ...]) -> list[str]:
    """Return the interpreters among some wheels; raises RuntimeMissingError where one does not work here, too."""
    names = [name for name in MODULES if any(wheel.startswith(name) for wheel in wheels)]
    return [find_runtime(name).name for name in names]


CHECKS = {
    "outputs": check_outputs,
    "armhf": check_32_bit,
    "window": check_window,
    "doctor": check_doctor,
    "tests": check_tests,
}
