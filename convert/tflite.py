"""Keras to TFLite with TensorFlow's converter: float32, full int8, float16 and dynamic range.

Both quantisers were measured on the shipped network (docs/accuracy.md): TensorFlow's converter and
ai-edge-quantizer on the float .tflite. Accuracy is the same; TensorFlow's is used because its files run in
tflite-runtime 2.14 unchanged and it needs no further package. `quantise` is the one function to replace if
TensorFlow drops quantisation from its converter.
"""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8

from .variants import DYNAMIC, FLOAT16

Images = NDArray[np.uint8]


def load_network(path: Path) -> Any:
    """Return the Keras network at `path` (.keras or .h5), ending in logits; raises ModelError."""
    if not path.is_file():
        raise ModelError(f"{path}: not found. Run: python -m train")
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras does not document what it raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: cannot be loaded as a Keras model ({reason}). Run: python -m train") from None
    if tuple(model.input_shape[1:]) != (28, 28, 1) or len(model.output_shape) != 2:
        raise ModelError(
            f"{path}: expected (28, 28, 1) to classes, found {model.input_shape[1:]} to {model.output_shape[1:]}. "
            "Run: python -m train"
        )
    last = model.layers[-1]
    if getattr(last, "activation", None) is keras.activations.softmax:
        last.activation = keras.activations.linear  # logits: a softmax in the graph costs int8 resolution
    # A fixed batch: a dynamic one adds SHAPE, STRIDED_SLICE and PACK, and XNNPACK no longer takes the float model
    inputs = keras.Input(batch_shape=(1, 28, 28, 1))
    return keras.Model(inputs, model(inputs, training=False))


def to_float(network: Any) -> bytes:
    """Return the network as a float32 .tflite file."""
    return _convert(tf.lite.TFLiteConverter.from_keras_model(network))


def to_float16(network: Any) -> bytes:
    """Return the network as a .tflite file with float16 weights, which runtimes convert to float32."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def to_dynamic(network: Any) -> bytes:
    """Return the network as a dynamic-range .tflite file: float32 input and output, ranges found at run time.

    Weights are int8, except tensors of fewer than 1024 numbers, which stay float32.
    """
    return _convert(_int8_converter(network))


def quantise(network: Any, representative: Images) -> bytes:
    """Return the network as a full-int8 .tflite file, ranges taken from `representative`, (n, 28, 28) uint8."""
    converter = _int8_converter(network)
    scaled = representative[:, None, :, :, None].astype(np.float32) / 255
    converter.representative_dataset = lambda: ([image] for image in scaled)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return _convert(converter)


MAKERS: dict[str, Callable[[Any, Images], bytes]] = {
    FLOAT: lambda network, _: to_float(network),
    INT8: quantise,
    FLOAT16: lambda network, _: to_float16(network),
    DYNAMIC: lambda network, _: to_dynamic(network),
}


def _int8_converter(network: Any) -> Any:
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # per-channel dense weights need a FULLY_CONNECTED version that tflite-runtime 2.14 does not support
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter


def _convert(converter: Any) -> bytes:
    with contextlib.redirect_stdout(io.StringIO()):  # Keras prints every exported variable
        return bytes(converter.convert())
