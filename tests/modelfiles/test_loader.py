"""Which files may be loaded: bundled ones at once, others after validation, those without a card with --unlisted."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from edge_app.cli import main
from edge_app.errors import ModelError
from edge_app.gui import main as gui_main
from edge_app.modelfiles import loader
from edge_app.modelfiles.card import CARD, FLOAT, INT8, ModelOption, models_folder
from edge_app.modelfiles.loader import open_named
from edge_app.modelfiles.selftest import known_digits
from edge_app.modelfiles.validation import validate
from edge_app.modelfiles.validation_cache import read_cache
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.model import Model
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.paths import Paths

from ..conftest import DATA
from ..support.command import complaints, digitpad
from ..support.models import CLASSES, variant, write_with_card
from ..support.pilot import folders_in
from .test_shipped import RUNTIMES

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return folders_in(tmp_path / "home")


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of the files that are validated, as they are."""
    names: list[str] = []

    def record(model: Model, *rest: Any, **options: Any) -> Model:
        names.append(model.path.name)
        return validate(model, *rest, **options)

    monkeypatch.setattr(loader, "validate", record)
    return names


def open_file(path: Path, paths: Paths | None, runtime: str | None = None, **options: bool) -> Classifier:
    return open_named(path, find_runtime(runtime), paths, **options)


def test_bundled_models_are_not_validated(tmp_path: Path, paths: Paths, validated: list[str]) -> None:
    for name in (INT8, FLOAT, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    for name in (INT8, FLOAT):
        assert open_file(tmp_path / name, paths).model.path == tmp_path / name
    assert (validated, paths.data.exists()) == ([], False)


def test_another_model_is_validated_once(tmp_path: Path, paths: Paths, validated: list[str]) -> None:
    path = write_with_card(tmp_path, variant("one"))
    for _ in range(2):
        assert open_file(path, paths).logits(known_digits()).argmax(axis=1).tolist() == list(range(10))
    assert len(validated) == 1
    for name in RUNTIMES:  # one of them did
        open_file(path, paths, name)
    assert len(validated) == len(RUNTIMES)
    write_with_card(tmp_path, variant("two"))
    open_file(path, paths)  # other bytes under the same name
    open_file(path, None)  # without a cache
    Recognizer(path)
    assert len(validated) == len(RUNTIMES) + 3


def test_an_invalid_model_is_not_cached(tmp_path: Path, paths: Paths, validated: list[str]) -> None:
    path = write_with_card(tmp_path, variant("one"), [*CLASSES[:10][::-1], "?"])
    for _ in range(2):
        with pytest.raises(ModelError, match="not a digit classifier"):
            open_file(path, paths)
    assert (len(validated), read_cache(paths.validation_cache)) == (2, [])


def test_a_file_without_a_card_needs_the_option(tmp_path: Path, paths: Paths, validated: list[str]) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(variant("one"))
    with pytest.raises(ModelError, match=r"mine\.tflite: no digits\.json beside it.* --unlisted"):
        open_file(path, paths)
    for _ in range(2):  # without a card it is validated each time
        assert open_file(path, paths, unlisted=True).model.classes == tuple(CLASSES)
    assert (validated, paths.data.exists()) == (["mine.tflite"] * 2, False)
    write_with_card(tmp_path, b"another", name="other.tflite")
    with pytest.raises(ModelError, match=r"not named in .*digits\.json.* --unlisted"):
        open_file(path, paths)
    assert open_file(path, paths, unlisted=True).model.refuse_below == 0.5


def test_the_option_does_not_accept_altered_files(tmp_path: Path, paths: Paths) -> None:
    path = write_with_card(tmp_path, variant("one"))
    path.write_bytes(variant("two"))
    with pytest.raises(ModelError, match="altered or truncated"):
        open_file(path, paths, unlisted=True)
    (tmp_path / CARD).unlink()
    path.write_bytes(b"a shopping list")
    with pytest.raises(ModelError, match="not a TFLite file"):
        open_file(path, paths, unlisted=True)
    with pytest.raises(ModelError, match="not found"):
        open_file(tmp_path / "none.tflite", paths, unlisted=True)
    with pytest.raises(ModelError, match="File name too long"):
        open_file(tmp_path / ("x" * 300) / "m.tflite", paths, unlisted=True)


def test_commands_take_the_option(tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(variant("one"))
    home = str(tmp_path / "home")
    done = digitpad("--model", path, "recognize", DATA / "2026.png", DIGITPAD_HOME=home)
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert said.startswith(f"digitpad: {path}: no digits.json beside it")
    done = digitpad("--model", path, "--unlisted", "recognize", DATA / "2026.png", DIGITPAD_HOME=home)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "2026", "")


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
def test_the_option_elsewhere_is_a_usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_kiosk_rejects_unlisted_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITPAD_HOME", str(tmp_path))
    settings = tmp_path / "settings.toml"
    settings.write_text("kiosk = true\nunlisted = true\n")
    with pytest.raises(ModelError, match="kiosk"):
        gui_main.run(ModelOption(tmp_path / "x.tflite", unlisted=True), settings_file=settings)
