"""Both runtimes' int8 kernels against plain integer arithmetic, operator by operator.

See TFLite's quantisation specification, https://ai.google.dev/edge/litert/models/quantization_spec, and Jacob et
al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018), section 2.2.
"""

import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edge_app.datasets.allographs import reference_digits
from edge_app.recognition.classifier import find_outputs
from edge_app.recognition.interpreter import MODULES, find_runtime

from ..conftest import DATA, ROOT

TFLITE_RUNTIME_EXISTS = sys.platform == "linux" and sys.version_info < (3, 12)
RUNTIMES = [name for name in MODULES if name != "tflite-runtime" or TFLITE_RUNTIME_EXISTS]
MODELS = {"shipped": ROOT / "models" / "digits_int8.tflite", "classic": DATA / "models" / "classic_int8.tflite"}
OPERATORS = {
    "shipped": {"CONV_2D", "RESHAPE", "FULLY_CONNECTED"},
    "classic": {"CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED"},
}
NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
VALID, RELU = schema.Padding.VALID, schema.ActivationFunctionType.RELU

Int8 = NDArray[np.int8]
Integers = NDArray[np.int64]


class Step(NamedTuple):
    """An operator: its tensors by number, and the parts of the file that say what it computes."""

    name: str
    inputs: list[int]
    output: int
    options: Any
    tensors: Any


def read_steps(path: Path) -> list[Step]:
    """Return the operators of a model file."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (graph,) = model.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return [
        Step(NAMES[codes[one.opcodeIndex]], list(one.inputs), one.outputs[0], one.builtinOptions, graph.tensors)
        for one in graph.operators
    ]


def round_halves_up(value: Integers, right: Integers) -> Integers:
    return (value + ((np.int64(1) << right) >> 1)) >> right


def truncate(value: Integers, right: Integers) -> Integers:
    return value >> right


def rescale(step: Step, sums: Integers, rounded: Callable[[Integers, Integers], Integers]) -> Int8:
    """Return int32 sums of products, (..., channels), in the units of the output.

    The real factor is a 31-bit multiplier and a shift; the product's upper half is rounded, then the shift again.
    """
    source, filters, output = (step.tensors[index].quantization for index in (*step.inputs[:2], step.output))
    product = np.float32(source.scale[0]) * np.asarray(filters.scale, np.float32)  # one scale: the product is float32
    if len(filters.scale) > 1:
        product = float(source.scale[0]) * np.asarray(filters.scale, np.float64)
    parts = [math.frexp(real / float(output.scale[0])) for real in product.astype(float)]
    multiplier = np.array([math.floor(fraction * 2**31 + 0.5) for fraction, _ in parts], np.int64)
    shift = np.array([exponent for _, exponent in parts], np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    high = rounded((sums << left) * multiplier, np.full_like(shift, 31))
    zero = int(output.zeroPoint[0])
    low = zero if step.options.fusedActivationFunction == RELU else -128
    return np.clip(rounded(high, right) + zero, low, 127).astype(np.int8)


def compute(step: Step, tensor: Callable[[int], Any], rounded: Callable[[Integers, Integers], Integers]) -> Int8:
    """Return what an operator should put out, given its inputs."""
    values = tensor(step.inputs[0])
    if step.name == "RESHAPE":
        return np.asarray(values, np.int8).reshape(tensor(step.output).shape)
    if step.name == "MAX_POOL_2D":
        size = step.options.filterHeight, step.options.filterWidth
        return np.asarray(windows(values, size, step.options).max(axis=(3, 4)), np.int8)
    centred = values.astype(np.int64) - step.tensors[step.inputs[0]].quantization.zeroPoint[0]
    weights, bias = tensor(step.inputs[1]).astype(np.int64), tensor(step.inputs[2]).astype(np.int64)
    if step.name == "CONV_2D":  # filters are (out, height, width, in)
        found = windows(centred, weights.shape[1:3], step.options)
        return rescale(step, np.tensordot(found, weights, axes=([3, 4, 5], [1, 2, 3])) + bias, rounded)
    assert step.name == "FULLY_CONNECTED", step.name
    return rescale(step, centred @ weights.T + bias, rounded)


def windows(image: NDArray[Any], size: tuple[int, int], options: Any) -> NDArray[Any]:
    """Return what each output pixel sees, (n, height, width, filter height, filter width, channels)."""
    assert options.padding == VALID
    found: NDArray[Any] = sliding_window_view(image, size, axis=(1, 2))  # type: ignore[call-overload]
    return found[:, :: options.strideH, :: options.strideW].transpose(0, 1, 2, 4, 5, 3)


@cache
def images() -> Int8:
    """Drawn digits, and noise of every density, as the network's input."""
    rng = np.random.default_rng(4)
    dense = rng.random((10, 28, 28)) < np.linspace(0.02, 1, 10)[:, None, None]
    noise = (rng.integers(0, 256, dense.shape) * dense).astype(np.uint8)
    return (np.concatenate([reference_digits()[0][:20], noise]).astype(int) - 128).astype(np.int8)[..., None]


def count_differences(model: str, runtime: str, rounded: Callable[[Integers, Integers], Integers]) -> dict[str, int]:
    """Return how many outputs of each kind of operator the runtime and the reference disagree on."""
    interpreter = find_runtime(runtime).open_traced(MODELS[model].read_bytes())
    steps = read_steps(MODELS[model])
    differ = dict.fromkeys((step.name for step in steps), 0)
    for image in images():
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        for step in steps:
            expected = compute(step, interpreter.get_tensor, rounded)
            differ[step.name] += int(np.count_nonzero(expected != interpreter.get_tensor(step.output)))
    return differ


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("model", MODELS)
def test_every_operator_agrees_to_the_bit(model: str, runtime: str) -> None:
    assert count_differences(model, runtime, round_halves_up) == dict.fromkeys(OPERATORS[model], 0)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_wrong_rounding_is_detected(runtime: str) -> None:
    differ = count_differences("shipped", runtime, truncate)
    assert min(differ["CONV_2D"], differ["FULLY_CONNECTED"]) > 50, differ


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_delegate_agrees_within_one_unit(runtime: str) -> None:
    """XNNPACK, which the app uses, rounds once where the plain kernels round twice."""
    answers = []
    for open_model in (find_runtime(runtime).open, find_runtime(runtime).open_traced):
        interpreter = open_model(MODELS["shipped"].read_bytes())
        outputs = []
        for image in images():
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(find_outputs(interpreter)[0]["index"])[0].astype(int))
        answers.append(np.stack(outputs))
    assert np.abs(answers[0] - answers[1]).max() <= 1
    assert answers[0].argmax(axis=1).tolist() == answers[1].argmax(axis=1).tolist()
