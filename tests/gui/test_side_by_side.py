"""Two models on the same ink: readings, times, agreement, and when the reference is opened."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_app.errors import ModelError
from edge_app.gui.side_by_side import Comparison, Timed, Verdict, open_float, read_timed
from edge_app.modelfiles.card import CARD, FLOAT, INT8, models_folder
from edge_app.recognition.ink import make_ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Reading

from ..support.fakes import Clock, Opener, fixed, reading_of
from ..support.pilot import SAMPLES

STROKE = make_ink([[[0, 0], [0, 100]]])
BAR: dict[str, object] = {"strokes": [[[0, 0], [1, 100], [2, 200]]]}


@pytest.mark.parametrize(
    ("float_text", "int8_text", "agree"),
    [("2026", "2026", True), ("?", "?", True), ("2026", "2020", False), ("2026", "226", False), ("?", "7", False)],
)
def test_they_agree_when_they_read_the_same_text(float_text: str, int8_text: str, agree: bool) -> None:
    unsure = Timed("float32", reading_of(float_text, 0.51), 0.1)
    assert Verdict(Timed("int8", reading_of(int8_text), 0.2), unsure).agree is agree


def test_without_ink_or_reference_there_is_no_agreement() -> None:
    blank, seven = Timed("int8", Reading(), 0.1), Timed("int8", reading_of("7"), 0.1)
    assert Verdict(blank, blank).agree is None
    assert Verdict(seven, fault="not found").agree is None


def test_the_time_is_the_best_of_three_warm_runs() -> None:
    clock = Clock()
    own = fixed(7, np.int8, clock, (0.5, 0.005, 0.003, 0.004))
    reference = fixed(7, np.float32, clock, (0.001, 0.008, 0.007, 0.006))
    one, two = read_timed([own, reference], STROKE, clock)
    assert [(timed.kind, timed.reading.text) for timed in (one, two)] == [("int8", "7"), ("float32", "7")]
    assert [one.seconds, two.seconds] == pytest.approx([0.003, 0.006])  # not the 1 ms of the run before


def test_a_slow_reading_is_timed_once() -> None:
    clock = Clock()
    slow = fixed(7, np.int8, clock, (0.9, 0.2))  # the fake has no cost for a third run
    assert read_timed([slow], STROKE, clock)[0].seconds == pytest.approx(0.2)


def test_the_reference_is_opened_once_and_only_for_a_reading() -> None:
    opener = Opener(fixed(4, np.float32))
    comparison = Comparison(opener)
    assert opener.opened == 0
    verdicts = [comparison.read(fixed(7), STROKE) for _ in range(3)]
    assert opener.opened == 1
    assert [(v.own.reading.text, v.reference and v.reference.reading.text) for v in verdicts] == [("7", "4")] * 3


def test_the_project_s_own_models_agree_on_the_samples(recognizer: Recognizer) -> None:
    comparison = Comparison()
    for sample in SAMPLES:
        verdict = comparison.read(recognizer, make_ink(sample["strokes"]))
        assert (verdict.own.kind, verdict.reference and verdict.reference.kind) == ("int8", "float32")
        assert (verdict.own.reading.text, verdict.agree) == (sample["label"], True)


def test_an_int8_model_is_not_taken_for_float() -> None:
    with pytest.raises(ModelError, match="expected a float32 model, found int8"):
        open_float(models_folder() / INT8)


def test_a_damaged_float_model_is_rejected(tmp_path: Path) -> None:
    shutil.copy(models_folder() / CARD, tmp_path)
    (tmp_path / FLOAT).write_bytes((models_folder() / FLOAT).read_bytes()[:-1])
    with pytest.raises(ModelError, match="altered or truncated"):
        open_float(tmp_path / FLOAT)
