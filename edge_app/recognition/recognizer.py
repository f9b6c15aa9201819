"""From ink or a picture to a reading; window, commands and Python API all use this."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from math import exp, prod
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .classifier import Classifier
from .ink import Ink, Stroke, box_of, make_ink
from .lines import Line, lines_of
from .model import REJECT
from .normalise import SIZE, DigitImage, normalise_bitmap, normalise_digit
from .pictures import Coverage, Piece, check_page, cut_touching, open_picture, pieces_of
from .results import Candidate, Digit, Pin, Reading
from .segmentation import Box, Grid, Group, Part, cut_anywhere, group_scores, parts_of, union
from .trace import doubt, trace_of

ALTERNATIVES = 3
# A number less likely than UNSURE has candidates: of UNIPEN's 339 numbers 52, among them 19 of the 22 misread ones.
UNSURE = 0.9
CANDIDATES = 3
LEAST = 0.02  # probability of a candidate, and of a digit in it
LONGEST = 15  # digits of a number with candidates: the time to find them grows with its square
# Two lines, or one with digits of pieces above each other; gaps in line heights. Chosen on the development ink, where
# the rings of an 8 are up to 0.3 apart.
SURE = 1.0  # a gap in which no digit has its pieces
APART = 1.6  # nats per digit more on two lines, and per line height between them
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

        A model that is not bundled is tried in a child process first, which takes half a second.
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
        marks = _marks(ink, pins)
        read = cache(lambda line: self._read_line(ink, [marks[i] for i in line], dot))

        def are_two(above: Line, below: Line, gap: float) -> bool:
            digits = read(above).digits + read(below).digits
            if all(digit.rejected for digit in digits):  # an = sign
                return False
            if gap >= SURE:
                return True
            one = read(tuple(sorted(above + below)))
            more = len(digits) - len(one.digits)
            return read(above).score + read(below).score + APART * gap * more >= one.score

        lines = [read(line) for line in lines_of([mark.outline(ink) for mark in marks], are_two)]
        while len(self._seen) > max(LEAST_SEEN, 2 * sum(line.groups for line in lines)):
            del self._seen[next(iter(self._seen))]
        digits = (replace(digit, line=i) for i, line in enumerate(lines) for digit in line.digits)
        candidates = lines[0].candidates if len(lines) == 1 else ()
        return Reading(tuple(digits), prod(line.grouping for line in lines), candidates)

    def _read_line(self, ink: Ink, marks: Sequence["_Mark"], dot: float) -> "_LineReading":
        """Return the reading of some marks as one line."""
        pins = [mark.pin for mark in marks if mark.pin]
        pieces = _pieces(ink, marks)
        boxes = [box_of([part.points for part in piece]) for piece in pieces]
        grid = Grid(boxes, [piece[0].stroke for piece in pieces], alone=range(len(pins)), dot=dot)
        keys = [_fingerprint(piece) for piece in pieces]
        found = self._read_groups(
            [b"".join(keys[i] for i in group) for group in grid.groups],
            [[pieces[i] for i in group] for group in grid.groups],
        )
        rows, images = np.stack([row for row, _ in found]), [image for _, image in found]
        reading, score = self._read(grid, rows, images)
        reading = replace(reading, digits=tuple(self._of_ink(digit, pieces, pins) for digit in reading.digits))
        candidates: tuple[Candidate, ...] = ()
        if reading.confidence < UNSURE and len(reading.digits) <= LONGEST:
            options = [
                self._of_ink(self._digit(row, group, union([grid.boxes[i] for i in group]), image), pieces, pins)
                for row, group, image in zip(rows, grid.groups, images, strict=True)
            ]
            candidates = _candidates(grid, group_scores(rows), options, reading.text)
        return _LineReading(reading.digits, reading.grouping, score, len(grid.groups), candidates)

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

    def _read_groups(
        self, keys: Sequence[bytes], groups: Sequence[Sequence[Sequence[Part]]]
    ) -> list[tuple[NDArray[np.float32], DigitImage]]:
        """Return the probabilities of the digits and the image of each group of pieces, cached by its key."""
        new = {key: group for key, group in zip(keys, groups, strict=True) if key not in self._seen}
        if new:
            images = [normalise_digit([part.points for piece in group for part in piece]) for group in new.values()]
            rows = self.classifier.probabilities(np.stack(images))[:, self._digits]
            self._seen.update(zip(new, zip(rows, images, strict=True), strict=True))
        for key in keys:
            self._seen[key] = self._seen.pop(key)  # moved to the end: the first is the oldest
        return [self._seen[key] for key in keys]

    def read_image(self, image: DigitImage) -> Reading:
        """Return the reading of a normalised digit: (28, 28) uint8, 0 is paper, as in MNIST."""
        row = self.classifier.probabilities(image[None])[0, self._digits]
        return Reading((self._digit(row, (), (0.0, 0.0, float(SIZE), float(SIZE)), image),))

    def read_picture(self, source: Path | str | IO[bytes], *, single: bool = False) -> Reading:
        """Return the reading of a PNG, JPEG or BMP file; raises ImageError."""
        return self.read_coverage(open_picture(Path(source) if isinstance(source, str) else source), single=single)

    def read_coverage(self, coverage: Coverage, *, single: bool = False) -> Reading:
        """Return the reading of a picture, (height, width) uint8, 0 for paper.

        Raises ImageError for a page that is crowded, too blurred, or none of digits; not if it is a `single` digit.
        """
        pieces = pieces_of(coverage)
        if not pieces:
            return Reading()
        if single:  # read whole: faint parts between the pieces belong to it
            image = normalise_bitmap(coverage)
            row = self.classifier.probabilities(image[None])[0, self._digits]
            return Reading((self._digit(row, (), union([piece.box for piece in pieces]), image),))
        lines = [[pieces[i] for i in line] for line in lines_of([piece.outline for piece in pieces])]
        readings = [self._read_pieces(coverage, line, number) for number, line in enumerate(lines)]
        digits = tuple(digit for reading in readings for digit in reading.digits)
        check_page(coverage, digits)
        return Reading(digits, prod(reading.grouping for reading in readings))

    def _read_pieces(self, coverage: Coverage, line: Sequence[Piece], number: int) -> Reading:
        """Return the reading of one line of a picture, touching ones cut where that reads better."""
        parts = [(part, i) for i, piece in enumerate(line) for part in cut_touching(piece, line)]
        pieces = [part for part, _ in parts]
        boxes: list[Box] = [piece.box for piece in pieces]
        grid = Grid(boxes, [i for _, i in parts])
        if sum(_area(boxes, group) for group in grid.groups) > MOST_CUT:
            raise ImageError(f"{len(pieces)} nested pieces of ink: not a page of digits. Crop it", "fault_no_digits")
        images = [_cut(coverage, [pieces[i] for i in group]) for group in grid.groups]
        reading, _ = self._read(grid, self.classifier.probabilities(np.stack(images))[:, self._digits], images)
        digits = tuple(replace(digit, strokes=(), line=number) for digit in reading.digits)
        return replace(reading, digits=digits)

    def _read(
        self, grid: Grid, probabilities: NDArray[np.float32], images: Sequence[DigitImage]
    ) -> tuple[Reading, float]:
        """Return the reading of the best grouping, and its score; `grid.groups` have a row and an image each."""
        probabilities[[grid.is_dot(group) for group in grid.groups]] = 0  # a dot, enlarged, looks like anything
        scores = group_scores(probabilities)
        chosen = grid.best_path(scores)
        rows = {group: row for row, group in enumerate(grid.groups)}
        digits = [
            self._digit(probabilities[rows[group]], group, union([grid.boxes[i] for i in group]), images[rows[group]])
            for group in chosen
        ]
        return Reading(tuple(digits), grid.probability(chosen, scores)), grid.score(chosen, scores)

    def _digit(self, probabilities: NDArray[np.float32], group: Group, box: Box, image: DigitImage) -> Digit:
        ranked = np.argsort(-probabilities, kind="stable")[: ALTERNATIVES + 1]
        named = [(self._names[i], float(probabilities[i])) for i in ranked]
        confidence = named[0][1]
        if confidence < self.classifier.model.refuse_below:
            return Digit(REJECT, confidence, tuple(named[:ALTERNATIVES]), box, group, image=image)
        return Digit(named[0][0], confidence, tuple(named[1:]), box, group, image=image)

    def _of_ink(self, digit: Digit, pieces: Sequence[Sequence[Part]], pins: Sequence[Pin]) -> Digit:
        """Return the digit with the strokes of its pieces, and with the writer's label or the doubt in its trace."""
        parts = tuple(part for piece in digit.strokes for part in pieces[piece])
        strokes = tuple(sorted({part.stroke for part in parts}))
        first = digit.strokes[0]
        label = pins[first].label if first < len(pins) else None
        if label is None:
            return replace(self._doubted(digit, parts), strokes=strokes, parts=parts)
        ranked = tuple(dict([(digit.digit, digit.confidence), *digit.alternatives]).items())
        others = tuple((name, share) for name, share in ranked if name not in (label, REJECT))[:ALTERNATIVES]
        return replace(
            digit, digit=label, confidence=1.0, alternatives=others, strokes=strokes, parts=parts, pinned=True
        )

    def _doubted(self, digit: Digit, parts: Sequence[Part]) -> Digit:
        """Return the digit, less probable if the pen went further or turned more often than it does for one."""
        nats = 0.0 if digit.rejected else doubt(digit.digit, trace_of([part.points for part in parts]))
        if nats == 0 or (digit.image is not None and self.classifier.is_taught(digit.image, digit.digit)):
            return digit
        left = 1 / (digit.confidence + (1 - digit.confidence) * exp(nats))  # of each probability
        confidence, others = left * digit.confidence, [(name, left * share) for name, share in digit.alternatives]
        if confidence >= self.classifier.model.refuse_below:
            return replace(digit, confidence=confidence, alternatives=tuple(others))
        ranked = [(digit.digit, confidence), *others]
        return replace(digit, digit=REJECT, confidence=confidence, alternatives=tuple(ranked[:ALTERNATIVES]))


