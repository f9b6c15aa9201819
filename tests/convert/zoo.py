"""Small networks as different people build them, trained here within a second.

Everything before the last layer keeps its random weights; the last layer is solved by least squares.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge_app.datasets.mnist import Mnist

Body = Callable[[Any], Any]
UNIT = (0.0, 1.0)
TRAINED_ON = 4000  # images
CERTAIN = 15  # times the targets 0 and 1, so that the network is as certain as a trained one


def dense(x: Any) -> Any:
    """One hidden layer."""
    return layers.Dense(128, "relu")(layers.Flatten()(x))


def convolution(x: Any) -> Any:
    """One convolution of stride 2."""
    return layers.Flatten()(layers.Conv2D(8, 5, 2, activation="relu")(x))


def tanh_lenet(x: Any) -> Any:
    """The activations and average pooling of LeNet."""
    return layers.Flatten()(layers.AveragePooling2D(2)(layers.Conv2D(6, 5, 2, activation="tanh")(x)))


def sigmoid(x: Any) -> Any:
    """A hidden layer of sigmoids."""
    return layers.Dense(256, "sigmoid")(layers.Flatten()(x))


def normalised(x: Any) -> Any:
    """BatchNormalization after the ReLU, which becomes MUL and ADD."""
    gamma = keras.initializers.RandomUniform(0.5, 1.5)
    normalise = layers.BatchNormalization(gamma_initializer=gamma, beta_initializer="random_uniform")
    return layers.Flatten()(normalise(layers.Conv2D(8, 5, 2, activation="relu")(x)))


def pooled(x: Any) -> Any:
    """Max pooling."""
    return layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(8, 3, 2, activation="relu")(x)))


def averaged(x: Any) -> Any:
    """Global average pooling, here over rows, which becomes MEAN."""
    x = layers.Reshape((12, 12 * 64))(layers.Conv2D(64, 5, 2, activation="relu")(x))
    return layers.GlobalAveragePooling1D()(x)


def padded(x: Any) -> Any:
    """Zeros around the picture, which become PAD."""
    return convolution(layers.ZeroPadding2D(2)(x))


def hard_swish(x: Any) -> Any:
    """MobileNet's activation."""
    return layers.Flatten()(layers.Activation("hard_silu")(layers.Conv2D(8, 5, 2)(x)))


def depthwise(x: Any) -> Any:
    """A depthwise convolution."""
    x = layers.Conv2D(8, 5, 2, activation="relu")(x)
    return layers.Flatten()(layers.DepthwiseConv2D(3, activation="relu")(x))


def residual(x: Any) -> Any:
    """A sum of two branches."""
    x = layers.Conv2D(8, 5, 2, activation="relu")(x)
    return layers.Flatten()(layers.add([x, layers.Conv2D(8, 3, padding="same", activation="relu")(x)]))


def joined(x: Any) -> Any:
    """Two branches beside each other."""
    x = layers.Conv2D(6, 5, 2, activation="relu")(x)
    return layers.Flatten()(layers.concatenate([x, layers.Conv2D(4, 3, padding="same", activation="relu")(x)]))


def leaky(x: Any) -> Any:
    """LeakyReLU and PReLU's kin."""
    return layers.Flatten()(layers.LeakyReLU(negative_slope=0.1)(layers.Conv2D(8, 5, 2)(x)))


def activated(name: str) -> Body:
    """One convolution with another activation."""
    return lambda x: layers.Flatten()(layers.Conv2D(8, 5, 2, activation=name)(x))


def prelu(x: Any) -> Any:
    """A slope of its own for each channel."""
    slopes = keras.initializers.RandomUniform(0.0, 0.5)
    return layers.Flatten()(layers.PReLU(slopes, shared_axes=[1, 2])(layers.Conv2D(8, 5, 2)(x)))


def separable(x: Any) -> Any:
    """A convolution by channel, then across channels."""
    x = layers.Conv2D(8, 5, 2, activation="relu")(x)
    return layers.Flatten()(layers.SeparableConv2D(12, 3, activation="relu")(x))


def global_average(x: Any) -> Any:
    """Global average pooling over the picture, here of four places."""
    return layers.GlobalAveragePooling2D()(layers.Conv2D(192, 27, activation="relu")(x))


def attention(x: Any) -> Any:
    """Rows that attend to each other."""
    rows = layers.Reshape((28, 28))(x)
    return convolution(layers.Reshape((28, 28, 1))(layers.add([rows, layers.MultiHeadAttention(2, 8)(rows, rows)])))


def augmented(x: Any) -> Any:
    """Augmentation inside the network, which does nothing but in training, and dropout."""
    return layers.Dropout(0.5)(convolution(layers.RandomTranslation(0.1, 0.1)(x)))


def recurrent(x: Any) -> Any:
    """Bands of rows read one after the other; unrolled, so without a loop."""
    rnn = layers.SimpleRNN(64, return_sequences=True, unroll=True)
    return layers.Flatten()(rnn(layers.Reshape((7, 4 * 28))(x)))


def mixed_precision(x: Any) -> Any:
    """A convolution that computes in float16."""
    return layers.Flatten()(layers.Conv2D(8, 5, 2, activation="relu", dtype="mixed_float16")(x))


def elu(x: Any) -> Any:
    """An activation that TensorFlow Lite has in float32 only."""
    return layers.Flatten()(layers.Conv2D(8, 5, 2, activation="elu")(x))


