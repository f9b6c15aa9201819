"""Where in the network a model deviates from the first: the output of each operator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...escape import escape
from ...recognition.classifier import Classifier
from ...recognition.layers import Layer, Tracer
from .accuracy import snr_db
from .models import names_of

IMAGES = 64
OTHER_LAYERS = "its layers are not those of the first model"


def compare_layers(classifiers: Sequence[Classifier], images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Return for each model after the first the signal-to-noise ratio of its input and each operator's output, in dB.

    If its operators differ from the first model's, or the runtime keeps no outputs, there is a `reason` instead.
    """
    found: list[dict[str, Any]] = []
    for name, classifier in list(zip(names_of(classifiers), classifiers, strict=True))[1:]:
        try:
            first, own = (Tracer(one).trace(images[:IMAGES]) for one in (classifiers[0], classifier))
            if classifiers[0].has_softmax != classifier.has_softmax:
                first, own = ([layer for layer in layers if layer.name != "SOFTMAX"] for layers in (first, own))
            if [layer.values.shape for layer in own] != [layer.values.shape for layer in first]:
                raise ModelError(OTHER_LAYERS)
        except ModelError as error:
            found.append({"model": name, "reason": escape(error)})
        else:
            found.append({"model": name, "layers": [_deviation(a, b) for a, b in zip(first, own, strict=True)]})
    return found


def _deviation(first: Layer, own: Layer) -> dict[str, Any]:
    off = own.values - first.values
    signal, noise = (
        (values.astype(np.float64) ** 2).reshape(-1, values.shape[-1]).mean(axis=0) for values in (first.values, off)
    )  # by channel
    peaks = np.abs(first.values).reshape(-1, off.shape[-1]).max(axis=0)
    usual = float(np.median(peaks[peaks > 0])) if peaks.any() else 1.0
    # an honest value may lie at an end; where the first model's lies beyond, it was clipped
    low, high = own.ends
    clipped = (first.values < low - own.step) | (first.values > high + own.step)
    return {
        "operator": own.name,
        "shape": list(own.values.shape[1:]),
        "snr_db": snr_db(float(signal.mean()), float(noise.mean())),
        "channel_snr_db": _median_db(signal, noise),
        "clipped": float(clipped.mean()),
        "outlier": {"channel": int(peaks.argmax()), "times": float(peaks.max()) / usual},
        "largest_deviation": float(np.abs(off).max()),
        "largest_value": float(np.abs(first.values).max()),
    }


def _median_db(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float | None:
    """Return the median channel's signal-to-noise ratio: one loud channel hides what all others lose."""
    ratios = [snr_db(float(own), float(other)) for own, other in zip(signal, noise, strict=True) if own]
    return float(np.median([np.inf if own is None else own for own in ratios])) if any(ratios) else None
