"""Learning from corrections, shared by other handlers; registers no action of its own."""

from ...errors import DigitpadError
from ...recognition.ink import make_ink
from ...recognition.model import REJECT
from ...recognition.results import Digit
from ..context import Context
from ..personalization import Key
from ..views.digit import best_of


def learn(ctx: Context, key: Key, digit: Digit, label: str, source: str = "correction") -> None:
    """Teach that a digit is a `label`, unless it was read so; shows a notice of what was learned."""
    personalization, tr = ctx.services.personalization, ctx.state.tr
    image = digit.image
    if not ctx.state.teaches or image is None:
        return
    if source == "correction" and digit.digit == label and not digit.pinned:
        return
    ink = make_ink([part.points for part in digit.parts])
    try:
        lesson = ctx.reader.update(lambda: personalization.teach(key, image, label, ink, source))
    except DigitpadError as error:  # the page keeps the correction
        ctx.notices.report(error)
        return
    if lesson is None or source == "practice" or not personalization.is_stored(key):
        return  # a failure to store it has been reported
    if not lesson.used:
        ctx.notices.show(tr("learned_set_aside", other=lesson.like or best_of(digit)))
    else:
        ctx.notices.show(tr("learned_reject") if label == REJECT else tr("learned", digit=label))


def relearn(ctx: Context, gone: set[Key], come: set[Key]) -> None:
    """Undo the lessons of the digits `gone`, and restore those of the digits `come`."""
    personalization = ctx.services.personalization
    come = come if ctx.state.teaches else set()

    def change() -> None:
        for key in gone:
            personalization.take_back(key)
        for key in come:
            personalization.teach_again(key)

    if not gone and not come:
        return  # most changes of the page: the recogniser keeps its cache
    try:
        ctx.reader.update(change)
    except DigitpadError as error:
        ctx.notices.report(error)
