"""Grouping of strokes, or of pieces of a picture, into digits: over-segmentation and the best path."""

from collections.abc import Collection, Sequence
from heapq import nlargest
from itertools import accumulate
from math import exp, inf, log
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .ink import Ink, Stroke, box_of

MOST_PIECES = 4  # none of 15,000 digits has more than four strokes

Box: TypeAlias = tuple[float, float, float, float]
"""left, top, right, bottom"""

Group: TypeAlias = tuple[int, ...]
"""Indices of the pieces of one digit, ascending."""

# Weights of the path's score, in nats; lengths are in line heights. Tuned on the development numbers, and on digits of
# several strokes that must stay together when read as a number.
GAP = 4.0  # joining pieces across clear paper, per line height beyond GAP_FREE
GAP_FREE = 0.05
OVERLAP = 4.0  # putting pieces above each other into different digits, per line height
WIDE = 4.0  # a digit wider than the line height, per line height beyond
DIGIT = 0.8  # each digit: of two good fits, the one with fewer digits
CUT = 2.5  # digits that share a stroke: most strokes belong to one
DOT = 0.1  # of a line height: ink that is no larger is a dot, not a digit
DOT_SCORE = -1.0  # of a dot on its own
FAR = 0.75  # pieces with more clear paper above each other, per height or width of a digit, are not of one digit
WRONG_GROUP = 1.5e3  # odds of "not a digit" for a run of pieces, relative to separately written ink
TEMPERATURE = 0.7  # of paths: scores are divided by it before the softmax. Fitted by train/studies/numbers.py


