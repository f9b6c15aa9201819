"""The recogniser as a whole, on the bundled samples."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app import Recognizer
from edge_app.errors import InkError
from edge_app.recognition.ink import box_of, make_ink, parse_ink
from edge_app.recognition.results import Pin

from ..conftest import DATA, ROOT

SAMPLES = [json.loads(line) for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["label"] for sample in SAMPLES])
def test_every_bundled_sample_is_read(recognizer: Recognizer, sample: dict[str, object]) -> None:
    reading = recognizer.read(parse_ink(json.dumps(sample)))
    assert reading.text == sample["label"]
    strokes = sample["strokes"]
    assert isinstance(strokes, list)
    assert sorted(i for digit in reading.digits for i in digit.strokes) == list(range(len(strokes)))
    assert [digit.box[0] for digit in reading.digits] == sorted(digit.box[0] for digit in reading.digits)


@pytest.mark.parametrize(("file", "text"), [("2026.png", "2026"), ("85673.jpg", "85673"), ("7.png", "7")])
def test_pictures_are_read(recognizer: Recognizer, file: str, text: str) -> None:
    assert recognizer.read_picture(DATA / file).text == text
    assert all(digit.strokes == () for digit in recognizer.read_picture(DATA / file).digits)


def test_no_ink_is_no_digit(recognizer: Recognizer) -> None:
    reading = recognizer.read([])
    assert (reading.text, reading.confidence, reading.digits) == ("", 0.0, ())
    assert recognizer.read([], single=True).text == ""
    assert recognizer.read_coverage(np.zeros((30, 30), np.uint8)).text == ""


def test_a_dash_is_rejected(recognizer: Recognizer) -> None:
    reading = recognizer.read([[[0, 0], [30, 1], [60, 0], [100, 2]]])
    assert reading.text == "?"
    assert reading.digits[0].rejected
    assert reading.digits[0].alternatives[0][1] == pytest.approx(reading.digits[0].confidence)


def test_a_scribble_is_rejected(recognizer: Recognizer) -> None:
    points = np.random.default_rng(3).uniform(0, 100, (25, 2)).tolist()
    assert recognizer.read([points], single=True).text == "?"


def test_reading_does_not_depend_on_scale_and_position(recognizer: Recognizer) -> None:
    ink = parse_ink(json.dumps(SAMPLES[4]))
    expected = recognizer.read(ink).text
    for factor, shift in ((0.01, 5), (37.0, -1000)):
        moved = tuple(stroke * np.float32(factor) + np.float32(shift) for stroke in ink)
        assert recognizer.read(moved).text == expected


def test_plain_lists_are_accepted_and_malformed_ones_rejected(recognizer: Recognizer) -> None:
    assert recognizer.read([[[0, 0], [0, 50], [0, 100]]]).text == "1"
    with pytest.raises(InkError):
        recognizer.read([[[0, float("nan")]]])


def test_json_has_the_documented_fields(recognizer: Recognizer) -> None:
    record = recognizer.read(make_ink(SAMPLES[0]["strokes"])).to_json()
    assert set(record) == {"text", "confidence", "digits"}
    (digit,) = record["digits"]
    assert set(digit) == {"digit", "confidence", "alternatives", "box", "strokes", "line"}
    assert digit["digit"] == "7"
    assert digit["strokes"] == [0, 1]
    assert 0 <= record["confidence"] <= 1
    shares = [p for _, p in digit["alternatives"]]
    assert shares == sorted(shares, reverse=True)
    assert digit["confidence"] + sum(shares) <= 1.001


def test_confidence_of_a_number_counts_its_grouping(recognizer: Recognizer) -> None:
    apart, close = ([[[0, 0], [0, 100]], [[gap, 0], [gap, 100]]] for gap in (60, 10))
    sure, doubtful = recognizer.read(apart), recognizer.read(close)
    assert (sure.text, doubtful.text) == ("11", "11")
    assert sure.grouping > 0.999
    assert doubtful.grouping < 0.9
    for reading in (sure, doubtful):
        one, other = reading.digits
        assert reading.confidence == pytest.approx(reading.grouping * one.confidence * other.confidence)


def test_strokes_declared_digits_leave_no_doubt_of_the_grouping(recognizer: Recognizer) -> None:
    strokes = [[[0, 0], [0, 100]], [[8, 0], [8, 100]]]
    pinned = recognizer.read(strokes, pins=[Pin((0,)), Pin((1,))])
    assert (pinned.text, pinned.grouping) == ("11", 1.0)
    assert recognizer.read(strokes, single=True).grouping == 1.0


def test_hundreds_of_strokes_are_read_in_linear_time(recognizer: Recognizer) -> None:
    one = parse_ink(json.dumps(SAMPLES[3]))
    many = tuple(stroke + np.array([250 * i, 0], np.float32) for i in range(60) for stroke in one)
    started = time.process_time()
    text = recognizer.read(many).text
    assert text == "10" * 60
    assert time.process_time() - started < 5


@pytest.mark.data
def test_real_ink_of_many_writers_is_read(recognizer: Recognizer, ink_folder: Path) -> None:
    from edge_app.datasets.labelled import read_labelled_ink

    samples = list(read_labelled_ink(ink_folder / "pendigits-train.jsonl.gz"))[::20]
    right = sum(recognizer.read(sample.ink, single=True).text == sample.label for sample in samples)
    assert len(samples) == 375
    assert right / len(samples) > 0.97


class Doubtful:
    """Takes every image for a 7, a 1, or a 2."""

    shares = ("7", 0.7), ("1", 0.2), ("2", 0.07)

    def __init__(self, recognizer: Recognizer) -> None:
        self.model = recognizer.classifier.model

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        row = [dict(self.shares).get(name, 0.0) for name in self.model.classes]
        return np.tile(np.array(row, np.float32), (len(images), 1))


def test_candidates_of_an_uncertain_number_are_the_most_probable_others(recognizer: Recognizer) -> None:
    doubtful = Recognizer(classifier=Doubtful(recognizer))  # type: ignore[arg-type]
    bars = [[[0, 0], [0, 100]], [[500, 0], [500, 100]]]
    reading = doubtful.read(bars)
    assert reading.text == "77"
    assert {candidate.text for candidate in reading.candidates[:2]} == {"17", "71"}
    assert [candidate.confidence for candidate in reading.candidates] == pytest.approx(
        [reading.grouping * share for share in (0.14, 0.14, 0.049)]
    )
    pinned = doubtful.read(bars, pins=[Pin((0,), "5")])
    assert [candidate.text for candidate in pinned.candidates] == ["51", "52"]
    assert doubtful.read([*bars, [[0, 500], [0, 600]]]).candidates == ()  # two lines


def test_a_certain_number_has_no_candidates(recognizer: Recognizer) -> None:
    reading = recognizer.read(SAMPLES[4]["strokes"])
    assert (reading.confidence > 0.95, reading.candidates) == (True, ())


def test_a_dot_and_a_dash_are_not_digits(recognizer: Recognizer) -> None:
    for single in (True, False):
        assert recognizer.read([[[5, 5]]], single=single).text == "?"
        assert recognizer.read([[[5, 5], [5, 5]]], single=single).text == "?"
        assert recognizer.read([[[0, 0], [100, 2]]], single=single).text == "?"


def test_a_dot_far_from_a_digit_is_rejected(recognizer: Recognizer) -> None:
    one = [[10, 0], [10, 100]]
    assert recognizer.read([one, [[90, 98], [93, 100]]]).text == "1?"
    assert recognizer.read([one, [[90, 10], [90, 95]]]).text == "11"


@pytest.mark.parametrize("way", [(45, 250), (45, -150), (-120, 50), (200, 50)])
@pytest.mark.parametrize("size", [1, 4])
def test_a_mark_far_from_a_digit_is_not_drawn_into_it(recognizer: Recognizer, way: tuple[int, int], size: int) -> None:
    seven = [[[0, 0], [60, 0], [30, 100]]]
    x, y = way
    alone, (one, *others) = (
        recognizer.read(seven),
        sorted(recognizer.read([*seven, [[x, y], [x + size, y + size]]]).digits, key=lambda digit: digit.strokes),
    )
    assert (one.digit, one.confidence, one.strokes) == ("7", alone.confidence, (0,))
    assert [other.digit for other in others] == ["?"]


@pytest.mark.parametrize("index", [0, 3])
@pytest.mark.parametrize("heights", [-1, 1, 2])
def test_a_dot_far_above_or_below_leaves_the_reading_as_it_is(
    recognizer: Recognizer, index: int, heights: float
) -> None:
    ink = make_ink(SAMPLES[index]["strokes"])
    left, top, right, bottom = box_of(ink)
    height = bottom - top
    y = bottom + heights * height if heights > 0 else top + heights * height
    alone = recognizer.read(ink)
    for across in (0.2, 0.5, 0.8):
        x = left + across * (right - left)
        reading = recognizer.read([*ink, [[x, y], [x + height * 0.03, y]]])
        assert sorted(reading.text.replace("\n", "")) == sorted(alone.text + "?")
        assert [digit.digit for digit in reading.digits if not digit.rejected] == list(alone.text)
