"""Interpreter packages: which one is used, why one is not, and what they may print."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from edge_app.errors import ModelError, RuntimeMissingError
from edge_app.recognition import interpreter
from edge_app.recognition.interpreter import MODULES, VARIABLE, Runtime, find_runtime

from ..conftest import ROOT
from ..modelfiles.test_shipped import RUNTIMES


@pytest.fixture
def uncached() -> Iterator[None]:
    find_runtime.cache_clear()
    yield
    find_runtime.cache_clear()


@pytest.mark.usefixtures("uncached")
def test_without_a_runtime_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MODULES", {"digitpad-no-such-runtime": "no.such"})
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(RuntimeMissingError, match="pip install digitpad-no-such-runtime"):
        find_runtime()


@pytest.mark.usefixtures("uncached")
def test_tflite_runtime_is_not_used_with_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.14.0")
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(RuntimeMissingError, match=r"does not work with numpy 2.1.0. Run: pip install 'numpy<2'"):
        find_runtime("tflite-runtime")


@pytest.mark.usefixtures("uncached")
def test_an_unknown_runtime_is_an_error() -> None:
    with pytest.raises(RuntimeMissingError, match="unknown runtime 'torch'"):
        find_runtime("torch")


@pytest.mark.usefixtures("uncached")
def test_a_broken_runtime_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [name for name in MODULES if _is_installed(name)]
    real, broken = find_runtime(installed[-1]).name, "broken-runtime"
    find_runtime.cache_clear()

    class Broken:
        def __init__(self, **_: object) -> None:
            raise RuntimeError("wrong C library")

    monkeypatch.setattr(interpreter, "MODULES", {broken: "broken.module", real: MODULES[real]})
    find, load = importlib.util.find_spec, importlib.import_module
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True if name == "broken" else find(name))
    monkeypatch.setattr(
        importlib,
        "import_module",
        lambda name: SimpleNamespace(Interpreter=Broken) if name == "broken.module" else load(name),
    )
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_runtime().name == real
    with pytest.raises(RuntimeMissingError, match="cannot create an interpreter"):
        find_runtime(broken)


def _is_installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.mark.parametrize("name", RUNTIMES)
def test_commands_print_nothing_on_standard_error(name: str) -> None:
    """Both runtimes greet with "INFO: Created TensorFlow Lite XNNPACK delegate for CPU"."""
    command = [sys.executable, "-m", "edge_app", "--runtime", name, "recognize", "tests/data/2026.png"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2026\n", "")


def test_only_info_lines_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    def opened(**_: object) -> SimpleNamespace:
        os.write(2, b"INFO: a greeting\nERROR: a reason\nINFO: another\n")
        return SimpleNamespace(allocate_tensors=lambda: os.write(2, b"WARNING: a warning\n"))

    Runtime("any", opened).open(b"")
    os.write(2, b"INFO: from somebody else\n")
    assert capfd.readouterr().err == "ERROR: a reason\nWARNING: a warning\nINFO: from somebody else\n"


def test_a_flood_of_messages_does_not_block(capfd: pytest.CaptureFixture[str]) -> None:
    def opened(**_: object) -> None:
        with suppress(BlockingIOError):
            while True:
                os.write(2, b"x" * 1000)
        raise ValueError("a corrupt file")

    with pytest.raises(ModelError, match="a corrupt file"):
        Runtime("any", opened).open(b"")
    assert set(capfd.readouterr().err) == {"x"}


def test_two_threads_leave_standard_error_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    def opened(**_: object) -> SimpleNamespace:
        time.sleep(0.01)
        return SimpleNamespace(allocate_tensors=lambda: None)

    threads = [threading.Thread(target=Runtime("any", opened).open, args=(b"",)) for _ in range(5)]
    for thread in threads:
        thread.start()
        time.sleep(0.004)
    for thread in threads:
        thread.join()
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "still here\n"


def test_without_a_standard_error_a_model_is_opened() -> None:
    code = "import os; os.close(2); from edge_app.recognition.recognizer import Recognizer; print(bool(Recognizer()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
