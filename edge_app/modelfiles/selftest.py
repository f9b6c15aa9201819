"""Self-tests of a model: clear digits that any digit classifier recognises, and the known results on its card."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets.allographs import allographs_of, reference_digits
from ..errors import ModelError
from ..recognition.classifier import Classifier, softmax
from ..recognition.interpreter import Runtime
from ..recognition.model import HOW_TO_MAKE, Model
from ..recognition.normalise import SIZE, normalise_digit

FLOOR = 0.75  # of the clear digits; digitpad's networks and the tutorial's recognise at least 0.95, chance 0.1
CLEAR = 4  # allographs of each digit, the most common ones
NEAR = 0.04  # conventions that read this much less than the best may still be the one
FAINTEST = 0.02  # of full ink: the calibration pictures' darkest
UNITS = 8  # of the int8 output: the largest difference seen between the two runtimes


CONVENTIONS = {  # what a network takes for paper and for full ink, the usual first
    "0 to 1": (0.0, 1.0),
    "-1 to 1": (-1.0, 1.0),
    "mean 0.1307, deviation 0.3081": (-0.1307 / 0.3081, (1 - 0.1307) / 0.3081),
    "0 to 255": (0.0, 255.0),
    "black on white, 1 to 0": (1.0, 0.0),
    "black on white, 1 to -1": (1.0, -1.0),
    "black on white, 255 to 0": (255.0, 0.0),
}


def clear_digits() -> tuple[NDArray[np.uint8], list[str]]:
    """Return the common allographs of each digit, (n, 28, 28) uint8, and their labels."""
    clear = [one for label in "0123456789" for one in allographs_of(label)[:CLEAR]]
    return np.stack([normalise_digit(one.ink) for one in clear]), [one.label for one in clear]


def choose_convention(logs: Mapping[str, NDArray[np.float32]], labels: NDArray[np.intp], margin: float) -> str:
    """Return the convention by the log-probabilities (n, classes) of digits with each: of the best, the likeliest.

    The best are those with at most `margin` less accuracy. Accuracy alone does not tell: ReLU networks read 0 to 255
    nearly as well as 0 to 1, only with far too much certainty.
    """
    right = {name: float((own.argmax(axis=1) == labels).mean()) for name, own in logs.items()}
    best = [name for name, share in right.items() if share >= max(right.values()) - margin]
    return max(best, key=lambda name: float(logs[name][np.arange(len(labels)), labels].mean()))


def find_input_range(model: Model, runtime: Runtime) -> tuple[float, float]:
    """Return what a network without a card takes for paper and ink: the convention with which it reads drawn digits."""
    images, labels = reference_digits()
    images, labels = images[::2], labels[::2]
    limits = Classifier(model, runtime).input_limits
    names = [name for name, ends in CONVENTIONS.items() if limits is None or _fits(limits, *ends)] or list(CONVENTIONS)
    logs = {}
    for name in names if len(names) > 1 else ():
        logits = Classifier(replace(model, input_range=CONVENTIONS[name]), runtime).logits(images)
        logs[name] = np.log(np.maximum(softmax(logits), np.float32(1e-30)))
    return CONVENTIONS[choose_convention(logs, np.array(labels).astype(int), NEAR) if logs else names[0]]


def _fits(limits: tuple[float, float], paper: float, ink: float) -> bool:
    """Return whether an 8-bit input was calibrated for this: from paper to ink or, by faint pictures, less far."""
    near, far = limits if paper < ink else limits[::-1]
    step = (limits[1] - limits[0]) / 255
    return abs(near - paper) < 1.5 * step and FAINTEST < (far - paper) / (ink - paper) < 1.02


def check_reading(classifier: Classifier, floor: float = FLOOR) -> float:
    """Return the share of the drawn allographs that a model recognises.

    Raises ModelError, without the name of the file, for less than `floor`, for as few that are not rejected, for
    outputs that are not finite, and for outputs that differ when computed again.
    """
    images, labels = clear_digits()
    logits = classifier.logits(images)
    if not np.isfinite(logits).all():
        raise ModelError("its outputs are not finite numbers")
    if not np.array_equal(logits, classifier.logits(images)):
        raise ModelError("its outputs for the same digit differ from run to run")
    answers = [classifier.model.classes[i] for i in logits.argmax(axis=1)]
    right = np.array([answer == label for answer, label in zip(answers, labels, strict=True)])
    if right.sum() < floor * len(labels):
        raise ModelError(
            f"recognises {right.sum()} of {len(labels)} clear digits, expected at least {int(floor * len(labels))}: "
            "corrupt, or not a digit classifier"
        )
    below = classifier.model.refuse_below
    shown = right & (softmax(logits, classifier.model.temperature).max(axis=1) >= below)
    if shown.sum() < floor / 2 * len(labels):
        raise ModelError(
            f"recognises {right.sum()} of {len(labels)} clear digits, but is less than {below:.0%} sure of all but "
            f"{shown.sum()}, so the app would show ? for most digits"
        )
    return float(right.mean())


def known_digits() -> NDArray[np.uint8]:
    """Return the common allograph of each digit, 0 first, (10, 28, 28) uint8."""
    return np.stack([normalise_digit(allographs_of(label)[0].ink) for label in "0123456789"])


def make_expected(images: NDArray[np.uint8], logits: NDArray[np.float32]) -> dict[str, Any]:
    """Return the known digits for a card: their pixels, zlib and base64, and the logits of its int8 model.

    The pixels are stored because drawing them again takes longer than the test, and tests more than the model.
    """
    packed = base64.b64encode(zlib.compress(images.tobytes(), 9)).decode()
    return {"images": packed, "logits": [[round(float(value), 4) for value in row] for row in logits]}


def check_expected(classifier: Classifier) -> None:
    """Raise ModelError unless a model computes for the known digits on its card what it did when it was converted.

    The logits of an int8 model may differ by UNITS, the answers never; of other models only the answers count. A card
    without known digits passes.
    """
    if classifier.model.self_test is None:
        return
    images, expected = _unpack(classifier.model)
    found = classifier.logits(images)
    same = found.argmax(axis=1) == expected.argmax(axis=1)
    if classifier.is_int8 and not classifier.has_softmax:
        same &= (np.abs(found - expected) <= (UNITS + 0.5) * classifier.output_step).all(axis=1)
    if not same.all():
        runtime = classifier.runtime
        raise ModelError(
            f"{classifier.model.path}: self-test failed on {int((~same).sum())} of {len(same)} reference digits with "
            f"{runtime.name} {runtime.version}: damaged library, or unsupported CPU. Run: digitpad doctor"
        )


def _unpack(model: Model) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    kept: Any = model.self_test
    try:
        count = len(kept["logits"])
        packed = base64.b64decode(kept["images"], validate=True)
        pixels = zlib.decompressobj().decompress(packed, count * SIZE * SIZE + 1)  # a limit: it may be a zip bomb
        images = np.frombuffer(pixels, np.uint8).reshape(count, SIZE, SIZE)
        logits = np.array(kept["logits"], np.float32).reshape(count, len(model.classes))
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise ModelError(f"{model.path}: corrupt known digits on its card ({error}). {HOW_TO_MAKE}") from None
    if not count:
        raise ModelError(f"{model.path}: no known digits on its card. {HOW_TO_MAKE}")
    return images, logits
