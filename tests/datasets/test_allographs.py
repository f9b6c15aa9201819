"""The allographs of the digits and the reference digits made of them: complete, and read by the bundled model."""

import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from edge_app.datasets.allographs import (
    CAREFUL,
    EACH,
    FREE,
    SLANT,
    Allograph,
    Freedom,
    allographs,
    allographs_of,
    deform,
    reference_digits,
)
from edge_app.recognition.ink import Stroke, box_of, make_ink
from edge_app.recognition.normalise import normalise_digit
from edge_app.recognition.recognizer import Recognizer

from ..conftest import ROOT

SQUARE = make_ink([[[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]]])


def sharpest_turn(stroke: Stroke) -> Stroke:
    """The angles between neighbouring segments, in degrees, greatest first."""
    direction = np.unwrap(np.arctan2(*np.diff(stroke, axis=0).T[::-1]))
    return np.sort(np.degrees(np.abs(np.diff(direction))))[::-1]


def test_every_digit_has_eight_or_more_forms_of_different_names() -> None:
    counts = Counter(one.label for one in allographs())
    assert sorted(counts) == list("0123456789")
    assert min(counts.values()) >= 8
    assert len({(one.label, one.name) for one in allographs()}) == len(allographs())


def test_regional_forms_are_included() -> None:
    named = {f"{one.name} {one.label}" for one in allographs()}
    assert {
        "slashed 0",
        "crossed 7",
        "flagged 1",
        "looped 2",
        "open 4",
        "closed 4",
        "two circles 8",
        "g-like 9",
    } <= named


@pytest.mark.parametrize("one", allographs(), ids=lambda one: f"{one.label}-{one.name}")
def test_forms_have_the_size_of_a_digit_and_smooth_curves(one: Allograph) -> None:
    left, top, right, bottom = box_of(one.ink)
    assert min(left + 15, top + 5, 95 - right, 105 - bottom) >= 0
    assert bottom - top > 85
    for stroke in one.ink:
        assert 9 <= len(stroke) <= 75
        gaps = np.hypot(*np.diff(stroke, axis=0).T)
        assert 1 < min(gaps) <= max(gaps) < 11
        # of what is no corner, nothing turns by more than a curve does: not drawn with a ruler in a few lines
        assert sharpest_turn(stroke)[4:].max(initial=0) < 50


def test_a_polygon_is_not_a_smooth_curve() -> None:
    corners = make_ink([[[0, 0], [30, 0], [30, 50], [0, 50], [0, 100], [30, 100], [30, 130], [0, 130]]])[0]
    assert sharpest_turn(corners)[4:].max(initial=0) > 50


def test_forms_of_a_digit_start_with_the_common_one() -> None:
    assert [one.name for one in allographs_of("7")][:2] == ["plain", "crossed"]
    assert allographs_of("?") == allographs_of("") == allographs_of("10") == ()


def test_shared_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        allographs()[0].ink[0][0, 0] = 7
    with pytest.raises(ValueError, match="read-only"):
        reference_digits()[0][0, 0, 0] = 7
    assert reference_digits() is reference_digits()


def test_the_bundled_model_reads_every_form_with_confidence(recognizer: Recognizer) -> None:
    for one in allographs():
        whole, single = recognizer.read(one.ink), recognizer.read(one.ink, single=True)
        assert (one.name, whole.text, single.text) == (one.name, one.label, one.label)
        assert single.confidence >= 0.5


def test_the_bundled_model_reads_the_reference_digits(recognizer: Recognizer) -> None:
    images, labels = reference_digits()
    assert images.shape == (len(allographs()) * EACH, 28, 28)
    assert images.dtype == np.uint8
    classes = recognizer.classifier.model.classes
    read = [classes[best] for best in recognizer.classifier.probabilities(images).argmax(axis=1)]
    deformed = [i for i in range(len(labels)) if i % EACH]
    assert sum(read[i] == labels[i] for i in deformed) >= 0.98 * len(deformed)
    # the labels are not merely few: put beside others' digits they are wrong
    assert sum(a == b for a, b in zip(read, reversed(labels), strict=True)) < 0.2 * len(labels)


def test_reference_digits_start_with_each_form_and_have_no_duplicates() -> None:
    images, labels = reference_digits()
    for i, one in enumerate(allographs()):
        assert labels[i * EACH : (i + 1) * EACH] == (one.label,) * EACH
        assert np.array_equal(images[i * EACH], normalise_digit(one.ink))
    assert len({image.tobytes() for image in images}) > 0.95 * len(images)


def test_reference_digits_are_the_same_in_another_process() -> None:
    code = "from edge_app.datasets.allographs import *; import zlib; print(zlib.crc32(reference_digits()[0].tobytes()))"
    found = {
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(found) == 1


@pytest.mark.parametrize("freedom", [FREE, *CAREFUL.values()])
def test_deformation_stays_within_its_limits(freedom: Freedom, rng: random.Random) -> None:
    stretches, leans = [], []
    for _ in range(2000):
        (square,) = deform(SQUARE, rng, freedom)
        across, down = square[1] - square[0], square[3] - square[0]
        stretches.append(np.hypot(*across))
        leans.append(abs(down[0] / down[1]))
    # the bend moves either end by 0.05 at most, and two leans together are a little more than their sum
    assert freedom.narrow - 0.12 < min(stretches) < max(stretches) < freedom.broad + 0.12
    assert max(stretches) - min(stretches) > 0.8 * (freedom.broad - freedom.narrow)
    assert SLANT < max(leans) < 0.6


def test_a_seven_is_narrowed_less_than_other_digits() -> None:
    assert CAREFUL["7"].narrow > FREE.narrow
    assert CAREFUL["7"].turn < FREE.turn
    assert CAREFUL["1"].broad < FREE.broad


def test_a_dot_can_be_deformed(rng: random.Random) -> None:
    (dot,) = deform(make_ink([[[5, 5]]]), rng)
    assert dot.shape == (1, 2)
    assert np.abs(dot).max() < 0.1