@dataclass(frozen=True)
class Kind:
    """A kind of network: what it takes, how it is built and ends."""

    name: str
    body: Body = convolution
    ends: tuple[float, float] = UNIT  # its input for paper and for ink
    shape: tuple[int, ...] = (28, 28, 1)
    batch: int | None = None
    first: Callable[[], Any] | None = None  # a layer before everything else
    head: str = "logits"
    classes: int = 10
    dtype: str = "float32"
    suffix: str = ".keras"

    def build(self) -> Any:
        """Return the network, untrained."""
        inputs = keras.Input(self.shape, batch_size=self.batch, dtype=self.dtype)
        x = self.first()(inputs) if self.first else inputs
        x = x if self.shape == (28, 28, 1) else layers.Reshape((28, 28, 1))(x)
        x = self.body(x)
        x = layers.Dense(self.classes, "softmax" if self.head == "softmax" else None, name="digits")(x)
        if self.head == "softmax layer":
            x = layers.Softmax()(x)
        elif self.head == "activation layer":
            x = layers.Activation("softmax")(x)
        elif self.head == "nested":  # a softmax that cannot be taken off
            x = keras.Sequential([keras.Input((self.classes,)), layers.Softmax()])(x)
        elif self.head in ("sigmoid", "log_softmax"):
            x = layers.Activation(self.head)(x)
        elif self.head == "picture":  # as a fully convolutional network ends
            x = layers.Reshape((1, 1, self.classes))(x)
        elif self.head == "two":
            return keras.Model(inputs, [x, layers.Dense(1, name="quality")(x)])
        return keras.Model(inputs, x)

    def inputs(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return digit images (n, 28, 28) as the network takes them, computed apart from digitpad."""
        paper, ink = self.ends
        return (paper + (ink - paper) * (images / 255.0)).astype(self.dtype).reshape(-1, *self.shape)

    def run(self, network: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what a network of this kind gives for digit images."""
        values, step = self.inputs(images), self.batch or 500
        return np.concatenate(
            [np.asarray(network([values[i : i + step]], training=False)) for i in range(0, len(values), step)]
        )

    def train(self, mnist: Mnist) -> Any:
        """Return the network, its last layer fitted to the first images of MNIST."""
        keras.utils.set_random_seed(1)
        network = self.build()
        last = network.get_layer("digits")
        found = self.run(keras.Model(network.inputs, last.input), mnist.x_train[:TRAINED_ON]).astype(np.float64)
        found = np.column_stack([found, np.ones(len(found))])
        targets = np.eye(self.classes)[mnist.y_train[:TRAINED_ON]] - 0.5
        ridge = 0.01 * np.trace(found.T @ found) / found.shape[1]
        solved = CERTAIN * np.linalg.solve(found.T @ found + ridge * np.eye(found.shape[1]), found.T @ targets)
        last.set_weights([solved[:-1], solved[-1]])
        return network

    def answers(self, network: Any, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Return the network's answers, by Keras."""
        return self.run(keras.Model(network.inputs, network.outputs[0]), images).reshape(len(images), -1).argmax(axis=1)


KINDS = [
    Kind("0 to 1"),
    Kind("0 to 1, dense", dense),
    Kind("-1 to 1", ends=(-1.0, 1.0)),
    Kind("0 to 255", ends=(0.0, 255.0)),
    Kind("mean and deviation", ends=(-0.1307 / 0.3081, (1 - 0.1307) / 0.3081)),
    Kind("black on white", ends=(1.0, 0.0)),
    Kind("black on white, 255", ends=(255.0, 0.0), first=lambda: layers.Rescaling(1 / 127.5, -1)),
    Kind("rescaling", ends=(0.0, 255.0), first=lambda: layers.Rescaling(1 / 255)),
    Kind("no channel", shape=(28, 28)),
    Kind("channel first", shape=(1, 28, 28)),
    Kind("flat", dense, shape=(784,)),
    Kind("batch of 50", batch=50),
    Kind("softmax", head="softmax"),
    Kind("softmax layer", head="softmax layer"),
    Kind("softmax as activation layer", head="activation layer"),
    Kind("softmax in a nested model", head="nested"),
    Kind("eleven classes", classes=11),
    Kind("tanh", tanh_lenet),
    Kind("sigmoid", sigmoid),
    Kind("batch normalisation", normalised),
    Kind("max pooling", pooled),
    Kind("global average", averaged),
    Kind("padding", padded),
    Kind("hard swish", hard_swish),
    Kind("depthwise", depthwise),
    Kind("residual", residual),
    Kind("concatenation", joined),
    Kind("leaky", leaky),
    Kind("PReLU", prelu),
    Kind("ReLU6", activated("relu6")),
    Kind("swish", activated("swish")),
    Kind("GELU", activated("gelu")),
    Kind("separable", separable),
    Kind("global average of a picture", global_average),
    Kind("attention", attention),
    Kind("recurrent", recurrent),
    Kind("augmentation", augmented),
    Kind("normalization layer", ends=(0.0, 255.0), first=lambda: layers.Normalization(mean=33.3, variance=78.6**2)),
    Kind("bytes", ends=(0.0, 255.0), first=lambda: layers.Rescaling(1 / 255), dtype="uint8"),
    Kind("mixed precision", mixed_precision),
    Kind("one against all", head="sigmoid"),
    Kind("log softmax", head="log_softmax"),
    Kind("picture of one pixel", head="picture"),
    Kind("h5", suffix=".h5"),
    Kind("SavedModel", head="softmax", suffix=""),
]
