"""Quantisation, and the classifier on models that are not what they should be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_app.classifier import Classifier, dequantise_output, quantise_input, softmax
from edge_app.errors import ModelError

from .fakes import CLASSES, FakeInterpreter, fake_model, fake_runtime


def test_input_is_rounded_not_truncated() -> None:
    values = np.array([0.0, 0.49, 0.51, 0.99, 1.0, -0.51], np.float32)
    assert quantise_input(values, 1.0, 0).tolist() == [0, 0, 1, 1, 1, -1]


def test_input_is_clipped_not_wrapped() -> None:
    assert quantise_input(np.array([-10, 10], np.float32), 1 / 255, -128).tolist() == [-128, 127]


def test_output_does_not_overflow_at_the_extremes() -> None:
    whole = np.arange(-128, 128).astype(np.int8)
    assert dequantise_output(whole, 0.5, -128).tolist() == [i / 2 for i in range(256)]
    assert dequantise_output(whole, 0.5, 127).tolist() == [(i - 255) / 2 for i in range(256)]


@given(
    hnp.arrays(np.int8, 20),
    st.floats(2**-13, 8, width=32),
    st.integers(-128, 127),
)
def test_there_and_back_is_the_same(
    values: "np.ndarray[tuple[int], np.dtype[np.int8]]", scale: float, zero: int
) -> None:
    assert quantise_input(dequantise_output(values, scale, zero), scale, zero).tolist() == values.tolist()


@given(hnp.arrays(np.float32, (3, 11), elements=st.floats(-1000, 1000, width=32)), st.floats(0.1, 10))
def test_softmax_is_a_distribution_and_keeps_the_order(
    logits: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", t: float
) -> None:
    p = softmax(logits, t)
    assert np.isfinite(p).all()
    assert np.allclose(p.sum(axis=1), 1, atol=1e-5)
    assert (p[np.arange(3), logits.argmax(axis=1)] >= p.max(axis=1) - 1e-6).all()


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_a_model_is_run_whatever_its_number_type(dtype: type) -> None:
    classifier = Classifier(fake_model(), fake_runtime(FakeInterpreter(dtype=dtype)))
    images = np.zeros((11, 28, 28), np.uint8)
    images[:, 0, 0] = [10 * k + 5 for k in range(11)]
    assert classifier.logits(images).argmax(axis=1).tolist() == list(range(11))
    assert classifier.logits(images).dtype == np.float32
    assert classifier.is_int8 == (dtype == np.int8)


@pytest.mark.parametrize(
    ("interpreter", "classes", "reason"),
    [
        (FakeInterpreter(shapes=((1, 32, 32, 1), (1, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(shapes=((1, 28, 28, 3), (1, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(shapes=((4, 28, 28, 1), (4, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(), CLASSES[:10], "expected shapes"),
        (FakeInterpreter(dtype=np.uint8), CLASSES, "expected int8 or float32 input and output, found uint8"),
        (FakeInterpreter(scale=0.0), CLASSES, "without a quantisation scale"),
    ],
)
def test_another_kind_of_model_is_refused(interpreter: FakeInterpreter, classes: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        Classifier(fake_model(classes), fake_runtime(interpreter))
    assert "Run:" in str(caught.value) or "run:" in str(caught.value)


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28), np.float32), np.zeros((1, 20, 20), np.uint8)]
)
def test_wrong_images_are_a_bug_not_a_guess(images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> None:
    with pytest.raises(ValueError, match="expected"):
        Classifier(fake_model(), fake_runtime(FakeInterpreter())).logits(images)
