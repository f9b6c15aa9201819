"""What corrections teach: lessons for the network's answers, kept in the store, taken back when they are undone."""

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

MOST_KEYS = 500  # digits whose lessons undo can find: it reaches back 200 steps, and a window lasts for months

Key: TypeAlias = tuple[tuple[Line, ...], str]
"""The strokes of a digit with what was said of them: what undo and redo know it by."""


@dataclass(eq=False)
class Taught:
    """A lesson, and the example in the store behind it; None where it could not be stored."""

    image: DigitImage
    label: str
    ink: Ink
    source: str
    lesson: Lesson
    example: int | None = None


class Personalization:
    """Joins classifier and store; called where nothing else uses the classifier.

    Without a classifier that can learn, corrections are kept for the next one.
    """

    def __init__(self, store: HistoryStore) -> None:
        """Know nothing yet."""
        self.store = store
        self.classifier: PersonalClassifier | None = None
        self.report: Callable[[str], None] = lambda _: None  # the app takes it over
        self._begun = len(store.notices)  # files of the store, each with a notice but for the first
        self._taught: list[Taught] = []
        self._by_key: dict[Key, Taught] = {}

    def attach(self, classifier: PersonalClassifier | None) -> None:
        """Teach `classifier` all that is stored, from now on in place of what was taught before."""
        self.classifier, self._begun = classifier, len(self.store.notices)
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
            Taught(example.image, example.label, (), example.source, lesson, example.id)
            for example, lesson in zip(examples, lessons, strict=True)
        ]
        same = {(taught.image.tobytes(), taught.label): taught for taught in self._taught}
        for key, taught in known.items():  # so that undo finds them in another store, too
            if found := same.get((taught.image.tobytes(), taught.label)):
                self._by_key[key] = found

    def teach(self, key: Key, image: DigitImage, label: str, ink: Ink, source: str) -> Lesson | None:
        """Note that an image is a `label`: it counts at once, and is stored. None where nothing can learn."""
        self.take_back(key)
        if self.classifier is None:
            return None
        taught = Taught(image, label, ink, source, self.classifier.learn(image, label))
        self._keep(taught)
        self._taught.append(taught)
        self._by_key.pop(key, None)  # in its place it would be older than it is
        self._by_key[key] = taught
        while len(self._by_key) > MOST_KEYS:
            del self._by_key[next(iter(self._by_key))]
        return taught.lesson

    def enable(self, used: bool) -> None:
        """Use what was learned, or not."""
        if self.classifier is not None:
            self.classifier.enabled = used

    def keeps(self, key: Key) -> bool:
        """Return whether what was taught of this digit is stored, and will be known the next time."""
        taught = self._by_key.get(key)
        return taught is not None and taught.example is not None

    def take_back(self, key: Key) -> bool:
        """Forget what was taught of this digit; returns whether anything was."""
        taught = self._by_key.get(key)
        if taught is None or taught not in self._taught:
            return False
        self._remove(taught)
        return True

    def teach_again(self, key: Key) -> bool:
        """Teach once more what was taken back; returns whether anything was."""
        taught = self._by_key.get(key)
        if taught is None or taught in self._taught:
            return False
        self.teach(key, taught.image, taught.label, taught.ink, taught.source)
        return True

    def remove(self, number: int) -> None:
        """Forget one of `shown`, by its number there."""
        if 0 <= number < len(self._taught):
            gone = self._taught[number]
            self._remove(gone)
            self._by_key = {key: taught for key, taught in self._by_key.items() if taught is not gone}

    def shown(self) -> list[tuple[int, str, bytes, bool]]:
        """Return what was taught, the newest first: number, label, image, whether it is in use."""
        return [
            (number, taught.label, taught.image.tobytes(), taught.lesson.used)
            for number, taught in reversed(list(enumerate(self._taught)))
        ]

    def _remove(self, taught: Taught) -> None:
        self._taught.remove(taught)
        if self.classifier is not None and taught.lesson in self.classifier.lessons:  # the oldest of very many are gone
            self.classifier.forget(taught.lesson)
        self._look_for_new_file()
        if taught.example is not None:
            try:
                self.store.remove_example(taught.example)
            except StoreError as error:
                self.report(error.notice)

    def _keep(self, taught: Taught, *, again: bool = True) -> None:
        """Store an example; once more where the store had to begin a new file."""
        self._look_for_new_file()
        try:
            taught.example = self.store.add_example(
                taught.image, taught.label, taught.ink, taught.source, used=taught.lesson.used
            )
        except StoreError as error:
            self.report(error.notice)
            if again and self._look_for_new_file():
                self._keep(taught, again=False)

    def _look_for_new_file(self) -> bool:
        """Return whether the store has begun a new file since; in that, other examples have these numbers."""
        if self._begun == len(self.store.notices):
            return False
        self._begun = len(self.store.notices)
        for taught in self._taught:
            taught.example = None
        return True


def picture_key(picture: Picture, number: int) -> Key:
    """Return what undo knows a digit of an opened picture by."""
    return (), f"{picture.number}-{number}"


def key_of(page: Page, pin: Pin) -> Key:
    """Return what undo knows a digit on the pad by."""
    return tuple(page.strokes[i] for i in pin.strokes), pin.label or ""


def difference(before: Page, after: Page) -> tuple[set[Key], set[Key]]:
    """Return what is said of digits on one page and no longer on the other, and the other way round."""
    old, new = ({key_of(page, pin) for pin in page.pins if pin.label is not None} for page in (before, after))
    return old - new, new - old
