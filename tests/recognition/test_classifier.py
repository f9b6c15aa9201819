"""Quantisation, and the classifier on models that are not what they should be."""

import dataclasses
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8, load_model, models_folder
from edge_app.recognition.classifier import Classifier, dequantise_output, quantise_input, softmax
from edge_app.recognition.interpreter import Runtime, find_runtime
from edge_app.recognition.model import HOW_TO_MAKE, Model

from ..conftest import DATA
from ..modelfiles.test_shipped import RUNTIMES
from ..support.fakes import CLASSES, FakeInterpreter, fake_model, fake_runtime


@given(
    hnp.arrays(np.int8, 20),
    st.floats(2**-13, 8, width=32),
    st.integers(-128, 127),
)
def test_quantising_a_dequantised_output_restores_it(
    values: "np.ndarray[tuple[int], np.dtype[np.int8]]", scale: float, zero: int
) -> None:
    assert quantise_input(dequantise_output(values, scale, zero), scale, zero).tolist() == values.tolist()


real = st.floats(-1e4, 1e4, width=32)
scales = st.floats(2**-13, 8, width=32)


@given(hnp.arrays(np.float32, 20, elements=real), scales, st.integers(-128, 127))
def test_input_is_the_nearest_unit_by_exact_fractions(
    values: "np.ndarray[tuple[int], np.dtype[np.float32]]", scale: float, zero: int
) -> None:
    """To the nearest, and to either where the division's last bit makes a half of it; clipped, never wrapped."""
    for value, found in zip(values.tolist(), quantise_input(values, scale, zero).tolist(), strict=True):
        exact = Fraction(value) / Fraction(scale)
        most = Fraction(1, 2) + abs(exact) / 2**24
        expected = min(max(exact + zero, -128), 127)
        assert abs(found - expected) <= most
        assert -128 <= found <= 127


@given(st.integers(-20, 20), st.sampled_from([2.0**-8, 0.5, 1.0, 4.0]), st.integers(-60, 60))
def test_halves_go_to_the_even_unit_as_in_tflite(halves: int, scale: float, zero: int) -> None:
    value = np.array([halves * scale / 2], np.float32)
    assert quantise_input(value, scale, zero).tolist() == [round(Fraction(halves, 2)) + zero]


@given(scales, st.integers(-128, 127))
def test_output_is_the_exact_product(scale: float, zero: int) -> None:
    whole = np.arange(-128, 128).astype(np.int8)
    found = dequantise_output(whole, scale, zero)
    assert found.dtype == np.float32
    # 9 bits times 24 fit in a double: rounded once, to float32
    assert found.tolist() == [float(np.float32((unit - zero) * scale)) for unit in range(-128, 128)]


@given(hnp.arrays(np.float32, (2, 3, 11), elements=st.floats(-1000, 1000, width=32)), st.floats(0.125, 8, width=32))
def test_softmax_equals_its_formula(
    logits: "np.ndarray[tuple[int, int, int], np.dtype[np.float32]]", temperature: float
) -> None:
    found = softmax(logits, temperature)
    assert found.shape == logits.shape
    assert found.dtype == np.float32
    for row, own in zip(logits.reshape(-1, 11).tolist(), found.reshape(-1, 11), strict=True):
        powers = [math.exp((value - max(row)) / temperature) for value in row]
        assert own == pytest.approx([power / math.fsum(powers) for power in powers], rel=1e-3, abs=1e-6)
    assert softmax(logits[0, 0], 1.0).tolist() == softmax(logits[0, 0]).tolist() == softmax(logits)[0, 0].tolist()


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_int8_and_float_models_are_run(dtype: type) -> None:
    classifier = Classifier(fake_model(), fake_runtime(FakeInterpreter(dtype=dtype)))
    images = np.zeros((11, 28, 28), np.uint8)
    images[:, 0, 0] = [10 * k + 5 for k in range(11)]
    assert classifier.logits(images).argmax(axis=1).tolist() == list(range(11))
    assert classifier.logits(images).dtype == np.float32
    assert classifier.is_int8 == (dtype == np.int8)


class Fake(FakeInterpreter):
    """The fake with an output of another kind: with another scale, or in float32; and it may fail."""

    def __init__(self, output: tuple[float, int] | None = (0.5, -128), fault: str = "") -> None:
        super().__init__()
        self.kind, self.fault = output, fault

    def get_output_details(self) -> list[dict[str, Any]]:
        (detail,) = super().get_output_details()
        other: dict[str, Any] = {"dtype": np.float32} if self.kind is None else {"quantization": self.kind}
        return [{**detail, **other}]

    def invoke(self) -> None:
        super().invoke()
        if self.fault:
            raise RuntimeError(self.fault)


IMAGES = np.zeros((3, 28, 28), np.uint8)
IMAGES[:, 0, 0] = [5, 75, 105]


