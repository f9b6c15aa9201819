"""`digitpad use-model`: a model is validated, installed and used; if it fails later, the one before it is used."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_app.cli import main
from edge_app.errors import ModelError
from edge_app.gui import main as gui_main
from edge_app.modelfiles import loader
from edge_app.modelfiles.card import INT8, ModelOption, load_model, models_folder
from edge_app.modelfiles.registry import IN_USE, Choice, Installed, Registry, open_classifier
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.paths import Paths

from ..conftest import DATA, ROOT
from ..support.command import complaints, digitpad
from ..support.models import CLASSES, variant, write_with_card
from ..support.pilot import Pilot

BUNDLED = load_model().sha256
BACK = "The one before is kept: use-model --back\n"

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("DIGITPAD_HOME", str(tmp_path / "home"))
    return Paths(tmp_path / "home" / "config", tmp_path / "home" / "data", tmp_path / "home" / "pictures")


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip validation, which has tests of its own."""
    monkeypatch.setattr(loader, "validate", lambda model, *_, **__: replace(model, classes=tuple(CLASSES)))


def opened(paths: Paths) -> tuple[str, list[str]]:
    """Return the SHA-256 of the model that is used now, and what was reported."""
    reports: list[str] = []
    return open_classifier(ModelOption(), paths, reports.append).model.sha256, reports


def digest(name: str) -> str:
    return hashlib.sha256(variant(name)).hexdigest()


def write(folder: Path, name: str) -> str:
    return str(write_with_card(folder / name, variant(name), name=f"{name}.tflite"))


def test_an_installed_model_is_used_by_every_command(tmp_path: Path, paths: Paths) -> None:
    path = write_with_card(tmp_path / "new", variant("one"), temperature=2.0, refuse_below=0.9)
    done = digitpad("use-model", path)
    title = f"mine.tflite (SHA-256 {digest('one')[:12]}…)"
    assert (done.returncode, done.stdout) == (0, f"From the next start on, {title} reads. {BACK}")
    path.unlink()  # a copy is used
    report = tmp_path / "report.json"
    done = digitpad("evaluate", DATA / "numbers.jsonl", "--json", report)
    assert (done.returncode, complaints(done)) == (0, [])
    assert json.loads(report.read_text())["model"] == digest("one")
    assert digitpad("use-model", "--list").stdout == f"in use: {title}\nbefore: the bundled model\n"
    doctor = json.loads(digitpad("doctor", "--json", SDL_VIDEODRIVER="dummy").stdout)
    assert [found["state"] for found in doctor["findings"] if f"{title} is in use" in found["said"]] == ["good"]
    model = open_classifier(ModelOption(), paths, print).model
    assert (model.temperature, model.refuse_below) == (2.0, 0.9)


def test_an_invalid_model_changes_nothing(tmp_path: Path, paths: Paths) -> None:
    main(["use-model", write(tmp_path, "one")])
    before = {path.name: path.read_bytes() for path in paths.models.iterdir()}
    done = digitpad("use-model", write_with_card(tmp_path / "bad", variant("two"), [*CLASSES[:10][::-1], "?"]))
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert "not a digit classifier" in said
    assert {path.name: path.read_bytes() for path in paths.models.iterdir()} == before


