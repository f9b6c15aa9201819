"""What corrections teach, and how undo finds it again."""

from typing import TypeAlias

from ...errors import DigitpadError
from ...recognition.ink import make_ink
from ...recognition.model import REJECT
from ...recognition.results import Digit, Pin
from ..pad import Page
from ..personalization import Key
from ..state import Picture
from ..views.digit import best_of
from .subject import Subject

Keys: TypeAlias = set[Key]


class Lessons(Subject):
    """What the subjects teach and take back; none of it is an action of its own."""

    def learn(self, key: Key, digit: Digit, label: str, source: str = "correction") -> None:
        """Teach that a digit is a `label`, where that is news; what was learned is said."""
        if not self.are_given or digit.image is None:
            return
        if source == "correction" and digit.digit == label and not digit.pinned:
            return  # it was read so: nothing to learn
        ink = make_ink([part.points for part in digit.parts])
        lesson = None
        try:
            with self.services.worker.exclusive():
                lesson = self.services.learner.teach(key, digit.image, label, ink, source)
                self.clear_cache()
        except DigitpadError as error:  # it stands corrected on the page all the same
            self._fault(error)
        if lesson is None or source == "practice" or not self.services.learner.keeps(key):
            return  # what could not be stored has been said, and is not said to be noted
        say = self.state.tr
        if not lesson.used:
            self.app.say(say("learned_set_aside", other=lesson.like or best_of(digit)))
        else:
            self.app.say(say("learned_reject") if label == REJECT else say("learned", digit=label))

    def relearn(self, gone: Keys, come: Keys) -> None:
        """Take lessons back, and teach others again."""
        learner = self.services.learner
        come = come if self.are_given else set()
        try:
            with self.services.worker.exclusive():
                if any([*map(learner.take_back, gone), *map(learner.teach_again, come)]):
                    self.clear_cache()
        except DigitpadError as error:
            self._fault(error)

    @property
    def are_given(self) -> bool:
        """Whether corrections teach; a kiosk's visitors correct the page alone."""
        return self.state.settings.learn and not self.state.settings.kiosk

    def clear_cache(self) -> None:
        """Let ink that was read before be read anew."""
        if self.app.recognizer:
            self.app.recognizer.clear_cache()


def picture_key(picture: Picture, number: int) -> Key:
    """Return what undo knows a digit of an opened picture by."""
    return (), f"{picture.number}-{number}"


def key_of(page: Page, pin: Pin) -> Key:
    """Return what undo knows a digit on the pad by."""
    return tuple(page.strokes[i] for i in pin.strokes), pin.label or ""


def difference(before: Page, after: Page) -> tuple[Keys, Keys]:
    """Return what is said of digits on one page and no more on the other, and the other way round."""
    return _said(before) - _said(after), _said(after) - _said(before)


def _said(page: Page) -> Keys:
    """Return what was said of digits on a page."""
    return {key_of(page, pin) for pin in page.pins if pin.label is not None}
