"""What the layers view shows: the maps of each layer of the network, and of the float network, for one digit."""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..recognition.classifier import Classifier
from ..recognition.layers import Tracer
from ..recognition.normalise import SIZE, DigitImage
from .side_by_side import Comparison

MOST = 6  # layers shown; of a deeper network the first, the last, and some between at even distances
BRIGHTEST = 254

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Maps:
    """A layer's maps, one after the other, in uint8: 0 is its lowest value in either network, 254 its highest.

    The lowest is at most 0. The difference of the networks is 254 where it is largest: `off`, as a share of that range.
    """

    shape: tuple[int, int, int]  # maps, height, width
    own: bytes
    reference: bytes = b""  # empty without a float network of these layers
    difference: bytes = b""
    off: float = 0.0
    names: str = ""  # the classes, a character each, of the layer that answers


class MapReader:
    """Traces digits through a network, and through the float network if there is one."""

    def __init__(self, comparison: Comparison) -> None:
        """Open nothing before the first digit."""
        self._comparison = comparison
        self._tracers: list[Tracer] = []
        self._unusable = False

    def read(self, classifier: Classifier, image: DigitImage) -> tuple[Maps, ...]:
        """Return the image and each layer's maps; the last layer has a map of one value for each class.

        Raises ModelError if the network cannot be traced; later calls then return the image alone.
        """
        seen = Maps((1, SIZE, SIZE), _bright(image, 0, 255))
        if self._unusable:
            return (seen,)
        try:
            own, *others = self._trace(classifier, image)
        except ModelError:
            self._unusable = True
            raise
        alike = [layers for layers in others if [one.shape for one in layers] == [one.shape for one in own]]
        chosen = np.unique(np.linspace(0, len(own) - 1, MOST).round().astype(int))
        *shown, answer = (_shown(own[i], *(layers[i] for layers in alike)) for i in chosen)
        return (seen, *shown, replace(answer, names="".join(classifier.model.classes)))

    def _trace(self, classifier: Classifier, image: DigitImage) -> list[list[Values]]:
        if not self._tracers:
            self._tracers = [Tracer(classifier)]
            reference = self._comparison.reference()
            if reference:
                with suppress(ModelError):
                    self._tracers.append(Tracer(reference.classifier))
        return [[_as_maps(layer.values[0]) for layer in tracer.trace(image[None])[1:]] for tracer in self._tracers]


def _as_maps(values: Values) -> Values:
    """Return a layer's values as (maps, height, width): channels last to first; a dense layer has maps of one value."""
    return np.moveaxis(values, -1, 0) if values.ndim == 3 else values.reshape(-1, 1, 1)


def _shown(own: Values, reference: Values | None = None) -> Maps:
    both = [own] if reference is None else [own, reference]
    low, high = min(0.0, *(float(one.min()) for one in both)), max(0.0, *(float(one.max()) for one in both))
    count, height, width = own.shape
    shape = count, height, width
    if reference is None:
        return Maps(shape, _bright(own, low, high))
    difference = np.abs(own - reference)
    off = float(difference.max())
    share = off / (high - low) if high > low else 0.0
    return Maps(shape, _bright(own, low, high), _bright(reference, low, high), _bright(difference, 0, off), share)


def _bright(values: NDArray[np.generic], low: float, high: float) -> bytes:
    share = (values.astype(np.float32) - low) / ((high - low) or 1)
    return np.rint(share * BRIGHTEST).astype(np.uint8).tobytes()
