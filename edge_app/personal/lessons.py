"""Learning the owner's hand: lessons that weigh in where a digit looks like one of them, and nowhere else.

A lesson is a digit image with what it says. Its evidence is added to a logit: most at the lesson itself, less with the
distance, nothing beyond its reach. The network stays as it is. docs/adaptation.md has the method and its figures.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import reference_digits
from ..recognition.classifier import Classifier, Logits, check_images, softmax
from ..recognition.features import FeatureReader, Features
from ..recognition.model import REJECT
from ..recognition.normalise import DigitImage

# Chosen on the writers of folds 0 to 2; distances are 1 - likeness, evidence is in logits.
REACH = 0.35
WEIGHT = 8.0
MARGIN = 3.0  # what was misread by far weighs more, so that it is read rightly by this much
MOST_WEIGHT = 40.0
SURE = 18.0  # that far behind a lesson "no digit" does no harm: grouping counts it 20,000 times (segment.WRONG_GROUP)
LEAST_REACH = 0.1  # one misread digit in fifty is as near to a clear digit of another class, and half of all slips
JUST_UNDER = 0.999  # of the distance to that digit: float32 rounds
USED = 20  # lessons a class that count: the newest that the guard lets pass
KEPT = 500  # lessons a class that are remembered, so that forgetting brings back what a newer one replaced

LABELS = frozenset((*"0123456789", REJECT))

Example: TypeAlias = tuple[DigitImage, str]
Reference: TypeAlias = Callable[[], tuple[NDArray[np.uint8], tuple[str, ...]]]


class Place(NamedTuple):
    """Where a lesson lies, and what the guard says of it."""

    point: Features  # the direction of its features, (width,)
    logits: Logits  # what the network by itself says, (classes,)
    reach: float  # 0 where it must not count
    like: str  # the nearest reference digit of another class


@dataclass(eq=False)
class Lesson:
    """A digit image with what it says; whether it counts may change when a newer one comes or goes."""

    image: DigitImage
    label: str
    why: str = ""  # one sentence why it does not count, empty where it does
    like: str = ""  # the digit that it is hardly different from, where the guard set it aside for that
    place: Place | None = field(default=None, repr=False)  # found when it may count for the first time

    @property
    def used(self) -> bool:
        """Whether it counts."""
        return not self.why


class ClearDigits(NamedTuple):
    """The reference set as the network sees it."""

    points: Features  # (n, width)
    logits: Logits  # (n, classes)
    labels: NDArray[np.str_]  # (n,)


def directions(features: Features) -> Features:
    """Return the roots of features, each row of length 1; the likeness of two is their dot product, at most 1.

    It is Bhattacharyya's coefficient of the features' shares. Roots, since without them a few strong features drown
    the rest; what is below 0, where no ReLU was, counts as 0.
    """
    roots = np.sqrt(np.maximum(features, 0))
    return roots / np.maximum(np.linalg.norm(roots, axis=-1, keepdims=True), np.float32(1e-6))


class Cones:
    """The lessons that count: each a cone of evidence over its point."""

    def __init__(self, places: Sequence[Place], labels: Sequence[str], classes: Sequence[str]) -> None:
        """Weigh lessons in the order in which they came; at least one."""
        own = np.array([classes.index(label) for label in labels])
        order = np.argsort(own, kind="stable")
        self._count, self._reject = len(classes), classes.index(REJECT) if REJECT in classes else None
        self._points = np.array([place.point for place in places])[order]
        self._reaches = np.array([place.reach for place in places], np.float32)[order]
        self._weights, self._rejects = np.zeros((2, len(places)), np.float32)
        self._classes, self._starts = np.unique(own[order], return_index=True)
        slopes = self._slopes(self._points)
        for rank in np.argsort(order):  # what comes later weighs nothing yet
            self._weigh(rank, own[order[rank]], places[order[rank]].logits, slopes[rank : rank + 1])

    def _weigh(self, rank: int, own: int, logits: Logits, slopes: NDArray[np.float32]) -> None:
        """Let a lesson win at its own point, whatever was learnt there before.

        "No digit" rises along with it, unless it would be less than SURE behind: which digit it is says nothing else.
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
        """Return each lesson's share of its weight, (n, width) to (n, lessons): 1 at its point, 0 from its reach on."""
        # not @: beside other work BLAS waits for its threads, 4 ms instead of 10 us for one image
        likeness = np.einsum("nw,mw->nm", points, self._points)
        return np.maximum(1 - (1 - likeness) / self._reaches, 0)

    def _at(self, slopes: NDArray[np.float32]) -> Logits:
        """Return the strongest evidence for each class, and what the nearest lesson has on "no digit"."""
        found = np.zeros((len(slopes), self._count), np.float32)
        found[:, self._classes] = np.maximum.reduceat(slopes * self._weights, self._starts, axis=1)
        if self._reject is not None:
            nearest = slopes.argmax(axis=1)
            found[:, self._reject] += slopes.max(axis=1) * self._rejects[nearest]
        return found


