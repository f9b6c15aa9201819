"""Why int8 is slower or worse: each cause is named with its remedy, and none without a loss."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.datasets.mnist import Mnist
from edge_app.evaluation.compare.accuracy import Set
from edge_app.evaluation.compare.layers import OTHER_LAYERS, compare_layers
from edge_app.evaluation.compare.models import describe
from edge_app.evaluation.compare.why import explain
from edge_app.modelfiles.card import DIGITS, FLOAT, INT8
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.model import Model

from .test_page import make_report


def layer(operator: str, snr_db: float, clipped: float = 0.0, times: float = 1.5) -> dict[str, Any]:
    outlier = {"channel": 5, "times": times}
    return {"operator": operator, "channel_snr_db": snr_db, "clipped": clipped, "outlier": outlier}


def report_of(
    layers: list[dict[str, Any]], p: float = 0.001, slower: float = 0.5, latency: float = 102.0, **model: Any
) -> Any:
    """Return a report of two models; the second is 25 points worse, and as fast or slower."""
    report: Any = make_report()
    report["models"] = report["models"][:2]
    report["models"][1].update(model)
    pair = report["sets"][0]["pairs"][0]
    report["sets"][0]["pairs"] = [{**pair, "mcnemar_p": p}]
    report["layers"] = [{"model": "b.tflite", "layers": [layer("input", 48), *layers]}]
    first = report["cost"][0]
    speed = {"median": latency, "slower_rounds": slower}
    own = {**first, "model": "b.tflite", "delegate": "none", "latency_us": {"1": speed}}
    report["cost"] = [first, own]
    return report


@pytest.mark.parametrize(
    ("layers", "model", "reason"),
    [
        ([layer("CONV_2D", 40), layer("CONV_2D", 9), layer("CONV_2D", 5)], {}, "lost in 2. CONV_2D (9 dB)"),
        ([layer("CONV_2D", 9, times=60), layer("CONV_2D", 5)], {}, "channel 5 is 60 times as large as the others"),
        ([layer("CONV_2D", 35, clipped=0.2)], {}, "20.0% of the values of 1. CONV_2D are clipped"),
        ([layer("CONV_2D", 35)], {"weights": "per tensor"}, "its weights have one scale for all channels"),
        # what is clipped behind the loss, or a large channel that costs nothing, is no cause
        ([layer("CONV_2D", 9), layer("CONV_2D", 5, clipped=0.5)], {}, "lost in 1. CONV_2D (9 dB)"),
        ([layer("CONV_2D", 35), layer("CONV_2D", 33, times=60)], {}, "no single cause"),
    ],
)
def test_a_loss_of_accuracy_is_explained(layers: list[dict[str, Any]], model: dict[str, Any], reason: str) -> None:
    [line] = explain(report_of(layers, **model))
    assert line.startswith("why b.tflite is 25.00 points worse: ")
    assert reason in line


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"type": "dynamic range"}, "Convert to full int8"),
        ({"type": "float32", "open_batch": True}, "fixed batch of 1"),
        ({}, "digitpad --runtime ai-edge-litert"),
        ({"open_batch": True}, "digitpad --runtime ai-edge-litert"),  # a fixed batch would not help it
        ({"type": "float32"}, "the runtime's own kernels"),
    ],
)
def test_a_slower_model_is_explained(model: dict[str, Any], reason: str) -> None:
    [line] = explain(report_of([], p=0.5, slower=1.0, latency=196.2, **model))
    assert line.startswith("why b.tflite takes 2.00 times as long with tflite-runtime: ")
    assert reason in line


def test_a_model_that_is_neither_slower_nor_surely_worse_needs_no_reason() -> None:
    assert explain(report_of([layer("CONV_2D", 9, clipped=0.5)], p=0.5)) == []


def test_another_network_is_not_explained_by_its_numbers() -> None:
    report = report_of([], slower=0.95, latency=102.0)
    report["layers"] = [{"model": "b.tflite", "reason": OTHER_LAYERS}]
    report["cost"][1]["delegate"] = "XNNPACK"
    reason = "its layers are not those of a.tflite. Compare it with its own float model first"
    assert explain(report) == [
        f"why b.tflite takes 1.04 times as long with tflite-runtime: {reason}",
        f"why b.tflite is 25.00 points worse: {reason}",
    ]


@pytest.mark.data
@pytest.mark.e2e
def test_the_cause_of_a_real_loss_is_found(mnist: Mnist) -> None:
    """One channel made 1000 times as large, and taken back in the next layer; calibration on faint pictures."""
    import keras
    from keras import layers

    from convert.tflite import make_files

    from ..convert.zoo import Kind

    def two_convolutions(x: Any) -> Any:
        x = layers.Conv2D(8, 5, 2, activation="relu", name="loud")(x)
        return layers.Flatten()(layers.Conv2D(12, 3, activation="relu", name="next")(x))

    kind = Kind("0 to 1", two_convolutions)
    network = kind.train(mnist)
    fixed = keras.Model(*(lambda digit: (digit, network(digit)))(keras.Input((28, 28, 1), batch_size=1)))
    inputs = kind.inputs(mnist.x_train[:100])

    def why(values: np.ndarray[Any, Any]) -> list[str]:
        files = make_files((FLOAT, INT8), fixed, values, allow_float=False)
        models = [Model(Path(name), files[name], "", DIGITS) for name in (FLOAT, INT8)]
        found = Set("m", classifiers := [Classifier(model) for model in models])
        found.add(mnist.x_test[:500], mnist.y_test[:500])
        report = make_report()
        report["models"] = [describe(one, one.model.path.name) for one in classifiers]
        report["sets"] = [found.to_json()]
        report["layers"] = compare_layers(classifiers, mnist.x_test[:64])
        report["cost"] = []
        return explain(report)

    assert why(inputs) == []
    [faint] = why(inputs / 20)
    assert "of the values of the input are clipped" in faint
    for name, factor, axis in (("loud", 1000.0, -1), ("next", 1 / 1000, 2)):
        layer = network.get_layer(name)
        weights, bias = layer.get_weights()
        np.moveaxis(weights, axis, 0)[3] *= factor
        bias[3] *= factor if name == "loud" else 1
        layer.set_weights([weights, bias])
    [loud] = why(inputs)
    assert "the signal is lost in 1. CONV_2D: channel 3 is " in loud
