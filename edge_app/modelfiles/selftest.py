"""Whether a model reads what anybody reads, and the bundled one to the unit what it read where it was converted."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import allographs, forms_of
from ..errors import ModelError
from ..recognition.classifier import Classifier
from ..recognition.model import HOW_TO_MAKE, Model
from ..recognition.normalise import SIZE, normalise_digit

FLOOR = 0.75  # of the known digits; networks of this program and the tutorial's read all of them, chance a tenth
UNITS = 8  # of the int8 output, by which the two runtimes have been seen to differ


def check_reading(classifier: Classifier, floor: float = FLOOR) -> float:
    """Return the share of all drawn forms of the digits that a model reads right, twice the same.

    Raises ModelError, in words that follow on its file's name, for less than `floor`, for outputs that are no
    numbers, and for outputs that are others the second time.
    """
    images = np.stack([normalise_digit(form.ink) for form in allographs()])
    logits = classifier.logits(images)
    if not np.isfinite(logits).all():
        raise ModelError("puts out what is no number")
    if not np.array_equal(logits, classifier.logits(images)):
        raise ModelError("answers the same digit differently the second time")
    answers = [classifier.model.classes[i] for i in logits.argmax(axis=1)]
    right = sum(answer == form.label for answer, form in zip(answers, allographs(), strict=True))
    if right < floor * len(answers):
        raise ModelError(
            f"reads {right} of {len(answers)} clear digits, expected at least {int(floor * len(answers))}: "
            "spoilt, or made for something else"
        )
    return right / len(answers)


def known_digits() -> NDArray[np.uint8]:
    """Return the common form of each digit, 0 first, (10, 28, 28) uint8."""
    return np.stack([normalise_digit(forms_of(label)[0].ink) for label in "0123456789"])


def make_expected(images: NDArray[np.uint8], logits: NDArray[np.float32]) -> dict[str, Any]:
    """Return what a card keeps of known digits: their pixels, and the logits that its int8 model gave for them.

    The pixels are kept, too: drawing them again would take longer than reading them, and test more than the model.
    """
    packed = base64.b64encode(zlib.compress(images.tobytes(), 9)).decode()
    return {"images": packed, "logits": [[round(float(value), 4) for value in row] for row in logits]}


def check_expected(classifier: Classifier) -> None:
    """Raise ModelError unless a model answers the known digits on its card as it did when it was converted.

    An int8 model may differ by as much as one runtime from the other, and never in the answer. Anything else is held
    to its answers alone. A card without known digits has nothing to be held to.
    """
    if classifier.model.self_test is None:
        return
    images, expected = _unpack(classifier.model)
    found = classifier.logits(images)
    same = found.argmax(axis=1) == expected.argmax(axis=1)
    if classifier.is_int8:
        same &= (np.abs(found - expected) <= (UNITS + 0.5) * classifier.output_step).all(axis=1)
    if not same.all():
        runtime = classifier.runtime
        raise ModelError(
            f"{classifier.model.path}: {runtime.name} {runtime.version} computes {int((~same).sum())} of {len(same)} "
            "known digits otherwise than it should: a library that was altered, or one that this processor does not "
            "suit. Run: digitpad doctor"
        )


def _unpack(model: Model) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    kept: Any = model.self_test
    try:
        count = len(kept["logits"])
        packed = base64.b64decode(kept["images"], validate=True)
        pixels = zlib.decompressobj().decompress(packed, count * SIZE * SIZE + 1)  # and no more: it may be a bomb
        images = np.frombuffer(pixels, np.uint8).reshape(count, SIZE, SIZE)
        logits = np.array(kept["logits"], np.float32).reshape(count, len(model.classes))
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise ModelError(f"{model.path}: damaged known digits on its card ({error}). {HOW_TO_MAKE}") from None
    if not count:
        raise ModelError(f"{model.path}: no known digits on its card. {HOW_TO_MAKE}")
    return images, logits