class PersonalClassifier(Classifier):
    """A classifier that learns from single digits, at once, and forgets each of them as if it had never been.

    The guard: a lesson ends before the nearest reference digit of another class. So no reference digit gets more
    evidence for anything than for what it is, whatever is taught. Without lessons, or not `enabled`, this is the plain
    classifier bit for bit; with them the network runs undelegated.
    """

    def __init__(self, plain: Classifier, reference: Reference = reference_digits) -> None:
        """Wrap `plain`, whose interpreter is shared; raises ModelError where the model's features cannot be read."""
        vars(self).update(vars(plain))
        self.plain = plain
        self.enabled = True
        self._reader = FeatureReader(plain)
        self._draw = reference
        self._remember([])

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """All lessons that are remembered, the oldest first."""
        return tuple(self._lessons)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The lessons as what is to be stored: images and labels, the oldest first."""
        return tuple((lesson.image, lesson.label) for lesson in self._lessons)

    def learn(self, image: DigitImage, label: str) -> Lesson:
        """Return the lesson that a (28, 28) uint8 image is a `label`, REJECT for no digit; it counts from now on.

        The first one also reads the reference set, see `prepare`. Raises ValueError for any other image or label.
        """
        lesson = _lesson(image, label)
        self._remember([*self._lessons, lesson])
        return lesson

    def forget(self, lesson: Lesson) -> None:
        """Take a lesson back; raises ValueError where it is not remembered."""
        at = self._lessons.index(lesson)
        self._remember([*self._lessons[:at], *self._lessons[at + 1 :]])

    def replace(self, examples: Iterable[Example]) -> tuple[Lesson, ...]:
        """Learn these in their order instead of all that was learnt, and return their lessons; none: forget all.

        Raises ValueError as `learn` does, and then nothing has changed.
        """
        lessons = [_lesson(image, label) for image, label in examples]
        self._remember(lessons)
        return tuple(lessons)

    def prepare(self) -> None:
        """Draw and read the reference set now: some tenths of a second that the first lesson would take longer."""
        _ = self._clear_digits

    def check(self) -> tuple[int, int, int]:
        """Return how many reference digits there are, and how many are read rightly without and with the lessons."""
        points, logits, labels = self._clear_digits
        before, after = (self.answers(own) == labels for own in (logits, logits + self.evidence(points)))
        return len(labels), int(before.sum()), int(after.sum())

    def logits(self, images: NDArray[np.uint8]) -> Logits:
        """Return the logits of digit images with the lessons' evidence: (n, 28, 28) uint8 to (n, classes) float32."""
        check_images(images)
        if not (self.enabled and self._cones and len(images)):
            return self.plain.logits(images)
        features, logits = self._reader.read(images)
        return logits + self.evidence(directions(features))

    def evidence(self, points: Features) -> Logits:
        """Return what the lessons add to the logits at the `directions` of features, (n, width) to (n, classes)."""
        cones = self._cones
        return cones.at(points) if cones else np.zeros((len(points), len(self.model.classes)), np.float32)

    def answers(self, logits: Logits) -> NDArray[np.str_]:
        """Return what logits are read as, REJECT below the model's confidence."""
        classes = np.array(self.model.classes)
        found = np.where(classes == REJECT, 0, softmax(logits, self.model.temperature))
        return np.where(found.max(axis=1) < self.model.refuse_below, REJECT, classes[found.argmax(axis=1)])

    @cached_property
    def _clear_digits(self) -> ClearDigits:
        images, labels = self._draw()
        features, logits = self._reader.read(images)
        return ClearDigits(directions(features), logits, np.array(labels))

    def _remember(self, lessons: Iterable[Lesson]) -> None:
        """Hold these lessons; which of them count and how much starts from nothing, so the past leaves no trace."""
        self._lessons = _newest(lessons, KEPT)
        counting = _newest(self._lessons, USED, self._may_count)
        places = [lesson.place for lesson in counting if lesson.place]
        self._cones = Cones(places, [lesson.label for lesson in counting], self.model.classes) if counting else None

    def _may_count(self, lesson: Lesson) -> bool:
        """Return whether the guard lets a lesson count; finds its place the first time, and says why not."""
        if lesson.label not in self.model.classes:
            lesson.why = f"This model has no class for {lesson.label}."
            return False
        lesson.place = lesson.place or self._find(lesson)
        lesson.like = "" if lesson.place.reach else lesson.place.like
        lesson.why = f"It is hardly different from a clear {lesson.like}." if lesson.like else ""
        return lesson.used

    def _find(self, lesson: Lesson) -> Place:
        """Return where a lesson lies and how far it may reach: not to the next reference digit of another class."""
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
    """Return the newest `most` lessons of each class that are sound, in their order; the others are told so."""
    counts: Counter[str] = Counter()
    kept = []
    for lesson in reversed(list(lessons)):
        if counts[lesson.label] >= most:
            lesson.why = f"{most} newer ones of its class count instead."
        elif sound(lesson):
            counts[lesson.label] += 1
            kept.append(lesson)
    return kept[::-1]