class _Mark(NamedTuple):
    """A stroke, or those of a pin: in one line in any case."""

    strokes: Group
    pin: Pin | None = None

    def outline(self, ink: Ink) -> Stroke:
        return np.concatenate([ink[i] for i in self.strokes])


class _LineReading(NamedTuple):
    """Ink as one line: digits, probability and score of their grouping, how many groups were tried, candidates."""

    digits: tuple[Digit, ...]
    grouping: float
    score: float
    groups: int
    candidates: tuple[Candidate, ...]


def _marks(ink: Ink, pins: Sequence[Pin]) -> list[_Mark]:
    """Return the pins first, then all other strokes."""
    said = {i for pin in pins for i in pin.strokes}
    return [_Mark(pin.strokes, pin) for pin in pins] + [_Mark((i,)) for i in range(len(ink)) if i not in said]


def _pieces(ink: Ink, marks: Sequence[_Mark]) -> list[list[Part]]:
    """Return the pieces to group: the strokes of each pin as one piece, then the parts of all others."""
    strokes = sorted(i for mark in marks for i in mark.strokes)
    free = {mark.strokes[0] for mark in marks if mark.pin is None}
    pinned = [[Part(i, ink[i]) for i in mark.strokes] for mark in marks if mark.pin]
    parts = [Part(strokes[part.stroke], part.points) for part in parts_of(tuple(ink[i] for i in strokes))]
    return pinned + [[part] for part in parts if part.stroke in free]


