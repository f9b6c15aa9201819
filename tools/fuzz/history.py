"""Databases from bad disks and bad people, opened as the command and the window open the history."""

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from edge_app.errors import InkError, StoreError
from edge_app.escape import HOSTILE, print_error
from edge_app.recognition.ink import make_ink
from edge_app.recognition.normalise import normalise_digit
from edge_app.recognition.results import Digit
from edge_app.storage.history import HistoryStore
from edge_app.storage.history_command import print_history

from .mutation import TEXTS, mutate_bytes, mutate_tree
from .run import Run

MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
NAME = "digitpad.sqlite3"
PARTS = ("", "-wal", "-shm")
PAGE = 4096  # bytes of a page of SQLite's
INK = make_ink([[[0, 30], [25, 0], [25, 100]]])
LINE = '{"strokes":[[[0,30],[25,0]]]}'
DIGITS = '[{"digit":"1","confidence":0.9,"alternatives":[],"box":[0,0,1,1],"strokes":[0]}]'
PLANTED = (  # what a planted file may hold beside, or in place of, what belongs there
    "CREATE TRIGGER t AFTER INSERT ON pages BEGIN DELETE FROM pages; END",
    "CREATE TRIGGER t AFTER INSERT ON pages BEGIN INSERT INTO pages SELECT NULL, created, text, correction, confidence,"
    " ink, digits, model FROM pages; END",
    "CREATE TRIGGER t BEFORE DELETE ON pages BEGIN SELECT raise(ABORT, 'no'); END",
    "CREATE TRIGGER t BEFORE UPDATE ON pages BEGIN SELECT raise(IGNORE); END",
    "CREATE VIEW v AS SELECT zeroblob(900000000)",
    "CREATE TABLE more (x, y AS (zeroblob(900000000)))",
    "CREATE UNIQUE INDEX u ON pages (text)",
    "CREATE INDEX e ON pages (abs(length(text) - 9223372036854775808))",
    "CREATE VIRTUAL TABLE f USING fts5(x)",
    'CREATE TABLE "sqlite\x1b[2J" (x)',
    "DROP TABLE examples",
    "DROP TABLE pages; CREATE VIEW pages AS SELECT 1 AS id, '2026' AS created, zeroblob(500000000) AS text, NULL AS"
    " correction, 1.0 AS confidence, '' AS ink, '' AS digits, '' AS model",
    "DROP TABLE pages; CREATE TABLE pages (id, created, text, correction, confidence, ink, digits, model)",
    "ALTER TABLE pages ADD COLUMN extra TEXT CHECK (abs(random()) < 0)",
    "ALTER TABLE pages RENAME COLUMN model TO network",
    "PRAGMA user_version = -5",
    "PRAGMA application_id = 7",
    "PRAGMA encoding = 'UTF-16'; VACUUM",
)


def fuzz(run: Run) -> None:
    """Try databases; a case is the lengths of database, log and index of the log, and these."""
    run.limits.megabytes = 200.0  # fifty pages are read at a time, and a planted one has two million letters at most
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case, rng=rng: check(case, run.folder, rng))  # type: ignore[misc]


@cache
def seeds() -> list[list[bytes]]:
    """Return sound databases: of a few pages, of many, with a log that was not yet taken over, of nothing."""
    return [_sound(pages, logged) for pages, logged in ((3, False), (120, False), (3, True), (40, True), (0, False))]


def _sound(pages: int, logged: bool) -> list[bytes]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / NAME
        store = HistoryStore(path, lambda: 1_770_000_000.0)
        digit = Digit("1", 0.9, (("7", 0.1),), (0.0, 0.0, 25.0, 100.0), (0,))
        for number in range(pages):
            page = store.save_page(None, INK, "1", 0.9, [digit], "ab" * 32)
            if number % 3 == 0:
                store.correct_page(page, "7")
            if number % 4 == 0:
                store.add_example(normalise_digit(INK), "1", INK, "correction")
        if not logged:
            store.close()
        found = [_content(path.with_name(path.name + part)) for part in PARTS]
        store.close()
    return found


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def make(rng: random.Random) -> bytes:
    """Return a case."""
    parts = list(rng.choice(seeds()))
    way = rng.randrange(10)
    if way < 3:
        at = 1 if parts[1] and rng.randrange(2) else 0
        parts[at] = _damaged(rng, parts[at])
    elif way < 5:
        parts = [_planted(rng, parts, [rng.choice(PLANTED)]), b"", b""]
    elif way < 8:
        parts = [_planted(rng, parts, _odd_rows(rng)), b"", b""]
    elif way == 8:
        parts[0] = rng.choice((b"", rng.randbytes(5000), b"SQLite format 3\0" + rng.randbytes(84), parts[0][:100]))
    else:
        other = rng.choice(seeds())
        parts = [rng.choice((parts, other))[number] for number in range(3)]  # a log that belongs to another
    if not rng.randrange(6):
        at = rng.randrange(3)
        parts[at] = mutate_bytes(rng, parts[at])
    return json.dumps([len(part) for part in parts]).encode() + b"\n" + b"".join(parts)


