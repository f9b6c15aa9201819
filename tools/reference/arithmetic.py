"""The fixed-point arithmetic of int8 networks: a real factor as an integer and a shift, products rounded twice.

After Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
(2018), section 2.2 and appendix B, with gemmlowp's names and its rounding of halves.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Rescale: TypeAlias = Callable[[Any, Any, Any], Integers]
"""(values, multiplier, shift): values * multiplier * 2^(shift - 31), rounded in some way."""

MOST, LEAST = 2**31 - 1, -(2**31)


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Return a real factor >= 0 as multiplier and shift: real is multiplier * 2^(shift - 31), to 31 bits."""
    fraction, shift = math.frexp(real)  # fraction in [0.5, 1)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (multiplier, shift) if shift >= -31 else (0, 0)


def doubling_high_multiply(a: Any, b: Any) -> Integers:
    """Return the upper half of 2ab for int32 a and b, halves upwards: Arm's SQRDMULH, and gemmlowp's in its place."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.minimum((product + 2**30) >> 31, MOST)  # only the square of the least number is more


def rounding_divide_by_power_of_two(values: Any, exponent: Any) -> Integers:
    """Return values / 2^exponent, rounded to the nearest integer, halves away from zero as gemmlowp has it."""
    values, exponent = np.asarray(values, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (values < 0)
    return (values >> exponent) + ((values & mask) > threshold)


def rescale(values: Any, multiplier: Any, shift: Any) -> Integers:
    """Return values * multiplier * 2^(shift - 31), rounded after the product and again after the shift."""
    high, right = _high_product(values, multiplier, shift)
    return rounding_divide_by_power_of_two(high, right)


def rescale_halves_up(values: Any, multiplier: Any, shift: Any) -> Integers:
    """Return the same with halves of the second rounding upwards: Arm's SRSHL, and ruy's kernels everywhere."""
    high, right = _high_product(values, multiplier, shift)
    return (high + ((np.int64(1) << right) >> 1)) >> right


def rescale_once(values: Any, multiplier: Any, shift: Any) -> Integers:
    """Return the same rounded once, halves up."""
    right = 31 - np.asarray(shift, np.int64)
    return (np.asarray(values, np.int64) * np.asarray(multiplier, np.int64) + (np.int64(1) << (right - 1))) >> right


def rescale_truncating(values: Any, multiplier: Any, shift: Any) -> Integers:
    """Return the same not rounded at all: wrong, and here to show that the comparison tells it apart."""
    return (np.asarray(values, np.int64) * np.asarray(multiplier, np.int64)) >> (31 - np.asarray(shift, np.int64))


def _high_product(values: Any, multiplier: Any, shift: Any) -> tuple[Integers, Integers]:
    left, right = np.maximum(shift, 0), np.maximum(-np.asarray(shift, np.int64), 0)
    shifted = np.asarray(values, np.int64) << left
    if shifted.size and not LEAST <= shifted.min() <= shifted.max() <= MOST:
        raise OverflowError("an accumulator does not fit in int32")
    return doubling_high_multiply(shifted, multiplier), right
