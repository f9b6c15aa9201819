"""The network in integers: its arithmetic against exact fractions, its operators against both runtimes."""

import json
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_app.datasets.allographs import reference_digits
from edge_app.datasets.mnist import Mnist
from edge_app.modelfiles.card import CARD, INT8, load_model, models_folder
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime
from edge_app.recognition.model import Model
from tools.reference.arithmetic import (
    LEAST,
    MOST,
    doubling_high_multiply,
    quantise_multiplier,
    rescale,
    rescale_halves_up,
    rescale_once,
    rescale_truncating,
    rounding_divide_by_power_of_two,
)
from tools.reference.compare import answers_that_differ, compare_operators, difference, outputs_of, seen_by
from tools.reference.network import ROUNDINGS, Network
from tools.reference.operators import RELU

from ..conftest import ROOT
from ..modelfiles.test_shipped import RUNTIMES

int32 = st.integers(LEAST, MOST)
small = st.integers(-(2**23), 2**23)  # an accumulator of 5,000 products of int8
multipliers = st.integers(2**30, MOST)


def rounded(value: Fraction) -> int:
    """Return the nearest integer, halves away from zero."""
    return int(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def gemmlowp(a: int, b: int) -> int:
    """SaturatingRoundingDoublingHighMul as gemmlowp has it, in Python's integers: a nudge, and C's division."""
    if a == b == LEAST:
        return MOST
    nudged = a * b + (2**30 if a * b >= 0 else 1 - 2**30)
    return abs(nudged) // 2**31 * (1 if nudged >= 0 else -1)


@given(st.floats(2**-20, 2**20))
def test_a_factor_is_31_bits_of_it(real: float) -> None:
    multiplier, shift = quantise_multiplier(real)
    assert 2**30 <= multiplier <= MOST
    unit = Fraction(2) ** (shift - 31)
    assert abs(multiplier * unit - Fraction(real)) <= unit / 2


def test_a_factor_next_to_a_power_of_two_is_carried_and_one_next_to_nothing_is_none() -> None:
    assert quantise_multiplier(1 - 2**-40) == (2**30, 1)
    assert quantise_multiplier(2**-40) == quantise_multiplier(0.0) == (0, 0)


@given(int32, int32)
def test_the_high_product_is_gemmlowps(a: int, b: int) -> None:
    assert doubling_high_multiply(a, b) == gemmlowp(a, b)


def test_the_high_product_of_the_least_numbers_is_the_greatest() -> None:
    assert doubling_high_multiply(LEAST, LEAST) == MOST
    assert doubling_high_multiply([-(2**30), 2**30], [1, 1]).tolist() == [0, 1]  # halves, both upwards


@given(int32, st.integers(0, 31))
def test_a_shift_rounds_halves_away_from_zero(value: int, exponent: int) -> None:
    assert rounding_divide_by_power_of_two(value, exponent) == rounded(Fraction(value, 2**exponent))


@given(small, multipliers, st.integers(-24, 7))
def test_each_way_of_rescaling_is_next_to_the_exact_value(value: int, multiplier: int, shift: int) -> None:
    exact = Fraction(value) * multiplier * Fraction(2) ** (shift - 31)
    for once in (rescale_once, rescale, rescale_halves_up):
        found = int(once(value, multiplier, shift))
        # rounded twice, what is within half of the product's last bit of a half may go the other way
        twice = 0 if once is rescale_once else Fraction(2) ** (min(shift, 0) - 1)
        assert abs(found - exact) <= Fraction(1, 2) + twice
    assert 0 <= exact - int(rescale_truncating(value, multiplier, shift)) < 1


def test_what_the_ways_of_rescaling_do_with_halves() -> None:
    half = 2**30, 0  # a factor of one half
    assert rescale([-3, -1, 1, 3], *half).tolist() == [-1, 0, 1, 2]  # the product rounds, and that upwards
    quarter = 2**30, -1
    assert rescale([-6, -2, 2, 6], *quarter).tolist() == [-2, -1, 1, 2]
    assert rescale_halves_up([-6, -2, 2, 6], *quarter).tolist() == [-1, 0, 1, 2]
    assert rescale_once([-6, -2, 2, 6], *quarter).tolist() == [-1, 0, 1, 2]
    assert rescale([5], *quarter).tolist() == [2]  # 1.25: 2.5 becomes 3, and 1.5 becomes 2
    assert rescale_once([5], *quarter).tolist() == [1]


def test_an_accumulator_that_does_not_fit_is_told() -> None:
    with pytest.raises(OverflowError, match="int32"):
        rescale([2**30], 2**30, 1)


# --- The shipped network


@cache
def images_at_hand() -> NDArray[np.uint8]:
    """Drawn digits, and noise of every density: what is here without MNIST."""
    chance = np.random.default_rng(4)
    dense = chance.random((40, 28, 28)) < np.linspace(0.02, 1, 40)[:, None, None]
    noise = (chance.integers(0, 256, dense.shape) * dense).astype(np.uint8)
    return np.concatenate([reference_digits()[0][:80], noise])


def is_exact(operators: list[dict[str, Any]]) -> bool:
    return all(one.get("differ") == 0 or one.get("overwritten") for one in operators)


def largest(operators: list[dict[str, Any]]) -> int:
    return max(one.get("largest", 0) for one in operators)


def differing(operators: list[dict[str, Any]]) -> int:
    return sum(one.get("differ", 0) for one in operators)


def check_shipped(images: NDArray[np.uint8]) -> None:
    """By the specification to one unit, with the kernels' own halves to the bit: step by step, and to the end."""
    content = load_model().content
    exact, by_the_book = Network(content, "kernels"), Network(content)
    own = exact.run(images)
    for name in RUNTIMES:
        seen = seen_by(Classifier(load_model(), find_runtime(name)), exact, images)
        assert seen.keys() == {exact.input.index, *(step.output.index for step in exact.steps)}  # all is looked at
        assert all(np.array_equal(own[index].ravel(), seen[index].ravel()) for index in seen)
    # the specification and the kernels part where a negative sum is a half: behind a ReLU nobody sees that
    assert [step.options.fusedActivationFunction for step in exact.steps if step.name == "CONV_2D"] == [RELU] * 4
    by_the_book.steps = by_the_book.steps[-1:]
    (found,) = compare_operators(by_the_book, seen, {})
    assert found["operator"] == "FULLY_CONNECTED"
    assert found["largest"] <= 1
    assert found["differ"] <= 0.002 * found["values"]


def test_every_operator_is_within_one_unit_of_the_specification() -> None:
    check_shipped(images_at_hand())


@pytest.mark.data
def test_every_operator_is_within_one_unit_on_a_thousand_images(mnist: Mnist) -> None:
    check_shipped(mnist.x_test[:1000])


@pytest.mark.parametrize("name", RUNTIMES)
def test_what_the_app_gets_is_within_one_unit_and_has_the_same_answers(name: str) -> None:
    """Also where XNNPACK takes over, which rounds once."""
    images = images_at_hand()[:80]
    classifier = Classifier(load_model(), find_runtime(name))
    got = outputs_of(classifier, images)
    own = {rounding: Network(classifier.model.content, rounding) for rounding in ("kernels", "once")}
    apart = [difference(network.run(images)[network.output.index], got)["differ"] for network in own.values()]
    assert min(apart) <= 2
    assert max(apart) > 10  # the two are told apart
    network = own["kernels"]
    found = network.run(images)[network.output.index]
    assert difference(found, got)["largest"] <= 1
    assert answers_that_differ(found, got) == 0


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize(("rounding", "least"), [("once", 100), ("none", 20_000)])
def test_a_wrong_rounding_is_told_apart(name: str, rounding: str, least: int) -> None:
    classifier = Classifier(load_model(), find_runtime(name))
    images = images_at_hand()[:80]
    network = Network(classifier.model.content, rounding)
    seen = seen_by(classifier, network, images)
    found = compare_operators(network, seen, {})
    assert differing(found) >= least
    assert largest(found) == 1  # one operator alone hides it: it is how many differ that tells
    if rounding == "none":
        last = network.run(images)[network.output.index]
        assert difference(last, seen[network.output.index])["largest"] > 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda step: step.inputs[1].values.__setitem__(0, -step.inputs[1].values[0]),
        lambda step: step.inputs[2].values.__iadd__(2000),
        lambda step: step.inputs[0].zero_points.__iadd__(1),
        lambda step: step.output.scales.__imul__(np.float32(0.9)),
    ],
    ids=["weights", "bias", "zero point", "scale"],
)
@pytest.mark.parametrize("number", [0, 3, 5])
def test_another_network_is_told_apart(number: int, spoil: Callable[[Any], object]) -> None:
    classifier = Classifier(load_model())
    images = images_at_hand()[:20]
    network = Network(classifier.model.content, "kernels")
    seen = seen_by(classifier, network, images)
    assert is_exact(compare_operators(network, seen, {}))
    spoil(network.steps[number])
    found = compare_operators(network, seen, {})
    assert not is_exact(found[number : number + 1])


