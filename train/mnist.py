"""MNIST for training: a local file, or Keras' own download."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edge_app.datasets.mnist import VARIABLE, Mnist, mnist_path, read_mnist, verify_mnist
from edge_app.errors import DataError


def load_mnist(path: Path | None = None) -> Mnist:
    """Return MNIST from the npz at `path`, or at DIGITPAD_MNIST, or from Keras' download.

    Raises DataError unless shapes, types, labels and SHA-256 are canonical.
    """
    local = mnist_path(path)
    return read_mnist(local) if local else verify_mnist(_download(), "Keras' download")


def _download() -> dict[str, NDArray[Any]]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when the URL fails
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"MNIST could not be downloaded ({reason}). Check the network, or get mnist.npz elsewhere "
            f"and run again with --mnist FILE or {VARIABLE}=FILE"
        ) from None
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
