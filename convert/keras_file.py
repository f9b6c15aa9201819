"""Opens a Keras network of whoever trained it, as a function from digit images to 10 or 11 classes."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import ModelError
from edge_app.recognition.classifier import softmax
from edge_app.recognition.normalise import SIZE

CLASSES = (10, 11)
LAST = (keras.activations.softmax, keras.activations.log_softmax, keras.activations.sigmoid)


def load_network(path: Path, output_name: str | None = None) -> Any:
    """Return the network at `path` (.keras, .h5 or a SavedModel folder) with one input and one output.

    A softmax or sigmoid at its end is taken off where it is a layer of its own or the last layer's activation.
    Raises ModelError.
    """
    if not path.exists():
        raise ModelError(f"{path}: not found. Expected a .keras or .h5 file, or a SavedModel folder")
    network = _choose_output(path, _load_folder(path) if path.is_dir() else _load_file(path), output_name)
    shape, outputs = tuple(network.inputs[0].shape[1:]), tuple(network.outputs[0].shape[1:])
    if len(outputs) > 1 and [side for side in outputs if side != 1] in ([own] for own in CLASSES):
        network = keras.Model(network.inputs, keras.layers.Flatten()(network.outputs[0]))
        outputs = tuple(network.outputs[0].shape[1:])
    if [side for side in shape if side != 1] not in ([SIZE, SIZE], [SIZE * SIZE]):
        raise ModelError(f"{path}: takes {shape}, expected grey pictures of 28 x 28. {_advice(shape)}")
    if len(outputs) != 1 or outputs[0] not in CLASSES:
        raise ModelError(f"{path}: gives {outputs}, expected (10,) for the digits, or (11,) with one for no digit")
    return _without_softmax(_in_float32(path, network))


def with_fixed_batch(network: Any) -> Any:
    """Return a network that takes one picture.

    A dynamic batch adds SHAPE, STRIDED_SLICE and PACK, and XNNPACK no longer takes the float model.
    """
    inputs = keras.Input(batch_shape=(1, *network.inputs[0].shape[1:]), dtype=network.inputs[0].dtype)
    return keras.Model(inputs, network(inputs, training=False))


def with_features(network: Any) -> Any:
    """Return a network with the outputs `logits` and `features`, the input of its last dense layer, for lessons.

    One that does not end in a dense layer, or is nothing but that layer, has `logits` alone; so has one with no more
    features than classes, since the app tells outputs by their size.
    """
    [logits] = network.outputs
    last, node, _ = logits._keras_history
    if isinstance(last, keras.layers.Dense):
        [features] = last._inbound_nodes[node].input_tensors
        if features.shape[-1] > logits.shape[-1] and features is not network.inputs[0]:
            return keras.Model(network.inputs, {"logits": logits, "features": features})
    return keras.Model(network.inputs, {"logits": logits})


def as_inputs(network: Any, images: NDArray[np.uint8], ends: tuple[float, float]) -> NDArray[np.float32]:
    """Return digit images (n, 28, 28) as the network takes them; `ends` are its values for paper and ink."""
    values = ends[0] + images.astype(np.float32) / 255 * (ends[1] - ends[0])
    return values.reshape(-1, *network.inputs[0].shape[1:]).astype(np.float32)


def log_probabilities(network: Any, images: NDArray[np.uint8], ends: tuple[float, float]) -> NDArray[np.float32]:
    """Return the logarithms of a network's probabilities for digit images: (n, 28, 28) uint8 to (n, classes)."""
    values = as_inputs(network, images, ends)
    saved = any(isinstance(own, keras.layers.TFSMLayer) for own in network.layers)
    step = (saved and network.inputs[0].shape[0]) or 500  # only a SavedModel insists on its batch
    whole = np.concatenate([values, np.zeros((-len(values) % step, *values.shape[1:]), np.float32)])
    found = [np.asarray(network([whole[i : i + step]], training=False)) for i in range(0, len(whole), step)]
    outputs = np.concatenate(found)[: len(images)].astype(np.float32)
    if outputs.min() < 0 or np.abs(outputs.sum(axis=1) - 1).max() > 1e-3:
        outputs = softmax(outputs)
    return np.log(np.maximum(outputs, np.float32(1e-30)))


