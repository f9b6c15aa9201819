"""Where in the network a model deviates from the first: the output of each operator."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...escape import escape
from ...recognition.classifier import VIEWS, Classifier
from .accuracy import snr_db
from .models import names_of

IMAGES = 64
OTHER_LAYERS = "its layers are not those of the first model"


@dataclass
class Layer:
    """An operator with its output for each image; integers as real numbers, with the ends of their range."""

    name: str
    values: NDArray[np.float32]
    step: float = 0.0  # between two integers; 0 for float
    ends: tuple[float, float] = (-np.inf, np.inf)


def compare_layers(classifiers: Sequence[Classifier], images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Return for each model after the first the signal-to-noise ratio of its input and each operator's output, in dB.

    If its operators differ from the first model's, or the runtime keeps no outputs, there is a `reason` instead.
    """
    found: list[dict[str, Any]] = []
    for name, classifier in list(zip(names_of(classifiers), classifiers, strict=True))[1:]:
        try:
            first, own = (trace(one, images[:IMAGES]) for one in (classifiers[0], classifier))
            if classifiers[0].has_softmax != classifier.has_softmax:
                first, own = ([layer for layer in layers if layer.name != "SOFTMAX"] for layers in (first, own))
            if [layer.values.shape for layer in own] != [layer.values.shape for layer in first]:
                raise ModelError(OTHER_LAYERS)
        except ModelError as error:
            found.append({"model": name, "reason": escape(error)})
        else:
            found.append({"model": name, "layers": [_deviation(a, b) for a, b in zip(first, own, strict=True)]})
    return found


def trace(classifier: Classifier, images: NDArray[np.uint8]) -> list[Layer]:
    """Return the input, 0 for paper and 1 for ink, and each operator's output.

    Raises ModelError if the runtime does not keep them.
    """
    interpreter = classifier.open_traced()
    try:
        steps = [op for op in interpreter._get_ops_details() if op["op_name"] not in VIEWS]
    except AttributeError:
        raise ModelError(f"{classifier.runtime.name} does not list the operators") from None
    outputs = [int(steps[0]["inputs"][0]), *(int(op["outputs"][0]) for op in steps)]
    details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()}
    kept: list[list[NDArray[Any]]] = [[] for _ in outputs]
    for image in images:
        classifier.feed(interpreter, image)
        for own, index in zip(kept, outputs, strict=True):
            try:
                own.append(interpreter.get_tensor(index).copy())
            except ValueError as error:
                raise ModelError(f"{classifier.runtime.name} keeps no outputs ({error})") from None
    seen, *computed = [_real(np.concatenate(own), details[index]) for own, index in zip(kept, outputs, strict=True)]
    return [
        _as_ink(seen, *classifier.model.input_range),
        *(replace(own, name=str(op["op_name"])) for op, own in zip(steps, computed, strict=True)),
    ]


def _real(values: NDArray[Any], detail: dict[str, Any]) -> Layer:
    """Return a tensor's values as real numbers; raises ModelError for integers without a scale."""
    if values.dtype.kind == "f":
        return Layer("", values.astype(np.float32))
    scales = detail["quantization_parameters"]["scales"]
    if len(scales) == 0:
        raise ModelError(f"{detail['name']} has integers without a scale")
    points, scale = detail["quantization_parameters"]["zero_points"], float(scales[0])
    kind = np.iinfo(values.dtype)
    low, high = (float((end - int(points[0])) * scale) for end in (kind.min, kind.max))
    return Layer("", ((values.astype(np.int32) - points) * scales).astype(np.float32), scale, (low, high))


def _as_ink(layer: Layer, paper: float, ink: float) -> Layer:
    """Return the input with 0 for paper and 1 for ink, whatever a model takes for them and in whatever shape."""
    low, high = sorted((end - paper) / (ink - paper) for end in layer.ends)
    values = (layer.values.reshape(len(layer.values), -1, 1) - np.float32(paper)) / np.float32(ink - paper)
    return Layer("input", values, layer.step / abs(ink - paper), (low, high))


def _deviation(first: Layer, own: Layer) -> dict[str, Any]:
    off = own.values - first.values
    signal, noise = (
        (values.astype(np.float64) ** 2).reshape(-1, values.shape[-1]).mean(axis=0) for values in (first.values, off)
    )  # by channel
    peaks = np.abs(first.values).reshape(-1, off.shape[-1]).max(axis=0)
    usual = float(np.median(peaks[peaks > 0])) if peaks.any() else 1.0
    # an honest value may lie at an end; where the first model's lies beyond, it was clipped
    low, high = own.ends
    clipped = (first.values < low - own.step) | (first.values > high + own.step)
    return {
        "operator": own.name,
        "shape": list(own.values.shape[1:]),
        "snr_db": snr_db(float(signal.mean()), float(noise.mean())),
        "channel_snr_db": _median_db(signal, noise),
        "clipped": float(clipped.mean()),
        "outlier": {"channel": int(peaks.argmax()), "times": float(peaks.max()) / usual},
        "largest_deviation": float(np.abs(off).max()),
        "largest_value": float(np.abs(first.values).max()),
    }


def _median_db(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float | None:
    """Return the median channel's signal-to-noise ratio: one loud channel hides what all others lose."""
    ratios = [snr_db(float(own), float(other)) for own, other in zip(signal, noise, strict=True) if own]
    return float(np.median([np.inf if own is None else own for own in ratios])) if any(ratios) else None