def test_the_grey_levels_are_the_classifiers_own() -> None:
    classifier = Classifier(load_model())
    network = Network(classifier.model.content)
    assert network.levels().tolist() == classifier._levels.tolist()


# --- Further operators


@pytest.fixture(scope="module")
def every_operator() -> Model:
    """A network of nobody's with every operator of the reference."""
    pytest.importorskip("keras")
    from convert.tflite import quantise
    from tools.reference.trial import every_operator

    content = quantise(every_operator(), reference_digits()[0][:100])
    return Model(Path("every.tflite"), content, "", tuple("0123456789"))


@pytest.mark.parametrize("name", RUNTIMES)
def test_operators_that_the_shipped_network_has_not_are_right_as_well(every_operator: Model, name: str) -> None:
    classifier = Classifier(every_operator, find_runtime(name))
    network = Network(every_operator.content, "kernels")
    own = network.run(images_at_hand())
    seen = seen_by(classifier, network, images_at_hand())
    found = compare_operators(network, seen, own)
    assert {one["operator"] for one in found} == {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "ADD",
        "MUL",
        "AVERAGE_POOL_2D",
        "MAX_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
    }
    assert is_exact(found)
    # what tflite-runtime writes over is still proven by what follows from it
    overwritten = [one["operator"] for one in found if "overwritten" in one]
    assert overwritten == (["DEPTHWISE_CONV_2D", "ADD"] if name == "tflite-runtime" else [])
    for other in ("once", "none"):
        assert differing(compare_operators(Network(every_operator.content, other), seen, own)) > 100
    by_the_book = compare_operators(Network(every_operator.content), seen, own)
    assert largest(by_the_book) <= 1


