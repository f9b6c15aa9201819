"""Finds and opens a TFLite interpreter: tflite-runtime, or its successor ai-edge-litert."""

import base64
import importlib
import importlib.util
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import ModelError, RuntimeMissingError

MODULES = {"tflite-runtime": "tflite_runtime.interpreter", "ai-edge-litert": "ai_edge_litert.interpreter"}
VARIABLE = "DIGITPAD_RUNTIME"
PROBE = zlib.decompress(  # a model of one ReLU: a runtime that cannot open it is not used
    base64.b64decode(
        "eNptUT1PAkEUHOREghe8BKIUFBS0XgTRniBGEj4MXmxPE664giPB00jir7C2tLT0V/gbrC2sLSyM5+zu4+LXu0xud3bfvDdvqwC8"
        "w/5uGTVUUUEZDmxyeVhcg5xBTNQzQEthBcjCBJdoERbxnCSJJesS0RkNT7vjk95o6A+6Xvug7bWpa2vtPIzG8u40jPz5ZRSH08C/"
        "CuYX4SzCKvkH4p64I27k/q3UOSMc6SOPYqqruLpmc5rLSZ4KO/VoaZ9b85f97YX/mhUvls4Cmm6z4e781VDaDXfPHEm8fSbJO/FB"
        "bHA/6PfGtc4soo84mLjgyPQswR6X1ZVmUXg13yOiTxxLnel5GKmMTOqxkL5LQf+h95lvwD975ckTzSfOTR05oqnOKsQjeaXXmwR8"
        "gHiBHxqbumdI1ybWyJpyZfGw9Gjpz+yvf/Xj6J5trOtUM/+S0Sl9AT8HREY="
    )
)

MOST_OUTPUT = 65536  # bytes: a pipe's capacity on Linux
STDERR = threading.Lock()  # two threads that redirect it at once would restore each other's pipe

Interpreter = Any
"""Both packages' class of that name; neither has types."""


@dataclass(frozen=True)
class Runtime:
    """An interpreter package that works on this machine."""

    name: str
    interpreter: Callable[..., Interpreter]

    @property
    def version(self) -> str:
        """The package's version, or `unknown` in a frozen program without package metadata."""
        from importlib import metadata  # not at import: it takes 2 MB and 20 ms

        try:
            return metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return "unknown"

    def open(self, model: bytes, threads: int = 1) -> Interpreter:
        """Return an interpreter of `model` with its tensors allocated.

        Raises ModelError if this runtime cannot load it.
        """
        return self._open(model, num_threads=threads)

    def open_traced(self, model: bytes) -> Interpreter:
        """Return an interpreter that keeps the output of every operator; slower, as XNNPACK is off."""
        plain = importlib.import_module(MODULES[self.name]).OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        return self._open(model, experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain)

    def _open(self, model: bytes, **options: Any) -> Interpreter:
        try:
            with STDERR, _info_messages_dropped():
                interpreter = self.interpreter(model_content=model, **options)
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:  # all that both packages raise on a bad file
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise ModelError(f"{self.name} {self.version} cannot load it ({reason})") from None
        return interpreter


@contextmanager
def _info_messages_dropped() -> Iterator[None]:
    """Drop the lines that start with INFO: from standard error, which C++ writes past Python's `sys.stderr`.

    Everything else is passed on afterwards. Without a standard error (pythonw) nothing is changed.
    """
    try:
        stderr = os.dup(2)
    except OSError:
        yield
        return
    read, write = os.pipe()
    if sys.platform != "win32":  # a full pipe must not block C++, nor a child that inherited its end block us
        os.set_blocking(read, False)
        os.set_blocking(write, False)
    os.dup2(write, 2)
    os.close(write)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        with suppress(OSError), os.fdopen(read, "rb", buffering=0) as pipe:
            lines = (pipe.read(MOST_OUTPUT) or b"").splitlines(keepends=True)
            os.write(2, b"".join(line for line in lines if not line.startswith(b"INFO:")))


@cache
def find_runtime(wanted: str | None = None) -> Runtime:
    """Return the interpreter package `wanted`, or that of DIGITPAD_RUNTIME, or the first that works.

    Raises RuntimeMissingError with the reason why each one failed.
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
    # under numpy 2 tflite-runtime imports with a page of warnings and fails later
    if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        raise RuntimeMissingError(f"{name} does not work with numpy {np.__version__}. Run: pip install 'numpy<2'")
    try:
        runtime = Runtime(name, importlib.import_module(MODULES[name]).Interpreter)
    except (ImportError, OSError, AttributeError) as error:
        raise RuntimeMissingError(
            f"{name} is installed but cannot be loaded ({error}). Run: pip install --force-reinstall {name}"
        ) from None
    try:
        runtime.open(PROBE)
    except (ModelError, AttributeError, TypeError, SystemError) as error:  # an incompatible numpy or libc
        raise RuntimeMissingError(
            f"{name} is installed but cannot create an interpreter ({error}). Run: pip install --force-reinstall {name}"
        ) from None
    return runtime
