"""Another model in the bundled one's place: proven first, moved into place at once, and one to fall back to."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.cli import main
from edge_app.errors import ModelError
from edge_app.gui import main as loop
from edge_app.modelfiles import loader as opening
from edge_app.modelfiles.card import INT8, Wanted, load_model, models_folder
from edge_app.modelfiles.loader import open_classifier
from edge_app.modelfiles.registry import POINTER, Choice, choose, load_kept, read_choice
from edge_app.modelfiles.validation import NEXT
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.paths import Paths

from ..conftest import DATA, ROOT
from ..support.models import CLASSES, on_card, strange
from ..support.pilot import Pilot
from ..test_cli import complaints, digitpad

BUNDLED = load_model().sha256
BACK = "The one before is kept: use-model --back\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("DIGITPAD_HOME", str(tmp_path / "home"))
    return Paths(tmp_path / "home" / "config", tmp_path / "home" / "data", tmp_path / "home" / "pictures")


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate's processes be: what passes it is shown elsewhere."""
    monkeypatch.setattr(opening, "pass_gate", lambda *_, **__: tuple(CLASSES))


def reads_now(folders: Paths) -> tuple[str, list[str]]:
    """The SHA-256 of the model that reads, and what was said of it."""
    said: list[str] = []
    return open_classifier(Wanted(), folders, said.append).model.sha256, said


def digest(name: str) -> str:
    return hashlib.sha256(strange(name)).hexdigest()


