"""Connected pieces of a black and white image, and what is measured on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""(height, width) bool: True is ink."""

Labels = NDArray[np.int32]
"""(height, width) int32: 0 is paper, 1.. the connected pieces."""


def label(solid: Mask) -> Labels:
    """Return the eight-connected pieces of `solid`, numbered by their first pixels.

    Runs of ink in each row are joined with those they touch in the row below (Rosenfeld and Pfaltz, 1966); the joining
    is done for all runs at once, by hooking roots and jumping pointers (Shiloach and Vishkin, 1982).
    """
    width = solid.shape[1] + 2
    padded = np.pad(solid, ((0, 0), (1, 1))).ravel()
    edges = np.flatnonzero(padded[1:] != padded[:-1]) + 1  # every row starts and ends with paper
    starts, ends = edges[::2], edges[1::2]
    # the runs of the next row that touch run i: a run touches diagonally as well, so by one pixel more on both sides
    first = np.searchsorted(ends, starts + width, "left")
    last = np.searchsorted(starts, ends + width, "right")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    parent = np.arange(len(starts))
    while True:
        one, other = parent[upper], parent[lower]
        apart = one != other
        if not apart.any():
            break
        np.minimum.at(parent, np.maximum(one, other)[apart], np.minimum(one, other)[apart])
        while not np.array_equal(parent, parent[parent]):
            parent = parent[parent]
    names = np.unique(parent, return_inverse=True)[1].reshape(-1) + 1
    labels = np.zeros(padded.size + 1, np.int32)
    np.add.at(labels, starts, names)
    np.subtract.at(labels, ends, names)
    return np.cumsum(labels[:-1], dtype=np.int32).reshape(-1, width)[:, 1:-1]


@dataclass(frozen=True)
class Pieces:
    """Measures of the connected pieces, each an array with an entry per piece."""

    labels: Labels
    area: NDArray[np.int64]
    outline: NDArray[np.int64]  # pixels with paper beside them
    left: NDArray[np.int64]
    top: NDArray[np.int64]
    right: NDArray[np.int64]  # one past the last pixel, like `bottom`
    bottom: NDArray[np.int64]

    @property
    def line_width(self) -> NDArray[np.float64]:
        """The mean width of the lines in pixels: twice the area over the length of the outline."""
        return 2 * self.area / np.maximum(self.outline, 1)

    @property
    def width(self) -> NDArray[np.int64]:
        """The width of each box."""
        return self.right - self.left

    @property
    def height(self) -> NDArray[np.int64]:
        """The height of each box."""
        return self.bottom - self.top

    @property
    def extent(self) -> NDArray[np.int64]:
        """The longer side of each box."""
        return np.maximum(self.width, self.height)

    def mask(self, chosen: NDArray[np.bool_]) -> Mask:
        """Return the pixels of the pieces that are `chosen`, an array with an entry per piece."""
        return np.concatenate([[False], chosen])[self.labels]


def measure(solid: Mask) -> Pieces:
    """Return the connected pieces of `solid` and their measures."""
    labels = label(solid)
    count = int(labels.max(initial=0))
    padded = np.pad(solid, 1)
    inside = padded[1:-1, :-2] & padded[1:-1, 2:] & padded[:-2, 1:-1] & padded[2:, 1:-1]
    y, x = np.nonzero(solid)
    owner = labels[y, x] - 1
    low, high = np.full((2, count), 1 << 30), np.zeros((2, count), np.int64)
    for axis, place in enumerate((x, y)):
        np.minimum.at(low[axis], owner, place)
        np.maximum.at(high[axis], owner, place + 1)
    return Pieces(
        labels,
        np.bincount(owner, minlength=count),
        np.bincount(owner, weights=~inside[y, x], minlength=count).astype(np.int64),
        low[0].astype(np.int64), low[1].astype(np.int64), high[0], high[1],
    )  # fmt: skip
