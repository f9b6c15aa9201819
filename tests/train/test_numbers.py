"""The study of numbers: what it composes is read as its label, and its losses are those of the textbook."""

import math

import numpy as np
import pytest

from edge_app import Recognizer
from edge_app.datasets.allographs import allographs
from edge_app.datasets.labelled import LabelledInk
from train.studies.numbers import compose, log_loss


def test_composed_numbers_are_read_as_their_labels(recognizer: Recognizer) -> None:
    digits = [LabelledInk(one.label, "one hand", one.ink) for one in allographs()]
    numbers = list(compose(digits, 60))
    assert {len(number.label) for number in numbers} == {2, 3, 4, 5, 6}
    right = sum(recognizer.read(number.ink).text == number.label for number in numbers)
    assert right / len(numbers) > 0.75
    again = list(compose(digits, 60))
    assert all(
        np.array_equal(a, b)
        for one, other in zip(numbers, again, strict=True)
        for a, b in zip(one.ink, other.ink, strict=True)
    )


def test_writers_of_few_digits_are_left_out() -> None:
    few = [LabelledInk(one.label, "few", one.ink) for one in allographs() if one.label in "123"]
    many = [LabelledInk(one.label, "many", one.ink) for one in allographs()]
    assert {number.writer for number in compose([*few, *many], 20)} == {"many"}


def test_log_loss_is_the_mean_surprise() -> None:
    loss = log_loss(np.array([0.9, 0.2, 1.0], np.float32), np.array([True, False, True]))
    assert loss == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 3, abs=1e-4)
    assert log_loss(np.array([1.0], np.float32), np.array([False])) == pytest.approx(-math.log(1e-4), rel=1e-3)