def _damaged(rng: random.Random, content: bytes) -> bytes:
    """Return a file as a disk spoils it: bits of any page, pages swapped, lost, zeroed or repeated, a field wrong."""
    spoilt = bytearray(content)
    count = max(1, len(content) // PAGE)
    one, other = (PAGE * rng.randrange(count) for _ in range(2))
    way = rng.randrange(6)
    if way == 0:
        for _ in range(rng.choice((1, 1, 8, 100))):
            if spoilt:
                spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    elif way == 1:
        spoilt[one : one + PAGE], spoilt[other : other + PAGE] = (
            content[other : other + PAGE],
            content[one : one + PAGE],
        )
    elif way == 2:
        del spoilt[rng.choice((one, one + rng.randrange(PAGE), 512, 100)) :]
    elif way == 3:
        spoilt[one : one + PAGE] = rng.choice((bytes(PAGE), b"\xff" * PAGE, content[other : other + PAGE]))
    elif way == 4:
        at, form = rng.choice(
            ((16, ">H"), (18, ">H"), (20, ">I"), (24, ">I"), (28, ">I"), (32, ">I"), (44, ">I"), (60, ">I"))
        )
        struct.pack_into(form, spoilt, at, rng.choice((0, 1, 2, 255, 65535 if form == ">H" else 2**32 - 1)))
    else:  # in a page: its kind, its count of cells, where these are
        struct.pack_into(">H", spoilt, min(one + rng.choice((0, 3, 5, 8, 10)), len(spoilt) - 2), rng.randrange(65536))
    return bytes(spoilt)


def _planted(rng: random.Random, parts: list[bytes], statements: list[str]) -> bytes:
    """Return a database after statements of somebody's own."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / NAME
        for part, content in zip(PARTS, parts, strict=True):
            if content:
                path.with_name(path.name + part).write_bytes(content)
        database = sqlite3.connect(path, isolation_level=None)
        database.execute(
            "PRAGMA writable_schema = ON" if not rng.randrange(8) else "PRAGMA ignore_check_constraints = ON"
        )
        for statement in statements:
            with contextlib.suppress(sqlite3.Error):
                database.executescript(statement)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()


def _odd_rows(rng: random.Random) -> list[str]:
    """Return statements that put values of any kind into sound tables."""
    pages = ("created", "text", "correction", "confidence", "ink", "digits", "model")
    examples = ("created", "label", "source", "used", "image", "ink")
    found = []
    for _ in range(rng.randint(1, 4)):
        table, columns = rng.choice((("pages", pages), ("examples", examples)))
        where = rng.choice(("", " WHERE id = 1", " WHERE id % 2"))
        found.append(f"UPDATE {table} SET {rng.choice(columns)} = {_odd_sql(rng)}{where}")
    if not rng.randrange(6):
        found.append("UPDATE pages SET id = 9223372036854775807 WHERE id = 1")
    return found


def _odd_sql(rng: random.Random) -> str:
    way = rng.randrange(8)
    if way == 0:
        return rng.choice(("''", "zeroblob(784)", "zeroblob(300000)", "x'ff00'", "1e999", "-1", "9e18", "NULL"))
    if way == 1:
        return f"cast(x'{rng.randbytes(rng.choice((1, 5, 40))).hex()}' AS TEXT)"  # letters that are none
    if way == 2:
        depth = rng.choice((10, 2000, 200_000))
        return f"replace(hex(zeroblob({depth})), '00', '[')"
    if way == 3:
        tree = mutate_tree(rng, json.loads(rng.choice((LINE, DIGITS))))
        text = json.dumps(tree, ensure_ascii=not rng.randrange(2)).encode("utf-8", "replace").decode()
    elif way == 4:
        text = json.dumps({"strokes": [[[0, 1]]], "id": 7, "text": "\x1b[2J", "confidence": "high"})
    elif way == 5:
        text = rng.choice(("9999-99-99", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "now", "2026-01-02"))
    else:
        text = rng.choice(TEXTS).encode("utf-8", "replace").decode().replace("\0", "\1")
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def check(case: bytes, folder: Path, rng: random.Random | None = None) -> str:
    """Open a case as the command does, and do all that the window can do with it."""
    first, _, content = case.partition(b"\n")
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    lengths = json.loads(first)
    parts = [content[sum(lengths[:i]) : sum(lengths[: i + 1])] for i in range(3)]
    _write(home, parts)
    listed = _list(home, parts)
    _write(home, parts)
    used = _use(home / "data" / NAME, rng or random.Random(0))
    return f"{listed}; {used}"


def _write(home: Path, parts: list[bytes]) -> None:
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    for part, content in zip(PARTS, parts, strict=True):
        if content or not part:
            (data / (NAME + part)).write_bytes(content)


def _list(home: Path, parts: list[bytes]) -> str:
    """Let the command print it: one line a page, no letter that steers a terminal, and nothing lost."""
    for as_json in (False, True):
        out, said = io.StringIO(), io.StringIO()
        here = mock.patch.dict(os.environ, {"DIGITPAD_HOME": str(home)})
        with here, contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            try:
                status = print_history(50, as_json=as_json)
            except StoreError as error:
                print_error(error)
                status = 1
        lines = out.getvalue().splitlines()
        assert not any(HOSTILE.search(line) for line in (*lines, *said.getvalue().splitlines())), lines
        if as_json:
            assert all(isinstance(json.loads(line, parse_constant=_no_number), dict) for line in lines)
        if not as_json:
            _nothing_is_lost(home / "data", parts, said.getvalue())
    if any(".damaged-" in path.name for path in (home / "data").iterdir()):
        return "set aside"
    return "listed" if status == 0 else "told"


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _nothing_is_lost(data: Path, parts: list[bytes], said: str) -> None:
    """The file is where it was, or set aside under a name that was said."""
    aside = [path for path in data.iterdir() if ".damaged-" in path.name and path.suffix == ".sqlite3"]
    if aside:
        assert all(path.name in said for path in aside), said
        assert parts[1] or hashlib.sha256(aside[0].read_bytes()).digest() == hashlib.sha256(parts[0]).digest()
    elif parts[0] and not parts[1]:  # a log may have changed the file, as it should
        kept = (data / NAME).read_bytes()
        assert len(kept) >= len(parts[0]) - PAGE, f"{len(parts[0])} bytes became {len(kept)}"


def _use(path: Path, rng: random.Random) -> str:
    """Do everything in any order; a StoreError is an answer, and so is InkError for the ink of a damaged page."""
    try:
        store = HistoryStore(path)
    except StoreError:
        return "refused"
    try:
        deeds: list[Callable[[], Any]] = [
            lambda: [_look(page) for page in store.pages(50, rng.choice((0, 50)))],
            lambda: [_look(example) for example in store.examples()],
            lambda: (store.count_pages(), store.count_examples()),
            lambda: store.save_page(rng.choice((None, 1, 3)), INK, "1", 0.5),
            lambda: store.correct_page(1, "42"),
            lambda: store.delete_page(rng.choice((1, 2, 999))),
            lambda: store.add_example(normalise_digit(INK), "1", INK, "practice"),
            lambda: store.remove_example(1),
            lambda: store.export(path.with_name("out.jsonl")),
            lambda: store.adopt(_written()),
        ]
        rng.shuffle(deeds)
        outcomes = {_attempt(deed) for deed in (*deeds, store.forget_everything)}
        if "told" not in outcomes:
            assert store.count_pages() == 0
    finally:
        store.close()
    return "used, with faults told" if "told" in outcomes else "used"


def _written() -> HistoryStore:
    store = HistoryStore.in_memory()
    store.save_page(None, INK, "1", 0.5)
    store.add_example(normalise_digit(INK), "1", INK, "practice")
    return store


def _attempt(deed: Callable[[], Any]) -> str:
    try:
        deed()
    except StoreError:
        return "told"
    return "done"


def _look(row: Any) -> None:
    for name in ("ink", "local_time", "to_json"):
        with contextlib.suppress(InkError, StoreError):
            value = getattr(row, name, None)
            if callable(value):
                json.dumps(value(), allow_nan=False)
    if hasattr(row, "image"):
        assert row.image.shape == (28, 28)
        assert row.image.dtype == np.uint8
