"""What is done beside the drawing, in the reader's thread."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import ModelError
from ..personal.lessons import PersonalClassifier
from ..recognition.ink import Ink
from ..recognition.recognizer import Recognizer
from ..recognition.results import Pin, Reading

Loaded = tuple[Recognizer, PersonalClassifier | None, Sequence[str]]


def load(recognizer: Recognizer, said: Sequence[str] = ()) -> Loaded:
    """Return a recogniser whose answers can be corrected, where its model allows that, and what was `said` of it."""
    try:
        personal = PersonalClassifier(recognizer.classifier)
    except ModelError:  # corrections hold on the page, and teach nothing
        return recognizer, None, said
    recognizer.classifier = personal
    return recognizer, personal, said


def read_ink(recognizer: Recognizer, ink: Ink, pins: Sequence[Pin], dot: float, duel: Any) -> tuple[Reading, Any]:
    """Return the reading of ink, and a duel's verdict where there is one."""
    verdict = duel.read(recognizer, ink) if duel else None
    return recognizer.read(ink, pins=pins, dot=dot), verdict


def read_picture(recognizer: Recognizer, coverage: Any) -> tuple[Reading, Any]:
    """Return the reading of a picture."""
    return recognizer.read_coverage(coverage), None


def corrected(reading: Reading, labels: dict[int, str]) -> Reading:
    """Return the reading of a picture with what was said of its digits."""
    return Reading(
        tuple(
            replace(digit, digit=labels[i], pinned=True) if i in labels else digit
            for i, digit in enumerate(reading.digits)
        )
    )