def test_a_model_is_proven_kept_and_used_by_every_command(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    path = on_card(tmp_path / "new", strange("one"), temperature=2.0, refuse_below=0.9)
    done = digitpad("use-model", path, DIGITPAD_HOME=home)
    title = f"mine.tflite (SHA-256 {digest('one')[:12]}…)"
    assert (done.returncode, done.stdout) == (0, f"From the next start on, {title} reads. {BACK}")
    path.unlink()  # it has been copied
    report = tmp_path / "report.json"
    done = digitpad("evaluate", DATA / "numbers.jsonl", "--json", report, DIGITPAD_HOME=home)
    assert (done.returncode, complaints(done)) == (0, [])
    assert json.loads(report.read_text())["model"] == digest("one")
    assert digitpad("use-model", "--list", DIGITPAD_HOME=home).stdout == f"in use: {title}\nbefore: the bundled model\n"
    doctor = json.loads(digitpad("doctor", "--json", DIGITPAD_HOME=home, SDL_VIDEODRIVER="dummy").stdout)
    [said] = [found["said"] for found in doctor["findings"] if "in use" in found["said"]]
    assert said == f"{title} is in use in place of the bundled model, and is what its card says"


def test_a_model_that_fails_the_gate_changes_nothing(tmp_path: Path, folders: Paths) -> None:
    main(["use-model", str(on_card(tmp_path / "good", strange("one")))])
    before = {path.name: path.read_bytes() for path in folders.models.iterdir()}
    bad = on_card(tmp_path / "bad", strange("two"), [*CLASSES[:10][::-1], "?"])
    done = digitpad("use-model", bad)
    [said] = complaints(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert "made for something else" in said
    assert {path.name: path.read_bytes() for path in folders.models.iterdir()} == before


@pytest.mark.usefixtures("trusting")
def test_there_is_a_way_back_and_forth(tmp_path: Path, folders: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {name: str(on_card(tmp_path / name, strange(name), name=f"{name}.tflite")) for name in ("one", "two")}
    for words, now in (
        ([paths["one"]], digest("one")),
        ([paths["two"]], digest("two")),
        (["--back"], digest("one")),
        (["--back"], digest("two")),
        (["--bundled"], BUNDLED),
        (["--back"], digest("two")),
        (["--bundled"], BUNDLED),
        ([paths["one"]], digest("one")),
        (["--back"], BUNDLED),
    ):
        assert main(["use-model", *words]) == 0
        assert reads_now(folders) == (now, [])
        assert capsys.readouterr().out.endswith(BACK)
    for words in ([paths["two"]], [paths["two"]]):
        assert main(["use-model", *words]) == 0
    assert capsys.readouterr().out.endswith(f"Already in use: two.tflite (SHA-256 {digest('two')[:12]}…)\n")
    assert main(["use-model", "--bundled"]) == main(["use-model", "--bundled"]) == 0
    assert capsys.readouterr().out.endswith("Already in use: the bundled model\n")


def test_there_is_no_way_back_from_the_start(folders: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["use-model", "--back"]) == 1
    assert "no model has been in use before" in capsys.readouterr().err
    assert main(["use-model", "--list"]) == 0
    assert capsys.readouterr().out == "in use: the bundled model\nbefore: the bundled model\n"
    assert not folders.data.exists()


@pytest.mark.usefixtures("trusting")
def test_a_file_without_a_card_gets_one_with_the_option(tmp_path: Path, folders: Paths) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(strange("one"))
    assert main(["use-model", str(path)]) == 1
    assert main(["use-model", str(path), "--unlisted"]) == 0
    assert main(["--unlisted", "use-model", str(path)]) == 0
    assert reads_now(folders) == (digest("one"), [])


@pytest.fixture
def two(tmp_path: Path, folders: Paths, trusting: None) -> Paths:
    """Model `two` is in use, `one` was before."""
    for name in ("one", "two"):
        assert main(["use-model", str(on_card(tmp_path / name, strange(name), name=f"{name}.tflite"))]) == 0
    return folders


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "altered": (damage, "altered or truncated"),
    "gone": (lambda path: path.unlink(), "not found"),
    "empty": (lambda path: path.write_bytes(b""), "altered or truncated"),
}


@pytest.mark.parametrize("suffix", ["tflite", "json"])
@pytest.mark.parametrize("how", HARM)
def test_a_model_that_is_damaged_is_left_for_the_one_before_and_said_so(how: str, suffix: str, two: Paths) -> None:
    choice = read_choice(two.models)
    assert choice.now is not None
    assert choice.before is not None
    file = {kept: two.models / f"{kept.model if suffix == 'tflite' else kept.card}.{suffix}" for kept in choice if kept}
    harm, reason = HARM[how]
    harm(file[choice.now])
    now, [said] = reads_now(two)
    assert now == digest("one")
    assert said.startswith(f"{file[choice.now]}: {reason}")
    assert said.endswith(". The model before it is used instead: digitpad use-model --list")
    harm(file[choice.before])
    now, [_, said] = reads_now(two)
    assert now == BUNDLED
    assert said.startswith(f"{file[choice.before]}: {reason}")
    assert said.endswith(". The bundled model is used instead: digitpad use-model --list")


def test_a_model_that_fails_its_proof_is_left_for_the_one_before(two: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> tuple[str, ...]:
        if path.stem == digest("two"):
            raise ModelError(f"{path}: ai-edge-litert 9 crashed (signal 11) when it was tried. {NEXT}")
        return tuple(CLASSES)

    monkeypatch.setattr(opening, "pass_gate", refuse)
    two.proofs_file.unlink()  # as after an update of the runtime
    now, [said] = reads_now(two)
    assert now == digest("one")
    assert "crashed (signal 11) when it was tried. The model before it is used instead" in said


POINTERS = [
    b"",
    b"{",
    b"[]",
    b'{"now": null}',
    b'{"now": "x", "before": null}',
    b'{"now": {"model": "../../../etc/passwd", "card": "b"}, "before": null}',
    b'{"now": {"model": 7, "card": 8}, "before": null}',
    b"[" * 50_000,
]


@pytest.mark.parametrize("content", POINTERS, ids=range(len(POINTERS)))
def test_without_knowing_which_it_is_the_bundled_one_and_said_so(content: bytes, two: Paths) -> None:
    (two.models / POINTER).write_bytes(content)
    now, [said] = reads_now(two)
    assert now == BUNDLED
    assert said == (
        f"{two.models / POINTER}: damaged, so nobody knows which model was in use. The bundled model is used: digitpad "
        "use-model FILE"
    )
    assert main(["use-model", "--list"]) == 0
    assert main(["use-model", "--bundled"]) == 0


def test_what_a_damaged_file_may_have_named_is_kept(tmp_path: Path, two: Paths) -> None:
    (two.models / POINTER).write_bytes(POINTERS[0])
    before = {path.name: path.read_bytes() for path in two.models.iterdir() if len(path.stem) == 64}
    assert len(before) == 4
    for name in before:
        os.utime(two.models / name, (time.time() - 7200,) * 2)
    third, bundled = str(on_card(tmp_path / "third", strange("three"))), ["use-model", "--bundled"]
    assert [main(["use-model", third]), main(bundled)] == [0, 0]
    after = {path.name: path.read_bytes() for path in two.models.iterdir()}
    assert after.items() >= before.items()
    assert after["in-use.damaged-1.json"] == POINTERS[0]


def test_the_commands_say_it_on_standard_error(tmp_path: Path, two: Paths) -> None:
    choice = read_choice(two.models)
    assert choice.now is not None
    (two.models / f"{choice.now.model}.tflite").unlink()
    done = digitpad("recognize", DATA / "2026.png")
    [said] = complaints(done)
    assert (done.returncode, done.stdout.strip()) == (0, "2026")
    assert "not found. The model before it is used instead" in said
    assert "a model that cannot be used: " in digitpad("use-model", "--list").stdout
    doctor = json.loads(digitpad("doctor", "--json", SDL_VIDEODRIVER="dummy").stdout)
    assert [found["state"] for found in doctor["findings"] if "in use" in found["said"]] == ["bad"]


def test_the_window_says_it_and_reads(two: Paths) -> None:
    choice = read_choice(two.models)
    assert choice.now is not None
    damage(two.models / f"{choice.now.model}.tflite")
    pilot = Pilot(None)
    pilot.services.worker.submit("load", lambda: loop._load(Wanted(), two))
    pilot.settle()
    assert "The model before it is used instead" in (pilot.state.toast or "")
    assert [note for note in pilot.notes if "is used instead" in note] == pilot.notes != []
    pilot.write(0)
    assert (pilot.state.reading.text, pilot.app.status) == ("7", 0)
    assert pilot.app.recognizer is not None
    assert pilot.app.recognizer.classifier.model.sha256 == digest("one")


def test_a_damaged_model_is_not_what_one_falls_back_to(tmp_path: Path, two: Paths) -> None:
    choice = read_choice(two.models)
    assert choice.now is not None
    damage(two.models / f"{choice.now.model}.tflite")
    assert main(["use-model", str(on_card(tmp_path / "three", strange("three")))]) == 0
    found = read_choice(two.models)
    assert found.before is not None
    assert found.before.model == digest("one")


def test_what_nothing_names_goes_when_it_is_old(tmp_path: Path, two: Paths) -> None:
    (two.models / "notes.txt").write_text("not ours")
    for path in two.models.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    assert main(["use-model", str(on_card(tmp_path / "three", strange("three")))]) == 0
    names = {path.name for path in two.models.iterdir()}
    assert f"{digest('one')}.tflite" not in names  # two swaps ago
    assert {f"{digest('two')}.tflite", f"{digest('three')}.tflite", "notes.txt", POINTER} <= names
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o777 for path in two.models.iterdir() if path.name != "notes.txt"} == {0o600}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, folders: Paths, trusting: None) -> None:
    folders.data.parent.mkdir(parents=True)
    folders.data.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"cannot be written \(.*\)\. Nothing was changed"):
        choose(folders.models, Choice())
    assert main(["use-model", str(on_card(tmp_path / "one", strange("one")))]) == 1
    assert reads_now(folders)[0] == BUNDLED


