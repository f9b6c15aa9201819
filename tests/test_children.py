"""Processes of digitpad's own run digitpad's code, wherever one happens to be."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.children import module_command
from edge_app.modelfile import INT8, load_model, models_folder
from edge_app.runtime import find_runtime

from .conftest import ROOT

TRAPS = ("numpy", "json", "runpy", "edge_app")
START = {
    "kind": "start",
    "model": {"path": str(models_folder() / INT8), "sha256": load_model().sha256},
    "classes": [*"0123456789?"],
    "runtime": find_runtime().name,
}
TRAP = "import pathlib; pathlib.Path({found!r}).touch(); raise SystemExit(9)"


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder, such as one of downloaded pictures, with modules in it that nobody asked for."""
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text(TRAP.format(found=str(tmp_path / "found")))
    return tmp_path


def run(code: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python as the command `digitpad` runs it: the working folder is not on the path."""
    code = f"import sys; sys.path[:] = [{str(ROOT)!r}, *filter(None, sys.path)]; {code}"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_trap_works(trapped: Path) -> None:
    command = [sys.executable, "-m", "edge_app.comparison.probe"]
    assert subprocess.run(command, cwd=trapped, check=False).returncode == 9
    assert (trapped / "found").exists()


ASKED = {
    "doctor": ("from edge_app.cli import main; main(['doctor'])", "samples are read right"),
    "compare": (f"from edge_app.comparison.probe import ask; print(ask({START!r}))", "load_ms"),
}


@pytest.mark.parametrize("name", ASKED)
def test_no_module_of_the_working_folder_is_run(trapped: Path, name: str) -> None:
    code, expected = ASKED[name]
    done = run(code, trapped)
    assert expected in done.stdout, done.stderr
    assert not (trapped / "found").exists()


def test_a_module_is_run_with_its_words_and_its_package(tmp_path: Path) -> None:
    done = subprocess.run([*module_command("edge_app"), "--version"], cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout.startswith(b"digitpad ")


def test_a_frozen_program_is_asked_by_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/usr/bin/digitpad")
    assert module_command("edge_app.setup.trial") == ["/usr/bin/digitpad", "-m", "edge_app.setup.trial"]
