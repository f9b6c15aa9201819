"""Connected pieces compared with a flood fill, and their measures with shapes whose size is known."""

from collections import deque

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.recognition.components import label, measure


def flood_fill(solid: NDArray[np.bool_]) -> list[frozenset[tuple[int, int]]]:
    """Flood fill: an independent oracle for the joining of runs."""
    left = {(int(row), int(column)) for row, column in np.argwhere(solid)}
    found = []
    while left:
        queue, piece = deque([left.pop()]), set()
        while queue:
            row, column = queue.popleft()
            piece.add((row, column))
            for near in ((row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if near in left:
                    left.remove(near)
                    queue.append(near)
        found.append(frozenset(piece))
    return found


@pytest.mark.parametrize("density", [0.1, 0.3, 0.45, 0.6])
def test_pieces_equal_those_of_a_flood_fill(density: float) -> None:
    random = np.random.default_rng(int(density * 100))
    for _ in range(20):
        solid = random.random((17, 23)) < density
        labels = label(solid)
        pieces = [
            frozenset((int(row), int(column)) for row, column in np.argwhere(labels == label))
            for label in range(1, labels.max() + 1)
        ]
        assert set(pieces) == set(flood_fill(solid))


def test_a_rectangle_and_a_diagonal_have_their_boxes_and_areas() -> None:
    solid = np.zeros((12, 20), bool)
    solid[2:7, 3:13] = True
    solid[np.arange(9, 12), np.arange(15, 18)] = True
    found = measure(solid)
    assert list(zip(found.left, found.top, found.right, found.bottom, strict=True)) == [(3, 2, 13, 7), (15, 9, 18, 12)]
    assert found.area.tolist() == [50, 3]
    assert found.outline.tolist() == [26, 3]
    assert found.extent.tolist() == [10, 3]


def test_blank_paper_has_no_pieces() -> None:
    assert len(measure(np.zeros((5, 7), bool)).area) == 0
    assert len(measure(np.zeros((0, 0), bool)).area) == 0
