"""Which model may read: what a card names, through the gate where it is strange, and the known digits on its card."""

import base64
import json
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.cli import main
from edge_app.errors import ModelError
from edge_app.gui import main as loop
from edge_app.modelfiles import loader as opening
from edge_app.modelfiles import validation as gate
from edge_app.modelfiles import validation_cache as proven
from edge_app.modelfiles.card import CARD, FLOAT, INT8, Wanted, load_model, models_folder
from edge_app.modelfiles.loader import open_classifier, open_named
from edge_app.modelfiles.selftest import check_expected, check_reading, known_digits, make_expected
from edge_app.modelfiles.validation_cache import MOST, read_proofs, remember
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import Runtime, find_runtime
from edge_app.recognition.model import Model
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.paths import Paths

from ..conftest import DATA
from ..support.models import CLASSES, on_card, strange
from ..support.pilot import Pilot, folders_in
from ..test_cli import complaints, digitpad
from .test_shipped import RUNTIMES


@pytest.fixture
def folders(tmp_path: Path) -> Paths:
    return folders_in(tmp_path / "home")


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose SHA-256 was asked of the gate, which is still asked."""
    asked: list[str] = []
    real = gate.pass_gate

    def ask(path: Path, content: bytes, *rest: Any) -> tuple[str, ...]:
        asked.append(path.name)
        return real(path, content, *rest)

    monkeypatch.setattr(opening, "pass_gate", ask)
    return asked


def refuse(text: str) -> None:
    raise AssertionError(text)


def open_it(path: Path, folders: Paths | None) -> Classifier:
    return open_classifier(Wanted(path), folders, refuse)


def test_the_program_s_own_models_need_no_gate(tmp_path: Path, folders: Paths, gated: list[str]) -> None:
    for name in (INT8, FLOAT, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    assert open_classifier(Wanted(), folders, refuse).model.path == models_folder() / INT8
    for name in (INT8, FLOAT):
        assert open_it(tmp_path / name, folders).model.path == tmp_path / name  # the card beside it is not asked
    assert (gated, folders.data.exists()) == ([], False)


def test_a_strange_model_passes_the_gate_once(tmp_path: Path, folders: Paths, gated: list[str]) -> None:
    path = on_card(tmp_path, strange("one"), temperature=2.0)
    assert open_it(path, folders).model.temperature == 2.0
    assert open_it(path, folders).logits(known_digits()).argmax(axis=1).tolist() == list(range(10))
    assert gated == ["mine.tflite"]
    on_card(tmp_path, strange("two"))
    open_it(path, folders)  # other bytes under the same name
    assert len(gated) == 2
    if sys.platform != "win32":
        assert folders.proofs_file.stat().st_mode & 0o777 == 0o600
    open_it(path, None)  # nowhere to remember
    Recognizer(path)
    assert len(gated) == 4


def test_with_other_classes_runtime_or_program_it_passes_again(
    tmp_path: Path, folders: Paths, gated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = strange("one")
    path = on_card(tmp_path, content)
    open_it(path, folders)
    on_card(tmp_path, content, [*"0123456798", "?"])  # still right often enough
    open_it(path, folders)
    assert len(gated) == 2
    on_card(tmp_path, content)
    for name in RUNTIMES:
        open_named(path, find_runtime(name), folders)
    assert len(gated) == 1 + len(RUNTIMES)
    monkeypatch.setattr(Runtime, "version", "99.0")
    open_it(path, folders)
    monkeypatch.setattr(proven, "__version__", "99.0")
    open_it(path, folders)
    open_it(path, folders)
    assert len(gated) == 3 + len(RUNTIMES)


def test_a_strange_model_that_fails_is_not_remembered(tmp_path: Path, folders: Paths, gated: list[str]) -> None:
    path = on_card(tmp_path, strange("one"), [*CLASSES[:10][::-1], "?"])
    for _ in range(2):
        with pytest.raises(ModelError, match="made for something else"):
            open_it(path, folders)
    assert (len(gated), read_proofs(folders.proofs_file)) == (2, [])


SPOILT: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "no JSON": lambda path: path.write_bytes(b"\xff\x00"),
    "another kind": lambda path: path.write_text('["proven"]'),
    "a proof too short": lambda path: path.write_text('{"proven": [["a"]]}'),
    "numbers": lambda path: path.write_text('{"proven": [[1, 2, 3, 4, 5]]}'),
    "nested": lambda path: path.write_text("[" * 20_000),
    "large": lambda path: path.write_text(path.read_text() + " " * proven.MOST_BYTES),
    "others may write it": lambda path: path.chmod(0o666),
    "a folder": lambda path: path.unlink() or path.mkdir(),  # type: ignore[func-returns-value]
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_remembered_is_not_believed_when_it_is_spoilt(
    how: str, tmp_path: Path, folders: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(opening, "pass_gate", lambda path, *_: asked.append(path))
    path = on_card(tmp_path, strange("one"))
    for _ in range(2):
        open_it(path, folders)
    assert len(asked) == 1
    SPOILT[how](folders.proofs_file)
    open_it(path, folders)
    assert len(asked) == 2


def test_so_many_are_remembered_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a" / "proven.json"
    for i in [*range(MOST + 3), 10]:
        remember(path, (f"{i}", "[]", "runtime", "1", "2"))
    assert [int(proof[0]) for proof in read_proofs(path)] == [*range(3, 10), *range(11, MOST + 3), 10]
    remember(Path("/proc/nowhere/proven.json"), ("x", "", "", "", ""))  # no fault


def test_a_file_that_no_card_names_needs_the_option(tmp_path: Path, folders: Paths, gated: list[str]) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(strange("one"))
    with pytest.raises(ModelError, match=r"mine\.tflite: no digits\.json beside it.* --unlisted"):
        open_it(path, folders)
    for _ in range(2):  # what no card vouches for passes each time
        found = open_classifier(Wanted(path, unlisted=True), folders, refuse)
        assert found.model.classes == tuple(CLASSES)
    assert (gated, folders.data.exists()) == (["mine.tflite"] * 2, False)
    on_card(tmp_path, b"another", name="other.tflite")
    with pytest.raises(ModelError, match=r"not named in .*digits\.json.* --unlisted"):
        open_it(path, folders)
    assert open_classifier(Wanted(path, unlisted=True), folders, refuse).model.refuse_below == 0.5


def test_the_option_does_not_help_what_is_altered_or_no_model(tmp_path: Path, folders: Paths) -> None:
    path = on_card(tmp_path, strange("one"))
    path.write_bytes(strange("two"))
    with pytest.raises(ModelError, match="altered or truncated"):
        open_classifier(Wanted(path, unlisted=True), folders, refuse)
    (tmp_path / CARD).unlink()
    path.write_bytes(b"a shopping list")
    with pytest.raises(ModelError, match="not a TFLite file"):
        open_classifier(Wanted(path, unlisted=True), folders, refuse)
    with pytest.raises(ModelError, match="not found"):
        open_classifier(Wanted(tmp_path / "none.tflite", unlisted=True), folders, refuse)


def test_the_commands_take_it_with_the_option_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(strange("one"))
    home = str(tmp_path / "home")
    done = digitpad("--model", path, "recognize", DATA / "2026.png", DIGITPAD_HOME=home)
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert said.startswith(f"digitpad: {path}: no digits.json beside it")
    done = digitpad("--model", path, "--unlisted", "recognize", DATA / "2026.png", DIGITPAD_HOME=home)
    assert (done.returncode, done.stdout.strip(), complaints(done)) == (0, "2026", [])


@pytest.mark.parametrize(
    "words",
    [
        ["--unlisted"],
        ["--unlisted", "recognize", "x.png"],
        ["--unlisted", "demo"],
        ["--unlisted", "--model", "x", "doctor"],
        ["--unlisted", "--model", "x", "--kiosk"],
        ["--unlisted", "compare"],
        ["use-model", "--list", "--unlisted"],
        ["use-model"],
        ["use-model", "x", "--back"],
        ["--model", "x", "use-model", "y"],
    ],
)
def test_the_option_has_its_places(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_no_kiosk_tries_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITPAD_HOME", str(tmp_path))
    settings = tmp_path / "settings.toml"
    settings.write_text("kiosk = true\nunlisted = true\n")
    with pytest.raises(ModelError, match="no kiosk does"):
        loop.run(Wanted(tmp_path / "x.tflite", unlisted=True), settings_file=settings)


# ---- known digits


@pytest.mark.parametrize("name", RUNTIMES)
def test_the_bundled_model_computes_what_its_card_says(name: str) -> None:
    model = load_model()
    classifier = Classifier(model, find_runtime(name))
    check_expected(classifier)
    kept = model.self_test
    assert kept is not None
    assert np.argmax(kept["logits"], axis=1).tolist() == list(range(10))
    assert zlib.decompress(base64.b64decode(kept["images"])) == known_digits().tobytes()
    logits = classifier.logits(known_digits())
    assert np.abs(logits - kept["logits"]).max() <= 2 * classifier.output_step  # far from the limit of 8
    assert make_expected(known_digits(), np.array(kept["logits"], np.float32)) == kept
    assert check_reading(classifier) == 1.0


def altered(**changes: Any) -> Model:
    model = load_model()
    assert model.self_test is not None
    return Model(model.path, model.content, model.sha256, model.classes, self_test={**model.self_test, **changes})


def moved(units: float) -> list[list[float]]:
    classifier = Classifier(load_model())
    rows = classifier.logits(known_digits())
    rows[3, 7] += units * classifier.output_step
    return [[float(value) for value in row] for row in rows]


@pytest.mark.parametrize("units", [8, -8])
def test_a_runtime_may_differ_a_little(units: int) -> None:
    check_expected(Classifier(altered(logits=moved(units))))


@pytest.mark.parametrize("units", [10, -10, 500, float("nan")])
def test_a_runtime_that_computes_otherwise_is_found_out(units: float) -> None:
    with pytest.raises(ModelError, match=r"computes 1 of 10 known digits otherwise .* Run: digitpad doctor"):
        check_expected(Classifier(altered(logits=moved(units))))


@pytest.mark.parametrize(
    "changes",
    [
        {"logits": []},
        {"logits": 5},
        {"logits": [[1.0] * 11]},
        {"logits": [[1.0] * 10] * 10},
        {"logits": [["x"] * 11] * 10},
        {"images": "*"},
        {"images": base64.b64encode(b"no zlib").decode()},
        {"images": base64.b64encode(zlib.compress(bytes(100))).decode()},
        {"images": base64.b64encode(zlib.compress(bytes(50_000_000))).decode()},
        {"images": None},
    ],
)
def test_damaged_known_digits_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"digits_int8\.tflite: (damaged|no) known digits"):
        check_expected(Classifier(altered(**changes)))


def test_a_wrong_runtime_ends_commands_and_is_said_in_the_window(tmp_path: Path, folders: Paths) -> None:
    kept = altered(logits=moved(500)).self_test
    path = on_card(tmp_path, strange("one"), self_test=kept)
    done = digitpad("--model", path, "recognize", DATA / "2026.png", DIGITPAD_HOME=str(tmp_path / "home"))
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert "computes 1 of 10 known digits otherwise than it should" in said

    pilot = Pilot(None)
    pilot.services.worker.submit("load", lambda: loop._load(Wanted(path), folders))
    pilot.settle()
    assert "known digits otherwise" in (pilot.state.message or "")
    assert (pilot.app.status, len(pilot.notes)) == (1, 1)


def test_the_doctor_holds_it_to_its_digits_too(tmp_path: Path) -> None:
    path = on_card(tmp_path, strange("one"), self_test=altered(logits=moved(500)).self_test)
    home = str(tmp_path / "home")
    done = digitpad("--model", path, "doctor", "--json", DIGITPAD_HOME=home, SDL_VIDEODRIVER="dummy")
    findings = json.loads(done.stdout)["findings"]
    bad = [finding["said"] for finding in findings if finding["check"] == "reading" and finding["state"] == "bad"]
    assert len(bad) == len(RUNTIMES)
    assert all("known digits otherwise" in said for said in bad)
    assert done.returncode == 1
