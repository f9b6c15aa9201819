"""The network as a function from digit images to logits and probabilities, for float32 and int8 models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .interpreter import Interpreter, Runtime, find_runtime
from .model import HOW_TO_MAKE, Model
from .normalise import SIZE

Logits = NDArray[np.float32]
Features = NDArray[np.float32]
"""(n, width) real numbers, 0 or more behind a ReLU."""
VIEWS = frozenset({"RESHAPE", "QUANTIZE", "DEQUANTIZE", "DELEGATE", "SHAPE", "STRIDED_SLICE", "PACK"})  # no arithmetic
WEIGHTS = {"int8": "dynamic range", "float16": "float16"}  # of a network that computes in float32


def quantise_input(values: NDArray[np.float32], scale: float, zero_point: int, kind: Any = np.int8) -> NDArray[Any]:
    """Return real `values` as integers of type `kind`: rounded half to even as TFLite does, and clipped."""
    limits = np.iinfo(kind)
    return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(kind)


def dequantise_output(output: NDArray[Any], scale: float, zero_point: int) -> Logits:
    """Return integer `output` as real numbers."""
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


def find_outputs(interpreter: Interpreter) -> list[dict[str, Any]]:
    """Return the details of the logits and, where a model has them, of its features, which are more than the classes.

    By size: converters order outputs as they like, and CompiledModel does not tell their names.
    """
    return sorted(interpreter.get_output_details(), key=lambda detail: int(np.prod(detail["shape"])))


class Classifier:
    """A model opened by a runtime."""

    def __init__(self, model: Model, runtime: Runtime | None = None, threads: int = 1) -> None:
        """Open `model`; raises ModelError unless it maps 28 x 28 values to one for each of its classes."""
        self.model = model
        self.runtime = runtime or find_runtime()
        try:
            self._interpreter: Interpreter = self.runtime.open(model.content, threads)
        except ModelError as error:
            raise ModelError(f"{model.path}: {error}. {HOW_TO_MAKE}") from None
        details = [*self._interpreter.get_input_details(), *find_outputs(self._interpreter)]
        shapes = [tuple(int(side) for side in detail["shape"]) for detail in details]
        bare = [[side for side in shape if side != 1] for shape in shapes]
        expected = [[SIZE, SIZE], [len(model.classes)]], [[SIZE * SIZE], [len(model.classes)]]
        if bare[:2] not in expected or len(bare) > 3 or bare[1] in bare[2:]:
            usual = [(1, SIZE, SIZE, 1), (1, len(model.classes))]
            raise ModelError(f"{model.path}: expected shapes {usual}, found {shapes}. {HOW_TO_MAKE}")
        self._input, self._output, *self._features = details
        for detail in details:
            kind = np.dtype(detail["dtype"])
            if kind.name not in ("float32", "int8", "uint8", "int16"):
                raise ModelError(f"{model.path}: input or output of type {kind.name}. {HOW_TO_MAKE}")
            if kind.kind != "f" and not detail["quantization"][0] > 0:
                raise ModelError(f"{model.path}: {kind.name} without a quantisation scale. {HOW_TO_MAKE}")
        self._levels = self._input_levels()
        last = [name for name in self.operators() if name not in VIEWS][-1:]
        self.has_softmax, self._has_sigmoid = last == ["SOFTMAX"], last == ["LOGISTIC"]

    def _input_levels(self) -> NDArray[Any]:
        """Return the network's input value for each of the 256 grey levels."""
        paper, ink = map(np.float32, self.model.input_range)
        grey = paper + np.arange(256, dtype=np.float32) / np.float32(255) * (ink - paper)
        if self._input["dtype"] == np.float32:
            return grey
        scale, zero_point = self._input["quantization"]
        return quantise_input(grey, scale, zero_point, self._input["dtype"])

    @property
    def is_int8(self) -> bool:
        """Whether input and output are int8."""
        return bool(self._input["dtype"] == self._output["dtype"] == np.int8)

    @property
    def input_limits(self) -> tuple[float, float] | None:
        """The least and the largest value that an 8-bit input holds, as real numbers; None for other inputs."""
        if np.dtype(self._input["dtype"]).itemsize > 1:
            return None
        (scale, zero_point), limits = self._input["quantization"], np.iinfo(self._input["dtype"])
        return (limits.min - zero_point) * scale, (limits.max - zero_point) * scale

    @property
    def output_step(self) -> float:
        """The difference between outputs that are one unit apart; 0 for a float output."""
        return float(self._output["quantization"][0])

    def feed(self, interpreter: Interpreter, image: NDArray[np.uint8]) -> None:
        """Run an interpreter of this model on one digit image, (28, 28) uint8; raises ModelError."""
        interpreter.set_tensor(self._input["index"], self._levels[image].reshape(self._input["shape"]))
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"{self.model.path}: opens, but does not run ({error}). {HOW_TO_MAKE}") from None

    def open_traced(self) -> Interpreter:
        """Return another interpreter of this model, which keeps the output of each operator."""
        return self.runtime.open_traced(self.model.content)

    def operators(self) -> list[str]:
        """Return the operators' names in order, DELEGATE for what XNNPACK runs; empty if the runtime has no list."""
        return [str(step["op_name"]) for step in self.steps()]

    def steps(self) -> list[dict[str, Any]]:
        """Return the operators, with `op_name` and the tensors of `inputs` and `outputs`; empty for no list."""
        try:
            return list(self._interpreter._get_ops_details())
        except AttributeError:
            return []

    def tensor(self, index: int) -> dict[str, Any]:
        """Return the type, shape and quantisation of a tensor."""
        return next(own for own in self._interpreter.get_tensor_details() if own["index"] == index)

    @property
    def number_type(self) -> str:
        """What the network computes with: float32, float16 or dynamic range (by its weights), int8, uint8 or 16x8.

        "int8 with float parts" computes with both. uint8 is what int8 is called with uint8 input and output.
        """
        types = {int(own["index"]): np.dtype(own["dtype"]).name for own in self._interpreter.get_tensor_details()}
        computed = {types[int(i)] for step in self.steps() if step["op_name"] not in VIEWS for i in step["outputs"]}
        computed = computed & {"float32", "int8", "uint8", "int16"} or {np.dtype(self._input["dtype"]).name}
        if computed == {"float32"}:
            return next((name for kind, name in WEIGHTS.items() if kind in types.values()), "float32")
        if len(computed) > 1:
            return "int8 with float parts"
        if self._input["dtype"] == self._output["dtype"] == np.uint8:
            return "uint8"
        return "16x8" if computed == {"int16"} else computed.pop()

    @property
    def interface(self) -> str:
        """The types of input and output."""
        kinds = [np.dtype(detail["dtype"]).name for detail in (self._input, self._output)]
        return " to ".join(kinds) if kinds[0] != kinds[1] else kinds[0]

    def logits(self, images: NDArray[np.uint8]) -> Logits:
        """Return the logits of digit images: (n, 28, 28) uint8 to (n, classes) float32.

        A network that ends in a softmax gives their logarithms, which a further softmax turns back into its own
        probabilities, one that ends in sigmoids their log odds; what int8 rounds to 0 becomes a 64th of a unit.
        """
        return self._logits(self._run(images, [self._output])[0])

    @property
    def has_features(self) -> bool:
        """Whether a second output gives the features: the input of the network's last dense layer."""
        return bool(self._features)

    def features(self, images: NDArray[np.uint8]) -> tuple[Features, Logits]:
        """Return the second output, (n, width) float32, and the logits of the same run, as `logits` does."""
        logits, features = self._run(images, [self._output, *self._features])
        return features, self._logits(logits)

    def _run(self, images: NDArray[np.uint8], outputs: Sequence[dict[str, Any]]) -> list[NDArray[np.float32]]:
        """Return these outputs for digit images, a row each, as real numbers."""
        check_images(images)
        rows = [np.empty((len(images), int(np.prod(own["shape"]))), own["dtype"]) for own in outputs]
        for i, image in enumerate(images):
            self.feed(self._interpreter, image)
            for own, row in zip(outputs, rows, strict=True):
                row[i] = self._interpreter.get_tensor(own["index"]).reshape(-1)
        return [
            row if row.dtype == np.float32 else dequantise_output(row, *own["quantization"])
            for own, row in zip(outputs, rows, strict=True)
        ]

    def _logits(self, values: NDArray[np.float32]) -> Logits:
        least = np.float32(self.output_step / 64 or 1e-7)
        if self._has_sigmoid:
            values = np.clip(values, least, 1 - least)
            return np.log(values / (1 - values))
        return np.log(np.maximum(values, least)) if self.has_softmax else values

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities: (n, 28, 28) uint8 to (n, classes) float32."""
        return softmax(self.logits(images), self.model.temperature)

    def is_taught(self, image: NDArray[np.uint8], digit: str) -> bool:  # noqa: ARG002 - for a subclass
        """Return whether its user taught that such a (28, 28) uint8 image is `digit`; this class learns nothing."""
        return False
