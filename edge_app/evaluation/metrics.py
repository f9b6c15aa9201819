"""Figures with their uncertainty: intervals, a paired test, calibration."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

BINS = 15
Z = NormalDist().inv_cdf(0.975)  # two-sided 95 %


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a proportion (Wilson, 1927)."""
    if n == 0:
        return 0.0, 1.0
    share = right / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value for the samples that only one of two models got right (McNemar, 1947).

    1 when both got the same samples right.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    ways = tail = 1
    for k in range(fewer):  # integers, as floats overflow; math.comb would start over for each k
        ways = ways * (n - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / 2**n)


def calibration(
    confidences: Sequence[float] | NDArray[np.float32], right: Sequence[bool] | NDArray[np.bool_]
) -> list[dict[str, float]]:
    """Return mean confidence, accuracy and n of equal bins of confidence that are not empty (Guo et al., 2017)."""
    confidence = np.asarray(confidences, np.float64)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts, hits, total = (np.bincount(bins, weights, BINS) for weights in (None, right, confidence))
    return [
        {"confidence": float(c / n), "accuracy": float(r / n), "n": int(n)}
        for n, r, c in zip(counts, hits, total, strict=True)
        if n
    ]


def gap(bins: Sequence[dict[str, float]]) -> float:
    """Return the expected calibration error: the mean gap between confidence and accuracy; 0 for no samples."""
    n = sum(own["n"] for own in bins)
    return sum(own["n"] * abs(own["confidence"] - own["accuracy"]) for own in bins) / n if n else 0.0
