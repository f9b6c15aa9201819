"""The history: pages and examples, damage, full disks, two processes, forgetting and export."""

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.datasets.labelled import LabelledInk, read_labelled_ink
from edge_app.errors import InkError, StoreError
from edge_app.recognition.ink import Ink, make_ink
from edge_app.recognition.normalise import DigitImage
from edge_app.recognition.results import Digit
from edge_app.storage import history
from edge_app.storage.history import CHECKED_BYTES, MAX_PAGES, VERSION, HistoryStore, StoredPage, open_history

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00+00:00
POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions, limits and signals of POSIX")
NEXT = "Check that the disk has room and may be written"
LARGE = make_ink([[[n, n / 7] for n in range(20_000)]])


def ink_of(number: int) -> Ink:
    return make_ink([[[number, 0.25], [number + 10, 100]], [[0, number]]])


def image_of(number: int) -> DigitImage:
    return np.full((28, 28), number % 256, np.uint8)


def strokes(ink: Ink) -> list[Any]:
    return [stroke.tolist() for stroke in ink]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def texts(store: HistoryStore) -> list[str]:
    return [page.text for page in store.pages(limit=100_000)]


def texts_at(path: Path) -> list[str]:
    with contextlib.closing(HistoryStore(path)) as store:
        assert store.notices == []
        return texts(store)


def write(store: HistoryStore, number: int = 1) -> int:
    return store.save_page(None, ink_of(number), str(number), 1.0)


def filled(path: Path, pages: int) -> bytearray:
    with contextlib.closing(HistoryStore(path, lambda: NOON)) as store:
        store._database.execute("PRAGMA synchronous = OFF")
        for number in range(pages):
            store.save_page(None, make_ink([[[number, i] for i in range(200)]]), str(number), 1.0)
    return bytearray(path.read_bytes())


