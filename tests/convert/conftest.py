"""Fewer images, and verification in this process: those take most of a conversion's time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convert import __main__ as convert
from convert.verify import verify
from edge_app.datasets.mnist import Mnist
from edge_app.errors import DigitpadError
from edge_app.recognition.interpreter import find_runtime


@pytest.fixture(scope="session")
def small(mnist: Mnist) -> Mnist:
    """MNIST with fewer test images."""
    return replace(mnist, x_test=mnist.x_test[:1000], y_test=mnist.y_test[:1000])


@contextmanager
def fewer_images(small: Mnist) -> Iterator[pytest.MonkeyPatch]:
    """Judge conversions by fewer images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "load_mnist", lambda _: small)
        patch.setattr(convert, "JUDGED", 1500)
        yield patch


@pytest.fixture
def quick(small: Mnist) -> Iterator[None]:
    """Judge by fewer images, and run the files in this process, which has loaded both runtimes."""

    def run_verification(runtime: str, folder: Path, options: list[str]) -> dict[str, Any]:
        try:
            return verify(find_runtime(runtime), folder, allow_float=bool(options))
        except DigitpadError as error:
            return {"runtime": runtime, "error": str(error)}

    with fewer_images(small) as patch:
        patch.setattr(convert, "_run_verification", run_verification)
        yield
