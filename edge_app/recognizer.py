"""From ink or a picture to a reading: the one engine behind the window, the commands and the Python interface."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier
from .images import Coverage, Piece, open_picture, pieces_of
from .ink import Ink, Stroke, box_of, make_ink
from .modelfile import REJECT, load_model
from .normalise import SIZE, DigitImage, normalise_bitmap, normalise_digit
from .reading import Digit, Reading
from .segment import Box, Grid, Group, Part, group_scores, parts_of

ALTERNATIVES = 3


class Recognizer:
    """Reads digits and numbers with the bundled int8 model, or any other that has a card.

    >>> from edge_app import Recognizer
    >>> Recognizer().read([[[0, 0], [0, 100]]]).text
    '1'
    """

    def __init__(self, model: Path | str | None = None, *, classifier: Classifier | None = None) -> None:
        """Open `model`, a .tflite file beside its card; raises ModelError or RuntimeMissingError."""
        self.classifier = classifier or Classifier(load_model(Path(model) if model else None))
        classes = self.classifier.model.classes
        self._digits = np.array([i for i, name in enumerate(classes) if name != REJECT])
        self._names = [classes[i] for i in self._digits]

    def read(self, strokes: Ink | Sequence[Stroke | Sequence[Sequence[float]]], *, single: bool = False) -> Reading:
        """Return the reading of strokes, lists of [x, y] with y downwards; `single` takes them as one digit.

        Raises InkError for strokes that are not lists of finite points.
        """
        ink = make_ink(strokes)
        if not ink:
            return Reading()
        parts = [Part(i, stroke) for i, stroke in enumerate(ink)] if single else parts_of(ink)
        reading = self._read(
            Grid([box_of([part.points]) for part in parts], [part.stroke for part in parts]),
            lambda group: normalise_digit([parts[i].points for i in group]),
            single=single,
        )
        return _of_strokes(reading, [part.stroke for part in parts])

    def read_image(self, image: DigitImage) -> Reading:
        """Return the reading of one digit that is normalised already: (28, 28) uint8, 0 is paper, as in MNIST."""
        row = self.classifier.probabilities(image[None])[0, self._digits]
        return Reading((self._digit(row, (), (0.0, 0.0, float(SIZE), float(SIZE))),))

    def read_picture(self, source: Path | str | IO[bytes], *, single: bool = False) -> Reading:
        """Return the reading of a PNG, JPEG or BMP file; raises ImageError."""
        return self.read_coverage(open_picture(Path(source) if isinstance(source, str) else source), single=single)

    def read_coverage(self, coverage: Coverage, *, single: bool = False) -> Reading:
        """Return the reading of a picture as (height, width) uint8, 0 for paper."""
        pieces = pieces_of(coverage)
        if not pieces:
            return Reading()
        boxes: list[Box] = [piece.box for piece in pieces]
        # a single digit is looked at whole: faint parts that fell between the pieces belong to it
        if single or len(pieces) == 1:
            reading = self._read(Grid(boxes), lambda _: normalise_bitmap(coverage), single=True)
        else:
            reading = self._read(Grid(boxes), lambda group: _cut(coverage, [pieces[i] for i in group]), single=False)
        return _of_strokes(reading, None)

    def _read(self, grid: Grid, normalise: Callable[[Group], DigitImage], *, single: bool) -> Reading:
        """Return the reading of pieces, as one digit or grouped by the best path."""
        if single:
            chosen: list[Group] = [tuple(range(len(grid.boxes)))]
            probabilities = self._classify(grid, chosen, normalise)
        else:
            found = self._classify(grid, grid.groups, normalise)
            chosen = grid.best_path(group_scores(found))
            rows = {group: row for row, group in enumerate(grid.groups)}
            probabilities = found[[rows[group] for group in chosen]]
        return Reading(
            tuple(
                self._digit(row, group, _union([grid.boxes[i] for i in group]))
                for row, group in zip(probabilities, chosen, strict=True)
            )
        )

    def _classify(
        self, grid: Grid, groups: Sequence[Group], normalise: Callable[[Group], DigitImage]
    ) -> NDArray[np.float32]:
        """Return (groups, digits) probabilities; a reject class keeps its share, so rows may sum to less than 1."""
        images = np.stack([normalise(group) for group in groups])
        found = self.classifier.probabilities(images)[:, self._digits]
        found[[grid.is_dot(group) for group in groups]] = 0  # enlarged, a dot looks like anything
        return found

    def _digit(self, probabilities: NDArray[np.float32], group: Group, box: Box) -> Digit:
        ranked = np.argsort(-probabilities, kind="stable")[: ALTERNATIVES + 1]
        named = [(self._names[i], float(probabilities[i])) for i in ranked]
        confidence = named[0][1]
        if confidence < self.classifier.model.refuse_below:
            return Digit(REJECT, confidence, tuple(named[:ALTERNATIVES]), box, group)
        return Digit(named[0][0], confidence, tuple(named[1:]), box, group)


def _of_strokes(reading: Reading, strokes: Sequence[int] | None) -> Reading:
    """Return the reading with the strokes behind each digit's pieces; none for a picture."""
    return Reading(
        tuple(
            replace(digit, strokes=tuple(sorted({strokes[piece] for piece in digit.strokes})) if strokes else ())
            for digit in reading.digits
        )
    )


def _union(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return float(min(left)), float(min(top)), float(max(right)), float(max(bottom))


def _cut(coverage: Coverage, pieces: Sequence[Piece]) -> DigitImage:
    """Return the normalised image of some pieces of a picture, without what else is there."""
    left, top, right, bottom = (int(side) for side in _union([piece.box for piece in pieces]))
    alone = np.zeros((bottom - top, right - left), np.uint8)
    for piece in pieces:
        x0, y0, x1, y1 = piece.box
        part = alone[y0 - top : y1 - top, x0 - left : x1 - left]
        np.copyto(part, coverage[y0:y1, x0:x1], where=piece.mask)
    return normalise_bitmap(alone)
