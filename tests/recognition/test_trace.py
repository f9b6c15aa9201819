"""The pen's way: a scribble is doubted, a digit is not, whatever its size and however dense its points."""

import numpy as np
import pytest

from edge_app import Recognizer
from edge_app.datasets.allographs import allographs
from edge_app.recognition.ink import Ink
from edge_app.recognition.trace import MOST, doubt, trace_of
from train.studies.traces import KINDS
from train.synthetic import written_digit


@pytest.mark.parametrize(("kind", "least"), [("lines of eight corners", 0.85), ("waves", 0.85)])
def test_scribbles_are_rejected(recognizer: Recognizer, kind: str, least: float) -> None:
    rng = np.random.default_rng(2)
    readings = [recognizer.read([KINDS[kind](rng)], single=True) for _ in range(200)]
    assert np.mean([reading.digits[0].rejected for reading in readings]) > least


def test_digits_of_all_allographs_keep_their_confidence() -> None:
    rng = np.random.default_rng(3)
    written = [(one.label, written_digit(rng, one.label)) for one in allographs() for _ in range(3)]
    doubts = [doubt(label, trace_of(ink)) for label, ink in written]
    assert np.mean(np.array(doubts) > 1) < 0.05


def test_a_digit_written_three_times_over_is_read(recognizer: Recognizer) -> None:
    seven = np.array([[0, 0], [30, 1], [60, 0], [45, 40], [30, 80], [20, 100]], float)
    assert recognizer.read([np.concatenate([seven, seven[::-1] + 1, seven + 2])]).text == "7"


def test_a_doubted_digit_is_rejected_and_named_first(recognizer: Recognizer) -> None:
    rng = np.random.default_rng(2)
    scribbles = [KINDS["lines of ten corners"](rng) for _ in range(50)]
    for digit in (recognizer.read([scribble], single=True).digits[0] for scribble in scribbles):
        name, confidence = digit.alternatives[0]
        assert (digit.confidence == confidence and name.isdigit()) if digit.rejected else digit.confidence > confidence
        assert digit.confidence + sum(share for other, share in digit.alternatives if other != name) <= 1 + 1e-6


def test_the_trace_depends_on_the_shape_alone() -> None:
    zigzag = np.array([[0, 0], [8, 1], [1, 4], [9, 6], [0, 9], [10, 10]], float)
    dense = np.stack([np.interp(np.linspace(0, 5, 501), range(6), zigzag[:, axis]) for axis in range(2)], axis=1)
    expected = trace_of([zigzag])
    assert trace_of([dense * 1e6 - 3e7]) == pytest.approx(expected, rel=0.05)
    assert 0 < doubt("1", expected) <= MOST
    assert doubt("A", expected) == 0


@pytest.mark.parametrize("ink", [(np.zeros((1, 2)),), (np.zeros((5, 2)), np.ones((1, 2))), (np.full((3, 2), 1e9),)])
def test_points_without_a_way_have_a_trace(ink: Ink) -> None:
    length, turning = trace_of(ink)
    assert 0 <= length <= 2
    assert turning == 0
