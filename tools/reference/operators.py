"""The operators in integers: (n, ...) int8 to (n, ...) int8, after TFLite's 8-bit quantisation specification.

Each takes its inputs' values and everything else from the file. https://ai.google.dev/edge/litert/models/quantization_spec
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .arithmetic import Integers, Rescale, quantise_multiplier

SAME, NO_ACTIVATION, RELU, RELU6 = 0, 0, 1, 3  # the schema's numbers


@dataclass(frozen=True)
class Tensor:
    """What a file says of a tensor; real values are (values - zero_points) * scales."""

    index: int
    shape: tuple[int, ...]
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    values: Integers | None  # of a constant

    @property
    def scale(self) -> np.float32:
        """The one scale of a tensor that is not quantised by channel."""
        (scale,) = self.scales
        return np.float32(scale)

    @property
    def zero_point(self) -> int:
        """The one zero point."""
        (zero_point,) = self.zero_points
        return int(zero_point)


@dataclass(frozen=True)
class Step:
    """An operator of the file: its name, tensors and options, and how its products are rescaled."""

    name: str
    inputs: tuple[Tensor, ...]
    output: Tensor
    options: Any  # the schema's object, with its names
    rescale: Rescale

    def clamp(self, values: Integers) -> NDArray[np.int8]:
        """Return int64 `values` about the output's zero point as int8, cut to the range of the fused activation."""
        low, high = -128, 127
        activation = getattr(self.options, "fusedActivationFunction", NO_ACTIVATION)
        if activation not in (NO_ACTIVATION, RELU, RELU6):
            raise NotImplementedError(f"{self.name}: activation {activation} is not in the reference")
        if activation != NO_ACTIVATION:
            low = max(low, self.output.zero_point)
        if activation == RELU6:
            high = min(high, self.output.zero_point + round(6 / float(self.output.scale)))
        return np.clip(values + self.output.zero_point, low, high).astype(np.int8)


