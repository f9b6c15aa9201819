"""Learning the owner's handwriting: lessons that change the reading of digits that look like them, and of no others.

A lesson is a labelled digit image. Its evidence is added to a logit: most at the lesson itself, less with distance,
none beyond its reach. The network is unchanged. docs/lessons.md has the method and its figures.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import reference_digits
from ..recognition.classifier import Classifier, Features, Logits, check_images, softmax
from ..recognition.features import FeatureReader
from ..recognition.model import REJECT
from ..recognition.normalise import DigitImage

# Tuned on the writers of folds 0 to 2; distances are 1 - similarity, evidence is in logits.
REACH = 0.35
WEIGHT = 8.0
MARGIN = 3.0  # lead of a lesson's class at the lesson: a badly misread one weighs more
MOST_WEIGHT = 44.0
SURE = 18.0  # so far behind, "not a digit" does no harm in grouping, which weighs it by segmentation.WRONG_GROUP
LEAST_REACH = 0.1  # nearer to a clear digit of another class are 1 in 50 misread digits, and half of all wrong labels
JUST_UNDER = 0.999  # of the distance to that digit, as float32 rounds
USED = 20  # active lessons per class: the newest that the guard accepts
KEPT = 500  # stored lessons per class: forgetting a newer one activates an older one

LABELS = frozenset((*"0123456789", REJECT))

Example: TypeAlias = tuple[DigitImage, str]
Reference: TypeAlias = Callable[[], tuple[NDArray[np.uint8], tuple[str, ...]]]


class Place(NamedTuple):
    """A lesson in feature space, and the guard's verdict."""

    point: Features  # direction of its features, (width,)
    logits: Logits  # of the network alone, (classes,)
    reach: float  # 0 if the guard rejects it
    like: str  # the nearest reference digit of another class


@dataclass(eq=False)
class Lesson:
    """A labelled digit image; it may become active or inactive when other lessons come and go."""

    image: DigitImage
    label: str
    used: bool = True  # active
    like: str = ""  # the digit it resembles too much, if the guard rejected it
    place: Place | None = field(default=None, repr=False)  # computed when first needed


class ClearDigits(NamedTuple):
    """The reference digits in feature space."""

    points: Features  # (n, width)
    logits: Logits  # (n, classes)
    labels: NDArray[np.str_]  # (n,)


def directions(features: Features) -> Features:
    """Return the square roots of features, each row of length 1; the similarity of two is their dot product, at most 1.

    This is the Bhattacharyya coefficient. Without square roots a few strong features dominate. Negative features, of
    models without a ReLU there, count as 0.
    """
    roots = np.sqrt(np.maximum(features, 0))
    return roots / np.maximum(np.linalg.norm(roots, axis=-1, keepdims=True), np.float32(1e-6))


class Cones:
    """The active lessons: each a cone of evidence around its point."""

    def __init__(self, places: Sequence[Place], labels: Sequence[str], classes: Sequence[str]) -> None:
        """Weigh at least one lesson, in order of arrival."""
        own = np.array([classes.index(label) for label in labels])
        order = np.argsort(own, kind="stable")
        self._count, self._reject = len(classes), classes.index(REJECT) if REJECT in classes else None
        self._points = np.array([place.point for place in places])[order]
        self._reaches = np.array([place.reach for place in places], np.float32)[order]
        self._weights, self._rejects = np.zeros((2, len(places)), np.float32)
        self._classes, self._starts = np.unique(own[order], return_index=True)
        slopes = self._slopes(self._points)
        for rank in np.argsort(order):  # later ones have no weight yet
            self._weigh(rank, own[order[rank]], places[order[rank]].logits, slopes[rank : rank + 1])

    def _weigh(self, rank: int, own: int, logits: Logits, slopes: NDArray[np.float32]) -> None:
        """Weigh a lesson so that it wins at its own point, whatever was learnt there before.

        "Not a digit" rises with it, but stays at least SURE behind.
        """
        found = logits + self._at(slopes)[0]
        alone = min(logits[own], found[own])  # lessons of one class do not add up
        weight = np.clip(np.delete(found, own).max() - alone + MARGIN, WEIGHT, MOST_WEIGHT)
        self._weights[rank] = weight
        if self._reject not in (None, own):
            self._rejects[rank] = np.clip(alone + weight - found[self._reject] - SURE, -MOST_WEIGHT, weight)

    def at(self, points: Features) -> Logits:
        """Return the evidence for each class, (n, width) to (n, classes)."""
        return self._at(self._slopes(points))

    def _slopes(self, points: Features) -> NDArray[np.float32]:
        """Return the share of each lesson's weight, (n, width) to (n, lessons): 1 at its point, 0 beyond its reach."""
        # not @: on a busy machine BLAS waits for its threads, 4 ms instead of 10 us
        likeness = np.einsum("nw,mw->nm", points, self._points)
        return np.maximum(1 - (1 - likeness) / self._reaches, 0)

    def _at(self, slopes: NDArray[np.float32]) -> Logits:
        """Return the strongest evidence for each class; for "not a digit" that of the nearest lesson."""
        found = np.zeros((len(slopes), self._count), np.float32)
        found[:, self._classes] = np.maximum.reduceat(slopes * self._weights, self._starts, axis=1)
        if self._reject is not None:
            nearest = slopes.argmax(axis=1)
            found[:, self._reject] += slopes.max(axis=1) * self._rejects[nearest]
        return found


