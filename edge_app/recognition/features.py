"""Features: the input of the network's last dense layer, with the logits."""

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .classifier import Classifier, Features, Logits
from .layers import Tracer
from .normalise import SIZE

ENDS = ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC")


class FeatureReader:
    """Reads the features where they are an output of the model, else by tracing its layers in a second, slower run."""

    def __init__(self, classifier: Classifier) -> None:
        """Raise ModelError if the model neither gives its features nor ends in a dense layer that can be traced."""
        self._classifier = classifier
        self._tracer = None if classifier.has_features else Tracer(classifier)
        self.read(np.zeros((1, SIZE, SIZE), np.uint8))

    def read(self, images: NDArray[np.uint8]) -> tuple[Features, Logits]:
        """Return the features and logits of digit images, (n, 28, 28) uint8; raises ModelError if a run fails."""
        if self._tracer is None:
            return self._classifier.features(images)
        return np.stack([self._traced(self._tracer, image) for image in images]), self._classifier.logits(images)

    def _traced(self, tracer: Tracer, image: NDArray[np.uint8]) -> Features:
        layers = [layer for layer in tracer.trace(image[None]) if layer.name not in ENDS]
        if layers[-1].name != "FULLY_CONNECTED":
            raise ModelError(
                f"{self._classifier.model.path}: cannot learn handwriting, since it does not end in a dense layer"
            )
        return layers[-2].values.ravel()
