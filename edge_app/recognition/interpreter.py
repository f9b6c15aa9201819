"""The one place that knows which TFLite interpreter is installed: tflite-runtime, or its successor."""

import base64
import importlib
import importlib.util
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import ModelError, RuntimeMissingError

MODULES = {"tflite-runtime": "tflite_runtime.interpreter", "ai-edge-litert": "ai_edge_litert.interpreter"}
VARIABLE = "DIGITPAD_RUNTIME"
PROBE = zlib.decompress(  # a model of one ReLU: what a runtime must be able to open before it is trusted
    base64.b64decode(
        "eNptUT1PAkEUHOREghe8BKIUFBS0XgTRniBGEj4MXmxPE664giPB00jir7C2tLT0V/gbrC2sLSyM5+zu4+LXu0xud3bfvDdvqwC8"
        "w/5uGTVUUUEZDmxyeVhcg5xBTNQzQEthBcjCBJdoERbxnCSJJesS0RkNT7vjk95o6A+6Xvug7bWpa2vtPIzG8u40jPz5ZRSH08C/"
        "CuYX4SzCKvkH4p64I27k/q3UOSMc6SOPYqqruLpmc5rLSZ4KO/VoaZ9b85f97YX/mhUvls4Cmm6z4e781VDaDXfPHEm8fSbJO/FB"
        "bHA/6PfGtc4soo84mLjgyPQswR6X1ZVmUXg13yOiTxxLnel5GKmMTOqxkL5LQf+h95lvwD975ckTzSfOTR05oqnOKsQjeaXXmwR8"
        "gHiBHxqbumdI1ybWyJpyZfGw9Gjpz+yvf/Xj6J5trOtUM/+S0Sl9AT8HREY="
    )
)

Interpreter = Any
"""Both packages' class of that name; neither has types."""


@dataclass(frozen=True)
class Runtime:
    """An interpreter package that has built an interpreter here."""

    name: str
    interpreter: Callable[..., Interpreter]

    @property
    def version(self) -> str:
        """The package's version, `unknown` where its metadata was left out (in a frozen program)."""
        from importlib import metadata  # not at import: it takes 2 MB and 20 ms

        try:
            return metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return "unknown"

    def open(self, model: bytes, threads: int = 1) -> Interpreter:
        """Return an interpreter of `model` with its tensors allocated.

        Raises ModelError for a file that this runtime cannot load.
        """
        return self._open(model, num_threads=threads)

    def open_traced(self, model: bytes) -> Interpreter:
        """Return an interpreter that keeps the output of every operator; slower, since nothing is delegated."""
        plain = importlib.import_module(MODULES[self.name]).OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        return self._open(model, experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain)

    def _open(self, model: bytes, **options: Any) -> Interpreter:
        try:
            interpreter = self.interpreter(model_content=model, **options)
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
    if importlib.util.find_spec(MODULES[name].partition(".")[0]) is None:
        raise RuntimeMissingError(f"{name} is not installed. Run: pip install {name}")
    # tflite-runtime imports under numpy 2 with a page of warnings and fails later, so it is not tried
    if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        raise RuntimeMissingError(f"{name} does not work with numpy {np.__version__}. Run: pip install 'numpy<2'")
    try:
        runtime = Runtime(name, importlib.import_module(MODULES[name]).Interpreter)
    except (ImportError, OSError, AttributeError) as error:
        raise RuntimeMissingError(
            f"{name} is installed and cannot be loaded ({error}). Run: pip install --force-reinstall {name}"
        ) from None
    try:
        runtime.open(PROBE)
    except (ModelError, AttributeError, TypeError, SystemError) as error:  # what a wrong numpy or C library leads to
        raise RuntimeMissingError(
            f"{name} is installed and builds no interpreter ({error}). Run: pip install --force-reinstall {name}"
        ) from None
    return runtime
