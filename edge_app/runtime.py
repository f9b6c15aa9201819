"""The one place that knows which TFLite interpreter is installed: tflite-runtime, or its successor."""

import importlib
import importlib.metadata
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .errors import ModelError, RuntimeMissingError

MODULES = {"tflite-runtime": "tflite_runtime.interpreter", "ai-edge-litert": "ai_edge_litert.interpreter"}
VARIABLE = "DIGITPAD_RUNTIME"

Interpreter = Any
"""Both packages' class of that name; neither has types."""


@dataclass(frozen=True)
class Runtime:
    """An importable interpreter package; it counts as working once `open` has built an interpreter."""

    name: str
    version: str
    interpreter: Callable[..., Interpreter]

    def open(self, model: bytes, threads: int = 1) -> Interpreter:
        """Return an interpreter of `model` with its tensors allocated.

        Raises ModelError for a file that this runtime cannot load.
        """
        try:
            interpreter = self.interpreter(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:  # all that both packages raise on a bad file
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise ModelError(f"{self.name} {self.version} cannot load it ({reason})") from None
        return interpreter


@cache
def find_runtime(wanted: str | None = None) -> Runtime:
    """Return the interpreter package `wanted`, or that of DIGITPAD_RUNTIME, or the first that can be used.

    Raises RuntimeMissingError with the reason for each one that cannot.
    """
    wanted = wanted or os.environ.get(VARIABLE) or None
    if wanted is not None and wanted not in MODULES:
        raise RuntimeMissingError(f"unknown runtime {wanted!r}: expected {' or '.join(MODULES)}")
    reasons = []
    for name in [wanted] if wanted else MODULES:
        try:
            return _load(name)
        except RuntimeMissingError as error:
            reasons.append(str(error))
    raise RuntimeMissingError("no TFLite interpreter works here: " + "; ".join(reasons))


def _load(name: str) -> Runtime:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeMissingError(f"{name} is not installed. Run: pip install {name}") from None
    # tflite-runtime imports under numpy 2 with a page of warnings and fails later, so it is not tried
    if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        raise RuntimeMissingError(
            f"{name} {version} does not work with numpy {np.__version__}. Run: pip install 'numpy<2'"
        )
    try:
        interpreter = importlib.import_module(MODULES[name]).Interpreter
    except (ImportError, OSError, AttributeError) as error:
        raise RuntimeMissingError(
            f"{name} {version} is installed and cannot be loaded ({error}). Run: pip install --force-reinstall {name}"
        ) from None
    return Runtime(name, version, interpreter)
