"""Features: the input of the network's last dense layer, read together with the logits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .classifier import Classifier, Logits
from .normalise import SIZE

Features = NDArray[np.float32]
"""(n, width) real numbers, 0 or more behind a ReLU."""

DENSE = "FULLY_CONNECTED"
TOLERANCE = 0.02  # of the range of the logits: dynamic-range models quantise the features again
UNITS = 2  # of an int8 output: rounding of the output and of the bias


class FeatureReader:
    """A second interpreter of a classifier's model that gives features and logits of the same run.

    It runs without XNNPACK, which hides the features. That is slower, and int8 logits may differ by a few units from
    those of a run with XNNPACK.
    """

    def __init__(self, classifier: Classifier) -> None:
        """Find the last dense layer; raises ModelError if there is none, or if it does not compute the logits."""
        self._classifier = classifier
        try:
            self._interpreter = classifier.open_traced()
            steps = self._interpreter._get_ops_details()
        except (AttributeError, KeyError):  # only a private interface lists the operators
            raise self._unusable("this runtime does not list its operators") from None
        dense = [step for step in steps if step["op_name"] == DENSE and len(step["inputs"]) == 3]
        self._details = {int(detail["index"]): detail for detail in self._interpreter.get_tensor_details()}
        if not dense or not set(map(int, dense[-1]["inputs"])) <= set(self._details):
            raise self._unusable("no dense layer at its end")
        self._input, self._weights, self._bias = (int(index) for index in dense[-1]["inputs"])
        self._output = int(self._interpreter.get_output_details()[0]["index"])
        self._verify()

    def _unusable(self, reason: str) -> ModelError:
        return ModelError(f"{self._classifier.model.path}: cannot learn handwriting with this model ({reason})")

    def _verify(self) -> None:
        """Compare with the dense layer computed in numpy, for a diagonal line."""
        features, logits = self.read(np.diag(np.full(SIZE, 255, np.uint8))[None])
        shapes = self._real(self._weights).shape, self._real(self._bias).shape
        if shapes != ((logits.shape[1], features.shape[1]), logits.shape[1:]):
            raise self._unusable("its last dense layer does not give the logits")
        error = float(np.abs(self.dense(features) - logits).max())
        unit = float(self._details[self._output]["quantization"][0])  # 0 for a float output
        if not error <= max(UNITS * unit, TOLERANCE * float(np.ptp(logits)), 1e-4):
            raise self._unusable("its last dense layer does not compute the logits")

    def dense(self, features: Features) -> Logits:
        """Return the dense layer's logits for features, (n, width) to (n, classes), clipped as int8 outputs are."""
        logits = features @ self._real(self._weights).T + self._real(self._bias)
        scale, zero = self._details[self._output]["quantization"]
        return np.clip(logits, (-128 - zero) * scale, (127 - zero) * scale) if scale else logits

    def _real(self, index: int) -> NDArray[np.float32]:
        """Return a dequantised tensor, per row if it has several scales."""
        values = self._interpreter.get_tensor(index)
        if values.dtype.kind == "f":
            return values.astype(np.float32)
        scales = self._details[index]["quantization_parameters"]["scales"].astype(np.float32)
        zero = int(self._details[index]["quantization"][1]) if len(scales) == 1 else 0  # per-row scales are symmetric
        scale = scales if values.ndim < 2 or len(scales) == 1 else scales[:, None]
        return (values.astype(np.int32) - zero).astype(np.float32) * scale

    def read(self, images: NDArray[np.uint8]) -> tuple[Features, Logits]:
        """Return the features and logits of digit images, (n, 28, 28) uint8; raises ModelError if a run fails."""
        rows: list[tuple[Any, Any]] = []
        for image in images:
            self._classifier.feed(self._interpreter, image)
            rows.append((self._real(self._input).ravel(), self._real(self._output).ravel()))
        features, logits = zip(*rows, strict=True)
        return np.stack(features), np.stack(logits)
