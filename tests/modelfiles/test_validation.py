"""Validation: models that are not bundled are tried in a limited child process, and each failure there is one line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.errors import ModelError
from edge_app.modelfiles import isolated, validation
from edge_app.modelfiles.card import DIGITS, FLOAT, INT8, load_model, models_folder
from edge_app.modelfiles.isolated import run_isolated
from edge_app.modelfiles.selftest import check_reading
from edge_app.modelfiles.validation import validate
from edge_app.modelfiles.validation_cache import MOST, add_to_cache, cache_key, read_cache
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import Runtime, find_runtime
from edge_app.recognition.model import Model
from edge_app.subprocesses import module_command

from ..conftest import DATA, ROOT
from ..support.models import edited
from .test_shipped import RUNTIMES

CLASSES = (*DIGITS, "?")
FLOAT_MODEL = (models_folder() / FLOAT).read_bytes()
PATH = Path("mine.tflite")


def unlisted(content: bytes) -> Model:
    """Return a model without a card."""
    return Model(PATH, content, "", ())


posix = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals are POSIX'")


@pytest.mark.parametrize(("name", "runtime"), [*zip((INT8, FLOAT), RUNTIMES, strict=False)])
def test_a_valid_model_passes_with_and_without_a_card(name: str, runtime: str) -> None:
    content = (models_folder() / name).read_bytes()
    model = Model(PATH, content, "", CLASSES)
    assert validate(model, find_runtime(runtime)) == model
    assert validate(unlisted(content), find_runtime(runtime)) == model


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("path", sorted((DATA / "models").glob("*.tflite")), ids=lambda path: path.stem)
def test_the_tutorials_network_passes_in_every_number_type(path: Path, runtime: str) -> None:
    """Also with an open batch size and a softmax at the end, as its users convert it."""
    assert validate(unlisted(path.read_bytes()), find_runtime(runtime)).classes == DIGITS
    assert check_reading(Classifier(Model(path, path.read_bytes(), "", DIGITS), find_runtime(runtime))) >= 0.95


def set_bias(value: float) -> Any:
    def change(model: Any) -> None:
        bias = model.buffers[model.subgraphs[0].tensors[4].buffer]
        bias.data = np.full(11, value, np.float32).view(np.uint8)

    return change


def clear_weights(model: Any) -> None:
    weights = model.buffers[model.subgraphs[0].tensors[8].buffer]
    weights.data = np.zeros_like(weights.data)


def want_a_larger_picture(model: Any) -> None:
    model.subgraphs[0].tensors[0].shape = [1, 32, 32, 1]


def keep_five_classes(model: Any) -> None:
    for tensor in model.subgraphs[0].tensors:
        if tensor.shape[0] == 11:  # weights and bias of the last layer
            data = model.buffers[tensor.buffer].data
            tensor.shape, model.buffers[tensor.buffer].data = [5, *tensor.shape[1:]], data[: len(data) // 11 * 5]


INVALID = {
    "not a model": (b"GIF89a" * 10, CLASSES, "the identifier TFL3 is missing"),
    "truncated": (FLOAT_MODEL[:200_000], CLASSES, "truncated or corrupt"),
    "fewer classes on its card": (
        FLOAT_MODEL,
        DIGITS,
        r"expected shapes .*\(1, 10\)\], found .*\(1, 11\), \(1, 384\)\]",
    ),
    "another input": (edited(FLOAT_MODEL, want_a_larger_picture), (), r"cannot load it|\(1, 32, 32, 1\)"),
    "another output": (edited(FLOAT_MODEL, keep_five_classes), (), r"output shapes \[\[1, 5\], \[1, 384\]\]"),
    "infinite outputs": (edited(FLOAT_MODEL, set_bias(np.nan)), CLASSES, "its outputs are not finite"),
    "no weights": (
        edited(FLOAT_MODEL, clear_weights),
        CLASSES,
        "recognises 4 of 40 clear digits, expected at least 30",
    ),
    "classes in another order": (FLOAT_MODEL, (*DIGITS[::-1], "?"), "not a digit classifier"),
}


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_model_is_one_line_with_the_reason(name: str, runtime: str) -> None:
    content, classes, reason = INVALID[name]
    with pytest.raises(
        ModelError, match=rf"^mine\.tflite: .*{reason}.*\. It was not loaded\. Get or make the"
    ) as caught:
        validate(Model(PATH, content, "", classes), find_runtime(runtime))
    assert len(str(caught.value).splitlines()) == 1
    assert "Reinstall" not in str(caught.value)  # the user's file, not digitpad's


def newer_operator(model: Any) -> None:
    """Ask for the version of FULLY_CONNECTED that TensorFlow 2.21 writes for dynamic range."""
    for code in model.operatorCodes:
        code.version = 12 if code.builtinCode == 9 else code.version


@pytest.mark.usefixtures("in_process")
@pytest.mark.skipif(len(RUNTIMES) < 2, reason="both runtimes are needed")
def test_a_refusal_names_the_runtime_that_can_load_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    model, older = unlisted(edited(FLOAT_MODEL, newer_operator)), find_runtime("tflite-runtime")
    assert validate(model, find_runtime("ai-edge-litert")).classes == CLASSES
    with pytest.raises(ModelError, match=r"cannot load it .* ai-edge-litert can: digitpad --runtime ai-edge-litert$"):
        validate(model, older)
    with pytest.raises(ModelError, match=rf"cannot load it .* {validation.NEXT}$"):  # neither can
        validate(unlisted(edited(FLOAT_MODEL, lambda own: setattr(own, "version", 2))), older)

    validated = isolated.run_isolated

    def without_the_other(module: str, stdin: bytes, name: str, timeout: float) -> bytes:
        if name == "ai-edge-litert":
            raise ModelError("ai-edge-litert is not installed")
        return validated(module, stdin, name, timeout)

    monkeypatch.setattr(isolated, "run_isolated", without_the_other)
    with pytest.raises(ModelError, match=r"cannot load it .* ai-edge-litert may: pip install ai-edge-litert$"):
        validate(model, older)


@pytest.mark.usefixtures("in_process")
def test_a_comparison_accepts_a_bad_classifier_and_no_infinite_outputs() -> None:
    bad = edited(FLOAT_MODEL, clear_weights)
    assert validate(unlisted(bad), find_runtime(), must_read=False).classes == CLASSES
    with pytest.raises(ModelError, match="not finite"):
        validate(unlisted(edited(bad, set_bias(np.inf))), find_runtime(), must_read=False)


# ---- the child process


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start tests.support.isolated_jobs in place of the validation."""
    command = module_command("tests.support.isolated_jobs")
    monkeypatch.setattr(isolated, "module_command", lambda _: command)