@pytest.mark.usefixtures("trusting")
def test_back_and_bundled(tmp_path: Path, paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write(tmp_path, "one"), write(tmp_path, "two")
    for words, now in (
        ([one], digest("one")),
        ([two], digest("two")),
        (["--back"], digest("one")),
        (["--back"], digest("two")),
        (["--bundled"], BUNDLED),
        (["--back"], digest("two")),
        (["--bundled"], BUNDLED),
        ([one], digest("one")),
        (["--back"], BUNDLED),
    ):
        assert main(["use-model", *words]) == 0
        assert opened(paths) == (now, [])
        assert capsys.readouterr().out.endswith(BACK)
    assert [main(["use-model", *words]) for words in ([two], [two])] == [0, 0]
    assert capsys.readouterr().out.endswith(f"Already in use: two.tflite (SHA-256 {digest('two')[:12]}…)\n")
    assert [main(["use-model", "--bundled"]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out.endswith("Already in use: the bundled model\n")


def test_without_an_installed_model(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["use-model", "--back"]) == 1
    assert "no other model has been in use" in capsys.readouterr().err
    assert main(["use-model", "--list"]) == 0
    assert capsys.readouterr().out == "in use: the bundled model\nbefore: the bundled model\n"
    assert not paths.data.exists()


@pytest.mark.usefixtures("trusting")
def test_a_file_without_a_card_gets_one_with_the_option(tmp_path: Path, paths: Paths) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(variant("one"))
    assert main(["use-model", str(path)]) == 1
    assert main(["use-model", str(path), "--unlisted"]) == 0
    assert main(["--unlisted", "use-model", str(path)]) == 0
    assert opened(paths) == (digest("one"), [])


# ---- when an installed model fails


@pytest.fixture
def two(tmp_path: Path, paths: Paths, trusting: None) -> Paths:
    """Model `two` is in use, `one` was before."""
    for name in ("one", "two"):
        assert main(["use-model", write(tmp_path, name)]) == 0
    return paths


def installed(paths: Paths) -> list[Installed]:
    """Return the model in use and the one before."""
    return [model for model in Registry(paths.models).read() if model]


def alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("suffix", ["tflite", "json"])
@pytest.mark.parametrize(("damage", "reason"), [(alter, "altered or truncated"), (Path.unlink, "not found")])
def test_a_damaged_model_is_replaced_by_the_one_before_and_reported(
    damage: Callable[[Path], None], reason: str, suffix: str, two: Paths
) -> None:
    now, before = (two.models / f"{m.model if suffix == 'tflite' else m.card}.{suffix}" for m in installed(two))
    damage(now)
    used, [report] = opened(two)
    assert used == digest("one")
    assert report.startswith(f"{now}: {reason}")
    assert report.endswith(". The previous model is used instead: digitpad use-model --list")
    damage(before)
    used, [_, report] = opened(two)
    assert used == BUNDLED
    assert report.startswith(f"{before}: {reason}")
    assert report.endswith(". The bundled model is used instead: digitpad use-model --list")


CORRUPT = [
    b"",
    b'{"now": null}',
    b'{"now": {"model": "../../../etc/passwd", "card": "b"}, "before": null}',
    b"[" * 50_000,
]


@pytest.mark.parametrize("content", CORRUPT, ids=range(len(CORRUPT)))
def test_if_in_use_is_corrupt_the_bundled_model_is_used(content: bytes, tmp_path: Path, two: Paths) -> None:
    path = two.models / IN_USE
    path.write_bytes(content)
    before = {path.name: path.read_bytes() for path in two.models.iterdir() if len(path.stem) == 64}
    assert len(before) == 4
    used, [report] = opened(two)
    assert used == BUNDLED
    assert (
        report == f"{path}: corrupt, so the model in use is unknown. The bundled model is used: digitpad use-model FILE"
    )
    assert [main(["use-model", *words]) for words in (["--list"], [write(tmp_path, "three")], ["--bundled"])] == [0] * 3
    after = {path.name: path.read_bytes() for path in two.models.iterdir()}
    assert (
        after.items() >= {**before, "in-use.damaged-1.json": content}.items()
    )  # what it may have named is still there


def test_commands_report_it_on_standard_error(two: Paths) -> None:
    (two.models / f"{installed(two)[0].model}.tflite").unlink()
    done = digitpad("recognize", DATA / "2026.png")
    [said] = complaints(done)
    assert (done.returncode, done.stdout.strip()) == (0, "2026")
    assert "not found. The previous model is used instead" in said
    assert "a model that cannot be used: " in digitpad("use-model", "--list").stdout
    doctor = json.loads(digitpad("doctor", "--json", SDL_VIDEODRIVER="dummy").stdout)
    assert [found["state"] for found in doctor["findings"] if "in use" in found["said"]] == ["bad"]


def test_the_window_reports_it_and_reads(two: Paths) -> None:
    alter(two.models / f"{installed(two)[0].model}.tflite")
    pilot = Pilot(None)
    pilot.services.worker.submit("load", lambda: gui_main._load(ModelOption(), two))
    pilot.settle()
    assert "The previous model is used instead" in (pilot.state.toast or "")
    assert [note for note in pilot.notes if "is used instead" in note] == pilot.notes != []
    pilot.write(0)
    assert (pilot.state.reading.text, pilot.app.reader.exit_status) == ("7", 0)
    assert pilot.app.reader.recognizer is not None
    assert pilot.app.reader.recognizer.classifier.model.sha256 == digest("one")


def test_a_damaged_model_does_not_become_the_one_before(tmp_path: Path, two: Paths) -> None:
    alter(two.models / f"{installed(two)[0].model}.tflite")
    assert main(["use-model", write(tmp_path, "three")]) == 0
    assert [model.model for model in installed(two)] == [digest("three"), digest("one")]


def test_a_superseded_model_is_removed(tmp_path: Path, two: Paths) -> None:
    (two.models / "notes.txt").write_text("the user's")
    assert main(["use-model", write(tmp_path, "three")]) == 0
    names = {path.name for path in two.models.iterdir()}
    kept = {name for model in installed(two) for name in model.files}
    assert names == kept | {"notes.txt", IN_USE, two.validation_cache.name}
    assert {digest("two"), digest("three")} <= {Path(name).stem for name in kept}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, paths: Paths, trusting: None) -> None:
    paths.data.parent.mkdir(parents=True)
    paths.data.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"cannot be written \(.*\)\. Nothing was changed"):
        Registry(paths.models).choose(Choice())
    assert main(["use-model", write(tmp_path, "one")]) == 1
    assert opened(paths)[0] == BUNDLED


def test_the_library_uses_the_bundled_model(two: Paths) -> None:
    """The results of a program must not depend on what its user installed in the window."""
    assert Recognizer().classifier.model.path == models_folder() / INT8


def test_a_folder_that_cannot_be_read_is_reported(paths: Paths, tmp_path: Path) -> None:
    used, [report] = opened(Paths(paths.config, tmp_path / ("x" * 300), paths.pictures))
    assert used == BUNDLED
    assert "cannot be read (File name too long). The bundled model is used" in report


def test_without_a_home_commands_use_the_bundled_model() -> None:
    done = digitpad("recognize", DATA / "2026.png", DIGITPAD_HOME="~nobody-of-that-name/x")
    assert (done.returncode, done.stdout.strip()) == (0, "2026")
    assert len(complaints(done)) == 1


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_point_the_old_model_or_the_new_is_in_use(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.swapping", str(tmp_path), "150"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["old"] + seen["new"] == 150
    assert min(seen["old"], seen["new"]) >= 10  # killed early and late
    assert seen["while writing"] >= 5