def group_scores(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log probability of each group's best digit, (groups, digits) to (groups,).

    A row lacks the probability of "not a digit", which gets a higher weight here: most runs of pieces are wrong groups.
    Rows of zeros are dots, which may stand alone.
    """
    digits = probabilities.sum(axis=1)
    none = np.maximum(1 - digits, 0)
    scores = np.log(np.maximum(probabilities.max(axis=1), 1e-9) / (digits + WRONG_GROUP * none))
    return np.where(digits > 0, scores, np.float32(DOT_SCORE))


class Part(NamedTuple):
    """A stroke, or the part of one between two cuts."""

    stroke: int
    points: Stroke


CUT_WIDTH = 1.0  # in line heights: a narrower stroke belongs to one digit
CUT_HEIGHT = 0.5  # in line heights, on both sides of a cut: less is a tail
MOST_CUTS = 12  # per stroke
COLUMNS = 64  # per line height, in which cuts are searched
MOST_COLUMNS = 4000


def parts_of(ink: Ink) -> list[Part]:
    """Return the strokes, wide ones cut where they pass from one digit to the next; grouping may rejoin them.

    A ligature crosses each column once and has ink on both sides (over-segmentation, Casey and Lecolinet, 1996).
    """
    boxes = np.array([box_of([stroke]) for stroke in ink]).reshape(-1, 4)
    height = line_height(boxes)
    parts = []
    for index, (stroke, box) in enumerate(zip(ink, boxes, strict=True)):
        wide = box[2] - box[0] > CUT_WIDTH * height > 0
        parts += [Part(index, points) for points in (_cut(stroke, height) if wide else [stroke])]
    return parts


def _cut(stroke: Stroke, height: float) -> list[Stroke]:
    """Return the stroke in pieces, cut in the middle of each run of columns that it crosses once."""
    left, right = stroke[:, 0].min(), stroke[:, 0].max()
    count = int(min(COLUMNS * (right - left), MOST_COLUMNS * height) / height) + 1  # in this order, to avoid overflow
    columns = np.linspace(left, right, count + 2)[1:-1]
    first, last = np.minimum(stroke[:-1, 0], stroke[1:, 0]), np.maximum(stroke[:-1, 0], stroke[1:, 0])
    starts, ends = np.searchsorted(columns, first, "right"), np.searchsorted(columns, last, "right")
    steps = np.bincount(starts, minlength=count + 1) - np.bincount(ends, minlength=count + 1)
    once = np.concatenate([[0], (np.cumsum(steps)[:count] == 1).astype(int), [0]])
    edges = np.flatnonzero(np.diff(once)).reshape(-1, 2)
    cuts = []
    for start, end in edges[np.argsort(edges[:, 0] - edges[:, 1], kind="stable")]:  # the longest runs first
        middle = columns[(start + end - 1) // 2]
        crossing = np.flatnonzero((first <= middle) & (last > middle))
        if not len(crossing):  # far from the origin, where floats have no resolution between columns
            continue
        at = int(crossing[0])
        sides = stroke[: at + 1, 1], stroke[at + 1 :, 1]
        if min(np.ptp(side) for side in sides) >= CUT_HEIGHT * height:
            cuts.append((at, middle))
    out, rest, done = [], stroke, 0
    for at, middle in sorted(cuts[:MOST_CUTS]):
        (x0, y0), (x1, y1) = stroke[at], stroke[at + 1]
        point = np.array([[middle, y0 + (y1 - y0) * (middle - x0) / (x1 - x0)]])
        out.append(np.concatenate([rest[: at + 1 - done], point]))
        rest, done = np.concatenate([point, stroke[at + 1 :]]), at
    return [*out, rest]


def cut_anywhere(stroke: Stroke, pieces: int) -> list[tuple[Stroke, Stroke]]:
    """Return the ways of cutting a stroke in two between `pieces` parts of equal length."""
    moved = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    cuts = []
    for at in np.linspace(0, moved[-1], pieces + 1)[1:-1]:
        point = np.array([[np.interp(at, moved, stroke[:, axis]) for axis in range(2)]])
        before, after = stroke[moved < at], stroke[moved > at]
        if len(before) and len(after):
            cuts.append((np.concatenate([before, point]), np.concatenate([point, after])))
    return cuts


def line_height(boxes: NDArray[np.float64]) -> float:
    """Return the height of a typical digit: the median of the taller half of the pieces."""
    return _typical(boxes[:, 3] - boxes[:, 1])


def _typical(sizes: NDArray[np.float64]) -> float:
    """Return the median of the larger half; 0 of none."""
    larger = np.sort(sizes)[len(sizes) // 2 :]
    middle = len(larger) // 2
    return float(larger[middle] + larger[~middle]) / 2 if len(larger) else 0.0


def union(boxes: Sequence[Box]) -> Box:
    """Return the box around some boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return float(min(left)), float(min(top)), float(max(right)), float(max(bottom))


class Grid:
    """The pieces in reading order, and every run of them that could be one digit."""

    def __init__(
        self,
        boxes: Sequence[Box],
        strokes: Sequence[int] | None = None,
        *,
        alone: Collection[int] = (),
        dot: float = 0.0,
    ) -> None:
        """Order pieces by the centre of their boxes and list the candidate groups; linear in the pieces.

        `strokes` has the stroke that each piece is a part of, if some are cut; pieces in `alone` are joined with no
        other. Ink no larger than `dot`, in its units, is a dot on any line.
        """
        self.boxes = boxes
        sides = np.asarray(boxes, np.float64).reshape(-1, 4)
        self.height = max(line_height(sides), 1e-9)
        self.dot = max(DOT * self.height, dot)
        self.far = FAR * _typical((sides[:, 2:] - sides[:, :2]).max(axis=1))
        self.order = self._in_order(sides)
        self._ordered = [boxes[piece] for piece in self.order]
        self.shared = self._shared(range(len(boxes)) if strokes is None else strokes)
        self.runs = [
            (first, last)
            for first in range(len(boxes))
            for last in range(first + 1, min(first + MOST_PIECES, len(boxes)) + 1)
            if last == first + 1 or self._can_join(first, last, alone)
        ]
        self.groups: list[Group] = [tuple(sorted(self.order[a:b])) for a, b in self.runs]
        self._costs = np.array([DIGIT + self._misfit(*run) for run in self.runs])

    def _in_order(self, boxes: NDArray[np.float64]) -> list[int]:
        """Return the pieces from left to right, but last the dots far above or below: they must not part a digit."""
        left, top, right, bottom = boxes.T
        small = np.maximum(right - left, bottom - top) <= self.dot
        stray = np.zeros(len(boxes), bool)
        for dot in np.flatnonzero(small):
            near = ~small & (left <= right[dot] + self.far) & (right >= left[dot] - self.far)
            clear = np.maximum(top[dot] - bottom[near], top[near] - bottom[dot])
            stray[dot] = clear.min(initial=np.inf) > self.far and near.any()
        return np.lexsort((left + right, stray)).tolist()

    def _can_join(self, first: int, last: int, alone: Collection[int]) -> bool:
        """Return whether pieces may be one digit: none is `alone`, or far below or above the others."""
        if any(piece in alone for piece in self.order[first:last]):
            return False
        own = sorted(self._ordered[first:last], key=itemgetter(1))
        bottoms = accumulate((bottom for _, _, _, bottom in own), max)
        return all(top - bottom <= self.far for bottom, (_, top, _, _) in zip(bottoms, own[1:], strict=False))

    def _shared(self, strokes: Sequence[int]) -> list[int]:
        """Return for each position in the order how many strokes have parts on both sides of it."""
        places: dict[int, list[int]] = {}
        for place, piece in enumerate(self.order):
            places.setdefault(strokes[piece], []).append(place)
        shared = [0] * (len(self.order) + 1)
        for own in places.values():
            for place in range(own[0] + 1, own[-1] + 1):
                shared[place] += 1
        return shared

    def is_dot(self, group: Group) -> bool:
        """Return whether a group is a dot on this line; a single point is one on any line."""
        left, top, right, bottom = union([self.boxes[i] for i in group])
        return max(right - left, bottom - top) <= self.dot

    def best_path(self, scores: NDArray[np.float32]) -> list[Group]:
        """Return the groups, left to right, that use every piece once and have the highest total score.

        `scores` holds each group's log probability of being a digit, in the order of `groups`.
        """
        count = len(self.boxes)
        best = np.full(count + 1, -np.inf)
        best[0] = 0.0
        back: list[int] = [0] * (count + 1)
        for index, (first, last) in enumerate(self.runs):  # sorted by `first`: best[first] is final here
            total = best[first] + float(scores[index]) - self._costs[index]
            if total > best[last]:
                best[last], back[last] = total, index
        path = []
        at = count
        while at:
            path.append(self.groups[back[at]])
            at = self.runs[back[at]][0]
        return path[::-1]

    def score(self, path: Collection[Group], scores: NDArray[np.float32]) -> float:
        """Return a path's total score, in nats."""
        chosen = set(path)
        return sum(float(scores[i]) - self._costs[i] for i, group in enumerate(self.groups) if group in chosen)

    def probability(self, path: Collection[Group], scores: NDArray[np.float32]) -> float:
        """Return the probability of a path among all that use every piece once: a softmax over their total scores.

        The sum over all paths is that of the forward algorithm (Rabiner, 1989).
        """
        gains, total = self._gains(scores)
        chosen = set(path)
        own = sum(gain for gain, group in zip(gains, self.groups, strict=True) if group in chosen)
        return min(exp(own - total), 1.0)

    def most_likely(
        self, scores: NDArray[np.float32], choices: Sequence[Sequence[float]], count: int
    ) -> list[tuple[float, list[tuple[int, int]]]]:
        """Return the `count` most probable paths with a choice for each group: probability, (group, choice) pairs.

        `choices` has the probabilities of what each group may be; a path's is multiplied by theirs (list Viterbi,
        Seshadri and Sundberg, 1994).
        """
        gains, all_paths = self._gains(scores)
        best: list[list[tuple[float, list[tuple[int, int]]]]] = [[] for _ in range(len(self.boxes) + 1)]
        best[0] = [(0.0, [])]
        for index, (first, last) in enumerate(self.runs):  # sorted by `first`: best[first] is final here
            found = [
                (so_far + gains[index] + log(share), [*path, (index, choice)])
                for so_far, path in best[first]
                for choice, share in enumerate(choices[index])
            ]
            best[last] = nlargest(count, best[last] + found, key=lambda way: way[0])
        return [(min(exp(total - all_paths), 1.0), path) for total, path in best[-1]]

    def _gains(self, scores: NDArray[np.float32]) -> tuple[list[float], float]:
        """Return each group's part of a path's log weight, and the log of the sum of all paths' weights."""
        gains = ((scores - self._costs) / TEMPERATURE).tolist()
        total = [0.0] + [-inf] * len(self.boxes)
        for gain, (first, last) in zip(gains, self.runs, strict=True):
            total[last] = float(np.logaddexp(total[last], total[first] + gain))
        return gains, total[-1]

    def _misfit(self, first: int, last: int) -> float:
        """Return the penalty for grouping pieces first..last-1, and for separating them from those to the left."""
        cost = 0.0
        start, _, right, _ = self._ordered[first]
        for left_edge, _, right_edge, _ in self._ordered[first + 1 : last]:
            cost += GAP * max(0.0, (left_edge - right) / self.height - GAP_FREE)
            right = max(right, right_edge)
        cost += WIDE * max(0.0, (right - start) / self.height - 1)
        if first:
            cost += CUT * self.shared[first]
            before = max(box[2] for box in self._ordered[max(0, first - MOST_PIECES) : first])
            overlap = min(before, right) - min(box[0] for box in self._ordered[first:last])
            cost += OVERLAP * max(0.0, overlap / self.height)
        return cost
