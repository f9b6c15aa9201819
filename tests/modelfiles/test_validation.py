"""The gate: strange models are tried apart, with limits, and what goes wrong there is one sentence here."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.errors import ModelError
from edge_app.modelfiles import isolated as apart
from edge_app.modelfiles import validation as gate
from edge_app.modelfiles.card import DIGITS, FLOAT, INT8, models_folder
from edge_app.modelfiles.validation import pass_gate
from edge_app.recognition.interpreter import find_runtime
from edge_app.subprocesses import module_command
from tools.fuzz.tflite import edited

from ..conftest import DATA, ROOT
from .test_shipped import RUNTIMES

CLASSES = (*DIGITS, "?")
INT8_FILE, FLOAT_FILE = models_folder() / INT8, models_folder() / FLOAT
PATH = Path("strange.tflite")


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("path", [INT8_FILE, FLOAT_FILE], ids=lambda path: path.stem)
def test_a_sound_model_passes(path: Path, runtime: str) -> None:
    content = path.read_bytes()
    assert pass_gate(PATH, content, find_runtime(runtime), CLASSES) == CLASSES
    assert gate.examine_apart(content, {"runtime": runtime, "classes": None, "reads": True}) == {
        "classes": list(CLASSES),
        "right": 1.0,
    }


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("path", sorted((DATA / "models").glob("*.tflite")), ids=lambda path: path.stem)
def test_the_tutorial_s_network_passes_in_every_kind(path: Path, runtime: str) -> None:
    """Also as its users convert it: the number of images left open, a softmax at the end."""
    answer = gate.examine(path.read_bytes(), {"runtime": runtime, "classes": None, "reads": True})
    assert answer.pop("right") >= 0.95
    assert answer == {"classes": DIGITS}


def spoil_bias(value: float) -> Any:
    def change(model: Any) -> None:
        bias = model.buffers[model.subgraphs[0].tensors[4].buffer]
        bias.data = np.full(11, value, np.float32).view(np.uint8)

    return change


def forget_weights(model: Any) -> None:
    weights = model.buffers[model.subgraphs[0].tensors[8].buffer]
    weights.data = np.zeros_like(weights.data)


def need_another_shape(model: Any) -> None:
    model.subgraphs[0].tensors[17].shape = [1, 12]


REFUSED = {
    "no model": (b"GIF89a" * 10, CLASSES, "structure", "the identifier TFL3 is missing"),
    "cut off": (FLOAT_FILE.read_bytes()[:200_000], CLASSES, "structure", "outside the file"),
    "another number of classes": (FLOAT_FILE.read_bytes(), DIGITS, "structure", "11 classes, and its card names 10"),
    "no network": (edited(FLOAT_FILE.read_bytes(), need_another_shape), None, "structure", "12 classes, expected 10"),
    "what is no number": (
        edited(FLOAT_FILE.read_bytes(), spoil_bias(np.nan)),
        CLASSES,
        "reading",
        "puts out what is no number",
    ),
    "reads nothing": (edited(FLOAT_FILE.read_bytes(), forget_weights), CLASSES, "reading", "clear digits, expected"),
    "another order": (FLOAT_FILE.read_bytes(), (*DIGITS[::-1], "?"), "reading", "made for something else"),
}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_fails_is_refused_in_one_line(name: str, runtime: str) -> None:
    content, classes, place, reason = REFUSED[name]
    job = {"runtime": runtime, "classes": classes and list(classes), "reads": True}
    assert gate.examine(content, job)["refused"] == place
    with pytest.raises(ModelError, match=reason) as caught:
        pass_gate(PATH, content, find_runtime(runtime), classes)
    said = str(caught.value)
    assert said.startswith("strange.tflite: ")
    assert said.endswith(". It was not loaded. Get or make the file again")
    assert len(said.splitlines()) == 1
    assert "Reinstall" not in said  # it is not the program's own


def test_a_comparison_takes_what_reads_badly_and_not_what_is_no_number() -> None:
    bad = edited(FLOAT_FILE.read_bytes(), forget_weights)
    assert pass_gate(PATH, bad, find_runtime(), reads=False) == CLASSES
    with pytest.raises(ModelError, match="no number"):
        pass_gate(PATH, edited(bad, spoil_bias(np.inf)), find_runtime(), reads=False)


def test_the_bytes_that_are_tried_are_those_in_hand(tmp_path: Path) -> None:
    """The file may have become another one since it was read."""
    path = tmp_path / "m.tflite"
    content = INT8_FILE.read_bytes()
    path.write_bytes(b"something else by now")
    assert pass_gate(path, content, find_runtime()) == CLASSES


def test_a_runtime_that_is_missing_there_is_said() -> None:
    answer = gate.examine_apart(INT8_FILE.read_bytes(), {"runtime": RUNTIMES[0], "classes": None, "reads": True})
    assert "refused" not in answer
    with pytest.raises(ModelError, match="unknown runtime 'torch'"):
        gate.examine_apart(INT8_FILE.read_bytes(), {"runtime": "torch", "classes": None, "reads": True})


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a process that does as told, in place of the gate's."""
    command = module_command("tests.support.isolated_jobs")
    monkeypatch.setattr(apart, "module_command", lambda _: command)
    monkeypatch.setattr(gate, "PATIENCE", 20.0)


ENDS = {
    "segv": r"crashed \(signal 11\)",
    "core": r"crashed \(signal 6\)",
    "compute": "computed for too long and was stopped",
    "swell": "wanted more than 512 MB of memory",
    "report": "the reason",
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits and signals are POSIX'")
@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("job", ENDS)
def test_whatever_becomes_of_its_process_is_one_sentence(
    job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=rf"^strange\.tflite: .*{ENDS[job]} when it was tried\. It was not") as caught:
        pass_gate(PATH, job.encode(), find_runtime())
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []  # no core dump


@pytest.mark.usefixtures("jobs")
def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 1.0)
    with pytest.raises(ModelError, match="took longer than 1 s and was stopped"):
        pass_gate(PATH, b"hang", find_runtime())


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX'")
@pytest.mark.usefixtures("jobs")
def test_it_writes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "written"
    with pytest.raises(ModelError, match="too large"):
        pass_gate(PATH, f"write {path}".encode(), find_runtime())
    assert not path.exists() or path.stat().st_size == 0
    assert apart.run_apart("any", b"hello", "somebody", 20.0) == b"done hello\n"  # the jobs are asked indeed


def test_one_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "module_command", lambda _: ["/no/such/python"])
    with pytest.raises(ModelError, match=r"could not be started in a process of its own \(No such file"):
        pass_gate(PATH, b"", find_runtime())


def test_numpy_is_loaded_after_the_limits_alone() -> None:
    """Its threads, one a core, reserve 40 MB each: with 16 cores no model would have room."""
    command = [
        sys.executable,
        "-c",
        "import sys, edge_app.modelfiles.validation, edge_app.modelfiles.isolated; print('numpy' in sys.modules)",
    ]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == ["False"]


def test_the_gate_is_not_loaded_before_it_is_wanted() -> None:
    code = "import sys, edge_app.gui.main; print([name for name in sys.modules if name in {!r}])"
    names = (
        "edge_app.modelfiles.loader",
        "edge_app.modelfiles.validation",
        "edge_app.modelfiles.isolated",
        "edge_app.modelfiles.structure",
        "edge_app.modelfiles.selftest",
    )
    command = [sys.executable, "-c", code.format(names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