def test_logits_are_the_outputs_as_real_numbers() -> None:
    expected = np.zeros((3, 11), np.float32)
    expected[[0, 1, 2], [0, 7, 10]] = 64
    for dtype in (np.int8, np.float32):
        found = Classifier(fake_model(), fake_runtime(FakeInterpreter(dtype=dtype))).logits(IMAGES)
        assert found.tolist() == expected.tolist()
    other = Classifier(fake_model(), fake_runtime(Fake(output=(0.25, 2))))
    assert other.logits(IMAGES).tolist() == (expected / 2 - (128 + 2) / 4 + (128 - 128) / 4).tolist()
    assert other.output_step == 0.25


class TwoOutputs(FakeInterpreter):
    """Gives features besides, listed first: how many grey levels the top left pixel has."""

    def __init__(self, width: int = 384, more: int = 0) -> None:
        super().__init__()
        self.width, self.more = width, more

    def get_output_details(self) -> list[dict[str, Any]]:
        [logits] = super().get_output_details()
        features = {**logits, "index": 2, "shape": np.array((1, self.width)), "quantization": (0.25, -128)}
        return [features, *[features] * self.more, logits]

    def get_tensor(self, index: int) -> Any:
        if index == 2:
            return np.full((1, self.width), self.input[0, 0, 0, 0], np.int8)
        return super().get_tensor(index)


def test_features_are_the_larger_of_two_outputs() -> None:
    classifier = Classifier(fake_model(), fake_runtime(TwoOutputs()))
    plain = Classifier(fake_model(), fake_runtime(FakeInterpreter()))
    assert (classifier.has_features, plain.has_features) == (True, False)
    features, logits = classifier.features(IMAGES)
    assert np.array_equal(features, np.repeat([[5 / 4], [75 / 4], [105 / 4]], 384, axis=1))
    assert logits.tolist() == classifier.logits(IMAGES).tolist() == plain.logits(IMAGES).tolist()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_probabilities_are_calibrated_by_the_models_temperature(temperature: float) -> None:
    model = dataclasses.replace(fake_model(), temperature=temperature)
    classifier = Classifier(model, fake_runtime(Fake(output=(2**-4, 0))))
    rest = math.exp(-8 / temperature)
    found = classifier.probabilities(IMAGES)
    assert found[[0, 1, 2], [0, 7, 10]].tolist() == pytest.approx([1 / (1 + 10 * rest)] * 3)
    assert found.sum(axis=1) == pytest.approx(1)


def test_grey_levels_are_the_nearest_units_of_the_input() -> None:
    for scale in (1 / 255, 0.0039, 0.01, 2**-8):
        classifier = Classifier(fake_model(), fake_runtime(FakeInterpreter(scale=scale)))
        levels = [round(Fraction(grey, 255) / Fraction(scale)) - 128 for grey in range(256)]
        found = classifier._levels.tolist()
        assert [min(max(level, -128), 127) for level in levels] == found
    floats = Classifier(fake_model(), fake_runtime(FakeInterpreter(dtype=np.float32)))._levels
    assert floats.tolist() == [float(np.float32(grey / 255)) for grey in range(256)]


def test_the_model_is_opened_with_one_thread_by_default() -> None:
    asked: list[dict[str, Any]] = []

    def interpreter(**options: Any) -> FakeInterpreter:
        asked.append(options)
        return FakeInterpreter()

    Classifier(fake_model(), Runtime("fake", interpreter))
    Classifier(fake_model(), Runtime("fake", interpreter), 3)
    expected = [{"model_content": b"fake", "num_threads": threads} for threads in (1, 3)]
    assert asked == expected


def test_a_file_that_no_runtime_opens_is_named() -> None:
    def interpreter(**options: Any) -> FakeInterpreter:
        raise ValueError("Model provided has model identifier 'fake'")

    with pytest.raises(
        ModelError, match=r"^fake\.tflite: fake unknown cannot load it \(Model provided .*python -m convert$"
    ):
        Classifier(fake_model(), Runtime("fake", interpreter))


def test_a_model_that_opens_and_does_not_run_is_named() -> None:
    classifier = Classifier(fake_model(), fake_runtime(Fake(fault="node 3 failed to invoke")))
    with pytest.raises(ModelError) as caught:
        classifier.logits(IMAGES)
    reason = "fake.tflite: opens, but does not run (node 3 failed to invoke). "
    assert str(caught.value) == reason + HOW_TO_MAKE


@pytest.mark.parametrize("name", RUNTIMES)
def test_operators_are_listed_and_traced(name: str) -> None:
    classifier = Classifier(load_model(), find_runtime(name))
    traced = classifier.open_traced()
    steps = [str(one["op_name"]) for one in traced._get_ops_details()]
    assert steps == [*["CONV_2D"] * 4, "RESHAPE", "FULLY_CONNECTED"]
    listed = classifier.operators()
    assert listed[: len(steps)] == steps
    assert set(listed[len(steps) :]) <= {"DELEGATE"}
    classifier.feed(traced, IMAGES[0])
    assert traced.get_tensor(int(traced._get_ops_details()[0]["outputs"][0])).shape == (1, 12, 12, 32)


