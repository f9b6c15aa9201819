"""Conversion: proven or not written at all."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from convert import __main__ as convert
from convert.representative import choose_representative
from edge_app.errors import ModelError
from edge_app.mnist import Mnist
from edge_app.modelfile import CARD, FLOAT, INT8, load_model
from edge_app.runtime import MODULES
from train import networks


@pytest.mark.data
def test_representative_images_are_balanced_seeded_and_of_the_training_part(mnist: Mnist) -> None:
    chosen = choose_representative(mnist.y_train, 50, seed=1)
    assert np.bincount(mnist.y_train[chosen]).tolist() == [50] * 10
    assert len(set(chosen.tolist())) == 500
    assert (chosen == choose_representative(mnist.y_train, 50, seed=1)).all()
    assert (chosen != choose_representative(mnist.y_train, 50, seed=2)).any()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("keras") / "net.keras"
    networks.edge().save(path)
    return path


@pytest.mark.data
def test_a_network_becomes_two_files_and_a_card(mnist_file: Path, untrained: Path, tmp_path: Path) -> None:
    words = [str(untrained), "--output", str(tmp_path), "--mnist", str(mnist_file), "--per-class", "5"]
    assert convert.main(words) == 0
    card = json.loads((tmp_path / CARD).read_text())
    assert card["agreement"] == {} or card["agreement"]["different_answers"] == 0
    for name in (FLOAT, INT8):
        model = load_model(tmp_path / name)
        assert len(model.content) == card["files"][name]["bytes"]
        assert 0 <= card["accuracy"][name] < 0.5
    assert len(card["calibration"]["indices"]) == 50
    assert len(card["runtimes"]) == len([name for name in MODULES if convert._is_installed(name)])
    assert {"CONV_2D", "FULLY_CONNECTED"} <= set(card["runtimes"][0][INT8]["operators"])


@pytest.mark.data
def test_a_softmax_is_taken_off(mnist_file: Path, tmp_path: Path) -> None:
    networks.classic().save(tmp_path / "classic.h5")  # as the tutorial saved it
    words = [str(tmp_path / "classic.h5"), "--output", str(tmp_path), "--mnist", str(mnist_file)]
    assert convert.main(words) == 0
    card = json.loads((tmp_path / CARD).read_text())
    assert card["classes"] == list("0123456789")
    assert "SOFTMAX" not in card["runtimes"][0][INT8]["operators"]


@pytest.mark.data
def test_a_failed_proof_replaces_nothing(
    mnist_file: Path,
    untrained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is called int8 and is float must be found out by the proof itself."""
    from convert import tflite

    old = {name: b"old " + name.encode() for name in (FLOAT, INT8, CARD)}
    for name, content in old.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(tflite, "quantise", lambda network, _: tflite.to_float(network))
    words = [str(untrained), "--output", str(tmp_path), "--mnist", str(mnist_file)]
    assert convert.main(words) == 1
    assert "neither int8 nor int32" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


@pytest.mark.parametrize("kind", ["missing", "text", "shape"])
def test_a_file_that_is_no_digit_network_is_refused(tmp_path: Path, kind: str) -> None:
    from convert.tflite import load_network

    path = tmp_path / "net.keras"
    if kind == "text":
        path.write_text("no network")
    elif kind == "shape":
        keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(path)
    with pytest.raises(ModelError, match="Run: python -m train"):
        load_network(path)
