"""Conversion: files that fail verification are not written."""

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from convert import __main__ as convert
from convert import keras_file
from convert.calibration import choose_representative
from convert.variants import ALL, DYNAMIC, FLOAT16
from convert.verify import verify_weights
from edge_app.datasets.mnist import Mnist
from edge_app.errors import ModelError
from edge_app.modelfiles.card import CARD, FLOAT, INT8, NEXT_CARD, load_model
from edge_app.modelfiles.selftest import check_expected
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import MODULES, find_runtime
from edge_app.storage.atomic_write import write_atomically
from train import networks

from ..conftest import DATA, ROOT
from ..modelfiles.test_shipped import RUNTIMES
from .conftest import fewer_images
from .zoo import KINDS

CLASSIC = ROOT / "models" / "classic.keras"  # trained, so that its answers mean something


@pytest.mark.data
def test_calibration_images_are_balanced_and_seeded(mnist: Mnist) -> None:
    chosen = choose_representative(mnist.y_train, 50, seed=1)
    assert np.bincount(mnist.y_train[chosen]).tolist() == [50] * 10
    assert len(set(chosen.tolist())) == 500
    assert (chosen == choose_representative(mnist.y_train, 50, seed=1)).all()
    assert (chosen != choose_representative(mnist.y_train, 50, seed=2)).any()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keras") / "net.keras"
    KINDS[0].build().save(path)
    return path


def installed() -> list[str]:
    return [name for name in MODULES if convert._is_installed(name)]


@pytest.mark.usefixtures("quick")
def test_a_network_becomes_two_files_and_a_card(tmp_path: Path) -> None:
    networks.edge().save(untrained := tmp_path / "net.keras")
    words = [str(untrained), "--output", str(tmp_path), "--per-class", "5", "--anyway"]
    assert convert.main(words) == 0
    card = json.loads((tmp_path / CARD).read_text())
    assert set(card["files"]) == {FLOAT, INT8}
    assert card["outputs"] == {"logits": 11, "features": 384}
    assert card["agreement"] == {} or card["agreement"]["different_answers"] <= 15  # of 1,500, by an untrained network
    for name in (FLOAT, INT8):
        model = load_model(tmp_path / name)
        assert len(model.content) == card["files"][name]["bytes"]
        assert 0 <= card["accuracy"][name] < 0.5
    assert len(card["calibration"]["indices"]) == 50
    assert [found["runtime"] for found in card["runtimes"]] == installed()
    assert {"CONV_2D", "FULLY_CONNECTED"} <= set(card["runtimes"][0][INT8]["operators"])
    assert np.array(card["self_test"]["logits"]).shape == (10, 11)
    for name in MODULES:
        check_expected(Classifier(load_model(tmp_path / INT8), find_runtime(name)))


@pytest.mark.usefixtures("quick")
def test_a_final_softmax_is_removed(tmp_path: Path) -> None:
    keras.models.load_model(CLASSIC, compile=False).save(tmp_path / "classic.h5")  # as the tutorial saved it
    words = [str(tmp_path / "classic.h5"), "--output", str(tmp_path)]
    assert convert.main(words) == 0
    card = json.loads((tmp_path / CARD).read_text())
    assert card["classes"] == list("0123456789")
    assert "SOFTMAX" not in card["runtimes"][0][INT8]["operators"]


@pytest.mark.usefixtures("quick")
def test_a_file_of_keras_2_reads_as_it_did_there(mnist: Mnist, tmp_path: Path) -> None:
    """TensorFlow 2.15 wrote it: a convolution, BatchNormalization, max pooling, dropout and a softmax."""
    from convert.keras_file import load_network, log_probabilities

    path = DATA / "models" / "keras_2.h5"
    found = np.exp(log_probabilities(load_network(path), mnist.x_test[:5], (0.0, 1.0)))  # there: model.predict
    assert found.argmax(axis=1).tolist() == [7, 2, 1, 0, 4]
    assert found.max(axis=1) == pytest.approx(
        [0.997, 0.9061, 0.9762, 0.9984, 0.9679], abs=2e-4
    )  # as model.predict gave there
    assert convert.main([str(path), "--output", str(tmp_path)]) == 0