def convolution(step: Step, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """CONV_2D: (n, h, w, c) with filters (out, kh, kw, c)."""
    source, filters, bias = step.inputs
    weights = _constant(filters)
    found = _windows(image.astype(np.int32) - source.zero_point, weights.shape[1:3], step.options, 0)
    flat = found.reshape(*found.shape[:3], -1)
    sums = flat @ weights.reshape(len(weights), -1).T.astype(np.int32) + _constant(bias).astype(np.int32)
    return step.clamp(step.rescale(sums, *_by_channel(source, filters, step.output)))


def depthwise(step: Step, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """DEPTHWISE_CONV_2D: (n, h, w, c) with filters (1, kh, kw, c * multiplier)."""
    source, filters, bias = step.inputs
    weights = _constant(filters)[0]
    found = _windows(image.astype(np.int32) - source.zero_point, weights.shape[:2], step.options, 0)
    found = np.repeat(found, weights.shape[2] // image.shape[3], axis=5)
    sums = (found * weights).sum(axis=(3, 4)) + _constant(bias)
    return step.clamp(step.rescale(sums, *_by_channel(source, filters, step.output)))


def fully_connected(step: Step, values: NDArray[np.int8]) -> NDArray[np.int8]:
    """FULLY_CONNECTED: (n, inputs) with weights (outputs, inputs), of one scale or of one for each output."""
    source, filters, bias = step.inputs
    sums = (values.astype(np.int32) - source.zero_point) @ _constant(filters).T.astype(np.int32) + _constant(bias)
    if len(filters.scales) == 1:  # the product of the scales in float32, as the kernel's preparation has it
        factors = quantise_multiplier(float(source.scale * filters.scale) / float(step.output.scale))
        return step.clamp(step.rescale(sums, *factors))
    return step.clamp(step.rescale(sums, *_by_channel(source, filters, step.output)))


def max_pool(step: Step, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """MAX_POOL_2D: what lies outside the image is no pixel."""
    size = step.options.filterHeight, step.options.filterWidth
    found = _windows(image.astype(np.int64), size, step.options, -128).max(axis=(3, 4))
    return step.clamp(found - step.output.zero_point)


def average_pool(step: Step, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """AVERAGE_POOL_2D: the mean of the pixels inside, halves away from zero, in the input's own units."""
    size = step.options.filterHeight, step.options.filterWidth
    sums = _windows(image.astype(np.int64), size, step.options, 0).sum(axis=(3, 4))
    counts = _windows(np.ones_like(image, np.int64), size, step.options, 0).sum(axis=(3, 4))
    means = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
    return step.clamp(means - step.output.zero_point)


def add(step: Step, first: NDArray[np.int8], second: NDArray[np.int8]) -> NDArray[np.int8]:
    """ADD: both brought to half of the larger scale with 20 bits more, so that their sum is one of like units."""
    one, other = step.inputs
    unit = 2 * float(max(one.scale, other.scale))
    total = sum(
        step.rescale((values.astype(np.int64) - own.zero_point) << 20, *quantise_multiplier(float(own.scale) / unit))
        for own, values in ((one, first), (other, second))
    )
    return step.clamp(step.rescale(total, *quantise_multiplier(unit / (2**20 * float(step.output.scale)))))


def multiply(step: Step, first: NDArray[np.int8], second: NDArray[np.int8]) -> NDArray[np.int8]:
    """MUL: the product of both, rescaled; the factor in float32, as the kernel's preparation has it."""
    one, other = step.inputs
    product = (first.astype(np.int64) - one.zero_point) * (second.astype(np.int64) - other.zero_point)
    factor = one.scale * other.scale / step.output.scale
    return step.clamp(step.rescale(product, *quantise_multiplier(float(factor))))


def reshape(step: Step, values: NDArray[np.int8]) -> NDArray[np.int8]:
    """RESHAPE: the same values in another shape."""
    return values.reshape(len(values), *step.output.shape[1:])


OPERATORS: dict[str, Callable[..., NDArray[np.int8]]] = {
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": max_pool,
    "AVERAGE_POOL_2D": average_pool,
    "ADD": add,
    "MUL": multiply,
    "RESHAPE": reshape,
}


def _constant(tensor: Tensor) -> Integers:
    if tensor.values is None:
        raise NotImplementedError(f"tensor {tensor.index}: weights that are computed are not in the reference")
    return tensor.values


def _by_channel(source: Tensor, filters: Tensor, output: Tensor) -> tuple[Integers, Integers]:
    """Return multipliers and shifts, one a channel, for sums of products in the units of the output."""
    reals = float(source.scale) * filters.scales.astype(np.float64) / float(output.scale)
    multipliers, shifts = zip(*(quantise_multiplier(float(real)) for real in reals), strict=True)
    return np.array(multipliers, np.int64), np.array(shifts, np.int64)


def _windows(image: NDArray[Any], size: Sequence[int], options: Any, outside: int) -> NDArray[Any]:
    """Return what each output pixel sees, (n, height, width, kh, kw, c), with `outside` beyond the edges."""
    if getattr(options, "dilationHFactor", 1) != 1 or getattr(options, "dilationWFactor", 1) != 1:
        raise NotImplementedError("dilated windows are not in the reference")
    strides = options.strideH, options.strideW
    if options.padding == SAME:
        margins = [_margins(*each) for each in zip(image.shape[1:3], size, strides, strict=True)]
        image = np.pad(image, [(0, 0), *margins, (0, 0)], constant_values=outside)
    found: NDArray[Any] = sliding_window_view(image, tuple(size), axis=(1, 2))  # type: ignore[call-overload]
    return found[:, :: strides[0], :: strides[1]].transpose(0, 1, 2, 4, 5, 3)


def _margins(length: int, size: int, stride: int) -> tuple[int, int]:
    """Return what padding SAME puts before and after: as little as gives ceil(length / stride) windows."""
    missing = max((-(-length // stride) - 1) * stride + size - length, 0)
    return missing // 2, missing - missing // 2