def test_operators_are_empty_if_the_runtime_does_not_list_them() -> None:
    assert Classifier(fake_model(), fake_runtime(FakeInterpreter())).operators() == []


@pytest.mark.parametrize(
    ("file", "number_type", "interface"),
    [
        (models_folder() / FLOAT, "float32", "float32"),
        (models_folder() / INT8, "int8", "int8"),
        (DATA / "models" / "classic_float16.tflite", "float16", "float32"),
        (DATA / "models" / "classic_dynamic.tflite", "dynamic range", "float32"),
    ],
)
def test_a_model_is_called_by_what_it_computes_with(file: Path, number_type: str, interface: str) -> None:
    classes = CLASSES if file.parent == models_folder() else CLASSES[:10]
    classifier = Classifier(Model(file, file.read_bytes(), "", classes))
    assert (classifier.number_type, classifier.interface) == (number_type, interface)


@pytest.mark.parametrize("shape", [(1, 28, 28), (28, 28), (1, 784), (1, 1, 28, 28)])
def test_a_network_gets_its_input_in_its_own_shape(shape: tuple[int, ...]) -> None:
    class Taking(FakeInterpreter):
        def invoke(self) -> None:
            self.input = self.input.reshape(1, 28, 28, 1)
            super().invoke()

    classifier = Classifier(fake_model(), fake_runtime(Taking(shapes=(shape, (1, 11)))))
    assert classifier.logits(IMAGES).argmax(axis=1).tolist() == [0, 7, 10]


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 255), (np.int16, 32767)])
def test_other_integers_are_clipped_at_their_own_limits(dtype: type, most: int) -> None:
    model = dataclasses.replace(fake_model(), input_range=(1.0, 1e9))
    levels = Classifier(model, fake_runtime(FakeInterpreter(dtype=dtype)))._levels
    assert levels.dtype == dtype
    assert (levels[0], levels[-1]) == (255 - 128, most)


def test_the_input_is_what_the_network_takes_for_paper_and_ink() -> None:
    for ends in ((-1.0, 1.0), (255.0, 0.0), (-0.4242, 2.8215)):
        model = dataclasses.replace(fake_model(), input_range=ends)
        levels = Classifier(model, fake_runtime(FakeInterpreter(dtype=np.float32)))._levels
        assert levels.tolist() == pytest.approx(np.linspace(*ends, 256).tolist(), rel=1e-5, abs=1e-5)


class Softmax(FakeInterpreter):
    """Ends in a softmax that gives 0.9, and 0.01 for each other class."""

    def _get_ops_details(self) -> list[dict[str, Any]]:
        return [{"op_name": name, "outputs": [1]} for name in ("FULLY_CONNECTED", "SOFTMAX", "DEQUANTIZE")]

    def invoke(self) -> None:
        super().invoke()
        self.output = np.where(self.output > 0, 0.9, 0.01).astype(np.float32)


def test_no_second_softmax_is_applied() -> None:
    classifier = Classifier(fake_model(), fake_runtime(Softmax(dtype=np.float32)))
    assert classifier.has_softmax
    found = classifier.probabilities(IMAGES)
    assert found[[0, 1, 2], [0, 7, 10]].tolist() == pytest.approx([0.9] * 3)
    assert found.sum(axis=1) == pytest.approx(1)
    assert not Classifier(fake_model(), fake_runtime(FakeInterpreter())).has_softmax


@pytest.mark.parametrize(
    ("interpreter", "classes", "reason"),
    [
        (FakeInterpreter(shapes=((1, 32, 32, 1), (1, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(shapes=((1, 28, 28, 3), (1, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(shapes=((4, 28, 28, 1), (4, 11))), CLASSES, "expected shapes"),
        (FakeInterpreter(), CLASSES[:10], "expected shapes"),
        (TwoOutputs(width=11), CLASSES, "expected shapes"),  # either could be the logits
        (TwoOutputs(width=1), CLASSES, "expected shapes"),
        (TwoOutputs(more=1), CLASSES, "expected shapes"),
        (FakeInterpreter(dtype=np.int64), CLASSES, "input or output of type int64"),
        (FakeInterpreter(scale=0.0), CLASSES, "without a quantisation scale"),
        (Fake(output=(0.0, 0)), CLASSES, "without a quantisation scale"),
    ],
)
def test_another_kind_of_model_is_rejected(interpreter: FakeInterpreter, classes: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        Classifier(fake_model(classes), fake_runtime(interpreter))
    assert str(caught.value).startswith("fake.tflite: ")
    assert str(caught.value).endswith(HOW_TO_MAKE)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 28), np.float32),
        np.zeros((1, 20, 20), np.uint8),
        np.zeros((1, 28, 28, 1), np.uint8),
        np.zeros((28, 28, 1), np.uint8),
    ],
)
def test_images_of_another_shape_or_type_raise_value_error(
    images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
) -> None:
    with pytest.raises(ValueError, match="expected"):
        Classifier(fake_model(), fake_runtime(FakeInterpreter())).logits(images)