class PersonalClassifier(Classifier):
    """A classifier that learns from single digits at once, and can forget each of them without a trace.

    The guard: a lesson ends before the nearest reference digit of another class, so no reference digit gets evidence
    for another class, whatever is taught. Without lessons, or if not `enabled`, logits equal the plain classifier's
    bit for bit.
    """

    def __init__(self, plain: Classifier, reference: Reference = reference_digits) -> None:
        """Wrap `plain`, and share its interpreter; raises ModelError if the model's features cannot be read."""
        vars(self).update(vars(plain))
        self.plain = plain
        self.enabled = True
        self._reader = FeatureReader(plain)
        self._draw = reference
        self._remember([])

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """All stored lessons, oldest first."""
        return tuple(self._lessons)

    def learn(self, image: DigitImage, label: str) -> Lesson:
        """Add and return the lesson that a (28, 28) uint8 image is `label`, REJECT for not a digit.

        The first lesson takes some tenths of a second, for the reference digits. Raises ValueError for any other image
        or label.
        """
        lesson = _lesson(image, label)
        self._remember([*self._lessons, lesson])
        return lesson

    def forget(self, lesson: Lesson) -> None:
        """Remove a lesson; raises ValueError if it is not stored."""
        at = self._lessons.index(lesson)
        self._remember([*self._lessons[:at], *self._lessons[at + 1 :]])

    def replace(self, examples: Iterable[Example]) -> tuple[Lesson, ...]:
        """Replace all lessons by these and return them; no examples forget everything.

        Raises ValueError as `learn` does, without changing anything.
        """
        lessons = [_lesson(image, label) for image, label in examples]
        self._remember(lessons)
        return tuple(lessons)

    def logits(self, images: NDArray[np.uint8]) -> Logits:
        """Return the logits of digit images with the lessons' evidence: (n, 28, 28) uint8 to (n, classes) float32."""
        check_images(images)
        if not (self.enabled and self._cones and len(images)):
            return self.plain.logits(images)
        features, logits = self._reader.read(images)
        return logits + self.evidence(directions(features))

    def evidence(self, points: Features) -> Logits:
        """Return what the lessons add to the logits at `directions` of features, (n, width) to (n, classes)."""
        cones = self._cones
        return cones.at(points) if cones else np.zeros((len(points), len(self.model.classes)), np.float32)

    def is_taught(self, image: DigitImage, digit: str) -> bool:
        """Return whether a lesson for `digit` reaches a (28, 28) uint8 image."""
        if not (self.enabled and self._cones):
            return False
        features, _ = self._reader.read(image[None])
        return bool(self.evidence(directions(features))[0, self.model.classes.index(digit)] > 0)

    def answers(self, logits: Logits) -> NDArray[np.str_]:
        """Return the answers, REJECT below the model's threshold."""
        classes = np.array(self.model.classes)
        found = np.where(classes == REJECT, 0, softmax(logits, self.model.temperature))
        return np.where(found.max(axis=1) < self.model.refuse_below, REJECT, classes[found.argmax(axis=1)])

    @cached_property
    def _clear_digits(self) -> ClearDigits:
        images, labels = self._draw()
        features, logits = self._reader.read(images)
        return ClearDigits(directions(features), logits, np.array(labels))

    def _remember(self, lessons: Iterable[Lesson]) -> None:
        """Store these lessons; weights are computed from scratch, so forgotten lessons leave no trace."""
        self._lessons = _newest(lessons, KEPT)
        counting = _newest(self._lessons, USED, self._may_count)
        places = [lesson.place for lesson in counting if lesson.place]
        self._cones = Cones(places, [lesson.label for lesson in counting], self.model.classes) if counting else None

    def _may_count(self, lesson: Lesson) -> bool:
        """Return whether the model has a class for a lesson and the guard accepts it."""
        if lesson.label not in self.model.classes:
            return False
        lesson.place = lesson.place or self._find(lesson)
        lesson.like = "" if lesson.place.reach else lesson.place.like
        return not lesson.like

    def _find(self, lesson: Lesson) -> Place:
        """Return the place of a lesson; its reach ends before the nearest reference digit of another class."""
        features, logits = self._reader.read(lesson.image[None])
        point = directions(features)[0]
        clear = self._clear_digits
        others = np.flatnonzero(clear.labels != lesson.label)
        likeness = clear.points[others] @ point
        nearest = int(likeness.argmax())
        reach = JUST_UNDER * (1 - float(likeness[nearest]))
        like = str(clear.labels[others[nearest]])
        return Place(point, logits[0], min(REACH, reach) if reach >= LEAST_REACH else 0.0, like)


def _lesson(image: DigitImage, label: str) -> Lesson:
    if label not in LABELS:
        raise ValueError(f"expected a digit or {REJECT}, got {label!r}")
    check_images(image[None])
    own = image.copy()
    own.flags.writeable = False
    return Lesson(own, label)


def _newest(lessons: Iterable[Lesson], most: int, sound: Callable[[Lesson], bool] = lambda _: True) -> list[Lesson]:
    """Return the newest `most` sound lessons of each class, in their order; mark which ones are used."""
    counts: Counter[str] = Counter()
    kept = []
    for lesson in reversed(list(lessons)):
        lesson.used = counts[lesson.label] < most and sound(lesson)
        if lesson.used:
            counts[lesson.label] += 1
            kept.append(lesson)
    return kept[::-1]
