"""Which strokes, or pieces of a picture, make up which digit: over-segmentation and the best path."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

MOST_PIECES = 4  # a digit in more than four strokes is not seen in 15,000 samples

Box: TypeAlias = tuple[float, float, float, float]
"""left, top, right, bottom"""

Group: TypeAlias = tuple[int, ...]
"""Indices of the pieces of one digit, ascending."""

# Weights of the path's score, in nats; lengths are in line heights. Chosen on development numbers by writer.
GAP = 4.0  # joining pieces across clear paper, per line height beyond GAP_FREE
GAP_FREE = 0.05
OVERLAP = 2.0  # putting pieces that stand above each other into different digits, per line height
WIDE = 4.0  # a digit wider than the line is high, per line height beyond
DIGIT = 0.8  # each digit: of two explanations that fit, the one with fewer digits
WRONG_GROUP = 2e4  # odds of "no digit" for a run of pieces, against those for what is written as a whole


def group_scores(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log probability of each group to be its best digit, (groups, digits) to (groups,).

    Rows sum to less than 1 by the share of "no digit", which is weighed up: most runs of pieces are wrong groups.
    """
    digits = probabilities.sum(axis=1)
    none = np.maximum(1 - digits, 0)
    return np.log(np.maximum(probabilities.max(axis=1), 1e-9) / (digits + WRONG_GROUP * none))


class Grid:
    """The pieces in reading order, with every run of them that could be one digit."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        """Order pieces by the middle of their boxes and list the candidate groups; linear in the pieces."""
        self.boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        self.order = np.argsort(self.boxes[:, 0] + self.boxes[:, 2], kind="stable")
        self.height = max(self._line_height(), 1e-9)
        self.runs = [
            (first, last)
            for first in range(len(boxes))
            for last in range(first + 1, min(first + MOST_PIECES, len(boxes)) + 1)
        ]
        self.groups: list[Group] = [tuple(sorted(self.order[a:b].tolist())) for a, b in self.runs]

    def _line_height(self) -> float:
        """Return the height of a typical digit: the median of the taller half of the pieces."""
        heights = np.sort(self.boxes[:, 3] - self.boxes[:, 1])
        return float(np.median(heights[len(heights) // 2 :])) if len(heights) else 0.0

    def best_path(self, scores: NDArray[np.float32]) -> list[Group]:
        """Return the groups, left to right, that use every piece once with the highest total score.

        `scores` holds each group's log probability of being a digit, in the order of `groups`.
        """
        count = len(self.boxes)
        best = np.full(count + 1, -np.inf)
        best[0] = 0.0
        back: list[int] = [0] * (count + 1)
        for index, (first, last) in enumerate(self.runs):  # sorted by `first`: best[first] is final here
            total = best[first] + float(scores[index]) - DIGIT - self._misfit(first, last)
            if total > best[last]:
                best[last], back[last] = total, index
        path = []
        at = count
        while at:
            path.append(self.groups[back[at]])
            at = self.runs[back[at]][0]
        return path[::-1]

    def _misfit(self, first: int, last: int) -> float:
        """Return how badly the pieces first..last-1 in order fit together and apart from what lies left."""
        ordered = self.boxes[self.order]
        cost = 0.0
        right = ordered[first, 2]
        for left_edge, right_edge in ordered[first + 1 : last, [0, 2]]:
            cost += GAP * max(0.0, (left_edge - right) / self.height - GAP_FREE)
            right = max(right, right_edge)
        width = right - ordered[first, 0]
        cost += WIDE * max(0.0, width / self.height - 1)
        if first:
            before = ordered[max(0, first - MOST_PIECES) : first, 2].max()
            overlap = min(before, ordered[first:last, 2].max()) - ordered[first:last, 0].min()
            cost += OVERLAP * max(0.0, overlap / self.height)
        return cost