FAILURES = {
    "segfault": r"crashed \(signal 11\)",
    "abort": r"crashed \(signal 6\)",
    "compute": "exceeded its CPU time",
    "allocate": "needed more than 512 MB of memory",
    "complain": "the reason",
}


@posix
@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("job", FAILURES)
def test_every_failure_of_the_process_is_one_line(job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=rf"^mine\.tflite: .*{FAILURES[job]}\. It was not loaded") as caught:
        validate(unlisted(job.encode()), find_runtime())
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []  # no core dump


@pytest.mark.usefixtures("jobs")
def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "TIMEOUT", 1.0)
    with pytest.raises(ModelError, match="took longer than 1 s"):
        validate(unlisted(b"hang"), find_runtime())


@posix
@pytest.mark.usefixtures("jobs")
def test_the_process_cannot_write_files(tmp_path: Path) -> None:
    path = tmp_path / "written"
    with pytest.raises(ModelError, match="too large"):
        validate(unlisted(f"write {path}".encode()), find_runtime())
    assert not path.exists() or path.stat().st_size == 0
    assert run_isolated("any", b"hello", "any", 60.0) == b"done hello\n"  # these jobs were run indeed


def test_a_process_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "module_command", lambda _: ["/no/such/python"])
    with pytest.raises(ModelError, match=r"could not be started in a child process \(No such file"):
        validate(unlisted(b""), find_runtime())


def test_numpy_is_not_loaded_before_the_limits() -> None:
    """Its threads, one a core, reserve 40 MB each: with 16 cores no memory is left for a model."""
    code = "import sys, edge_app.modelfiles.validation, edge_app.modelfiles.isolated; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_window_starts_without_these_modules() -> None:
    names = [f"edge_app.modelfiles.{name}" for name in ("loader", "registry", "validation", "verifier", "selftest")]
    code = f"import sys, edge_app.gui.main; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# ---- the cache


def test_the_cache_keeps_the_latest(tmp_path: Path) -> None:
    path = tmp_path / "a" / "proven.json"
    for i in [*range(MOST + 3), 10]:
        add_to_cache(path, str(i))
    assert [int(key) for key in read_cache(path)] == [*range(3, 10), *range(11, MOST + 3), 10]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    add_to_cache(Path("/proc/nowhere/proven.json"), "x")  # no error


@pytest.mark.parametrize("content", ["", "[]", '{"passed": 1}', "[" * 20_000])
def test_a_corrupt_cache_is_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "proven.json"
    path.write_text(content)
    assert read_cache(path) == []
    add_to_cache(path, "a")
    assert read_cache(path) == ["a"]


def test_a_key_changes_with_all_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    model, one, other = load_model(), Runtime("one", lambda: None), Runtime("other", lambda: None)
    keys = {
        cache_key(model, one),
        cache_key(model, other),
        cache_key(load_model(models_folder() / FLOAT), one),
        cache_key(Model(model.path, model.content, model.sha256, model.classes[::-1]), one),
    }
    monkeypatch.setattr(Runtime, "version", "99.0")
    keys.add(cache_key(model, one))
    monkeypatch.setattr("edge_app.modelfiles.validation_cache.__version__", "99.0")
    assert len(keys | {cache_key(model, one)}) == 6
