"""`digitpad history` as its users run it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from edge_app.cli import main
from edge_app.datasets.labelled import LabelledInk, read_labelled_ink
from edge_app.recognition.ink import make_ink
from edge_app.recognition.normalise import normalise_digit
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import VARIABLE

from ..conftest import DATA, ROOT

SEVEN = make_ink(json.loads((DATA / "7.json").read_text())["strokes"])
NOON = 1_767_268_800.0
History: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def history(capsys: pytest.CaptureFixture[str]) -> Iterator[History]:
    """Runs the command in India; returns exit status, output and errors."""

    def run(home: Path, *words: object) -> tuple[int, str, str]:
        changed.setenv(VARIABLE, str(home))
        try:
            status = main(["history", *map(str, words)])
        except SystemExit as error:
            status = int(str(error.code))
        return status, *capsys.readouterr()

    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("TZ", "Asia/Kolkata")
        if hasattr(time, "tzset"):
            time.tzset()
        yield run
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A history of 25 pages, the 24th corrected, and one example."""
    store = HistoryStore(tmp_path / "data" / "digitpad.sqlite3", lambda: NOON)
    for number in range(25):
        store.save_page(None, SEVEN, str(number), 0.5)
    store.correct_page(24, "77")
    store.add_example(normalise_digit(SEVEN), "7", SEVEN, "practice")
    store.close()
    return tmp_path


def test_missing_history_is_not_created(history: History, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words, status in (((), 0), (("--json",), 0), (("--forget", "--yes"), 0), (("--export", tmp_path / "x"), 1)):
        code, out, err = history(home, *words)
        assert (code, out) == (status, "")
        assert "no history yet. Switch it on" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="TZ needs POSIX")
def test_newest_pages_are_printed_last(history: History, home: Path) -> None:
    expected = [f"2026-01-01 17:30  {number}" for number in range(25)]
    expected[23] += " -> 77"
    code, out, err = history(home)
    assert (code, out.splitlines(), err) == (0, expected[5:], "")
    assert history(home, "--limit", 2)[1].splitlines() == expected[23:]
    assert history(home, "--limit", 99)[1].splitlines() == expected


@pytest.mark.skipif(os.name != "posix", reason="TZ needs POSIX")
def test_a_page_of_two_lines_is_printed_on_one(history: History, tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "data" / "digitpad.sqlite3", lambda: NOON)
    store.save_page(None, SEVEN, "71\n\x1b17", 0.5)
    assert [page.text for page in store.pages(9)] == ["71\n\\x1b17"]
    store.close()
    assert history(tmp_path)[1] == "2026-01-01 17:30  71 \\x1b17\n"
    assert json.loads(history(tmp_path, "--json")[1])["text"] == "71\n\\x1b17"


def test_json_lines_can_be_recognized_again(history: History, home: Path) -> None:
    code, out, _ = history(home, "--json", "--limit", 2)
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(r["id"], r["text"], r["correction"], r["created"]) for r in records] == [
        (24, "23", "77", "2026-01-01T12:00:00+00:00"),
        (25, "24", None, "2026-01-01T12:00:00+00:00"),
    ]
    read = subprocess.run(
        [sys.executable, "-m", "edge_app", "recognize", "-"],
        input=out.encode(),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert read.stdout.split() == [b"7", b"7"]


def test_export_is_labelled_ink(history: History, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    code, out, _ = history(home, "--export", path)
    assert (code, out) == (0, f"wrote {path}: 2 lines of labelled ink\n")
    assert [s.label for s in read_labelled_ink(path) if isinstance(s, LabelledInk)] == ["7", "77"]
    code, _, err = history(home, "--export", home / "data" / "digitpad.sqlite3")
    assert code == 1
    assert "the history itself" in err
    assert history(home, "--limit", 1)[0] == 0


def test_forgetting_without_a_terminal_needs_yes(history: History, home: Path) -> None:
    code, _, err = history(home, "--forget")
    assert code == 2
    assert "--yes" in err
    assert len(history(home, "--limit", 99)[1].splitlines()) == 25
    (home / "data" / "digitpad.damaged-1.sqlite3").write_text("old")
    code, out, err = history(home, "--forget", "--yes")
    assert (code, out) == (0, "forgot all (pages: 25, examples: 1)\n")
    assert "digitpad.damaged-1.sqlite3. Delete it yourself" in err
    assert history(home) == (0, "", "")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals need POSIX")
@pytest.mark.parametrize(("answer", "status", "left"), [("Yes", 0, 0), ("", 1, 25), ("\x04", 1, 25)])
def test_forgetting_asks_on_a_terminal(history: History, home: Path, answer: str, status: int, left: int) -> None:
    import pty

    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "edge_app", "history", "--forget"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, VARIABLE: str(home)},
    )
    os.write(ours, answer.encode() + (b"" if answer == "\x04" else b"\n"))  # \x04: end of input
    out, err = child.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert b"Forget all for good (pages: 25, examples: 1)? [y/N]" in out + err
    assert child.returncode == status
    assert len(history(home, "--limit", 99)[1].splitlines()) == left


def test_damaged_file_is_set_aside_and_named(history: History, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "digitpad.sqlite3").write_bytes(b"damage" * 1000)
    code, out, err = history(tmp_path)
    assert (code, out) == (0, "")
    assert "It is kept as digitpad.damaged-1.sqlite3" in err
    assert (tmp_path / "data" / "digitpad.damaged-1.sqlite3").read_bytes() == b"damage" * 1000


def test_unreadable_history_is_a_one_line_error(history: History, tmp_path: Path) -> None:
    (tmp_path / "data" / "digitpad.sqlite3").mkdir(parents=True)
    code, _, err = history(tmp_path)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "cannot be opened" in err


def test_damaged_page_does_not_hide_the_others(history: History, home: Path) -> None:
    import sqlite3

    database = sqlite3.connect(home / "data" / "digitpad.sqlite3")
    with database:
        database.execute("UPDATE pages SET ink = '{', created = 'long ago' WHERE id = 24")
    database.close()
    code, out, err = history(home, "--json", "--limit", 3)
    assert (code, [json.loads(line)["id"] for line in out.splitlines()]) == (1, [23, 25])
    assert "page 24 of the history is damaged" in err
    assert history(home, "--limit", 2)[1].splitlines()[0] == "long ago  23 -> 77"
