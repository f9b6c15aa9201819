"""Which ink an answer depends on, found by covering parts of the digit (occlusion)."""

import numpy as np
from numpy.typing import NDArray

from ..recognition.classifier import Classifier, Logits
from ..recognition.normalise import SIZE, DigitImage

PATCH = 3  # pixels: the width of a line; larger ones colour the paper beside it, smaller ones leave half of the line

Heat = NDArray[np.float32]
"""(28, 28) float32 in [0, 1]."""


def occlusion_map(classifier: Classifier, image: DigitImage, digit: str) -> Heat:
    """Return how much less a digit image looks like `digit` where a patch of it is covered with paper, (28, 28).

    Each pixel has the mean drop over the patches that cover it, scaled to a maximum of 1 (Zeiler and Fergus, 2014). The
    drop is in the logit's lead over the best other class: a probability stays near 1 while evidence goes, and all
    logits fall with less ink. All 0 if no patch lowers the lead, as on blank paper. No gradients are needed, so it
    explains the int8 model itself.
    """
    covers = _covers()
    masks = covers[:, None, :, None] & covers[None, :, None, :]
    fall = np.zeros(masks.shape[:2], np.float32)
    inked = (masks & (image > 0)).any(axis=(2, 3))  # a patch without ink changes nothing, so it needs no inference
    if inked.any():
        images = np.concatenate([image[None], np.where(masks[inked], np.uint8(0), image)])
        lead = _lead(classifier.logits(images), classifier.model.classes.index(digit))
        fall[inked] = np.maximum(lead[0] - lead[1:], 0)
    mean = covers.T @ fall @ covers / np.outer(covers.sum(axis=0), covers.sum(axis=0))
    highest = float(mean.max())
    return (mean / highest if highest > 0 else mean).astype(np.float32)


def _covers() -> NDArray[np.bool_]:
    """Return which rows (or columns) each position of a patch covers, (positions, 28)."""
    first, rows = np.arange(SIZE - PATCH + 1)[:, None], np.arange(SIZE)
    return (first <= rows) & (rows < first + PATCH)


def _lead(logits: Logits, at: int) -> NDArray[np.float32]:
    """Return the lead of class `at` over the best other class, (n, classes) to (n,)."""
    return logits[:, at] - np.delete(logits, at, axis=1).max(axis=1)
