"""Cuts through touching digits of a picture: over-segmentation, of which reading keeps the cuts it needs."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .components import Mask

WIDE = 0.9  # in line heights: a narrower piece is one digit
APART = 0.3  # in line heights, between two cuts
SIDE = 0.2  # in line heights, from the ends of a piece to its first cut
THICK = 5.0  # widths of a line that a cut may cost: the ink it crosses, and one for each line it enters
LATERAL = 0.35  # of a pixel of ink: a cut goes round ink, and is straight on paper
MOST_CUTS = 6  # per piece


def cut_piece(mask: Mask, height: float, line_width: float) -> list[Mask]:
    """Return the parts of a piece between its cuts from left to right, as masks of its size; itself if there is none.

    Each cut is the path from top to bottom that crosses the least ink (shortest paths: Wang and Jean, 1994).
    """
    if mask.shape[1] < WIDE * height:
        return [mask]
    cost, came = _paths(mask, line_width)
    ends = _best_ends(cost[-1], height, THICK * line_width)
    cuts = [np.zeros(len(mask), int), *sorted((_follow(came, end) for end in ends), key=lambda cut: int(cut.sum()))]
    columns = np.arange(mask.shape[1])
    sides = [columns >= cut[:, None] for cut in cuts] + [np.zeros_like(mask)]
    parts = [mask & left & ~right for left, right in pairwise(sides)]
    return [part for part in parts if part.any()]


def _paths(mask: Mask, line_width: float) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return the cost of the best path from the top to each pixel, and its last step sideways, -1 to 1.

    Ink costs a pixel each, and a line's width where it is entered: a cut where two digits touch enters one line, a cut
    through a 0 two.
    """
    ink = np.pad(mask.astype(np.float64), ((0, 0), (1, 1)))
    came = np.zeros(mask.shape, np.int8)
    cost = ink[:, 1:-1] * (1 + line_width)  # of the first row; each later one is set below
    for row in range(1, len(mask)):
        above = np.pad(cost[row - 1], 1, constant_values=np.inf) - line_width * ink[row - 1]  # from ink, no entry
        ways = np.stack([above[1:-1], above[:-2] + LATERAL, above[2:] + LATERAL])
        onto_paper = line_width * np.stack([ink[row - 1, 1:-1], ink[row - 1, :-2], ink[row - 1, 2:]])
        ways += np.where(mask[row], 0, onto_paper)
        best = ways.argmin(axis=0)
        cost[row] += ways[best, np.arange(mask.shape[1])]
        came[row] = np.array([0, -1, 1])[best]
    return cost, came


def _best_ends(cost: NDArray[np.float64], height: float, most: float) -> list[int]:
    """Return the columns where the best cuts end, the cheapest first, well apart."""
    side = round(SIDE * height)
    ends: list[int] = []
    for column in np.argsort(cost, kind="stable").tolist():
        if cost[column] > most or len(ends) == MOST_CUTS:
            break
        if side <= column < len(cost) - side and all(abs(column - end) >= APART * height for end in ends):
            ends.append(column)
    return ends


def _follow(came: NDArray[np.int8], end: int) -> NDArray[np.intp]:
    """Return the column of a path in each row, from its end at the bottom."""
    path = np.empty(len(came), np.intp)
    path[-1] = end
    for row in range(len(came) - 1, 0, -1):
        path[row - 1] = path[row] + came[row, path[row]]
    return path
