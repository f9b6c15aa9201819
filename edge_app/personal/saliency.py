"""Which ink an answer rests on: asked of the network itself, by covering parts of the digit."""

import numpy as np
from numpy.typing import NDArray

from ..recognition.classifier import Classifier, Logits
from ..recognition.normalise import SIZE, DigitImage

PATCH = 5  # pixels: twice a line's width, so that a patch covers a line and little beside it
STRIDE = 2

Heat = NDArray[np.float32]
"""(28, 28) float32 in [0, 1]."""


def occlusion_map(
    classifier: Classifier, image: DigitImage, digit: str, patch: int = PATCH, stride: int = STRIDE
) -> Heat:
    """Return how much less a digit image looks like `digit` where a patch of it is covered with paper, (28, 28).

    Each pixel holds the mean fall over the patches that cover it, scaled to 1 at its greatest (Zeiler and Fergus,
    2014). What falls is the logit's lead over the best other class: a probability stays at 1 while evidence goes, and
    all logits fall where ink does. All 0 where no patch takes anything away, as on blank paper. It takes no gradients,
    so the very int8 model is asked that answers.
    """
    covers = _covers(patch, stride)
    masks = covers[:, None, :, None] & covers[None, :, None, :]
    fall = np.zeros(masks.shape[:2], np.float32)
    inked = (masks & (image > 0)).any(axis=(2, 3))  # a patch on paper alone changes nothing, and costs no inference
    if inked.any():
        images = np.concatenate([image[None], np.where(masks[inked], np.uint8(0), image)])
        lead = _lead(classifier.logits(images), classifier.model.classes.index(digit))
        fall[inked] = np.maximum(lead[0] - lead[1:], 0)
    mean = covers.T @ fall @ covers / np.outer(covers.sum(axis=0), covers.sum(axis=0))
    highest = float(mean.max())
    return (mean / highest if highest > 0 else mean).astype(np.float32)


def _covers(patch: int, stride: int) -> NDArray[np.bool_]:
    """Return which rows each place of a patch covers, (places, 28); so do its columns. The last ends at the rim."""
    first = np.unique([*range(0, SIZE - patch, stride), SIZE - patch])[:, None]
    rows = np.arange(SIZE)
    return (first <= rows) & (rows < first + patch)


def _lead(logits: Logits, at: int) -> NDArray[np.float32]:
    """Return by how much class `at` is ahead of the best of the others, (n, classes) to (n,)."""
    return logits[:, at] - np.delete(logits, at, axis=1).max(axis=1)
