"""Evaluation: figures against published and hand-computed ones, and errors."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_app.cli import main
from edge_app.datasets.labelled import LabelledInk, is_held_out, read_labelled
from edge_app.errors import DataError
from edge_app.evaluation import evaluate
from edge_app.evaluation.evaluate import Outcome, figures
from edge_app.evaluation.metrics import calibration, gap, wilson
from edge_app.recognition.ink import make_ink

from ..conftest import DATA

INK = make_ink([[[0, 0], [0, 10]]])


def outcome(label: str, text: str, confidence: float = 0.9, writer: str = "a") -> Outcome:
    return Outcome(LabelledInk(label, writer, INK), text, confidence)


def test_wilson_equals_a_published_interval() -> None:
    # Newcombe (1998), table I: 81 of 263, and 0 of 20, 95 % score intervals
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_calibration_error_by_hand() -> None:
    assert gap(calibration([0.95] * 20, [True] * 19 + [False])) == pytest.approx(0, abs=1e-9)
    assert gap(calibration([1.0] * 4, [True, False, False, False])) == pytest.approx(0.75)
    curve = calibration([0.1, 0.95, 0.99], [False, True, False])
    assert [(bin["n"], bin["accuracy"]) for bin in curve] == [(1, 0.0), (2, 0.5)]
    assert curve[1]["confidence"] == pytest.approx(0.97)


def test_figures_of_a_small_set() -> None:
    found = figures(
        [
            outcome("1", "1"),
            outcome("1", "7"),
            outcome("2", "?", writer="b"),
            outcome("12", "12"),
            outcome("x", "?"),
            outcome("y", "9"),
        ]
    )
    assert (found["n"], found["right"], found["refused"]) == (4, 2, 1)
    assert (found["no_digits"], found["no_digits_refused"]) == (2, 1)
    assert found["worst_writers"] == {"a": {"n": 3, "wrong": 1}, "b": {"n": 1, "wrong": 1}}
    singles = figures([outcome("1", "1"), outcome("1", "7"), outcome("1", "7")])
    assert singles["confusions"] == [["1", "7", 2]]
    assert singles["per_class"] == {"1": {"n": 3, "wrong": 2}}


def test_folds_partition_the_writers_and_never_change() -> None:
    people = [f"writer-{i}" for i in range(200)]
    folds = [[p for p in people if is_held_out(p, fold)] for fold in range(5)]
    assert sorted(p for fold in folds for p in fold) == sorted(people)
    assert all(len(fold) > 20 for fold in folds)
    assert is_held_out("train-12", 0)  # CRC-32 of the name, modulo 5: a change would leak writers into validation


def test_evaluate_writes_figures_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = json.loads((DATA / "7.json").read_text()) | {"label": "3", "writer": "p/q"}
    (tmp_path / "ink.jsonl").write_text(json.dumps(wrong) + "\n" + (DATA / "numbers.jsonl").read_text())
    words = ["evaluate", str(tmp_path / "ink.jsonl"), "--json", str(tmp_path / "e.json")]
    assert main([*words, "--picture", str(tmp_path / "m.png")]) == 0
    result = json.loads((tmp_path / "e.json").read_text())["sets"]["ink.jsonl"]
    assert (result["n"], result["right"]) == (4, 3)
    assert "3 of 4 right: 75.00%" in capsys.readouterr().out
    assert main([*words[:2], words[1]]) == 1  # one name, two results: rejected
    assert Image.open(tmp_path / "m.png").size == (10 * evaluate.TILE, evaluate.TILE + 14)


@pytest.mark.parametrize("text", ["", "{}\n", '{"label": "1"}\n', "[]\n", '{"label": "1", "strokes": [[]]}\n'])
def test_files_that_are_not_labelled_ink_are_rejected(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ink.jsonl"
    path.write_text(text)
    assert main(["evaluate", str(path)]) == 1
    if text:
        with pytest.raises(DataError, match=r"ink.jsonl:1: not labelled ink"):
            list(read_labelled(path))


def test_mnist_test_images_are_read(mnist_file: Path) -> None:
    samples = list(read_labelled(mnist_file))
    assert len(samples) == 10_000
    assert np.bincount([int(sample.label) for sample in samples]).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_evaluate_scores_a_manifest_of_pictures_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"file": str(DATA / "7.png"), "label": "7", "kind": "canvas"},
        {"file": str(DATA / "7.png"), "label": "7 7", "kind": "photo"},  # wrong: it has one line
        {"file": str(DATA / "2026.png"), "label": "2026", "kind": "photo", "single": False},
        {"file": str(tmp_path / "missing.png"), "label": "1", "kind": "photo"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["evaluate", "--pictures", str(tmp_path / "p.jsonl"), "--json", str(tmp_path / "e.json")]
    assert main([*words, "--picture", str(tmp_path / "m.png")]) == 0
    found = json.loads((tmp_path / "e.json").read_text())["sets"]["p.jsonl"]
    assert (found["n"], found["right"]) == (4, 2)
    assert found["kinds"] == {
        "numbers, photo": {"n": 2, "right": 1},
        "one digit, canvas": {"n": 1, "right": 1},
        "one digit, photo": {"n": 1, "right": 0},
    }
    assert "one digit, canvas: 1 of 1 right (100.0%)" in capsys.readouterr().out


def test_a_manifest_that_names_no_file_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.jsonl").write_text('{"label": "1"}\n')
    assert main(["evaluate", "--pictures", str(tmp_path / "p.jsonl")]) == 1
    assert "p.jsonl:1: not a manifest of pictures (KeyError: 'file')" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate"])
