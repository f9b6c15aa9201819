"""Touching digits of a picture are cut, and lines of a picture read one by one."""

import json

import numpy as np
import pytest

from edge_app.recognition.cuts import cut_piece
from edge_app.recognition.ink import parse_ink
from edge_app.recognition.pictures import ink_of_image
from edge_app.recognition.recognizer import Recognizer

from ..conftest import ROOT
from ..support.pages import KINDS, Cover, digit_of_strokes, lay_out, photograph


def digits() -> dict[str, Cover]:
    """Return bundled ink of single digits, drawn 70 pixels high."""
    lines = (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()
    samples = [json.loads(line) for line in lines]
    singles = {s["label"]: digit_of_strokes(parse_ink(json.dumps(s)), 70, 6) for s in samples if len(s["label"]) == 1}
    assert len(singles) >= 3
    return singles


def test_two_rings_that_touch_are_cut_between_them() -> None:
    y, x = np.mgrid[0:60, 0:99]
    mask = np.zeros((60, 99), bool)
    for centre in (25, 73):
        away = np.hypot(x - centre, y - 30)
        mask |= (away < 25) & (away > 19)
    parts = cut_piece(mask, height=50, line_width=6)
    assert np.array_equal(np.logical_or.reduce(parts), mask)
    assert sum(int(part.sum()) for part in parts) == int(mask.sum())
    assert any(not part[:, 56:].any() and part[:, 41:49].any() for part in parts)  # a cut is where they touch


def test_a_narrow_piece_is_not_cut() -> None:
    mask = np.ones((60, 20), bool)
    assert cut_piece(mask, height=60, line_width=20)[0] is mask


@pytest.mark.parametrize("kind", KINDS)
def test_photos_of_two_lines_are_read(recognizer: Recognizer, kind: str) -> None:
    drawn, dice = digits(), np.random.default_rng(4)
    names = sorted(drawn)[:4]
    page = lay_out([[drawn[name] for name in names], [drawn[name] for name in reversed(names)]], dice)
    reading = recognizer.read_coverage(ink_of_image(photograph(page, kind, dice)))
    assert reading.text == "".join(names) + "\n" + "".join(reversed(names))
    assert [digit.line for digit in reading.digits] == [0] * len(names) + [1] * len(names)
