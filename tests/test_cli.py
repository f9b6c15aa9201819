"""The commands as a user or a script runs them: output, errors, exit status."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from edge_app import cli
from edge_app.modelfiles.card import CARD, INT8, models_folder

from .conftest import DATA, ROOT
from .support.command import complaints, digitpad, run_process

LINES = (DATA / "numbers.jsonl").read_bytes()
LABELS = [json.loads(line)["label"] for line in LINES.splitlines()]


def test_files_of_every_format_are_read_in_order(tmp_path: Path) -> None:
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


UNREADABLE = {
    "missing.png": None,
    "missing.jsonl": None,
    "text.png": b"not a picture",
    "half.png": (DATA / "2026.png").read_bytes()[:300],
    "half.jsonl.gz": gzip.compress(LINES)[:-40],
    "plain.jsonl.gz": LINES,
    "ink.txt": LINES,
    "noending": LINES,
    "list.json": b"[1, 2]",
    "empty.json": b"",
}


def test_each_unreadable_file_is_one_line_of_errors_and_the_rest_is_read(tmp_path: Path) -> None:
    for name, content in UNREADABLE.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    done = digitpad("recognize", *(tmp_path / name for name in UNREADABLE), DATA / "7.json")
    assert done.returncode == 1
    assert [name in line for name, line in zip(UNREADABLE, complaints(done), strict=True)] == [True] * len(UNREADABLE)
    assert done.stdout.split()[-1] == "7"


@pytest.mark.slow
def test_a_million_points_are_rejected_and_the_rest_is_read() -> None:
    huge = b'{"strokes": [[' + b",".join([b"[1,2]"] * 1_000_000) + b"]]}\n"
    done = digitpad("recognize", "-", stdin=huge + LINES)
    assert done.stdout.split() == LABELS
    assert len(complaints(done)) == 1
    assert "100000 points" in complaints(done)[0]
    assert done.returncode == 1


ABBREVIATED = ["recognize --jso -", "--kios", "doctor --jso", "install-kiosk --remov", "history --forg"]
INVALID = ["recognize", "recognise x", "--no-such", "history extra", "history --limit x", "history --export"]


@pytest.mark.parametrize("line", [*INVALID, *ABBREVIATED])
def test_wrong_usage_exits_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err.startswith("usage: digitpad")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--kiosk recognize x.png", "--kiosk is an option of the window, not of recognize"),
        ("--no-history --rotate 90 doctor", "--rotate is an option of the window, not of doctor"),
        ("--open= demo", "--open is an option of the window, not of demo"),
        ("--unlisted recognize x.png", "--unlisted needs a file"),
        ("--unlisted --model x.tflite doctor", "--unlisted needs a file"),
        ("--model x.tflite compare", "compare takes two or more models"),
        ("compare x.tflite", "compare takes two or more models"),
        ("compare --max-drop 101", "--max-drop from 0 to 100"),
        ("--model x.tflite use-model --back", "use-model takes the file as its argument"),
        ("use-model x.tflite --back", "not allowed with argument"),
        ("use-model", "one of the arguments"),
        ("history --json --forget", "not allowed with argument"),
        ("history --limit 0", "at least 1"),
        ("history --export x --limit 3", "--limit takes the number of pages to print"),
        ("history --forget --yes --limit 3", "--limit takes the number of pages to print"),
        ("history --yes", "--yes is for --forget"),
        ("window --kiosk --open x.png", "--open takes a file, and is not allowed in kiosk mode"),
        ("--kiosk --model x.tflite --unlisted", "--unlisted is not allowed in kiosk mode"),
        ("--ask --digits 9-2", "argument --digits: '9-2': expected a number of digits such as 4, or 3-6"),
        ("--ask --digits 0", "argument --digits: '0': expected a number of digits"),
        ("--ask --min 9 --max 2", "--min 9 is above --max 2"),
        ("--ask --digits 2 --min 100", "--min 100 has more digits than --digits allows"),
        ("--ask --max -1", "--max -1: no number that can be written is below 0"),
        ("--ask --timeout 0", "argument --timeout: '0': expected seconds above 0"),
        ("--ask --timeout nan", "argument --timeout: 'nan': expected seconds above 0"),
        ("--ask --print", "--ask goes without --open, --print and --compare"),
        ("--ask --open x.png", "--ask goes without --open, --print and --compare"),
        ("--digits 4", "are for --ask"),
        ("--ask doctor", "--ask is an option of the window, not of doctor"),
    ],
)
def test_options_that_do_not_go_together_are_rejected(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    "line", ["--kiosk --rotate 90", "window --kiosk --rotate 90", "--kiosk window --rotate 90", "--rotate 0 window ..."]
)
def test_digitpad_alone_is_digitpad_window(line: str) -> None:
    words = line.replace("...", "--kiosk --rotate 90").split()
    args = cli.make_parser().parse_args(words, cli.Options())
    assert (args.run, args.command, args.kiosk, args.rotate) == (cli.run_window, "window", True, 90)


@pytest.mark.parametrize("line", ["--model x.tflite recognize 7.json", "recognize --model x.tflite 7.json"])
def test_model_is_accepted_before_and_after_the_command(line: str) -> None:
    args = cli.make_parser().parse_args(line.split(), cli.Options())
    assert (args.run, args.model, args.unlisted) == (cli.run_recognize, Path("x.tflite"), False)


COMMANDS = ["window", "recognize", "demo", "compare", "evaluate", "history", "use-model", "doctor"]


@pytest.mark.parametrize("name", [*COMMANDS, "install-launcher", "install-kiosk"])
def test_help_explains_each_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([name, "--help"], ["--help"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == 0
    own, general = capsys.readouterr().out.split("usage: digitpad [options]")
    summary = own.split("\n\n")[1]
    assert summary.endswith(".")
    listed = re.findall(rf"^ {{4}}{name} (.*(?:\n {{20,}}.*)?)", general, re.MULTILINE)
    assert [" ".join(text.split()) for text in listed] == [summary[0].lower() + summary[1:-1]]


@pytest.mark.parametrize("how", ["missing", "truncated", "altered"])
def test_a_damaged_model_prints_one_line_and_exits_with_1(tmp_path: Path, how: str) -> None:
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


def test_an_unknown_runtime_in_the_environment_is_reported() -> None:
    done = run_process("recognize", DATA / "7.json", DIGITPAD_RUNTIME="torch")
    assert done.returncode == 1
    assert "unknown runtime 'torch'" in complaints(done)[0]


def test_show_frames_each_digit_of_ink_and_pictures(tmp_path: Path) -> None:
    shown, ink = tmp_path / "seen.png", tmp_path / "one.jsonl"
    ink.write_bytes(LINES.splitlines()[0])
    done = digitpad("recognize", DATA / "2026.png", ink, "--show", shown, "--json")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    page = Image.open(shown)
    left, top, _, bottom = json.loads(done.stdout.splitlines()[0])["digits"][0]["box"]
    edge = [page.getpixel((int(left) - 1, y)) for y in range(int(top), int(bottom))]
    assert edge.count((200, 60, 0)) == len(edge)  # the left side of the first frame
    assert page.getpixel((1, 1)) == (255, 255, 255)
    assert page.height > Image.open(DATA / "2026.png").height + 100  # the ink below
    assert digitpad("recognize", ink, "--show", tmp_path / "no" / "seen.png").returncode == 1


def test_the_demo_draws_and_reads() -> None:
    done = run_process("demo", PYTHONIOENCODING="utf-8")
    assert "█" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == [
        json.loads(line)["label"]
        for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()
    ]
    plain = run_process("demo", PYTHONIOENCODING="ascii")
    assert "#" in plain.stdout
    assert plain.returncode == 0


def test_window_without_a_display_exits_with_3_and_suggests_demo() -> None:
    done = run_process(DISPLAY="", WAYLAND_DISPLAY="", SDL_VIDEODRIVER="")
    assert done.returncode == 3
    assert "digitpad demo" in complaints(done)[0]


def test_a_closed_pipe_prints_no_traceback() -> None:
    command = f"{sys.executable} -m edge_app recognize - < {DATA / 'numbers.jsonl'} | true"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.data
def test_7552_digits_are_read(ink_folder: Path) -> None:
    lines = gzip.decompress((ink_folder / "unipen-digits.jsonl.gz").read_bytes())
    done = digitpad("recognize", "-", "--single", "--json", stdin=lines)
    assert (done.returncode, complaints(done)) == (0, [])
    records = [json.loads(line) for line in done.stdout.splitlines()]
    labels = [json.loads(line)["label"] for line in lines.splitlines()]
    assert len(records) == 7552
    right = sum(record["text"] == label for record, label in zip(records, labels, strict=True))
    assert right / len(labels) > 0.97


def test_a_page_of_two_lines_is_one_line_of_output() -> None:
    upper = [[[0, 0], [40, 0], [20, 60]], [[80, 0], [80, 60]]]
    lower = [[[10, 100], [10, 160]], [[70, 100], [110, 100], [90, 160]]]
    page = json.dumps({"strokes": upper + lower}).encode()
    assert digitpad("recognize", "-", stdin=page).stdout == "71 17\n"
    record = json.loads(digitpad("recognize", "--json", "-", stdin=page).stdout)
    assert record["text"] == "71\n17"
    assert [digit["line"] for digit in record["digits"]] == [0, 0, 1, 1]


def test_a_blank_picture_is_named_and_keeps_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("L", (80, 80), 255).save(tmp_path / "blank.png")
    (tmp_path / "phone.heic").write_bytes(b"x")
    names = [str(tmp_path / "blank.png"), str(DATA / "7.png"), str(tmp_path / "phone.heic")]
    assert cli.main(["recognize", *names, "--json"]) == 1
    shown = capsys.readouterr()
    assert [json.loads(line)["text"] for line in shown.out.splitlines()] == ["", "7", ""]
    first, second = shown.err.splitlines()
    assert "blank.png: no ink found. Write with a darker pen" in first
    assert "phone.heic: HEIC pictures cannot be read: convert it to JPEG" in second
