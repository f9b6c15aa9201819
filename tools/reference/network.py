"""An int8 .tflite file as a list of steps, read by the published schema and not by a runtime."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from .arithmetic import Rescale, rescale, rescale_halves_up, rescale_once, rescale_truncating
from .operators import OPERATORS, Step, Tensor

NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
ROUNDINGS: dict[str, Callable[[str], Rescale]] = {
    "specification": lambda _: rescale,
    # both runtimes multiply matrices with ruy, and do the rest with gemmlowp's arithmetic
    "kernels": lambda operator: rescale_halves_up if operator in ("CONV_2D", "FULLY_CONNECTED") else rescale,
    "once": lambda _: rescale_once,
    "none": lambda _: rescale_truncating,
}
"""How products are brought to the units of the output, by operator."""

TYPES = {schema.TensorType.INT8: np.int8, schema.TensorType.INT32: np.int32}


class Network:
    """A full-int8 network with one input and one output, computed in integers."""

    def __init__(self, content: bytes, rounding: str = "specification") -> None:
        """Read a .tflite file; raises NotImplementedError for what the reference does not hold."""
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        (graph,) = model.subgraphs
        tensors = [_tensor(model, index, tensor) for index, tensor in enumerate(graph.tensors)]
        (entry,), (leave,) = graph.inputs, graph.outputs
        self.input, self.output = tensors[entry], tensors[leave]
        self.steps = [_step(model, tensors, operator, ROUNDINGS[rounding]) for operator in graph.operators]

    def levels(self) -> NDArray[np.int8]:
        """Return what each of the 256 grey levels is to the network, by exact fractions, halves to even."""
        scale, zero = Fraction(float(self.input.scale)), self.input.zero_point
        return np.array(
            [min(max(round(Fraction(grey, 255) / scale) + zero, -128), 127) for grey in range(256)], np.int8
        )

    def run(self, images: NDArray[np.uint8]) -> dict[int, NDArray[np.int8]]:
        """Return each tensor that digit images, (n, 28, 28) uint8, lead to, by its number in the file."""
        values = {self.input.index: self.levels()[images][..., None]}
        for step in self.steps:
            values[step.output.index] = compute(step, values)
        return values


def compute(step: Step, values: dict[int, NDArray[np.int8]]) -> NDArray[np.int8]:
    """Return a step's output from the `values` of its inputs, (n, ...) each."""
    given = [values[tensor.index] for tensor in step.inputs if tensor.values is None]
    constants = [] if len(given) == 1 else [one for one in step.inputs if one.values is not None]
    if constants:
        raise NotImplementedError(f"{step.name} with a constant beside two inputs is not in the reference")
    return OPERATORS[step.name](step, *given)


def _tensor(model: Any, index: int, tensor: Any) -> Tensor:
    data = model.buffers[tensor.buffer].data
    values = None
    if data is not None and len(data):
        if tensor.type not in TYPES:
            raise NotImplementedError(f"tensor {index}: a constant of type {tensor.type} is not in the reference")
        raw = np.frombuffer(np.asarray(data, np.uint8).tobytes(), np.dtype(TYPES[tensor.type]).newbyteorder("<"))
        values = raw.reshape(tensor.shape).astype(np.int64)
    quantisation = tensor.quantization
    scales: Sequence[float] = [] if quantisation is None or quantisation.scale is None else quantisation.scale
    zeros: Sequence[int] = [] if quantisation is None or quantisation.zeroPoint is None else quantisation.zeroPoint
    shape = tuple(int(side) for side in tensor.shape) if tensor.shape is not None else ()
    return Tensor(index, shape, np.array(scales, np.float32), np.array(zeros, np.int64), values)


def _step(model: Any, tensors: list[Tensor], operator: Any, rescale_of: Callable[[str], Rescale]) -> Step:
    code = model.operatorCodes[operator.opcodeIndex]
    name = NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
    if name not in OPERATORS:
        raise NotImplementedError(f"{name} is not in the reference")
    inputs = tuple(tensors[index] for index in operator.inputs)
    return Step(name, inputs, tensors[operator.outputs[0]], operator.builtinOptions, rescale_of(name))