def test_the_library_reads_with_the_bundled_model(two: Paths) -> None:
    """What a program computes must not depend on what its user has put into the window."""
    assert Recognizer().classifier.model.path == models_folder() / INT8


def test_what_is_out_of_reach_is_said(folders: Paths, tmp_path: Path) -> None:
    far = Paths(folders.config, tmp_path / ("x" * 300), folders.pictures)
    now, [said] = reads_now(far)
    assert now == BUNDLED
    assert "cannot be read (File name too long). The bundled model is used" in said
    with pytest.raises(ModelError, match="File name too long"):
        open_classifier(Wanted(far.data / "m.tflite", unlisted=True), folders, print)


def test_without_a_home_the_commands_read_with_the_bundled_model() -> None:
    done = digitpad("recognize", DATA / "2026.png", DIGITPAD_HOME="~nobody-of-that-name/x")
    assert (done.returncode, done.stdout.strip()) == (0, "2026")
    [said] = complaints(done)
    assert said.endswith("Until then the bundled model is in use")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_point_it_is_the_old_model_or_the_new(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.swapping", str(tmp_path), "150"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["old"] + seen["new"] == 150
    assert min(seen["old"], seen["new"]) >= 10  # it was killed early and late
    assert seen["left in the middle"] >= 5  # and while a file was being written
    assert load_kept(tmp_path, read_choice(tmp_path).now or pytest.fail("none"))
