"""Untrusted input: text that would control a terminal, and files that would block a reader or fill its memory."""

import gzip
import hashlib
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from edge_app.cli import main
from edge_app.datasets.export import save_pad
from edge_app.datasets.labelled import read_labelled
from edge_app.datasets.mnist import read_idx
from edge_app.datasets.readers import MAX_LINE, read_sources
from edge_app.errors import DataError, ModelError, StoreError
from edge_app.escape import escape
from edge_app.evaluation.compare.baseline import read_baseline
from edge_app.i18n import load_language
from edge_app.modelfiles.card import CARD, INT8, load_model, models_folder
from edge_app.recognition.ink import make_ink
from edge_app.recognition.results import Digit, Reading
from edge_app.storage.history import HistoryStore
from edge_app.storage.log import Log
from edge_app.storage.paths import VARIABLE
from edge_app.storage.safe_open import open_regular
from edge_app.storage.settings import Settings, read_settings

from .conftest import ROOT
from .support.pilot import NOW, folders_in
from .test_architecture import modules

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices are POSIX'")

ESCAPE, NEW_LINE, TURN, NO_TEXT = "\x1b]0;mine\x07", "\ndigitpad: all is well", "\u202e1", "\udcff"
NAME = f"{ESCAPE}{NEW_LINE}{TURN}"  # no / in it, so a file can be called that
SHOWN = r"\x1b]0;mine\x07\ndigitpad: all is well\u202e1"
MARKUP = "</title><script>alert(1)</script>&amp;"
ONE = [[[0, 30], [25, 0], [25, 100]]]


# ---- printed text


def test_control_characters_are_escaped_and_letters_are_not() -> None:
    assert escape(NAME + NO_TEXT) == SHOWN + r"\udcff"
    assert (
        escape("Zählung «8 ½», 数字, עברית, नमस्ते\u200d 98\u00a0%") == "Zählung «8 ½», 数字, עברית, नमस्ते\u200d 98\u00a0%"
    )


def test_escaped_text_is_one_line_without_control_characters() -> None:
    every = "".join(chr(code) for code in range(0x110000))
    shown = escape(every)
    shown.encode()  # no surrogate is left
    assert len(shown.splitlines()) == 1
    assert not {c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0}


def is_harmless(text: str) -> bool:
    return not any(word in text for word in ("\x1b", "\x07", "\u202e", "\ndigitpad: all is well"))


def hostile(folder: Path, ending: str, content: bytes) -> Path:
    path = folder / (NAME + ending)
    path.write_bytes(content)
    return path


def labelled(**keys: Any) -> bytes:
    return json.dumps({"label": "1", "strokes": ONE, **keys}).encode() + b"\n"


