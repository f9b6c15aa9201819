"""The network as a function from digit images to logits and probabilities, for float32 and int8 models."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .interpreter import Interpreter, Runtime, find_runtime
from .model import HOW_TO_MAKE, Model
from .normalise import SIZE

Logits = NDArray[np.float32]


def quantise_input(values: NDArray[np.float32], scale: float, zero_point: int) -> NDArray[np.int8]:
    """Return real `values` as int8: rounded half to even as TFLite does, not truncated, and clipped."""
    return np.clip(np.rint(values / scale) + zero_point, -128, 127).astype(np.int8)


def dequantise_output(output: NDArray[np.int8], scale: float, zero_point: int) -> Logits:
    """Return int8 `output` as real numbers."""
    # int32 first: int8 minus a zero point of -128 overflows
    return (output.astype(np.int32) - zero_point).astype(np.float32) * np.float32(scale)


def softmax(logits: Logits, temperature: float = 1.0) -> NDArray[np.float32]:
    """Return probabilities over the last axis, computed without overflow."""
    shifted = (logits - logits.max(axis=-1, keepdims=True)) / np.float32(temperature)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=-1, keepdims=True)


def check_images(images: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `images` are (n, 28, 28) uint8."""
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIZE, SIZE):
        raise ValueError(f"expected (n, 28, 28) uint8, got {images.shape} {images.dtype}")


class Classifier:
    """A model opened by a runtime."""

    def __init__(self, model: Model, runtime: Runtime | None = None, threads: int = 1) -> None:
        """Open `model`; raises ModelError unless it maps (1, 28, 28, 1) to (1, classes)."""
        self.model = model
        self.runtime = runtime or find_runtime()
        try:
            self._interpreter: Interpreter = self.runtime.open(model.content, threads)
        except ModelError as error:
            raise ModelError(f"{model.path}: {error}. {HOW_TO_MAKE}") from None
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        shapes = [tuple(int(side) for side in detail["shape"]) for detail in (*inputs, *outputs)]
        expected = [(1, SIZE, SIZE, 1), (1, len(model.classes))]
        if shapes != expected:
            raise ModelError(f"{model.path}: expected shapes {expected}, found {shapes}. {HOW_TO_MAKE}")
        self._input, self._output = inputs[0], outputs[0]
        self._levels = self._input_levels()

    def _input_levels(self) -> NDArray[np.float32] | NDArray[np.int8]:
        """Return the network's input value for each of the 256 grey levels."""
        grey = np.arange(256, dtype=np.float32) / np.float32(255)
        kinds = {np.dtype(detail["dtype"]).name for detail in (self._input, self._output)}
        if kinds == {"float32"}:
            return grey
        if kinds != {"int8"}:
            found = " and ".join(sorted(kinds))
            raise ModelError(
                f"{self.model.path}: expected int8 or float32 input and output, found {found}. {HOW_TO_MAKE}"
            )
        if not (self._input["quantization"][0] > 0 and self._output["quantization"][0] > 0):
            raise ModelError(f"{self.model.path}: int8 without a quantisation scale. {HOW_TO_MAKE}")
        return quantise_input(grey, *self._input["quantization"])

    @property
    def is_int8(self) -> bool:
        """Whether input and output are int8."""
        return self._levels.dtype == np.int8

    @property
    def output_step(self) -> float:
        """The difference between logits that are one int8 unit apart; 0 for a float output."""
        return float(self._output["quantization"][0])

    def feed(self, interpreter: Interpreter, image: NDArray[np.uint8]) -> None:
        """Run an interpreter of this model on one digit image, (28, 28) uint8; raises ModelError."""
        interpreter.set_tensor(self._input["index"], self._levels[image][None, :, :, None])
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"{self.model.path}: opens, but does not run ({error}). {HOW_TO_MAKE}") from None

    def open_traced(self) -> Interpreter:
        """Return another interpreter of this model, which keeps the output of each operator."""
        return self.runtime.open_traced(self.model.content)

    def operators(self) -> list[str]:
        """Return the operators' names in order, DELEGATE for what XNNPACK runs; empty if the runtime has no list."""
        try:
            return [str(operator["op_name"]) for operator in self._interpreter._get_ops_details()]
        except AttributeError:
            return []

    @property
    def number_type(self) -> str:
        """int8, dynamic range, float16 or float32, by the types of input and weights."""
        if self.is_int8:
            return "int8"
        types = {np.dtype(detail["dtype"]).name for detail in self._interpreter.get_tensor_details()}
        if "int8" in types:
            return "dynamic range"
        return "float16" if "float16" in types else "float32"

    def logits(self, images: NDArray[np.uint8]) -> Logits:
        """Return the logits of digit images: (n, 28, 28) uint8 to (n, classes) float32."""
        check_images(images)
        raw: Any = np.empty((len(images), len(self.model.classes)), self._levels.dtype)
        for i, image in enumerate(images):
            self.feed(self._interpreter, image)
            raw[i] = self._interpreter.get_tensor(self._output["index"])[0]
        return dequantise_output(raw, *self._output["quantization"]) if raw.dtype == np.int8 else raw

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities: (n, 28, 28) uint8 to (n, classes) float32."""
        return softmax(self.logits(images), self.model.temperature)
