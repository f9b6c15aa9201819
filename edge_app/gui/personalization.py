"""Corrections as lessons: they change the classifier's answers, are kept in the store, and follow undo and redo."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import StoreError
from ..personal.lessons import Lesson, PersonalClassifier
from ..recognition.ink import Ink
from ..recognition.normalise import DigitImage
from ..recognition.results import Pin
from ..storage.history import HistoryStore
from .pad import Line, Page
from .state import Picture

MOST_KEYS = 500  # digits whose lessons undo can find: it reaches back 200 steps, and a window may run for months

Key: TypeAlias = tuple[tuple[Line, ...], str]
"""A digit's strokes and label, by which undo and redo find its lesson."""


@dataclass(eq=False)
class Taught:
    """A lesson and its example in the store."""

    image: DigitImage
    label: str
    ink: Ink
    source: str
    lesson: Lesson
    example: tuple[int, int] | None = None  # the store's file_number, and the id; None if not stored


class Personalization:
    """Keeps the classifier's lessons and the store's examples in step; call it while no reading runs."""

    def __init__(self, store: HistoryStore) -> None:
        """Start without a classifier."""
        self.store = store
        self.classifier: PersonalClassifier | None = None
        self.report: Callable[[str], None] = lambda _: None  # replaced by the app
        self._taught: list[Taught] = []
        self._by_key: dict[Key, Taught] = {}

    def attach(self, classifier: PersonalClassifier | None) -> None:
        """Replace the classifier's lessons by the store's examples."""
        self.classifier = classifier
        known, self._by_key, self._taught = self._by_key, {}, []
        if classifier is None:
            return
        try:
            examples = self.store.examples()
        except StoreError as error:
            self.report(error.notice)
            return
        lessons = classifier.replace((example.image, example.label) for example in examples)
        self._taught = [
            Taught(example.image, example.label, (), example.source, lesson, (self.store.file_number, example.id))
            for example, lesson in zip(examples, lessons, strict=True)
        ]
        same = {(taught.image.tobytes(), taught.label): taught for taught in self._taught}
        for key, taught in known.items():  # undo finds them in another store, too
            if found := same.get((taught.image.tobytes(), taught.label)):
                self._by_key[key] = found

    def teach(self, key: Key, image: DigitImage, label: str, ink: Ink, source: str) -> Lesson | None:
        """Learn that an image is a `label`, and store that; returns None without a classifier that can learn."""
        self.take_back(key)
        if self.classifier is None:
            return None
        taught = Taught(image, label, ink, source, self.classifier.learn(image, label))
        self._store(taught)
        self._taught.append(taught)
        self._by_key.pop(key, None)  # so that it is the newest
        self._by_key[key] = taught
        while len(self._by_key) > MOST_KEYS:
            del self._by_key[next(iter(self._by_key))]
        return taught.lesson

    def enable(self, used: bool) -> None:
        """Apply what was learned, or ignore it."""
        if self.classifier is not None:
            self.classifier.enabled = used

    def is_stored(self, key: Key) -> bool:
        """Return whether the lesson of this digit will survive a restart."""
        taught = self._by_key.get(key)
        return taught is not None and taught.example is not None

    def take_back(self, key: Key) -> bool:
        """Forget the lesson of this digit, which `teach_again` can restore; returns whether there was one."""
        taught = self._by_key.get(key)
        if taught is None or taught not in self._taught:
            return False
        self._remove(taught)
        return True

    def teach_again(self, key: Key) -> bool:
        """Restore a lesson that was taken back; returns whether there was one."""
        taught = self._by_key.get(key)
        if taught is None or taught in self._taught:
            return False
        self.teach(key, taught.image, taught.label, taught.ink, taught.source)
        return True

    def remove(self, number: int) -> None:
        """Forget one of `shown`, by its number there, for good."""
        if 0 <= number < len(self._taught):
            gone = self._taught[number]
            self._remove(gone)
            self._by_key = {key: taught for key, taught in self._by_key.items() if taught is not gone}

    def shown(self) -> list[tuple[int, str, bytes, bool]]:
        """Return all lessons, newest first: number, label, image, whether the classifier uses it."""
        return [
            (number, taught.label, taught.image.tobytes(), taught.lesson.used)
            for number, taught in reversed(list(enumerate(self._taught)))
        ]

    def _remove(self, taught: Taught) -> None:
        self._taught.remove(taught)
        if self.classifier is not None and taught.lesson in self.classifier.lessons:  # which drops the oldest of many
            self.classifier.forget(taught.lesson)
        if taught.example is not None and taught.example[0] == self.store.file_number:
            try:
                self.store.remove_example(taught.example[1])
            except StoreError as error:
                self.report(error.notice)

    def _store(self, taught: Taught) -> None:
        """Add an example to the store, with one retry if that has replaced its file."""
        used = taught.lesson.used
        for _ in range(2):
            before = self.store.file_number
            try:
                number = self.store.add_example(taught.image, taught.label, taught.ink, taught.source, used=used)
            except StoreError as error:
                self.report(error.notice)
                if self.store.file_number == before:
                    break
            else:
                taught.example = self.store.file_number, number
                break


def picture_key(picture: Picture, number: int) -> Key:
    """Return the key of a digit of an opened picture."""
    return (), f"{picture.number}-{number}"


def key_of(page: Page, pin: Pin) -> Key:
    """Return the key of a digit on the pad."""
    return tuple(page.strokes[i] for i in pin.strokes), pin.label or ""


def difference(before: Page, after: Page) -> tuple[set[Key], set[Key]]:
    """Return the keys of labelled digits that are on `before` alone, and of those on `after` alone."""
    old, new = ({key_of(page, pin) for pin in page.pins if pin.label is not None} for page in (before, after))
    return old - new, new - old
