"""The commands as a user or a script runs them: output, complaints, exit status."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_app.modelfiles.card import CARD, INT8, models_folder

from .conftest import DATA, ROOT

LINES = (DATA / "numbers.jsonl").read_bytes()
LABELS = [json.loads(line)["label"] for line in LINES.splitlines()]


def digitpad(*words: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "edge_app", *map(str, words)],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What digitpad itself says; the runtimes greet on standard error too."""
    return [line for line in done.stderr.splitlines() if line.startswith("digitpad:")]


def test_files_of_every_kind_are_read_in_order(tmp_path: Path) -> None:
    zipped = tmp_path / "numbers.jsonl.gz"
    zipped.write_bytes(gzip.compress(LINES))
    zipped_one = tmp_path / "7.json.gz"
    zipped_one.write_bytes(gzip.compress((DATA / "7.json").read_bytes()))
    done = digitpad("recognize", DATA / "7.json", DATA / "2026.png", zipped, zipped_one, DATA / "85673.jpg")
    assert done.stdout.split() == ["7", "2026", *LABELS, "7", "85673"]
    assert (done.returncode, complaints(done)) == (0, [])


def test_standard_input_and_json() -> None:
    done = digitpad("recognize", "-", "--json", stdin=LINES)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["text"] for record in records] == LABELS
    assert all(record["digits"][0]["strokes"] for record in records)


def test_a_bad_line_is_reported_by_number_and_the_rest_is_read() -> None:
    lines = LINES.splitlines()
    mixed = b"\n".join([lines[0], b"{broken", b"", b'{"strokes": [[[NaN, 1]]]}', lines[1], b'{"strokes": []}'])
    done = digitpad("recognize", "-", stdin=mixed)
    assert done.stdout.split("\n") == [LABELS[0], LABELS[1], "", ""]
    assert [line.split(":")[2] for line in complaints(done)] == ["2", "4"]
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.png", None),
        ("missing.jsonl", None),
        ("text.png", b"not a picture"),
        ("half.png", (DATA / "2026.png").read_bytes()[:300]),
        ("half.jsonl.gz", gzip.compress(LINES)[:-40]),
        ("plain.jsonl.gz", LINES),
        ("ink.txt", LINES),
        ("noending", LINES),
        ("list.json", b"[1, 2]"),
        ("empty.json", b""),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_status_1(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = digitpad("recognize", path, DATA / "7.json")
    assert done.returncode == 1
    assert len(complaints(done)) == 1
    assert name in complaints(done)[0]
    assert done.stdout.split()[-1] == "7"


def test_a_million_points_are_refused_at_once() -> None:
    huge = b'{"strokes": [[' + b",".join([b"[1,2]"] * 1_000_000) + b"]]}\n"
    started = time.monotonic()
    done = digitpad("recognize", "-", stdin=huge + LINES)
    assert done.stdout.split() == LABELS
    assert len(complaints(done)) == 1
    assert "100000 points" in complaints(done)[0]
    assert done.returncode == 1
    assert time.monotonic() - started < 20


SHORTENED = [["recognize", "--jso", "-"], ["--kios"], ["doctor", "--jso"], ["install-kiosk", "--remov"]]


@pytest.mark.parametrize("words", [["recognize"], ["recognise", "x"], ["--no-such"], *SHORTENED])
def test_wrong_usage_is_2(words: list[str]) -> None:
    done = digitpad(*words)
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [["--help"], ["recognize", "--help"], ["compare", "--help"], ["--version"]])
def test_help_is_given(words: list[str]) -> None:
    done = digitpad(*words)
    assert done.returncode == 0
    assert len(done.stdout) > 10


@pytest.mark.parametrize("how", ["missing", "truncated", "altered"])
def test_a_damaged_model_is_one_line_and_status_1(tmp_path: Path, how: str) -> None:
    for name in (INT8, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    path = tmp_path / INT8
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:5000] if how == "truncated" else content[:-1] + bytes([content[-1] ^ 1]))
    done = digitpad("--model", path, "recognize", DATA / "7.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(complaints(done)) == 1
    assert str(path) in complaints(done)[0]


def test_an_unknown_runtime_in_the_environment_is_named() -> None:
    done = digitpad("recognize", DATA / "7.json", DIGITPAD_RUNTIME="torch")
    assert done.returncode == 1
    assert "unknown runtime 'torch'" in complaints(done)[0]


def test_the_demo_draws_and_reads() -> None:
    done = digitpad("demo", PYTHONIOENCODING="utf-8")
    assert "█" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == [
        json.loads(line)["label"]
        for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()
    ]
    plain = digitpad("demo", PYTHONIOENCODING="ascii")
    assert "#" in plain.stdout
    assert plain.returncode == 0


def test_without_a_display_the_window_says_so_and_names_another_way() -> None:
    environment = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""}
    done = digitpad(stdin=b"", **environment)
    assert done.returncode == 3
    assert "digitpad demo" in complaints(done)[0]


def test_a_closed_pipe_is_no_fault() -> None:
    command = f"{sys.executable} -m edge_app recognize - < {DATA / 'numbers.jsonl'} | true"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_compare_without_mnist_says_how_to_get_it() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DIGITPAD_MNIST"}
    done = subprocess.run(
        [sys.executable, "-m", "edge_app", "compare"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--mnist FILE" in done.stderr


@pytest.mark.data
def test_7552_digits_are_read_faster_than_1000_a_second(ink_folder: Path) -> None:
    lines = gzip.decompress((ink_folder / "unipen-digits.jsonl.gz").read_bytes())
    before = os.times()
    done = digitpad("recognize", "-", "--single", "--json", stdin=lines)
    after = os.times()
    assert (done.returncode, complaints(done)) == (0, [])
    records = [json.loads(line) for line in done.stdout.splitlines()]
    labels = [json.loads(line)["label"] for line in lines.splitlines()]
    assert len(records) == 7552
    right = sum(record["text"] == label for record, label in zip(records, labels, strict=True))
    assert right / len(labels) > 0.97
    seconds = after.children_user - before.children_user + after.children_system - before.children_system
    assert 7552 / seconds > 1000  # processor seconds: one core, whatever else runs
