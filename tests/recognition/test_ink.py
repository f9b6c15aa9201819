"""Ink from JSON, and one clear sentence for malformed ink."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.errors import InkError
from edge_app.recognition.ink import MAX_POINTS, box_of, dump_ink, make_ink, parse_ink


def test_dumped_ink_parses_to_the_same_ink() -> None:
    ink = make_ink([[[1, 2], [3, 4]], [[5, 6]]])
    again = parse_ink(dump_ink(ink, label="7"))
    assert [stroke.tolist() for stroke in again] == [[[1, 2], [3, 4]], [[5, 6]]]
    assert json.loads(dump_ink(ink, label="7"))["label"] == "7"
    assert box_of(ink) == (1, 2, 5, 6)


def test_an_empty_list_is_empty_ink() -> None:
    assert parse_ink('{"strokes": []}') == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("seven", "not JSON"),
        ('{"strokes": [[[1, 2]', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no strokes"),
        ("null", "no strokes"),
        ('{"points": []}', "no strokes"),
        ('{"strokes": {"x": 1}}', "no strokes"),
        ('{"strokes": [[]]}', "stroke 1 has no points"),
        ('{"strokes": [[[1, 2]], []]}', "stroke 2 has no points"),
        ('{"strokes": [5]}', "stroke 1 has no points"),
        ('{"strokes": [[1, 2]]}', "two numbers"),
        ('{"strokes": [[[1, 2, 3]]]}', "two numbers"),
        ('{"strokes": [[[1, 2], [3]]]}', "two numbers"),
        ('{"strokes": [[["1", "2"]]]}', "two numbers"),
        ('{"strokes": [[[true, false]]]}', "two numbers"),
        ('{"strokes": [[[null, 1]]]}', "two numbers"),
        ('{"strokes": [[[NaN, 1]]]}', "not finite"),
        ('{"strokes": [[[1, Infinity]]]}', "not finite"),
        ('{"strokes": [[[1e300, 1]]]}', "not finite"),
        ('{"strokes": [[[-9223372036854775808, 1]]]}', "not finite"),
        ('{"strokes": [' + "[[1, 2]]," * 1000 + "[[1, 2]]]}", "more than 1000 strokes"),
        ('{"strokes": [[[1' + "0" * 400 + ", 1]]]}", "two numbers"),
    ],
)
def test_malformed_ink_raises_a_one_line_error(text: str, reason: str) -> None:
    with pytest.raises(InkError, match=reason) as caught:
        parse_ink(text)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_not_utf8_are_rejected() -> None:
    with pytest.raises(InkError, match="not JSON"):
        parse_ink(b'{"strokes": [\xff\xfe]}')


def test_a_million_points_are_rejected_early() -> None:
    stroke = [[0, 0]] * (MAX_POINTS // 4)
    assert make_ink([stroke] * 4)
    with pytest.raises(InkError, match="more than"):
        make_ink([stroke] * 40)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=20))
def test_any_json_gives_ink_or_ink_error(strokes: object) -> None:
    try:
        ink = parse_ink(json.dumps({"strokes": strokes}))
    except InkError:
        return
    assert all(stroke.dtype == np.float64 and np.isfinite(stroke).all() for stroke in ink)
