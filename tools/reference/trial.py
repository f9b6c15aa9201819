"""A network that nobody trained, with every operator of the reference: to compare operators, not to read digits."""

from typing import Any

import keras
import numpy as np
from keras import layers


def every_operator(seed: int = 7) -> Any:
    """Return it with random weights: both paddings, strides, two branches that meet, and each activation."""
    inputs = keras.Input(batch_shape=(1, 28, 28, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6", name="conv")(inputs)
    one = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu", name="depthwise")(x)
    other = layers.Conv2D(16, 1, name="point")(x)
    x = layers.Multiply(name="product")([layers.Add(name="sum")([one, other]), other])
    x = layers.AveragePooling2D(3, strides=2, padding="same", name="mean")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="largest")(x)
    network = keras.Model(inputs, layers.Dense(10, name="logits")(layers.Flatten(name="flatten")(x)), name="every")
    chance = np.random.default_rng(seed)
    network.set_weights([chance.normal(0, 0.5, weights.shape).astype(np.float32) for weights in network.get_weights()])
    return network