def _load_file(path: Path) -> Any:
    try:
        network = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras does not document what it raises
        message = f"{path}: Keras {keras.__version__} cannot load it ({first_line(error)})"
        raise ModelError(f"{message}. {_origin(path)}") from None
    if not getattr(network, "inputs", None):
        raise ModelError(f"{path}: its input has no shape. Start the network with keras.Input((28, 28, 1))")
    return network


def _load_folder(path: Path) -> Any:
    """Return a SavedModel as a network with all outputs of its serving signature."""
    import tensorflow as tf

    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{path}: a folder without saved_model.pb, so not a SavedModel")
    try:
        signature = tf.saved_model.load(str(path)).signatures["serving_default"]
        [spec] = signature.structured_input_signature[1].values()
        inputs = keras.Input(batch_shape=spec.shape, dtype=spec.dtype)
        outputs = keras.layers.TFSMLayer(str(path), call_endpoint="serving_default")(inputs)
    except (OSError, KeyError, ValueError, TypeError, tf.errors.OpError) as error:
        message = f"{path}: not a SavedModel with one input in its signature serving_default ({first_line(error)})"
        raise ModelError(f"{message}. Save it with model.export(FOLDER)") from None
    return keras.Model(inputs, [keras.layers.Identity(name=name)(value) for name, value in outputs.items()])


def _choose_output(path: Path, network: Any, name: str | None) -> Any:
    """Return the network with one output: its only one, or that of a name."""
    if len(network.inputs) > 1:
        raise ModelError(f"{path}: takes {len(network.inputs)} inputs, expected one picture")
    if len(network.outputs) == 1 and name is None:
        return keras.Model(network.inputs, network.outputs[0])
    outputs = dict(zip(network.output_names, network.outputs, strict=True))
    shown = ", ".join(f"{own} {tuple(tensor.shape[1:])}" for own, tensor in outputs.items())
    if name is None:
        raise ModelError(
            f"{path}: has {len(outputs)} outputs: {shown}. Choose one, such as --output-name {min(outputs)}"
        )
    if name not in outputs:
        raise ModelError(f"{path}: has no output {name}. Its outputs: {shown}")
    return keras.Model(network.inputs, outputs[name])


def _in_float32(path: Path, network: Any) -> Any:
    """Return the network as one of float32, which the converter needs, where it takes bytes or has mixed precision."""
    [own], kinds = network.inputs, {layer.compute_dtype for layer in network._flatten_layers(include_self=False)}
    if own.dtype == "float32" and kinds <= {"float32"}:
        return network
    try:
        same = keras.models.clone_model(
            network,
            [keras.Input(batch_shape=own.shape, dtype="float32")],
            clone_function=lambda layer: type(layer).from_config({**layer.get_config(), "dtype": "float32"}),
        )
        same.set_weights(network.get_weights())
    except Exception as error:  # Keras does not document what it raises
        raise ModelError(f"{path}: cannot be rebuilt in float32 ({first_line(error)}). Train it in float32") from None
    return same


def _without_softmax(network: Any) -> Any:
    """Return the network without the softmax or sigmoid at its end, which cost int8 resolution, if it is separable."""
    last = network.outputs[0]._keras_history.operation
    ends = getattr(last, "activation", None) in LAST
    if isinstance(last, keras.layers.Softmax) or (ends and isinstance(last, keras.layers.Activation)):
        return keras.Model(network.inputs, last.input)
    if ends:
        last.activation = keras.activations.linear
    return network


def _advice(shape: tuple[int | None, ...]) -> str:
    if shape[-1:] == (3,):
        return "It reads RGB: train it on grey pictures"
    return "Put a Resizing layer after an Input of (28, 28, 1), or train it on MNIST's size"


def _origin(path: Path) -> str:
    """Return which version of Keras wrote a file, and what to do."""
    version = None
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                version = json.loads(archive.read("metadata.json")).get("keras_version")
        else:
            import h5py

            with h5py.File(path) as file:
                version = file.attrs.get("keras_version")
    except (OSError, KeyError, ValueError):
        pass  # neither format
    if version:
        return f"Keras {version} wrote it: load it there, and save it with model.export(FOLDER)"
    return "Expected a .keras or .h5 file with the whole network, or a SavedModel folder"


def first_line(error: Exception) -> str:
    """Return the first line of an error that has any, at most 200 characters."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
