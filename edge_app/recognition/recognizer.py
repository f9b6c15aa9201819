"""From ink or a picture to a reading; window, commands and Python API all use this."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .classifier import Classifier
from .ink import Ink, Stroke, box_of, make_ink
from .model import REJECT
from .normalise import SIZE, DigitImage, normalise_bitmap, normalise_digit
from .pictures import Coverage, Piece, open_picture, pieces_of
from .results import Digit, Pin, Reading
from .segmentation import Box, Grid, Group, Part, cut_anywhere, group_scores, parts_of

ALTERNATIVES = 3
CUTS = 16  # pieces of equal length, between which a stroke may be split in two digits
MOST_CUT = 64 << 20  # pixels in all groups of a picture: a dense page has half as many, nested rings five times
LEAST_SEEN = 250  # cached groups, 1.5 KB each; or twice as many as a page has


class Recognizer:
    """Reads digits and numbers with the bundled int8 model, or another one with a card.

    >>> from edge_app import Recognizer
    >>> Recognizer().read([[[0, 0], [0, 100]]]).text
    '1'
    """

    def __init__(self, model: Path | str | None = None, *, classifier: Classifier | None = None) -> None:
        """Open `model`, a .tflite file beside its card; raises ModelError or RuntimeMissingError.

        A model that is not bundled is tried in a sandbox first, which takes half a second.
        """
        if classifier is None:
            from ..modelfiles.loader import open_file  # not at import: the window opens before a model is needed

            classifier = open_file(Path(model) if model else None)
        self.classifier = classifier
        classes = self.classifier.model.classes
        self._digits = np.array([i for i, name in enumerate(classes) if name != REJECT])
        self._names = [classes[i] for i in self._digits]
        self._seen: dict[bytes, tuple[NDArray[np.float32], DigitImage]] = {}

    def read(
        self,
        strokes: Ink | Sequence[Stroke | Sequence[Sequence[float]]],
        *,
        single: bool = False,
        pins: Sequence[Pin] = (),
        dot: float = 0.0,
    ) -> Reading:
        """Return the reading of strokes, lists of [x, y] with y downwards; `single` treats them as one digit.

        `pins` are what the writer declared about some strokes; ink no larger than `dot` is not a digit. Groups of
        strokes are cached, so growing ink can be read after every point. Raises
        InkError for strokes that are not lists of finite points.
        """
        ink = make_ink(strokes)
        if not ink:
            return Reading()
        pins = (Pin(tuple(range(len(ink)))),) if single else pins
        pieces = _pieces(ink, pins)
        boxes = [box_of([part.points for part in piece]) for piece in pieces]
        grid = Grid(boxes, [piece[0].stroke for piece in pieces], alone=range(len(pins)), dot=dot)
        keys = [_fingerprint(piece) for piece in pieces]
        found = [
            self._read_group([pieces[i] for i in group], b"".join(keys[i] for i in group)) for group in grid.groups
        ]
        while len(self._seen) > max(LEAST_SEEN, 2 * len(grid.groups)):
            del self._seen[next(iter(self._seen))]
        reading = self._read(grid, np.stack([row for row, _ in found]), [image for _, image in found])
        return replace(reading, digits=tuple(_of_ink(digit, pieces, pins) for digit in reading.digits))

    def split(self, parts: Sequence[Part]) -> tuple[list[Part], list[Part]] | None:
        """Return the most likely split into two digits, left and right; None for a single point.

        Several strokes are split between two of them, a single stroke somewhere along it.
        """
        if len(parts) > 1:
            ordered = sorted(parts, key=lambda part: float(part.points[:, 0].min() + part.points[:, 0].max()))
            ways = [(ordered[:i], ordered[i:]) for i in range(1, len(ordered))]
        else:
            ways = [
                ([Part(parts[0].stroke, one)], [Part(parts[0].stroke, other)])
                for one, other in cut_anywhere(parts[0].points, CUTS)
            ]
        if not ways:
            return None
        halves = [normalise_digit([part.points for part in half]) for way in ways for half in way]
        scores = group_scores(self.classifier.probabilities(np.stack(halves))[:, self._digits]).reshape(-1, 2)
        one, other = ways[int(np.argmax(scores.sum(axis=1)))]
        return (one, other) if _middle(one) <= _middle(other) else (other, one)

    def clear_cache(self) -> None:
        """Forget cached groups, after the classifier has learned something."""
        self._seen.clear()

    def _read_group(self, pieces: Sequence[Sequence[Part]], key: bytes) -> tuple[NDArray[np.float32], DigitImage]:
        """Return the probabilities of the digits and the image of a group of strokes, cached by `key`."""
        found = self._seen.pop(key, None)
        if found is None:
            image = normalise_digit([part.points for piece in pieces for part in piece])
            found = self.classifier.probabilities(image[None])[0, self._digits], image
        self._seen[key] = found  # moved to the end: the first is the oldest
        return found

    def read_image(self, image: DigitImage) -> Reading:
        """Return the reading of a normalised digit: (28, 28) uint8, 0 is paper, as in MNIST."""
        row = self.classifier.probabilities(image[None])[0, self._digits]
        return Reading((self._digit(row, (), (0.0, 0.0, float(SIZE), float(SIZE)), image),))

    def read_picture(self, source: Path | str | IO[bytes], *, single: bool = False) -> Reading:
        """Return the reading of a PNG, JPEG or BMP file; raises ImageError."""
        return self.read_coverage(open_picture(Path(source) if isinstance(source, str) else source), single=single)

    def read_coverage(self, coverage: Coverage, *, single: bool = False) -> Reading:
        """Return the reading of a picture, (height, width) uint8, 0 for paper; raises ImageError for a crowded one."""
        pieces = pieces_of(coverage)
        if not pieces:
            return Reading()
        boxes: list[Box] = [piece.box for piece in pieces]
        # a single digit is read whole: faint parts between the pieces belong to it
        if single or len(pieces) == 1:
            grid, images = Grid([_union(boxes)]), [normalise_bitmap(coverage)]
        else:
            grid = Grid(boxes)
            if sum(_area(boxes, group) for group in grid.groups) > MOST_CUT:
                raise ImageError(f"{len(pieces)} nested pieces of ink: not a page of digits. Crop it")
            images = [_cut(coverage, [pieces[i] for i in group]) for group in grid.groups]
        reading = self._read(grid, self.classifier.probabilities(np.stack(images))[:, self._digits], images)
        return replace(reading, digits=tuple(replace(digit, strokes=()) for digit in reading.digits))

    def _read(self, grid: Grid, probabilities: NDArray[np.float32], images: Sequence[DigitImage]) -> Reading:
        """Return the reading of the best grouping; `grid.groups` have a row and an image each."""
        probabilities[[grid.is_dot(group) for group in grid.groups]] = 0  # a dot, enlarged, looks like anything
        scores = group_scores(probabilities)
        chosen = grid.best_path(scores)
        rows = {group: row for row, group in enumerate(grid.groups)}
        return Reading(
            tuple(
                self._digit(
                    probabilities[rows[group]], group, _union([grid.boxes[i] for i in group]), images[rows[group]]
                )
                for group in chosen
            ),
            grid.probability(chosen, scores),
        )

    def _digit(self, probabilities: NDArray[np.float32], group: Group, box: Box, image: DigitImage) -> Digit:
        ranked = np.argsort(-probabilities, kind="stable")[: ALTERNATIVES + 1]
        named = [(self._names[i], float(probabilities[i])) for i in ranked]
        confidence = named[0][1]
        if confidence < self.classifier.model.refuse_below:
            return Digit(REJECT, confidence, tuple(named[:ALTERNATIVES]), box, group, image=image)
        return Digit(named[0][0], confidence, tuple(named[1:]), box, group, image=image)


def _pieces(ink: Ink, pins: Sequence[Pin]) -> list[list[Part]]:
    """Return the pieces to group: the strokes of each pin as one piece, then the parts of all others."""
    said = {i for pin in pins for i in pin.strokes}
    pinned = [[Part(i, ink[i]) for i in pin.strokes] for pin in pins]
    return pinned + [[part] for part in parts_of(ink) if part.stroke not in said]


def _fingerprint(piece: Sequence[Part]) -> bytes:
    return b"".join(blake2b(part.points.tobytes(), digest_size=16).digest() for part in piece)


def _of_ink(digit: Digit, pieces: Sequence[Sequence[Part]], pins: Sequence[Pin]) -> Digit:
    """Return the digit with the strokes of its pieces, and with the writer's label if there is one."""
    parts = tuple(part for piece in digit.strokes for part in pieces[piece])
    strokes = tuple(sorted({part.stroke for part in parts}))
    first = digit.strokes[0]
    label = pins[first].label if first < len(pins) else None
    if label is None:
        return replace(digit, strokes=strokes, parts=parts)
    ranked = tuple(dict([(digit.digit, digit.confidence), *digit.alternatives]).items())
    others = tuple((name, share) for name, share in ranked if name not in (label, REJECT))[:ALTERNATIVES]
    return replace(digit, digit=label, confidence=1.0, alternatives=others, strokes=strokes, parts=parts, pinned=True)


def _middle(parts: Sequence[Part]) -> float:
    left, _, right, _ = box_of([part.points for part in parts])
    return left + right


def _union(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return float(min(left)), float(min(top)), float(max(right)), float(max(bottom))


def _area(boxes: Sequence[Box], group: Group) -> float:
    left, top, right, bottom = _union([boxes[i] for i in group])
    return (right - left) * (bottom - top)


def _cut(coverage: Coverage, pieces: Sequence[Piece]) -> DigitImage:
    """Return the normalised image of some pieces of a picture, without the others."""
    left, top, right, bottom = (int(side) for side in _union([piece.box for piece in pieces]))
    alone = np.zeros((bottom - top, right - left), np.uint8)
    for piece in pieces:
        x0, y0, x1, y1 = piece.box
        part = alone[y0 - top : y1 - top, x0 - left : x1 - left]
        np.copyto(part, coverage[y0:y1, x0:x1], where=piece.mask)
    return normalise_bitmap(alone)
