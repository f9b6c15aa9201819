"""Networks of all kinds: each is converted and reads as before, or refused in one line with nothing written."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from convert import __main__ as convert
from edge_app.datasets.mnist import Mnist
from edge_app.evaluation.compare.accuracy import Set
from edge_app.evaluation.compare.models import open_classifiers
from edge_app.modelfiles.card import CARD, FLOAT, INT8, load_model
from edge_app.modelfiles.selftest import CONVENTIONS, find_input_range
from edge_app.modelfiles.validation import try_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime

from .zoo import KINDS, UNIT, Kind, elu

pytestmark = [pytest.mark.data, pytest.mark.e2e, pytest.mark.usefixtures("quick")]


def save(network: Any, folder: Path, suffix: str = ".keras") -> Path:
    path = folder / f"net{suffix}"
    if suffix:
        network.save(path)
    else:
        network.export(path, verbose=False)
    return path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_network_is_converted_at_its_own_accuracy(kind: Kind, small: Mnist, tmp_path: Path) -> None:
    network = kind.train(small)
    expected = float((kind.answers(network, small.x_test) == small.y_test).mean())
    assert convert.main([str(save(network, tmp_path, kind.suffix))]) == 0
    card = json.loads((tmp_path / CARD).read_text())
    assert CONVENTIONS[card["input"]["convention"]] == pytest.approx(kind.ends, abs=1e-4)
    runtime = find_runtime()
    found = Set("test", [Classifier(load_model(tmp_path / name), runtime) for name in (FLOAT, INT8)])
    found.add(small.x_test, small.y_test)
    float_model, int8 = found.to_json()["models"]
    assert float_model["accuracy"] == pytest.approx(expected, abs=0.002)
    assert int8["accuracy"] == pytest.approx(expected, abs=0.01)
    assert [own.number_type for own in found.classifiers] == ["float32", "int8"]
    if kind.head in ("nested", "picture") or not kind.suffix:  # what does not end in a dense layer
        assert list(card["outputs"]) == ["logits"]
        assert not any(own.has_features for own in found.classifiers)
    else:
        last = network.get_layer("digits")
        features = kind.run(keras.Model(network.inputs, last.input), small.x_test[:50])
        assert card["outputs"] == {"logits": kind.classes, "features": features.shape[1]}
        for own, share in zip(found.classifiers, (1e-3, 0.1), strict=True):
            off = own.features(small.x_test[:50])[0] - features
            assert np.abs(off).mean() <= share * np.abs(features).max()
    try_model(load_model(tmp_path / INT8), runtime.name)  # as the app does before it opens it
    for model in (own.model for own in found.classifiers[kind.ends == UNIT :]):  # as compare does without a card
        assert find_input_range(replace(model, input_range=UNIT), runtime) == pytest.approx(kind.ends, abs=1e-4)


@pytest.fixture(scope="module")
def plain(small: Mnist) -> Any:
    """A trained network."""
    return KINDS[0].train(small)


def of_shape(shape: tuple[int, ...], classes: int = 10) -> Any:
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])


def of_two_inputs() -> Any:
    inputs = [keras.Input((28, 28, 1)), keras.Input((28, 28, 1))]
    return keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten()(keras.layers.add(inputs))))


def loop(x: Any) -> Any:
    return keras.layers.LSTM(16)(keras.layers.Reshape((28, 28))(x))


def test_what_cannot_be_converted_is_one_line_and_leaves_all_files(
    small: Mnist, plain: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"digits.json": b'{"keras": {"file": "net.keras"}, "files": {}, "classes": []}', INT8: b"old"}
    text = tmp_path / "text.keras"
    text.write_text("no network")
    two = Kind("two outputs", head="two").train(small)
    cases: list[tuple[Any, list[str], str]] = [
        (of_shape((28, 28, 3)), [], "takes (28, 28, 3), expected grey pictures of 28 x 28. It reads RGB"),
        (of_shape((32, 32, 1)), [], "takes (32, 32, 1), expected grey pictures of 28 x 28. Put a Resizing layer"),
        (of_shape((28, 28, 1), 62), [], "gives (62,), expected (10,) for the digits"),  # EMNIST
        (of_two_inputs(), [], "takes 2 inputs, expected one picture"),
        (
            Kind("loop", loop).build(),
            ["--anyway"],
            "it reads in a loop, which the app does not open. Build its",
        ),
        (of_shape((28, 28, 1), 5), [], "gives (5,), expected (10,) for the digits"),
        (of_shape((28, 28, 1)), [], "with the best convention, expected 80%. Nothing was written"),
        (two, [], "has 2 outputs: digits (10,), quality (1,). Choose one, such as --output-name digits"),
        (two, ["--output-name", "x"], "has no output x. Its outputs: digits (10,), quality (1,)"),
        (Kind("elu", elu).train(small), [], "give --allow-float"),
        (text, [], "Keras"),
        (tmp_path / "none.keras", [], "not found"),
    ]
    for number, (network, options, reason) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in old.items():
            (folder / name).write_bytes(content)
        path = network if isinstance(network, Path) else save(network, folder)
        assert convert.main([str(path), *options, "--output", str(folder)]) == 1
        (line,) = [own for own in capsys.readouterr().err.splitlines() if own.startswith("convert: ")]
        assert reason in line
        assert "python -m train" not in line
        assert {name: (folder / name).read_bytes() for name in old} == old
    # the same networks with what the line names
    assert convert.main([str(tmp_path / "7" / "net.keras"), "--output-name", "digits"]) == 0
    assert convert.main([str(tmp_path / "9" / "net.keras"), "--allow-float"]) == 0
    assert open_classifiers([tmp_path / "9" / INT8], find_runtime())[0].number_type == "int8 with float parts"
    assert convert.main([str(tmp_path / "6" / "net.keras"), "--anyway"]) == 0


def test_int8_that_lost_more_than_max_drop_is_not_written(
    plain: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calibrated on faint pictures, the ranges are far too small for ink."""
    from convert import tflite

    make_files = tflite.make_files
    monkeypatch.setattr(
        tflite, "make_files", lambda names, network, own, **options: make_files(names, network, own / 20, **options)
    )
    path = save(plain, tmp_path)
    assert convert.main([str(path)]) == 1
    shown = capsys.readouterr()
    assert "points of accuracy, more than --max-drop 1. Nothing was written" in shown.err
    assert "float 9" in shown.out
    assert [own.name for own in tmp_path.iterdir()] == ["net.keras"]
    assert convert.main([str(path), "--anyway"]) == 0
    assert find_input_range(load_model(tmp_path / INT8), find_runtime()) == UNIT  # not -1 to 1, which is clipped less


def test_the_shipped_models_and_other_networks_files_are_not_replaced_unasked(
    plain: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ..conftest import ROOT

    assert convert.main([str(ROOT / "models" / "classic.keras")]) == 1
    assert "--output models replaces the models that digitpad uses" in capsys.readouterr().err
    (tmp_path / CARD).write_text('{"keras": {"file": "other.keras"}, "files": {}, "classes": []}')
    assert convert.main([str(save(plain, tmp_path))]) == 1
    assert "belongs to other.keras. Give --output FOLDER" in capsys.readouterr().err
