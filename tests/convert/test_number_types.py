"""One network in every number type that TensorFlow writes: each is called by its name and reads as Keras does."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from edge_app.datasets.mnist import Mnist
from edge_app.errors import ModelError
from edge_app.evaluation.compare.accuracy import Set
from edge_app.evaluation.compare.compiled import COMPILED, find_way
from edge_app.evaluation.compare.layers import compare_layers
from edge_app.evaluation.compare.models import open_classifiers
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime

from .zoo import Kind

pytestmark = [pytest.mark.data, pytest.mark.e2e]

INT16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
KINDS: dict[
    str, tuple[str, str, dict[str, Any]]
] = {  # what it is called, its input and output, the converter's options
    "float": ("float32", "float32", {"optimizations": []}),
    "float16": ("float16", "float32", {"types": [tf.float16]}),
    "dynamic": ("dynamic range", "float32", {}),
    "int8": ("int8", "int8", {"calibrated": True, "interface": tf.int8}),
    "uint8": ("uint8", "uint8", {"calibrated": True, "interface": tf.uint8}),
    "floatio": ("int8", "float32", {"calibrated": True}),
    "16x8": ("16x8", "float32", {"calibrated": True, "ops": [INT16]}),
    "16x8io": ("16x8", "int16", {"calibrated": True, "ops": [INT16], "interface": tf.int16}),
}


def convert(network: Any, inputs: Any, options: dict[str, Any]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = options.get("optimizations", [tf.lite.Optimize.DEFAULT])
    converter.target_spec.supported_types = options.get("types", [])
    converter.target_spec.supported_ops = options.get("ops", [tf.lite.OpsSet.TFLITE_BUILTINS])
    if "calibrated" in options:
        converter.representative_dataset = lambda: ([one[None]] for one in inputs)
    converter.inference_input_type = converter.inference_output_type = options.get("interface", tf.float32)
    return bytes(converter.convert())


@pytest.mark.parametrize("head", ["logits", "softmax"])
def test_every_number_type_is_named_and_reads_as_keras_does(head: str, mnist: Mnist, tmp_path: Path) -> None:
    kind = Kind("0 to 1", head=head)
    network = kind.train(mnist)
    fixed = keras.Model(*(lambda digit: (digit, network(digit)))(keras.Input((28, 28, 1), batch_size=1)))
    images, labels = mnist.x_test[:1000], mnist.y_test[:1000]
    expected = float((kind.answers(network, images) == labels).mean())
    paths = [tmp_path / f"{name}.tflite" for name in KINDS]
    for path, (_, _, options) in zip(paths, KINDS.values(), strict=True):
        path.write_bytes(convert(fixed, kind.inputs(mnist.x_train[:100]), options))
    found = Set("m", classifiers := open_classifiers(paths, find_runtime("ai-edge-litert")))
    found.add(images, labels)
    report = found.to_json()
    named = {path.stem: (own.number_type, own.interface) for path, own in zip(paths, classifiers, strict=True)}
    assert named == {name: own[:2] for name, own in KINDS.items()}
    assert {own.has_softmax for own in classifiers} == {head == "softmax"}
    errors = [own["calibration_error"] for own in report["models"]]
    assert errors == pytest.approx([errors[0]] * len(errors), abs=0.02)  # a second softmax would cost 0.7
    for name, answers in zip(KINDS, report["models"], strict=True):
        assert answers["accuracy"] == pytest.approx(expected, abs=0.002 if "16" in name or name == "float" else 0.01)
    assert all((pair["logits_snr_db"] or 0) > 20 for pair in report["pairs"])
    with pytest.raises(ModelError, match="Unsupported dtype: int16"):
        Classifier(classifiers[-1].model, find_way(COMPILED))
    for one in classifiers[:-1]:  # CompiledModel gives the same answers
        logits = Classifier(one.model, find_way(COMPILED)).logits(images[:100])
        assert np.abs(logits - one.logits(images[:100])).max() <= one.output_step + 1e-4
    for own in compare_layers(classifiers, images[:32]):
        assert all(layer["snr_db"] is None or layer["snr_db"] > 20 for layer in own["layers"]), own