def run_sql(path: Path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.executescript(statements)


def error_of(call: Callable[[], object], kind: type[Exception] = StoreError) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "digitpad.sqlite3"


@pytest.fixture
def aside(path: Path) -> Path:
    return path.with_name("digitpad.damaged-1.sqlite3")


@pytest.fixture
def store(path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(path, lambda: NOON)
    yield store
    store.close()


# --- Open and write


def test_page_is_returned_as_it_was_saved(store: HistoryStore) -> None:
    digit = Digit("7", 0.75, (("1", 0.2),), (0.0, 0.25, 10.0, 100.0), (0, 1))
    page_id = store.save_page(None, ink_of(3), "7", 0.75123, [digit], "5" * 64)
    page = store.page(page_id)
    assert page is not None
    assert strokes(page.ink) == strokes(ink_of(3))
    assert page.to_json() == {
        "id": page_id,
        "created": "2026-01-01T12:00:00+00:00",
        "text": "7",
        "correction": None,
        "confidence": 0.7512,
        "digits": [digit.to_json()],
        "model": "5" * 64,
        "strokes": strokes(ink_of(3)),
    }
    assert store.page(page_id + 1) is None


def test_examples_are_returned_after_reopening(path: Path, store: HistoryStore) -> None:
    image = np.arange(784, dtype=np.uint32).reshape(28, 28).astype(np.uint8)
    first = store.add_example(image, "7", ink_of(1), "correction")
    second = store.add_example(image.T, "?", ink_of(2), "practice", used=False)
    store.close()
    with contextlib.closing(HistoryStore(path)) as again:
        found = again.examples()
    assert [(e.id, e.created, e.label, e.source, e.used) for e in found] == [
        (first, "2026-01-01T12:00:00+00:00", "7", "correction", True),
        (second, "2026-01-01T12:00:00+00:00", "?", "practice", False),
    ]
    assert [np.array_equal(e.image, i) for e, i in zip(found, (image, image.T), strict=True)] == [True, True]
    assert [strokes(e.ink) for e in found] == [strokes(ink_of(1)), strokes(ink_of(2))]


@pytest.mark.parametrize(
    ("zone", "local"), [("UTC", "2026-01-01 12:00"), ("IST-5:30", "2026-01-01 17:30"), ("XXX+13", "2025-12-31 23:00")]
)
@POSIX
def test_local_time_is_in_the_devices_zone(monkeypatch: pytest.MonkeyPatch, zone: str, local: str) -> None:
    page = StoredPage(1, "2026-01-01T12:00:00+00:00", "", None, 0.0, "", "", "")
    with monkeypatch.context() as changed:
        changed.setenv("TZ", zone)
        time.tzset()
        seen = page.local_time
    time.tzset()
    assert seen == local


@pytest.mark.parametrize("created", ["", "no time", "0001-01-01T00:00:00+14:00"])
def test_invalid_time_is_shown_unchanged(created: str) -> None:
    assert StoredPage(1, created, "", None, 0.0, "", "", "").local_time == created


def test_new_ink_clears_the_correction_and_a_new_reading_does_not(store: HistoryStore) -> None:
    page_id = write(store)
    assert store.correct_page(page_id, "7")
    for ink, text, expected in ((ink_of(1), "4", "7"), (ink_of(2), "42", None)):
        assert store.save_page(page_id, ink, text, 0.5) == page_id
        (page,) = store.pages()
        assert (page.text, page.correction) == (text, expected)


def test_deleted_page_returns_false_and_its_id_is_not_reused(store: HistoryStore) -> None:
    page_id = write(store)
    example_id = store.add_example(image_of(1), "1", ink_of(1), "practice")
    assert [store.delete_page(page_id), store.remove_example(example_id)] == [True, True]
    assert [store.delete_page(page_id), store.remove_example(example_id)] == [False, False]
    assert not store.correct_page(page_id, "1")
    assert store.save_page(page_id, ink_of(1), "1", 0.9) > page_id


def test_invalid_arguments_are_bugs_and_store_nothing(store: HistoryStore) -> None:
    assert error_of(lambda: store.save_page(None, (), "", 0), ValueError) == (
        "a page without ink cannot be saved: delete it"
    )
    for label, image in (("10", image_of(1)), ("x", image_of(1)), ("1", image_of(1)[:27])):
        with pytest.raises(ValueError, match="not an example: label"):
            store.add_example(image, label, ink_of(1), "practice")
    with pytest.raises(ValueError, match="int8"):
        store.add_example(image_of(1).astype(np.int8), "1", ink_of(1), "practice")
    with pytest.raises(sqlite3.IntegrityError):
        store.add_example(image_of(1), "1", ink_of(1), "hearsay")
    assert (store.count_pages(), store.count_examples()) == (0, 0)


def test_another_thread_and_a_closed_store_are_bugs(store: HistoryStore) -> None:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(error_of(store.count_pages, sqlite3.ProgrammingError)))
    thread.start()
    thread.join()
    assert "thread" in seen[0]
    store.close()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.count_pages()


def test_oldest_pages_are_deleted_over_the_limit(tmp_path: Path) -> None:
    with contextlib.closing(HistoryStore(tmp_path / "x.sqlite3", max_pages=3)) as store:
        ids = [write(store, n) for n in range(5)]
        assert texts(store) == ["4", "3", "2"]
        store.save_page(ids[3], ink_of(3), "three", 1.0)  # updating one deletes none
        assert texts(store) == ["4", "three", "2"]
        assert [page.text for page in store.pages(1, 1)] == ["three"]


def test_ten_thousand_pages_are_kept() -> None:
    store = HistoryStore.in_memory()
    row = ("", 1.0, "", "", "")
    insert = "INSERT INTO pages (created, confidence, ink, digits, model, text) VALUES (?, ?, ?, ?, ?, ?)"
    store._database.executemany(insert, [(*row, str(number)) for number in range(MAX_PAGES)])
    store.save_page(None, ink_of(1), "new", 1.0)
    assert (store.count_pages(), MAX_PAGES) == (10_000, 10_000)
    assert [texts(store)[0], texts(store)[-1]] == ["new", "1"]


def test_oldest_practised_examples_of_a_label_are_deleted_first_and_never_the_new_one() -> None:
    store = HistoryStore.in_memory(max_examples=3)

    def add(label: str, source: str) -> int:
        return store.add_example(image_of(0), label, ink_of(0), source)

    def ids() -> list[int]:
        return [example.id for example in store.examples()]

    other = add("2", "practice")
    _, c1, p2, c2 = add("1", "practice"), add("1", "correction"), add("1", "practice"), add("1", "correction")
    assert ids() == [other, c1, p2, c2]
    c3 = add("1", "correction")
    assert ids() == [other, c1, c2, c3]
    p3 = add("1", "practice")
    assert ids() == [other, c2, c3, p3]


def test_store_in_memory_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(HistoryStore.in_memory()) as store:
        write(store)
        store.forget_everything()
        write(store)
    assert names(tmp_path) == []


def test_closed_history_is_a_single_file(path: Path, store: HistoryStore) -> None:
    write(store)
    assert names(path.parent) == [path.name + ending for ending in ("", "-shm", "-wal")]
    store.close()
    assert names(path.parent) == [path.name]


def test_special_characters_in_the_path_are_taken_literally(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 é" / "digitpad.sqlite3"
    filled(path, 1)
    assert names(path.parent) == [path.name]


def test_changes_are_durable_and_deletions_overwritten(store: HistoryStore) -> None:
    names = ("journal_mode", "synchronous", "secure_delete", "busy_timeout", "cache_size")
    found = [store._database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert found == ["wal", 2, 1, 2000, -256]
    memory = HistoryStore.in_memory()._database  # refuses WAL, as some network drives do: EXTRA then
    assert memory.execute("PRAGMA synchronous").fetchone() == (3,)


def test_file_of_the_first_release_is_read(path: Path) -> None:
    """The schema of 0.1.0, as its users' files have it."""
    path.parent.mkdir()
    run_sql(
        path,
        "CREATE TABLE pages (id INTEGER PRIMARY KEY AUTOINCREMENT, created TEXT NOT NULL, text TEXT NOT NULL,"
        " correction TEXT, confidence REAL NOT NULL, ink TEXT NOT NULL, digits TEXT NOT NULL, model TEXT NOT NULL);"
        "CREATE INDEX pages_by_time ON pages (created);"
        "CREATE TABLE examples (id INTEGER PRIMARY KEY AUTOINCREMENT, created TEXT NOT NULL, label TEXT NOT NULL,"
        " source TEXT NOT NULL CHECK (source IN ('correction', 'practice')), used INTEGER NOT NULL,"
        " image BLOB NOT NULL CHECK (length(image) = 784), ink TEXT NOT NULL);"
        "CREATE INDEX examples_by_label ON examples (label, source); PRAGMA user_version = 1;"
        "INSERT INTO pages VALUES (7, '2026-01-01T12:00:00+00:00', '5', '6', 0.5, '{\"strokes\":[[[1,2]]]}', '[]', '');"
        "INSERT INTO examples VALUES (3, '', '6', 'correction', 1, zeroblob(784), '{\"strokes\":[[[1,2]]]}');",
    )
    with contextlib.closing(HistoryStore(path)) as store:
        assert [(page.id, page.text, page.correction, strokes(page.ink)) for page in store.pages()] == [
            (7, "5", "6", [[[1.0, 2.0]]])
        ]
        assert [(example.id, example.label) for example in store.examples()] == [(3, "6")]
        assert (write(store), store.notices) == (8, [])


# --- Adopt


def test_pages_in_memory_are_adopted_when_history_is_switched_on(store: HistoryStore) -> None:
    write(store, 0)
    early = HistoryStore.in_memory(lambda: NOON - 86400)
    first, second, third = (write(early, number) for number in (1, 2, 3))
    early.correct_page(first, "7")
    early.delete_page(second)
    early.add_example(image_of(9), "7", ink_of(1), "correction", used=False)

    ids = store.adopt(early)
    assert ids.keys() == {first, third}
    page = store.page(ids[first])
    assert page is not None
    assert (page.created, page.text, page.correction) == ("2025-12-31T12:00:00+00:00", "1", "7")
    assert texts(store) == ["3", "1", "0"]
    assert [(e.label, e.used, int(e.image[0, 0])) for e in store.examples()] == [("7", False, 9)]
    assert early.count_pages() == 2


def test_adopting_deletes_the_oldest_over_the_limits(tmp_path: Path) -> None:
    early = HistoryStore.in_memory()
    for number in range(4):
        write(early, number)
        early.add_example(image_of(number), "1", ink_of(number), "practice")
    with contextlib.closing(HistoryStore(tmp_path / "x.sqlite3", max_pages=3, max_examples=2)) as store:
        write(store, 9)
        assert len(store.adopt(early)) == 4
        assert texts(store) == ["3", "2", "1"]
        assert [int(example.image[0, 0]) for example in store.examples()] == [2, 3]


def test_adopting_is_all_or_nothing(store: HistoryStore) -> None:
    early = HistoryStore.in_memory()
    write(early)
    early.save_page(None, LARGE, "2", 1.0)
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages + 10}")  # SQLITE_FULL, as for no space left
    with pytest.raises(StoreError, match="full") as caught:
        store.adopt(early)
    assert (store.count_pages(), caught.value.key) == (0, "fault_full")
    store._database.execute("PRAGMA max_page_count = 100000")
    store.adopt(early)
    assert texts(store) == ["2", "1"]


# --- Forget

SECRET = make_ink([[[31337.75, 4242.25], [31338.5, 4243.5]]])
TRACES = (b"31337.75", b"4242.25", b"5551234", b"2026-01-01", bytes([171] * 50))


def traces_in(folder: Path) -> list[bytes]:
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return [trace for trace in TRACES if trace in content]


def write_secrets(store: HistoryStore, count: int = 50) -> tuple[int, int]:
    for _ in range(count):
        page = store.save_page(None, SECRET, "5551234", 0.5)
        example = store.add_example(image_of(171), "5", SECRET, "correction")
    store.correct_page(page, "5551234")
    return page, example


def test_forgetting_overwrites_every_byte(path: Path, store: HistoryStore) -> None:
    page, _ = write_secrets(store)
    assert traces_in(path.parent) == list(TRACES)
    assert store.forget_everything() == []
    assert traces_in(path.parent) == []
    assert (store.count_pages(), store.count_examples()) == (0, 0)
    store.close()
    assert traces_in(path.parent) == []
    filled(fresh := path.with_name("fresh.sqlite3"), 0)
    assert path.stat().st_size == fresh.stat().st_size
    with contextlib.closing(HistoryStore(path)) as again:
        assert write(again) > page


def test_deleting_overwrites_that_page(path: Path, store: HistoryStore) -> None:
    page, example = write_secrets(store, 1)
    kept = write(store)
    store.delete_page(page)
    store.remove_example(example)
    assert traces_in(path.parent) == [b"2026-01-01"]  # of the page that stays
    assert store.page(kept) is not None


def test_forgetting_while_another_process_reads_is_reported(path: Path, store: HistoryStore) -> None:
    write_secrets(store)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM pages").fetchone()
    store._database.execute("PRAGMA busy_timeout = 50")
    assert error_of(store.forget_everything) == (
        f"{path}: another digitpad is reading it. Close that one and forget again"
    )
    assert store.count_pages() == 0
    reader.close()
    store.forget_everything()
    assert traces_in(path.parent) == []


def test_forgetting_names_damaged_files_that_are_left(path: Path, aside: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with contextlib.closing(HistoryStore(path)) as store:
        assert store.forget_everything() == [aside]


# --- Export


def test_export_has_examples_and_corrected_pages_once_each(store: HistoryStore, tmp_path: Path) -> None:
    store.add_example(image_of(1), "7", ink_of(1), "correction")
    store.add_example(image_of(1), "?", ink_of(2), "correction")
    store.add_example(image_of(1), "0", ink_of(3), "practice")
    store.add_example(image_of(1), "4", (), "correction")  # from a picture: no ink
    for number, correction in enumerate(("1995", None, "19?5", "", "7", "７", "-3"), 10):
        store.correct_page(write(store, number), correction)
    store.correct_page(write(store, 1), "7")  # the example again
    file = tmp_path / "mine.jsonl"
    assert store.export(file) == 4
    found = [sample for sample in read_labelled_ink(file) if isinstance(sample, LabelledInk)]
    assert [(s.label, s.writer, strokes(s.ink)) for s in found] == [
        ("7", "me", strokes(ink_of(1))),
        ("0", "me", strokes(ink_of(3))),
        ("1995", "me", strokes(ink_of(10))),
        ("7", "me", strokes(ink_of(14))),
    ]


def test_empty_export_keeps_the_old_file(store: HistoryStore, tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text("old")
    write(store)
    assert store.export(tmp_path / "old.jsonl") == 0
    assert (tmp_path / "old.jsonl").read_text() == "old"


def test_export_over_the_history_or_to_an_impossible_path_is_rejected(path: Path, store: HistoryStore) -> None:
    store.add_example(image_of(1), "7", ink_of(1), "correction")
    same = path.parent / "." / path.name
    assert error_of(lambda: store.export(same)) == f"{same}: that is the history itself. Choose another file"
    below = path / "below a file.jsonl"
    assert error_of(lambda: store.export(below)) == f"{below}: cannot be written (Not a directory). {NEXT}"
    assert store.count_examples() == 1


# --- Crash


def crashed(path: Path, pages: int) -> bytearray:
    """Write pages and leave the files as a killed process does; returns the log."""
    store = HistoryStore(path)
    for number in range(pages):
        write(store, number)
    files = {file: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    store.close()
    for file, content in files.items():
        file.write_bytes(content)
    return bytearray(path.with_name(path.name + "-wal").read_bytes())


@pytest.mark.parametrize(
    ("damage", "left"),
    [("none", 12), ("last change", 11), ("cut in last change", 11), ("middle", 6), ("header", 0)],
)
def test_damaged_log_is_used_up_to_the_damage(path: Path, damage: str, left: int) -> None:
    log = crashed(path, 12)
    if damage == "cut in last change":
        del log[-100:]
    elif damage != "none":
        log[{"last change": -100, "middle": len(log) // 2 + 18, "header": 18}[damage]] ^= 1
    path.with_name(path.name + "-wal").write_bytes(log)
    found = texts_at(path)
    assert found == [str(number) for number in range(len(found))][::-1]
    assert len(found) == left if damage != "middle" else 0 < len(found) < 12


@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_log_without_its_database_is_set_aside(path: Path, aside: Path, left: bytes | None) -> None:
    log = crashed(path, 1)
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    with contextlib.closing(HistoryStore(path)) as store:
        assert store.notices == [
            f"{path}: damaged (the file is empty, but its log is not). It is kept as {aside.name};"
            " a new history was started"
        ]
        assert texts(store) == []
    assert aside.with_name(aside.name + "-wal").read_bytes() == log


# --- Damage


@pytest.mark.parametrize(
    "content", [b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000, b"short", bytes(8192)], ids=lambda c: c[:8].hex()
)
def test_file_that_is_no_database_is_set_aside_with_a_notice(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(content)
        aside = path.with_name(f"digitpad.damaged-{number}.sqlite3")
        with contextlib.closing(HistoryStore(path)) as store:
            assert aside.read_bytes() == content
            assert len(store.notices) == 1
            assert store.notices[0].endswith(f". It is kept as {aside.name}; a new history was started")
            assert store.notices[0].key == "fault_history_damaged"
            write(store)
    assert texts_at(path) == ["1"]


def test_damage_in_a_small_file_is_found_when_it_is_opened(path: Path, aside: Path) -> None:
    content = filled(path, 200)
    assert len(content) < CHECKED_BYTES
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with contextlib.closing(HistoryStore(path)) as store:
        assert f"It is kept as {aside.name}" in store.notices[0]
        assert store.count_pages() == 0
    assert aside.read_bytes() == content


def test_damage_in_a_large_file_is_found_when_it_is_read(
    path: Path, aside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHECKED_BYTES", 200_000)
    content = filled(path, 100)
    assert len(content) > history.CHECKED_BYTES
    content[20 * 4096 : -4096] = b"\xff" * (len(content) - 21 * 4096)
    path.write_bytes(content)
    with contextlib.closing(HistoryStore(path)) as store:
        assert store.notices == []
        said = error_of(lambda: store.pages(limit=10_000))
        assert said == (
            f"{path}: damaged (database disk image is malformed). It is kept as {aside.name}; a new history was started"
        )
        assert store.notices == [said]
        write(store)
        assert texts(store) == ["1"]
    assert aside.read_bytes()[: 20 * 4096] == content[: 20 * 4096]


@pytest.mark.parametrize(
    "statements",
    [
        "DROP TABLE examples",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = CAST(x'c4ff' AS TEXT), sql = 'CREATE TABLE ('"
        " WHERE name = 'pages'",  # Python cannot decode SQLite's message about this one
    ],
)
def test_damaged_schema_is_set_aside(path: Path, aside: Path, statements: str) -> None:
    filled(path, 3)
    run_sql(path, statements)
    with contextlib.closing(HistoryStore(path)) as store:
        assert f"It is kept as {aside.name}" in store.notices[0]
        assert (write(store), texts(store)) == (1, ["1"])


def test_log_is_set_aside_with_its_database(path: Path, aside: Path) -> None:
    """It may hold pages that are not in the database yet."""
    filled(path, 100)
    store, other = HistoryStore(path), sqlite3.connect(path, isolation_level=None)
    other.execute("SELECT count(*) FROM pages").fetchone()  # keeps the log when the store is closed
    write(store)
    log = path.with_name(path.name + "-wal").read_bytes()
    assert log
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="malformed"):
        store.pages(1000)
    assert aside.with_name(aside.name + "-wal").read_bytes() == log
    other.close()
    store.close()


def test_page_with_damaged_ink_does_not_hide_the_others(path: Path, store: HistoryStore) -> None:
    for number in range(3):
        write(store, number)
    store.correct_page(2, "11")
    store._database.execute("UPDATE pages SET ink = '{damaged', text = CAST(x'ff31' AS TEXT) WHERE id = 2")
    assert texts(store) == ["2", "\ufffd1", "0"]
    with pytest.raises(InkError):
        _ = store.pages()[1].ink
    assert error_of(store.pages()[1].to_json) == "page 2 of the history is damaged; delete it in the window"
    said = error_of(lambda: store.export(path.parent / "x.jsonl"))
    assert said.startswith(f"{path}: damaged ink in it (")
    assert said.endswith("); nothing was exported")
    assert store.delete_page(2)


@pytest.mark.parametrize("value", ["x'ff00'", "1e999", "-5", "'high'", "zeroblob(3000000)", "char(27) || '[2J'"])
@pytest.mark.parametrize("column", ["created", "text", "correction", "confidence", "ink", "digits", "model"])
def test_value_of_a_wrong_type_does_not_break_the_list(path: Path, column: str, value: str) -> None:
    filled(path, 2)
    run_sql(path, f"UPDATE pages SET {column} = {value} WHERE id = 1")
    with contextlib.closing(HistoryStore(path)) as store:
        sound, odd = store.pages()
        assert (sound.text, odd.id) == ("1", 1)
        shown = (odd.local_time, odd.text, odd.correction or "", odd.model)
        assert all(isinstance(text, str) and "\x1b" not in text for text in shown)
        assert 0 <= odd.confidence <= 1
        with contextlib.suppress(StoreError):
            json.dumps(odd.to_json(), allow_nan=False)
        with contextlib.suppress(StoreError):
            store.export(path.with_name("out.jsonl"))


@pytest.mark.parametrize("digits", ["[" * 100_000, "[1e999]", "[NaN]"])
def test_digits_that_are_not_json_make_a_damaged_page(digits: str) -> None:
    page = StoredPage(1, "", "", None, 0.5, '{"strokes": []}', digits, "")
    with pytest.raises(StoreError, match="page 1 of the history is damaged"):
        page.to_json()


def test_damaged_examples_are_skipped(path: Path, store: HistoryStore) -> None:
    good = [
        store.add_example(image_of(number), label, ink_of(number), "practice") for number, label in ((1, "1"), (2, "?"))
    ]
    rows = [("'10'", 784), ("'x'", 784), ("''", 784), ("7", 783), ("7", 785), ("7", 0), ("x'37'", 784)]
    for label, size in rows:
        run_sql(path, f"INSERT INTO examples VALUES (NULL, '', {label}, 'practice', 1, zeroblob({size}), '')")
    assert store.count_examples() == len(good) + len(rows)
    assert [(example.id, example.label) for example in store.examples()] == list(zip(good, "1?", strict=True))


# --- Files of others


def test_newer_format_is_rejected_and_not_changed(path: Path) -> None:
    filled(path, 3)
    run_sql(path, f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    said = error_of(lambda: HistoryStore(path))
    assert said == (
        f"{path}: written by a newer digitpad (format {VERSION + 1}, this one knows {VERSION}) and left as it is. "
        "Update digitpad"
    )
    store, notices = open_history(path, lambda: NOON)
    assert (store.path, notices) == (None, [f"{said}. Until then nothing is kept"])
    assert notices[0].key == "fault_history_newer"
    write(store)
    assert store.pages()[0].created == "2026-01-01T12:00:00+00:00"
    assert (path.read_bytes(), names(path.parent)) == (before, [path.name])


def test_newer_format_that_is_only_in_the_log_is_rejected(path: Path, tmp_path: Path) -> None:
    filled(path, 3)
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.execute("CREATE TABLE later (x)")
    copy = tmp_path / "crashed"
    shutil.copytree(path.parent, copy)
    with pytest.raises(StoreError, match="newer digitpad"):
        HistoryStore(path)
    newer.close()
    with pytest.raises(StoreError, match="newer digitpad"):
        HistoryStore(copy / path.name)
    with contextlib.closing(sqlite3.connect(copy / path.name)) as again:
        assert again.execute("SELECT count(*) FROM later").fetchone() == (0,)


def test_database_of_another_program_is_rejected_and_not_changed(path: Path) -> None:
    path.parent.mkdir()
    run_sql(path, "CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    assert error_of(lambda: HistoryStore(path)) == (
        f"{path}: a database of another program, left as it is. Move it elsewhere"
    )
    assert path.read_bytes() == before


# --- Disks: full, failing, gone


def deny(store: HistoryStore, operation: int) -> None:
    """Let SQLite fail at one kind of statement."""
    store._database.set_authorizer(lambda found, *_: sqlite3.SQLITE_DENY if found == operation else sqlite3.SQLITE_OK)


@pytest.mark.parametrize(
    ("operation", "call", "what"),
    [
        (sqlite3.SQLITE_SELECT, lambda store: store.pages(), "read"),
        (sqlite3.SQLITE_TRANSACTION, lambda store: write(store), "written"),
        (sqlite3.SQLITE_ATTACH, lambda store: store.forget_everything(), "cleaned"),
        (sqlite3.SQLITE_PRAGMA, lambda store: store.delete_page(1), "cleaned"),
    ],
)
def test_disk_errors_say_what_failed_and_keep_the_file(
    path: Path, store: HistoryStore, operation: int, call: Callable[[HistoryStore], object], what: str
) -> None:
    write(store)
    deny(store, operation)
    assert re.fullmatch(
        rf"{re.escape(str(path))}: cannot be {what} \((not authorized|authorization denied)\)\. {NEXT}",
        error_of(lambda: call(store)),
    )
    assert (store.path, store.notices, names(path.parent)[0]) == (path, [], path.name)


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: the kernel refuses, as it does on a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@POSIX
def test_full_disk_loses_only_the_new_page(path: Path, store: HistoryStore) -> None:
    kept = write(store)
    with disk_full_after(path.with_name(path.name + "-wal").stat().st_size + 20_000):
        for page in (None, kept):
            with pytest.raises(StoreError, match="cannot be written"):
                store.save_page(page, LARGE, "2", 1.0)
        assert texts(store) == ["1"]
    assert store.save_page(None, LARGE, "3", 1.0)
    store.close()
    assert texts_at(path) == ["3", "1"]


@POSIX
def test_disk_that_is_full_from_the_start_leaves_no_broken_file(path: Path) -> None:
    with disk_full_after(1000):
        store, notices = open_history(path)
        assert (store.path, len(notices)) == (None, 1)
    with contextlib.closing(HistoryStore(path)) as store:
        assert (store.notices, write(store)) == ([], 1)


def test_history_that_cannot_be_opened_is_in_memory(tmp_path: Path) -> None:
    (tmp_path / "digitpad.sqlite3").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "digitpad.sqlite3", tmp_path / "file" / "digitpad.sqlite3"):
        with pytest.raises(StoreError, match="cannot be opened"):
            HistoryStore(path)
        store, notices = open_history(path)
        assert (len(notices), store.path, write(store)) == (1, None, 1)
        assert notices[0].endswith(f"{NEXT}. Until then nothing is kept")
    assert names(tmp_path) == ["digitpad.sqlite3", "file"]


def test_damaged_file_that_cannot_be_renamed_stays_and_the_history_is_in_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)

    def refuse(*_: object) -> Path:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("edge_app.storage.history.set_aside", refuse)
    store = HistoryStore(path)
    assert (store.path, write(store)) == (None, 1)
    assert store.notices == [
        f"{path}: damaged (file is not a database); no new one could be started ([Errno 30] Read-only file system)"
    ]
    assert path.read_bytes() == b"no database" * 1000


@POSIX
@pytest.mark.parametrize("how", ["delete", "move"])
@pytest.mark.parametrize("step", ["write", "read", "delete a page"])
def test_missing_file_is_noticed_and_a_new_one_started(path: Path, store: HistoryStore, how: str, step: str) -> None:
    number = write(store)
    elsewhere = path.parent.with_name("elsewhere")
    if how == "move":
        path.parent.rename(elsewhere)
    else:
        shutil.rmtree(path.parent)
    steps: dict[str, tuple[Callable[[], object], list[str]]] = {
        "write": (lambda: store.save_page(number, ink_of(2), "2", 1.0), ["2"]),
        "read": (lambda: store.pages(), ["1"]),
        "delete a page": (lambda: store.delete_page(number), []),
    }
    call, moved = steps[step]
    said = error_of(call)
    assert said == f"{path}: was deleted or moved away while it was open; a new history was started"
    assert [(notice, notice.key) for notice in store.notices] == [(said, "fault_history_gone")]
    write(store, 3)
    assert texts(store) == texts_at(path) == ["3"]
    if how == "move":
        assert texts_at(elsewhere / path.name) == moved


@POSIX
def test_missing_file_that_cannot_be_created_again_leaves_the_history_in_memory(
    path: Path, store: HistoryStore
) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    with pytest.raises(StoreError, match="moved away while it was open; no new one could be started"):
        write(store)
    assert (store.path, texts(store)) == (None, [])
    write(store, 2)
    assert texts(store) == ["2"]


def test_drive_that_changes_inode_numbers_is_usable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr("edge_app.storage.history._identity", lambda _: (1, next(numbers)))
    with contextlib.closing(HistoryStore(path)) as store:
        write(store)
        assert (texts(store), store.notices) == (["1"], [])


# --- Two processes


def test_two_stores_share_the_file(path: Path, store: HistoryStore) -> None:
    with contextlib.closing(HistoryStore(path)) as other:
        assert write(store, 1) != write(other, 2)
        assert texts(store) == texts(other) == ["2", "1"]


def test_file_replaced_by_another_process_is_used(path: Path, store: HistoryStore) -> None:
    write(store)
    path.rename(path.with_name("old.sqlite3"))
    filled(path, 1)
    assert error_of(store.pages).endswith("moved away while it was open; the one that is there now is used")
    assert texts(store) == ["0"]


def test_lock_that_is_not_released_is_reported(path: Path, store: HistoryStore) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._database.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="locked"):
        write(store)
    other.close()
    assert write(store) == 1
