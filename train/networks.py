"""The networks by name; each takes (1, 28, 28, 1) in [0, 1]."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from edge_app.modelfile import REJECT

DIGITS = tuple("0123456789")
CLASSES = {"classic": DIGITS, "edge": (*DIGITS, REJECT)}


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


def edge() -> Any:
    """Return the network that ships: four convolutions with batch normalisation, one dense layer, logits.

    Strides instead of pooling and no padding: each operator stays on the fast int8 kernels of both runtimes, and
    the first stride comes at once, where the pixels are many and the channels few. The last output is "no digit".
    """
    inputs = x = keras.Input((28, 28, 1))
    for number, (filters, strides) in enumerate([(32, 2), (48, 1), (64, 2), (96, 1)], 1):
        x = layers.Conv2D(filters, 5 if number == 1 else 3, strides=strides, use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.Dropout(0.3, name="dropout")(layers.Flatten(name="flatten")(x))
    return keras.Model(inputs, layers.Dense(len(CLASSES["edge"]), name="logits")(x), name="edge")


NETWORKS: dict[str, Callable[[], Any]] = {"edge": edge, "classic": classic}
