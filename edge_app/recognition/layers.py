"""What each operator of a network gives for an image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .classifier import VIEWS, Classifier


@dataclass
class Layer:
    """An operator with its output for each image; integers as real numbers, with the ends of their range."""

    name: str
    values: NDArray[np.float32]
    step: float = 0.0  # between two integers; 0 for float
    ends: tuple[float, float] = (-np.inf, np.inf)


class Tracer:
    """A second interpreter of a classifier's model that keeps the output of every operator.

    It runs without XNNPACK, so int8 outputs may differ by a few units from those of a run with it.
    """

    def __init__(self, classifier: Classifier) -> None:
        """Find the operators; raises ModelError if the runtime does not list them."""
        self._classifier = classifier
        try:
            self._interpreter = classifier.open_traced()
            steps = [op for op in self._interpreter._get_ops_details() if op["op_name"] not in VIEWS]
        except (AttributeError, KeyError):  # only a private interface lists the operators
            raise ModelError(f"{classifier.runtime.name} does not list the operators") from None
        self._names = [str(op["op_name"]) for op in steps]
        self._outputs = [int(steps[0]["inputs"][0]), *(int(op["outputs"][0]) for op in steps)]
        self._details = {int(detail["index"]): detail for detail in self._interpreter.get_tensor_details()}

    def trace(self, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> list[Layer]:
        """Return the input, 0 for paper and 1 for ink, and each operator's output, for each image.

        Raises ModelError if the runtime does not keep them.
        """
        kept: list[list[NDArray[Any]]] = [[] for _ in self._outputs]
        for image in images:
            self._classifier.feed(self._interpreter, image)
            for own, index in zip(kept, self._outputs, strict=True):
                try:
                    own.append(self._interpreter.get_tensor(index).copy())
                except ValueError as error:
                    raise ModelError(f"{self._classifier.runtime.name} keeps no outputs ({error})") from None
        seen, *computed = [
            _real(np.concatenate(own), self._details[index]) for own, index in zip(kept, self._outputs, strict=True)
        ]
        return [
            _as_ink(seen, *self._classifier.model.input_range),
            *(replace(own, name=name) for name, own in zip(self._names, computed, strict=True)),
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
