"""Figures with their uncertainty: intervals, a paired test, calibration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BINS = 15


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson, 1927)."""
    if n == 0:
        return 0.0, 1.0
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p of as unequal a split of the samples that only one of two got right (McNemar, 1947).

    1 when they got the same ones right.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    # logarithms: 2**n overflows past a thousand discordant samples
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(fewer + 1)]
    tail = math.fsum(math.exp(way - n * math.log(2)) for way in ways)
    return min(1.0, 2 * tail)


@dataclass
class Calibration:
    """Confidence against accuracy in equal bins, filled batch by batch (Guo et al., 2017)."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    confidence: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))

    def add(
        self, confidences: Sequence[float] | NDArray[np.float32], right: Sequence[bool] | NDArray[np.bool_]
    ) -> None:
        """Count samples by their confidence in [0, 1]."""
        confidence, correct = np.asarray(confidences, np.float64), np.asarray(right, np.int64)
        at = np.minimum((confidence * BINS).astype(int), BINS - 1)
        np.add.at(self.counts, at, 1)
        np.add.at(self.right, at, correct)
        np.add.at(self.confidence, at, confidence)

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap between confidence and accuracy; 0 for no samples."""
        n = int(self.counts.sum())
        return float(np.abs(self.confidence - self.right).sum() / n) if n else 0.0

    def curve(self) -> list[dict[str, float]]:
        """Return mean confidence, accuracy and count of each bin that is not empty."""
        return [
            {"confidence": float(c / n), "accuracy": float(r / n), "n": int(n)}
            for n, r, c in zip(self.counts, self.right, self.confidence, strict=True)
            if n
        ]


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error over equal bins."""
    calibration = Calibration()
    calibration.add(confidences, right)
    return calibration.error
