"""Images that show the quantiser what the network will see: MNIST's training part, never its test part."""

import numpy as np
from numpy.typing import NDArray


def choose_representative(labels: NDArray[np.uint8], per_class: int, seed: int) -> NDArray[np.intp]:
    """Return `per_class` indices of each of the ten digits, seeded, ascending."""
    random = np.random.default_rng(seed)
    chosen = [random.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)]
    return np.sort(np.concatenate(chosen))