def test_what_the_reference_does_not_hold_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="not in the reference"):
        Network((models_folder() / "digits_float.tflite").read_bytes())


# --- What was measured


def measured() -> dict[str, Any]:
    report: dict[str, Any] = json.loads((ROOT / "docs" / "figures" / "reference.json").read_text())
    return report


def test_the_document_has_what_was_measured() -> None:
    report = measured()
    card = json.loads((models_folder() / CARD).read_text())
    shipped = report["models"]["digits_int8.tflite"]
    assert shipped["sha256"] == card["files"][INT8]["sha256"], "measure again: make reference"
    text = (ROOT / "docs" / "robustness.md").read_text()
    section = text.partition("## Properties and an integer reference")[2].partition("\n## ")[0]
    assert f"{shipped['images']:,} images" in section
    for runtime in report["runtimes"]:
        assert f"{runtime['name']} {runtime['version']}" in section
    for rounding in ROUNDINGS:
        row = next(line for line in section.splitlines() if line.startswith(f"| {rounding} "))
        cells = [cell.strip() for cell in row.strip("|").split("|")][-4:]
        expected = []
        for runtime in report["runtimes"]:
            own = shipped["roundings"][rounding][runtime["name"]]
            operators, outputs = own["operators"], own["outputs"]
            expected += [
                f"{differing(operators):,}, {largest(operators)}",
                f"{outputs['differ']:,}, {outputs['largest']}",
            ]
        assert cells == expected
    total = sum(one["values"] for one in shipped["roundings"]["kernels"]["ai-edge-litert"]["operators"])
    assert f"{total:,} values" in section
    assert re.search(rf"{shipped['roundings']['once']['ai-edge-litert']['outputs']['values']:,} outputs", section)


def test_the_measurement_says_within_one_unit() -> None:
    for model in measured()["models"].values():
        for own in model["roundings"]["kernels"].values():
            assert is_exact(own["operators"])
        for own in model["roundings"]["specification"].values():
            steps = own["operators"]
            # what follows an operator that was written over was computed from the reference's values, not the runtime's
            seen = [one for before, one in pairwise([{}, *steps]) if "overwritten" not in before]
            assert largest(seen) <= 1
