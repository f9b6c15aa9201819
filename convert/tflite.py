"""Keras to TFLite with TensorFlow's converter: float32, full int8, float16 and dynamic range.

Both quantisers were measured on the shipped network (docs/accuracy.md): TensorFlow's converter and
ai-edge-quantizer on the float .tflite. Accuracy is the same; TensorFlow's is used because its files run in
tflite-runtime 2.14 unchanged and it needs no further package. `quantise` is the one function to replace if
TensorFlow drops quantisation from its converter.
"""

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8

from .keras_file import first_line
from .variants import DYNAMIC, FLOAT16

Inputs = NDArray[np.float32]
LOOPS = ("WHILE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN")


def to_float(network: Any) -> bytes:
    """Return the network as a float32 .tflite file; raises ModelError for one with a loop.

    The app opens no loops, and TensorFlow's calibrator crashes on them.
    """
    content = _convert(tf.lite.TFLiteConverter.from_keras_model(network))
    steps = tf.lite.Interpreter(model_content=content)._get_ops_details()
    if any(step["op_name"] in LOOPS for step in steps):
        raise ModelError("it reads in a loop, which the app does not open. Build its recurrent layers with unroll=True")
    return content


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


def quantise(network: Any, representative: Inputs, *, allow_float: bool = False) -> bytes:
    """Return the network as a full-int8 .tflite file, ranges taken from `representative`, inputs of the network.

    With `allow_float`, operators that have no int8 stay float32 between int8 parts.
    """
    converter = _int8_converter(network)
    converter.representative_dataset = lambda: ([own[None]] for own in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if allow_float:
        converter.target_spec.supported_ops.append(tf.lite.OpsSet.TFLITE_BUILTINS)
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return _convert(converter)


def make_files(names: Sequence[str], network: Any, representative: Inputs, *, allow_float: bool) -> dict[str, bytes]:
    """Return the files of these names; raises ModelError for a network that cannot be converted."""
    makers: dict[str, Callable[[], bytes]] = {
        FLOAT: lambda: to_float(network),
        INT8: lambda: quantise(network, representative, allow_float=allow_float),
        FLOAT16: lambda: to_float16(network),
        DYNAMIC: lambda: to_dynamic(network),
    }
    return {name: makers[name]() for name in names}


def _int8_converter(network: Any) -> Any:
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # per-channel dense weights need a FULLY_CONNECTED version that tflite-runtime 2.14 does not support
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter


def _convert(converter: Any) -> bytes:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras prints every exported variable
            return bytes(converter.convert())
    except Exception as error:  # ConverterError, RuntimeError of the calibrator and others, undocumented
        if found := re.search(r"Quantization not yet supported for op: '?(\w+)", str(error)):
            message = f"TensorFlow has no int8 for the operator {found[1]}. Replace it in the network"
            raise ModelError(f"{message}, or give --allow-float, and it stays float32 between int8 parts") from None
        if found := re.search(r"'?(tfl?\.\w+)'? op is neither a custom op nor a flex op", str(error)):
            raise ModelError(f"TensorFlow Lite has no operator {found[1]}. Replace it in the network") from None
        raise ModelError(f"TensorFlow cannot convert it ({first_line(error)})") from None