@posix
@pytest.mark.parametrize(
    ("words", "ending", "content"),
    [
        (["recognize"], ".jsonl", b"[]\n"),
        (["recognize"], ".png", b"none"),
        (["recognize"], ".txt", b"none"),
        (["recognize", "--json"], ".json", b""),
        (["evaluate"], ".jsonl", labelled() + labelled(label="2", writer=NAME) * 3),
        (["evaluate"], ".jsonl", b"[]\n"),
        (["compare", "--no-cost", "--spoilt", "1", "--data"], ".jsonl", labelled(writer=NAME) * 3),
        (["compare", "--no-cost", "--data"], ".jsonl", labelled(label="x")),
        (
            ["compare", "--no-cost", "--data", str(ROOT / "edge_app/datasets/allographs.jsonl"), "--baseline"],
            ".json",
            b"[]",
        ),
        (["compare"], ".tflite", b"none"),
        (["--model"], ".tflite", b"none"),
        (["install-launcher", "--dry-run", "--prefix"], "", b""),
        (["--theme"], "", b""),
        (["recognize", "x", "--"], "", b""),
        (["history", "--limit"], "", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "_".join(value[:1]) if isinstance(value, list) else "",
)
def test_no_command_prints_control_characters(
    words: list[str],
    ending: str,
    content: bytes,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    path = hostile(tmp_path, ending, content)
    command = [*words, str(path)]
    command += ["demo"] if words == ["--model"] else [str(path)] if words == ["compare"] else []
    try:
        main(command)
    except SystemExit as end:
        assert end.code == 2  # noqa: PT017  wrong usage, said by argparse
    out, err = capfd.readouterr()
    assert out + err
    assert is_harmless(out + err), (out, err)


def test_the_check_finds_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print(NAME)
    assert not is_harmless(capsys.readouterr().out)


@pytest.mark.parametrize("path", modules("edge_app"), ids=lambda path: path.stem)
def test_all_errors_are_printed_by_print_error(path: Path) -> None:
    assert path.name == "escape.py" or 'print(f"digitpad: ' not in path.read_text()


def test_text_from_the_history_is_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    store = HistoryStore(folders_in(tmp_path).store_file)
    number = store.save_page(None, make_ink(ONE), NAME, 0.9)
    store.correct_page(number, NAME)
    store.close()
    assert main(["history"]) == 0
    out = capsys.readouterr().out
    assert is_harmless(out)
    assert (len(out.splitlines()), out.count("]0;mine")) == (1, 2)


def test_an_error_is_one_line_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path / "digitpad.log")
    log(f"{NAME}: cannot be read")
    lines = (tmp_path / "digitpad.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [f"{SHOWN}: cannot be read"]
    assert capsys.readouterr().err == f"digitpad: {SHOWN}: cannot be read\n"


@posix
def test_a_dry_run_of_install_kiosk_escapes_the_users_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home" / "pi"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text(f"pi:x:{os.geteuid() or 1000}:1000::/home/pi:/bin/bash\n")
    (home / ".config" / "labwc").mkdir(parents=True)
    (home / ".config" / "labwc" / "autostart").write_text(f"echo{ESCAPE}\nsecond\tline\n")
    program = tmp_path / sys.executable.lstrip("/")
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    assert main(["install-kiosk", "--dry-run", "--root", str(tmp_path), "--user", "pi", "--kind", "labwc"]) == 0
    out = capsys.readouterr().out
    assert is_harmless(out)
    assert "echo\\x1b]0;mine\\x07\nsecond  line\n" in out


# ---- special files


@pytest.fixture(params=["pipe", "link to a device"])
def endless(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder in which all files are pipes that nobody writes to, or links to a device without end."""
    (tmp_path / "0").mkdir()
    for name in ("x.jsonl", "x.json", "x.png", "x.npz", "x.jsonl.gz", "images-idx3-ubyte", "de.toml", "0/x.png"):
        path = tmp_path / name
        if request.param == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
    return tmp_path


@posix
@pytest.mark.timeout(20)
def test_no_reader_opens_a_pipe_or_a_device(endless: Path) -> None:
    for name in ("x.jsonl", "x.json", "x.png", "x.jsonl.gz"):
        (sample,) = read_sources([str(endless / name)])
        assert "a pipe or a device, not a file" in str(sample.content)
    assert list(read_labelled(endless)) == []  # left out, and named
    for name in ("x.jsonl", "x.jsonl.gz", "x.npz", "images-idx3-ubyte", "0"):
        with pytest.raises(DataError, match=r"a pipe or a device|no labelled pictures"):
            list(read_labelled(endless / name))
    with pytest.raises(DataError, match="a pipe or a device"):
        read_baseline(endless / "x.json", [], [])
    assert read_settings(endless / "de.toml")[0] == Settings()
    assert "a pipe or a device" in " ".join(load_language("de", endless)[1])
    with pytest.raises(OSError, match="a pipe or a device"):
        open_regular(Path("/dev/zero"))


def test_a_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"strokes": ONE}))
    (tmp_path / "link.json").symlink_to(tmp_path / "x.json")
    with open_regular(tmp_path / "link.json") as file:
        assert json.load(file) == {"strokes": ONE}


@posix
@pytest.mark.timeout(20)
def test_a_pipe_in_a_users_home_does_not_block_install_kiosk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home" / "pi" / ".config"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("pi:x:1000:1000::/home/pi:/bin/bash\n")
    (folder / "labwc").mkdir(parents=True)
    os.mkfifo(folder / "labwc" / "autostart")
    assert main(["install-kiosk", "--dry-run", "--root", str(tmp_path), "--user", "pi", "--kind", "labwc"]) == 1
    assert "a pipe or a device, not a file. Nothing was changed" in capsys.readouterr().err


@posix
@pytest.mark.timeout(20)
def test_a_pipe_in_place_of_history_or_log_does_not_block(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    folders.data.mkdir()
    for path in (folders.store_file, folders.log_file):
        os.mkfifo(path)
    with pytest.raises(StoreError, match="cannot be opened"):
        HistoryStore(folders.store_file)
    Log(folders.log_file)("goes to the terminal alone")
    assert all(path.is_fifo() for path in (folders.store_file, folders.log_file))


# ---- files that expand


def test_a_line_of_labelled_ink_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b"{" + b" " * (3 * MAX_LINE)))
    with pytest.raises(DataError, match=r"x\.jsonl\.gz:1: .*more than 8,000,000 bytes"):
        list(read_labelled(path))


@pytest.mark.parametrize(("count", "said"), [(2, "more than 1,568 bytes of content"), (1 << 31, "its header claims")])
def test_an_idx_file_longer_than_its_header_says_is_rejected(tmp_path: Path, count: int, said: str) -> None:
    path = tmp_path / "images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, count, 28, 28) + bytes(50_000_000)))
    with pytest.raises(DataError, match=said):
        read_idx(path)


# ---- paths in files


OPENED = f"""
import sys
import numpy as np
from edge_app.recognition.recognizer import Recognizer
from edge_app.datasets.readers import read_sources
recognizer, opened = Recognizer(), []
recognizer.read([np.array({ONE[0]!r}, float)])  # import everything before watching
def watch(name, arguments):
    if name in ("open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.symlink") and arguments[0] != 3:
        opened.append(arguments[0])
sys.addaudithook(watch)
for sample in read_sources(["x.jsonl"]):
    print(recognizer.read(sample.content).text)
print(opened)
"""


def test_no_path_in_ink_is_opened(tmp_path: Path) -> None:
    """Python's audit events list what is opened: the ink file alone."""
    keys = ("file", "files", "image", "path", "label", "writer", "text", "model", "$ref")
    paths = ("../../outside", "/etc/passwd", "file:///etc/passwd", "outside.png", "..\\outside")
    lines = [json.dumps({"strokes": ONE, **dict.fromkeys(keys, path)}) for path in paths]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", OPENED]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [*"11111", "['x.jsonl']"], done.stderr


@pytest.mark.parametrize("name", ["../outside.tflite", "/etc/passwd", "sub/m.tflite", "m.tflite/../../outside.tflite"])
def test_no_path_on_a_card_is_opened(tmp_path: Path, name: str) -> None:
    """The card's keys are compared with the name of the model, nothing else."""
    content = (models_folder() / INT8).read_bytes()
    card = json.loads((models_folder() / CARD).read_text())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "m.tflite").write_bytes(content)
    (tmp_path / "outside.tflite").write_bytes(content)
    (folder / CARD).write_text(json.dumps({**card, "files": {name: {"sha256": "0" * 64, "bytes": 1}}}))
    with pytest.raises(ModelError, match="not named in"):
        load_model(folder / "m.tflite")
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / CARD).write_text(json.dumps({**card, "files": {name: {"sha256": "0" * 64}, "m.tflite": entry}}))
    assert load_model(folder / "m.tflite").content == content


# ---- reports


@posix
def test_a_file_name_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    """Surrogates cannot be encoded, and the report was lost after minutes of work."""
    path = tmp_path / os.fsdecode(b"\xff<b>.jsonl")
    path.write_bytes(labelled() * 2)
    command = ["compare", "--no-cost", "--spoilt", "1", "--data", str(path)]
    assert main([*command, "--json", str(tmp_path / "a.json"), "--html", str(tmp_path / "a.html")]) == 0
    assert json.loads((tmp_path / "a.json").read_text())["sets"][0]["name"] == r"\udcff<b>.jsonl"
    assert r"\udcff&lt;b&gt;.jsonl: 2 digits" in (tmp_path / "a.html").read_text()
    assert main(["evaluate", str(path), "--json", str(tmp_path / "b.json")]) == 0
    assert list(json.loads((tmp_path / "b.json").read_text())["sets"]) == [r"\udcff<b>.jsonl"]


def test_a_writer_with_a_surrogate_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(labelled(label="2", writer="\ud800"))
    assert main(["evaluate", str(path), "--json", str(tmp_path / "b.json")]) == 0
    assert list(json.loads((tmp_path / "b.json").read_text())["sets"]["x.jsonl"]["worst_writers"]) == [r"\ud800"]


def test_an_svg_is_valid_xml_whatever_was_read(tmp_path: Path) -> None:
    text = f"{MARKUP}{NAME}\x00\ufffe{NO_TEXT}"
    reading = Reading((Digit(text, 0.9, (), (0, 0, 1, 1), (0,)),))
    (path,) = save_pad(tmp_path, make_ink(ONE), (100, 100), reading, 4.0, NOW, ("svg",))
    root = ElementTree.parse(path).getroot()
    (title,) = root.iter("{http://www.w3.org/2000/svg}title")
    assert title.text == (MARKUP + SHOWN).replace(r"\n", " ") + r"\x00\ufffe\udcff"
    assert {child.tag.rpartition("}")[2] for child in root.iter()} == {"svg", "title", "rect", "g", "polyline"}