@pytest.mark.usefixtures("quick")
def test_failed_verification_replaces_nothing(
    untrained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A float model under the int8 name must fail verification."""
    from convert import tflite

    old = old_files(tmp_path)
    monkeypatch.setattr(tflite, "quantise", lambda network, *_, **__: tflite.to_float(network))
    words = [str(untrained), "--output", str(tmp_path)]
    assert convert.main(words) == 1
    assert "digits_int8.tflite: not full int8, since TensorFlow leaves CONV_2D" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def old_files(folder: Path) -> dict[str, bytes]:
    old = {name: b"old " + name.encode() for name in (*ALL, CARD)}
    for name, content in old.items():
        (folder / name).write_bytes(content)
    return old


def conversion(kind: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files and the card of a conversion."""
    files = {name: f"{kind} {name}".encode() for name in (FLOAT, INT8)}
    entries = {name: {"sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    return files, {"classes": [kind], "files": entries}


@pytest.mark.parametrize("cut", range(5))
def test_an_interrupted_replacement_leaves_files_that_match_a_card(
    cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill is simulated by an exception instead of one of the moves."""
    old, new = conversion("old"), conversion("new")
    convert._replace(*old, tmp_path)
    steps: list[Any] = []

    def step(move: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any) -> Any:
            if len(steps) == cut:
                raise KeyboardInterrupt
            steps.append(words)
            return move(*words)

        return counted

    with monkeypatch.context() as patched:
        patched.setattr(convert, "write_atomically", step(write_atomically))
        patched.setattr(convert, "move", step(convert.move))
        if cut < 4:
            with pytest.raises(KeyboardInterrupt):
                convert._replace(*new, tmp_path)
        else:
            convert._replace(*new, tmp_path)
    assert len(steps) == cut
    for name in (FLOAT, INT8):
        model = load_model(tmp_path / name)
        kind = "new" if cut > [*new[0]].index(name) + 1 else "old"
        assert (model.content, model.classes) == (f"{kind} {name}".encode(), (kind,))
    convert._replace(*conversion("third"), tmp_path)  # the next conversion repairs it
    assert {path.name for path in tmp_path.iterdir()} == {FLOAT, INT8, CARD}
    assert load_model(tmp_path / INT8).classes == ("third",)


def test_a_file_that_matches_neither_card_is_refused(tmp_path: Path) -> None:
    convert._replace(*conversion("old"), tmp_path)
    (tmp_path / NEXT_CARD).write_text(json.dumps(conversion("new")[1]))
    (tmp_path / INT8).write_bytes(b"other")
    with pytest.raises(ModelError, match="altered or truncated"):
        load_model(tmp_path / INT8)
    (tmp_path / NEXT_CARD).write_text("{")
    with pytest.raises(ModelError, match=r"digits\.next\.json: corrupt model card"):
        load_model(tmp_path / INT8)
    assert load_model(tmp_path / FLOAT).classes == ("old",)


@pytest.fixture(scope="module")
def four(small: Mnist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a conversion with --all; tests only read it."""
    folder = tmp_path_factory.mktemp("four")
    with fewer_images(small):
        assert convert.main([str(CLASSIC), "--all", "--output", str(folder)]) == 0
    return folder


@pytest.mark.data
def test_all_writes_four_files_in_one_card(four: Path) -> None:
    assert {path.name for path in four.iterdir()} == {*ALL, CARD}
    card = json.loads((four / CARD).read_text())
    assert list(card["files"]) == list(ALL)
    assert set(card["accuracy"]) == {"data", "n", "runtime", *ALL}
    assert all(card["accuracy"][name] == pytest.approx(card["training"]["test"]["accuracy"], abs=1e-2) for name in ALL)
    assert [found["runtime"] for found in card["runtimes"]] == installed()
    for found in card["runtimes"]:
        assert all(found[name]["median_us"] > 0 for name in ALL)
    size = {name: card["files"][name]["bytes"] for name in ALL}
    assert size == {name: len(load_model(four / name).content) for name in ALL}  # which proves the SHA-256 as well
    assert 0.5 < size[FLOAT16] / size[FLOAT] < 0.55
    assert 0.25 < size[DYNAMIC] / size[FLOAT] < 0.35


@pytest.mark.data
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(("name", "tolerance"), [(FLOAT, 1e-4), (FLOAT16, 2e-3), (DYNAMIC, 5e-2)])
def test_logits_are_close_to_those_of_keras(
    mnist: Mnist, four: Path, name: str, tolerance: float, runtime: str
) -> None:
    from convert.keras_file import load_network

    images = mnist.x_train[:50]
    network = load_network(CLASSIC)
    expected = np.concatenate([network(image[None, :, :, None].astype(np.float32) / 255) for image in images])
    classifier = Classifier(load_model(four / name), find_runtime(runtime))
    assert not classifier.is_int8
    difference = np.abs(classifier.logits(images) - expected).max() / np.ptp(expected)
    assert difference < tolerance
    if name != FLOAT:
        assert difference > 1e-6, "float32 under another name"


@pytest.mark.usefixtures("quick")
def test_without_all_older_variants_are_no_longer_on_the_card(
    untrained: Path, four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = {name: (four / name).read_bytes() for name in (FLOAT16, DYNAMIC)}
    for path in four.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    load_model(tmp_path / DYNAMIC)
    words = [str(untrained), "--output", str(tmp_path), "--per-class", "5", "--anyway"]
    assert convert.main(words) == 0
    assert set(json.loads((tmp_path / CARD).read_text())["files"]) == {FLOAT, INT8}
    printed = capsys.readouterr().out
    for name, content in left.items():
        assert (tmp_path / name).read_bytes() == content
        assert f"{tmp_path / name}: from an earlier conversion, no longer named in {CARD}" in printed
        with pytest.raises(ModelError, match=f"{name}: not named in .*{CARD}"):
            load_model(tmp_path / name)


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "name", "reason"),
    [
        (FLOAT16, FLOAT16, None),
        (DYNAMIC, DYNAMIC, None),
        (FLOAT, FLOAT16, "expected float16 weights, found only float32"),
        (INT8, DYNAMIC, "expected float32 input and output, found int8"),
    ],
)
def test_a_file_of_another_type_than_its_name_fails_verification(
    four: Path, file: str, name: str, reason: str | None
) -> None:
    content = (four / file).read_bytes()
    for runtime in map(find_runtime, installed()):
        if reason is None:
            verify_weights(content, runtime, name)
        else:
            with pytest.raises(ModelError, match=f"{name}: {reason}"):
                verify_weights(content, runtime, name)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script and signals")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            f"echo {FLOAT}; echo {DYNAMIC}; echo INFO: delegate >&2; kill -SEGV $$",
            rf"crashed at {DYNAMIC} \(exit .*-11",
        ),
        ("kill -SEGV $$", r"crashed at the start \(exit .*-11"),
    ],
)
def test_a_crash_of_the_runtime_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    """Verification is a process; a shell script stands in for it."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    found = convert._run_verification("a-runtime", tmp_path, [])
    assert found["runtime"] == "a-runtime"
    assert re.search(reason, found["error"])


def confidence(training: dict[str, Any], *options: str) -> dict[str, Any]:
    """Return what the card of a network says of confidence; only its predictions matter."""
    return convert._confidence(convert.make_parser().parse_args(list(options)), None, "0 to 1", training)


def test_temperature_and_threshold_come_from_unseen_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 2000).astype(np.uint8)
    logits = 3 * (rng.normal(0, 1, (2000, 11)) + 3 * np.eye(11)[labels])
    monkeypatch.setattr(convert, "_read", lambda _: (np.zeros((2000, 28, 28), np.uint8), labels))
    found = []
    for scale in (1, 2):
        monkeypatch.setattr(keras_file, "log_probabilities", lambda *_, scale=scale: scale * logits)
        found.append(confidence({"arch": "edge"}, "--temperature-from", "ink.jsonl"))
    assert found[1]["temperature"] == pytest.approx(2 * found[0]["temperature"], rel=0.03)
    assert found[1]["refuse_below"] == pytest.approx(found[0]["refuse_below"], abs=0.02)
    assert found[0]["temperature_from"] == ["ink.jsonl"]


def test_a_network_trained_on_all_writers_needs_unseen_digits(tmp_path: Path) -> None:
    own = {"arch": "edge", "temperature": 1.1, "refuse_below": 0.3}
    assert confidence(own) == {"temperature": 1.1, "refuse_below": 0.3}
    assert confidence(own, "--reject-below", "0.2") == {"temperature": 1.1, "refuse_below": 0.2}
    assert confidence({}) == {"temperature": 1.0, "refuse_below": 0.5}  # a foreign network
    with pytest.raises(ModelError, match="Give --temperature-from"):
        confidence({"arch": "edge"})
    (tmp_path / "mine.train.json").write_text("{")
    with pytest.raises(ModelError, match="damaged training record"):
        convert._training_record(tmp_path / "mine.train.json")
