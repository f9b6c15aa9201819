"""Calibration images for the quantiser, from MNIST's training images, never its test images."""

import numpy as np
from numpy.typing import NDArray


def choose_representative(labels: NDArray[np.uint8], per_class: int, seed: int) -> NDArray[np.intp]:
    """Return the indices of `per_class` images of each digit, in ascending order; seeded."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)]
    return np.sort(np.concatenate(chosen))