def _fingerprint(piece: Sequence[Part]) -> bytes:
    return b"".join(blake2b(part.points.tobytes(), digest_size=16).digest() for part in piece)


def _candidates(grid: Grid, scores: NDArray[np.float32], options: Sequence[Digit], text: str) -> tuple[Candidate, ...]:
    """Return the most probable numbers other than `text`; `options` are the digits that the grid's groups may be."""
    named = [_named(digit) for digit in options]
    found: dict[str, Candidate] = {}
    # some paths give the same text, of which the first is the most probable
    for confidence, path in grid.most_likely(scores, [list(shares.values()) for shares in named], 4 * CANDIDATES):
        labels = tuple(list(named[group])[choice] for group, choice in path)
        if confidence >= LEAST and "".join(labels) != text:
            digits = tuple(options[group] for group, _ in path)
            found.setdefault("".join(labels), Candidate(digits, labels, confidence))
    return tuple(found.values())[:CANDIDATES]


def _named(digit: Digit) -> dict[str, float]:
    """Return what a digit may be, with the probabilities."""
    if digit.pinned:
        return {digit.digit: 1.0}
    shares = {digit.digit: digit.confidence, **dict(digit.alternatives)}
    shares.pop(REJECT, None)
    return {name: share for name, share in shares.items() if share >= LEAST} or {REJECT: 1e-9}


def _middle(parts: Sequence[Part]) -> float:
    left, _, right, _ = box_of([part.points for part in parts])
    return left + right


def _area(boxes: Sequence[Box], group: Group) -> float:
    left, top, right, bottom = union([boxes[i] for i in group])
    return (right - left) * (bottom - top)


def _cut(coverage: Coverage, pieces: Sequence[Piece]) -> DigitImage:
    """Return the normalised image of some pieces of a picture, without the others."""
    left, top, right, bottom = (int(side) for side in union([piece.box for piece in pieces]))
    alone = np.zeros((bottom - top, right - left), np.uint8)
    for piece in pieces:
        x0, y0, x1, y1 = piece.box
        part = alone[y0 - top : y1 - top, x0 - left : x1 - left]
        np.copyto(part, coverage[y0:y1, x0:x1], where=piece.mask)
    return normalise_bitmap(alone)
