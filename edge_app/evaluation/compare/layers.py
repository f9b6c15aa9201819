"""Where in the network a model deviates from the first: the output of each operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...escape import escape
from ...recognition.classifier import VIEWS, Classifier
from .accuracy import snr_db
from .models import names_of

IMAGES = 64


@dataclass
class Layer:
    """An operator with its dequantised output for each image, and the share of it that may have been clipped."""

    name: str
    values: NDArray[np.float32]
    clipped: float


def compare_layers(classifiers: Sequence[Classifier], images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Return for each model after the first the signal-to-noise ratio of each operator's output, in dB.

    If its operators differ from the first model's, or the runtime keeps no outputs, there is a `reason` instead.
    """
    found: list[dict[str, Any]] = []
    for name, classifier in list(zip(names_of(classifiers), classifiers, strict=True))[1:]:
        try:
            first, own = (trace(one, images[:IMAGES]) for one in (classifiers[0], classifier))
            if classifiers[0].has_softmax != classifier.has_softmax:
                first, own = ([layer for layer in layers if layer.name != "SOFTMAX"] for layers in (first, own))
            if [layer.values.shape for layer in own] != [layer.values.shape for layer in first]:
                raise ModelError("its operators are not those of the first model")
        except ModelError as error:
            found.append({"model": name, "reason": escape(error)})
        else:
            found.append({"model": name, "layers": [_deviation(a, b) for a, b in zip(first, own, strict=True)]})
    return found


def trace(classifier: Classifier, images: NDArray[np.uint8]) -> list[Layer]:
    """Return each operator's output; raises ModelError if the runtime does not keep them."""
    interpreter = classifier.open_traced()
    try:
        steps = [op for op in interpreter._get_ops_details() if op["op_name"] not in VIEWS]
    except AttributeError:
        raise ModelError(f"{classifier.runtime.name} does not list the operators") from None
    outputs = [int(op["outputs"][0]) for op in steps]
    details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()}
    kept: list[list[NDArray[Any]]] = [[] for _ in outputs]
    for image in images:
        classifier.feed(interpreter, image)
        for own, index in zip(kept, outputs, strict=True):
            try:
                own.append(interpreter.get_tensor(index).copy())
            except ValueError as error:
                raise ModelError(f"{classifier.runtime.name} keeps no outputs ({error})") from None
    return [
        Layer(str(op["op_name"]), *_real(np.concatenate(own), details[index]))
        for op, own, index in zip(steps, kept, outputs, strict=True)
    ]


def _real(values: NDArray[Any], detail: dict[str, Any]) -> tuple[NDArray[np.float32], float]:
    """Return integers as real numbers, and the share of them that may have been clipped.

    The lowest integer is an honest 0 where it is the zero point, as after a ReLU.
    """
    if values.dtype.kind == "f":
        return values.astype(np.float32), 0.0
    scales = detail["quantization_parameters"]["scales"]
    if len(scales) == 0:
        raise ModelError(f"{detail['name']} has integers without a scale")
    points = detail["quantization_parameters"]["zero_points"]
    least, most = np.iinfo(values.dtype).min, np.iinfo(values.dtype).max
    ends = [most, least] if points[0] > least else [most]
    clipped = float(np.isin(values, ends).mean())
    return ((values.astype(np.int32) - points) * scales).astype(np.float32), clipped


def _deviation(first: Layer, own: Layer) -> dict[str, Any]:
    off = own.values - first.values
    noise = (off.astype(np.float64) ** 2).reshape(-1, off.shape[-1]).sum(axis=0)  # by channel
    return {
        "operator": own.name,
        "shape": list(own.values.shape[1:]),
        "snr_db": snr_db(
            float((first.values.astype(np.float64) ** 2).mean()), float((off.astype(np.float64) ** 2).mean())
        ),
        "clipped": own.clipped,
        "channel": {"index": int(noise.argmax()), "share": float(noise.max() / noise.sum()) if noise.any() else 0.0},
        "largest_deviation": float(np.abs(off).max()),
        "largest_value": float(np.abs(first.values).max()),
    }
