"""The networks by name; each takes (1, 28, 28, 1) in [0, 1]."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from edge_app.recognition.model import REJECT

DIGITS = tuple("0123456789")
CLASSES = {"classic": DIGITS, "edge": (*DIGITS, REJECT), "wide": (*DIGITS, REJECT)}


def classic() -> Any:
    """Return the tutorial's network: two convolutions with pooling, dropout, softmax; 35 k parameters."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(len(DIGITS), activation="softmax"),
        ],
        name="classic",
    )


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Keras' layer, with torch's fused kernel in training: it would take half of a batch's time otherwise."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return (n, height, width, channels) normalised over all but the channels."""
        if not training or keras.backend.backend() != "torch":
            return super().call(inputs, training=training, mask=mask)
        import torch

        normalised = torch.nn.functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            training=True,
            momentum=1 - self.momentum,
            eps=self.epsilon,
        )
        return normalised.permute(0, 2, 3, 1)


def edge(normalization: type[layers.Layer] = layers.BatchNormalization) -> Any:
    """Return the network that ships: four convolutions with batch normalisation, one dense layer, logits.

    Strides instead of pooling and no padding keep each operator on the fast int8 kernels of both runtimes. The first
    layer has a stride, where there are many pixels and few channels. The last output is "not a digit".
    """
    return _convolutions("edge", [(32, 5, 2), (48, 3, 1), (64, 3, 2), (96, 3, 1)], normalization)


def wide(normalization: type[layers.Layer] = layers.BatchNormalization) -> Any:
    """Return a teacher for `edge`, which sees all pixels in its first layer and has four times the parameters."""
    convolutions = [(24, 5, 1), (64, 3, 2), (96, 3, 1), (128, 3, 2), (160, 3, 1)]
    return _convolutions("wide", convolutions, normalization)


def _convolutions(name: str, convolutions: list[tuple[int, int, int]], normalization: type[layers.Layer]) -> Any:
    """Return a network of convolutions, each of (filters, size, stride)."""
    inputs = x = keras.Input((28, 28, 1))
    for number, (filters, size, stride) in enumerate(convolutions, 1):
        x = layers.Conv2D(filters, size, strides=stride, use_bias=False, name=f"conv{number}")(x)
        x = normalization(name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.Dropout(0.3, name="dropout")(layers.Flatten(name="flatten")(x))
    return keras.Model(inputs, layers.Dense(len(CLASSES[name]), dtype="float32", name="logits")(x), name=name)


NETWORKS: dict[str, Callable[[], Any]] = {"edge": edge, "wide": wide, "classic": classic}
