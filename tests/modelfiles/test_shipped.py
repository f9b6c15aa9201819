"""The models that are shipped: what the card says of them is true."""

import hashlib
import json
import sys

import numpy as np
import pytest

from convert.verify import verify_int8
from edge_app.datasets.mnist import SHA256, Mnist
from edge_app.errors import ModelError
from edge_app.modelfiles.card import CARD, FLOAT, INT8, load_model, models_folder
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import MODULES, find_runtime

CARD_CONTENT = json.loads((models_folder() / CARD).read_text())
TFLITE_RUNTIME_EXISTS = sys.platform == "linux" and sys.version_info < (3, 12)
RUNTIMES = [name for name in MODULES if name != "tflite-runtime" or TFLITE_RUNTIME_EXISTS]


def test_the_card_belongs_to_the_files() -> None:
    for name, entry in CARD_CONTENT["files"].items():
        content = (models_folder() / name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (entry["sha256"], entry["bytes"])
    keras_file = models_folder() / CARD_CONTENT["keras"]["file"]
    assert hashlib.sha256(keras_file.read_bytes()).hexdigest() == CARD_CONTENT["keras"]["sha256"]


def test_the_card_says_where_everything_comes_from() -> None:
    training, calibration = CARD_CONTENT["training"], CARD_CONTENT["calibration"]
    assert {"arch", "average", "data", "versions"} <= set(training)
    average, pupil = training["average"]
    assert all({"seed", "epochs", "minutes", "sha256"} == set(network) for network in average["average"])
    assert {"seed", "epochs", "minutes", "sha256", "teachers"} == set(pupil)
    assert pupil["teachers"][0]["sha256"] == average["sha256"]
    assert calibration["sha256"] == SHA256["x_train"]
    assert len(set(calibration["indices"])) == len(calibration["indices"]) >= 100
    assert {"tensorflow", "keras", "numpy", "python"} <= set(CARD_CONTENT["versions"])
    sources = json.dumps(training["data"])
    for file in ("unipen", "pendigits"):
        assert (file in sources) == (file in (models_folder() / "README.md").read_text().lower().replace(" ", ""))


def test_the_int8_model_is_small() -> None:
    assert (models_folder() / INT8).stat().st_size <= 120_000


@pytest.mark.parametrize("name", RUNTIMES)
def test_every_tensor_is_int8_or_int32_and_the_output_logits(name: str) -> None:
    runtime = find_runtime(name)
    operators = verify_int8(load_model().content, runtime, INT8)
    assert "CONV_2D" in operators
    with pytest.raises(ModelError, match=r"digits_float\.tflite: not full int8, since TensorFlow leaves CONV_2D"):
        verify_int8(load_model(models_folder() / FLOAT).content, runtime, FLOAT)


@pytest.mark.data
@pytest.mark.parametrize("name", RUNTIMES)
def test_accuracy_on_mnist_is_what_the_card_says(mnist: Mnist, name: str) -> None:
    accuracy = {}
    for file in (FLOAT, INT8):
        logits = Classifier(load_model(models_folder() / file), find_runtime(name)).logits(mnist.x_test)
        accuracy[file] = float((logits.argmax(axis=1) == mnist.y_test).mean())
    assert accuracy[INT8] >= 0.995
    assert abs(accuracy[INT8] - accuracy[FLOAT]) <= 0.0005
    if CARD_CONTENT["accuracy"]["runtime"] == name:
        assert accuracy[INT8] == pytest.approx(CARD_CONTENT["accuracy"][INT8], abs=1e-9)
    else:
        assert accuracy[INT8] == pytest.approx(CARD_CONTENT["accuracy"][INT8], abs=3e-4)


@pytest.mark.data
@pytest.mark.skipif(not TFLITE_RUNTIME_EXISTS, reason="tflite-runtime has no wheel for this Python")
def test_both_runtimes_read_the_same(mnist: Mnist) -> None:
    images = mnist.x_train[:2000]
    one, two = (Classifier(load_model(), find_runtime(name)).logits(images) for name in MODULES)
    unit = np.diff(np.unique(one)).min()
    assert (np.abs(one - two) / unit).max() <= 8
    assert (one.argmax(axis=1) == two.argmax(axis=1)).mean() >= 0.9995
