"""Child processes: digitpad's own modules, never one of the working directory, and programs of the system."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.modelfiles.card import INT8, load_model, models_folder
from edge_app.recognition.interpreter import find_runtime
from edge_app.subprocesses import MODULES, RUN_MODULE, find_program, module_command, run_module
from edge_app.system.speech import Speaker, find_speaker

from .conftest import ROOT
from .test_architecture import modules

TRAPS = ("numpy", "json", "runpy", "edge_app")
START = {
    "kind": "start",
    "model": {
        "path": str(models_folder() / INT8),
        "sha256": load_model().sha256,
        "classes": [*"0123456789?"],
        "input_range": [0.0, 1.0],
    },
    "runtime": find_runtime().name,
}
TRAP = "import pathlib; pathlib.Path({found!r}).touch(); raise SystemExit(9)"


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder, such as ~/Downloads, with modules that shadow numpy, json and digitpad itself."""
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text(TRAP.format(found=str(tmp_path / "found")))
    return tmp_path


def run(code: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python as the command `digitpad` runs it: the working folder is not on the path."""
    code = f"import sys; sys.path[:] = [{str(ROOT)!r}, *filter(None, sys.path)]; {code}"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_python_m_would_run_a_module_of_the_working_directory(trapped: Path) -> None:
    command = [sys.executable, "-m", "edge_app.evaluation.compare.bench_process"]
    assert subprocess.run(command, cwd=trapped, check=False).returncode == 9
    assert (trapped / "found").exists()


CALLS = {
    "doctor": ("from edge_app.cli import main; main(['doctor'])", "reads 8 of 8 samples correctly"),
    "compare": (
        f"from edge_app.evaluation.compare.bench_process import run_bench; print(run_bench({START!r}))",
        "load_ms",
    ),
}


@pytest.mark.parametrize("name", [pytest.param("doctor", marks=pytest.mark.slow), "compare"])
def test_no_module_of_the_working_directory_is_run(trapped: Path, name: str) -> None:
    code, expected = CALLS[name]
    done = run(code, trapped)
    assert expected in done.stdout, done.stderr
    assert not (trapped / "found").exists()


def test_a_module_runs_with_its_arguments(tmp_path: Path) -> None:
    done = subprocess.run([*module_command("edge_app"), "--version"], cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout.startswith(b"digitpad ")


# ---- frozen programs


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend to be frozen: `sys.executable` is a program that starts digitpad and knows no `-m`."""
    program = tmp_path / "digitpad"
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from edge_app.cli import main; sys.exit(main())"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.frozen = True\nsys.executable = {str(program)!r}\n{code}\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for a frozen program starts with #!")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["doctor"], "reads 8 of 8 samples correctly", marks=pytest.mark.slow),
        (["--unlisted", "--model", "classic_int8.tflite", "recognize", "../2026.png"], "2026"),
    ],
    ids=["doctor", "unlisted model"],
)
def test_a_frozen_program_runs_its_own_modules(frozen: Path, words: list[str], expected: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DIGITPAD_HOME": str(tmp_path), "SDL_VIDEODRIVER": "dummy"}
    command, folder = [str(frozen), *words], ROOT / "tests" / "data" / "models"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert expected in done.stdout
    assert done.stderr == ""


def test_the_list_of_modules_is_complete() -> None:
    started = set()
    for path in modules("edge_app"):
        if '__name__ == "__main__"' in path.read_text():
            started.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert set(MODULES) == started
    assert all(run_module(words) is False for words in ([], [RUN_MODULE], [RUN_MODULE, "json.tool"], ["doctor"]))


@pytest.mark.usefixtures("frozen")
def test_no_other_module_can_be_run() -> None:
    command = [*module_command("edge_app.storage.paths")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage:" in done.stderr


# ---- programs of the system


@pytest.mark.skipif(os.name != "posix", reason="a program's file is marked by its rights")
@pytest.mark.parametrize("part", ["", ".", "here/../here"])
def test_no_program_of_the_working_directory_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    folder = tmp_path / "here" if "here" in part else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "espeak-ng").touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{part}:/nonexistent")
    assert shutil.which("espeak-ng")
    assert find_program("espeak-ng") is None
    assert find_speaker(platform="linux") is None
    monkeypatch.setenv("PATH", str(folder))
    assert find_program("espeak-ng") == str(folder / "espeak-ng")


@pytest.mark.parametrize("text", ["-1", "--help 1", "$(id)1", "1;id", "1\n2", "`1`", "1 -v x"])
@pytest.mark.parametrize("language", ["de", "-x", "de;id", "../../1", ""])
@pytest.mark.parametrize("name", ["spd-say", "espeak-ng", "say", "powershell"])
def test_spoken_text_is_never_an_option(monkeypatch: pytest.MonkeyPatch, name: str, language: str, text: str) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("edge_app.system.speech._start", started.append)
    Speaker(name, f"/usr/bin/{name}").say(text, language)
    (words,) = started
    said = re.findall('xml:lang="(.*?)">(.*?)<', words[-1])[0] if name == "powershell" else (None, words[-1])
    assert re.fullmatch("[0-9](,? [0-9])*", said[1])
    options = [word for word in words[1:-1] if word.startswith("-")]
    assert set(options) <= {"--wait", "--language", "-v", "-NoProfile", "-NonInteractive", "-Command"}
    assert all(re.fullmatch("[a-z]{2,3}|[A-Z]\\w+", word) for word in words[1:-1] if word not in options)
