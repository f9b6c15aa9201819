"""Self-tests: the clear digits that every classifier must read, and the known results on the bundled model's card."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.errors import ModelError
from edge_app.gui import main as gui_main
from edge_app.modelfiles.card import ModelOption, load_model
from edge_app.modelfiles.selftest import check_expected, check_reading, known_digits, make_expected
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.model import Model

from ..conftest import DATA
from ..support.command import complaints, digitpad, run_process
from ..support.models import variant, write_with_card
from ..support.pilot import Pilot, folders_in
from .test_shipped import RUNTIMES


@pytest.mark.parametrize("name", RUNTIMES)
def test_the_bundled_model_computes_what_its_card_says(name: str) -> None:
    model = load_model()
    classifier = Classifier(model, find_runtime(name))
    check_expected(classifier)
    known: Any = model.self_test
    assert np.argmax(known["logits"], axis=1).tolist() == list(range(10))
    assert zlib.decompress(base64.b64decode(known["images"])) == known_digits().tobytes()
    logits = classifier.logits(known_digits())
    assert np.abs(logits - known["logits"]).max() <= 2 * classifier.output_step  # far from the limit of 8
    assert make_expected(known_digits(), np.array(known["logits"], np.float32)) == known
    assert check_reading(classifier) == 1.0


def with_self_test(**changes: Any) -> Model:
    model = load_model()
    assert model.self_test is not None
    return Model(model.path, model.content, model.sha256, model.classes, self_test={**model.self_test, **changes})


def logits_off_by(units: float) -> list[list[float]]:
    classifier = Classifier(load_model())
    rows = classifier.logits(known_digits())
    rows[3, 7] += units * classifier.output_step
    return [[float(value) for value in row] for row in rows]


@pytest.mark.parametrize("units", [8, -8])
def test_a_small_difference_is_accepted(units: int) -> None:
    check_expected(Classifier(with_self_test(logits=logits_off_by(units))))


@pytest.mark.parametrize("units", [10, -10, 500, float("nan")])
def test_a_larger_difference_is_an_error(units: float) -> None:
    with pytest.raises(ModelError, match=r"self-test failed on 1 of 10 reference digits .* Run: digitpad doctor"):
        check_expected(Classifier(with_self_test(logits=logits_off_by(units))))


@pytest.mark.parametrize(
    "changes",
    [
        {"logits": []},
        {"logits": [[1.0] * 10] * 10},
        {"logits": [["x"] * 11] * 10},
        {"images": "*"},
        {"images": base64.b64encode(b"no zlib").decode()},
        {"images": base64.b64encode(zlib.compress(bytes(50_000_000))).decode()},
        {"images": None},
    ],
)
def test_corrupt_known_digits_are_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"digits_int8\.tflite: (corrupt|no) known digits"):
        check_expected(Classifier(with_self_test(**changes)))


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A model whose self-test fails, beside its card."""
    return write_with_card(tmp_path, variant("one"), self_test=with_self_test(logits=logits_off_by(500)).self_test)


def test_a_failed_self_test_ends_commands_and_is_shown_in_the_window(tmp_path: Path, failing: Path) -> None:
    done = digitpad("--model", failing, "recognize", DATA / "2026.png", DIGITPAD_HOME=str(tmp_path / "home"))
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert "self-test failed on 1 of 10 reference digits" in said

    pilot = Pilot(None)
    pilot.services.worker.submit("load", lambda: gui_main._load(ModelOption(failing), folders_in(tmp_path / "home")))
    pilot.settle()
    assert "self-test failed" in (pilot.state.message or "")
    assert (pilot.app.reader.exit_status, len(pilot.notes)) == (1, 1)


@pytest.mark.slow
def test_doctor_runs_the_self_test(tmp_path: Path, failing: Path) -> None:
    home = str(tmp_path / "home")
    done = run_process("--model", failing, "doctor", "--json", DIGITPAD_HOME=home, SDL_VIDEODRIVER="dummy")
    findings = json.loads(done.stdout)["findings"]
    bad = [finding["said"] for finding in findings if finding["check"] == "reading" and finding["state"] == "bad"]
    assert len(bad) == len(RUNTIMES)
    assert all("self-test failed" in said for said in bad)
    assert done.returncode == 1
