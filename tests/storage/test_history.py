"""The history: held against a plain list, killed while it writes, damaged, full, forgotten to the last byte."""

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_app.datasets.labelled import LabelledInk, read_labelled_ink
from edge_app.errors import InkError, StoreError
from edge_app.recognition.ink import Ink, make_ink
from edge_app.recognition.normalise import DigitImage
from edge_app.recognition.results import Digit
from edge_app.storage.history import CHECKED_BYTES, VERSION, HistoryStore, StoredPage, _make_durable, open_history

from ..conftest import ROOT
from ..support.fakes import reading_of

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00+00:00
POSIX = pytest.mark.skipif(os.name != "posix", reason="rights, limits and signals are POSIX'")


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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "digitpad.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(path, lambda: NOON)
    yield store
    store.close()


def test_a_page_comes_back_as_it_was_written(store: HistoryStore) -> None:
    digit = Digit("7", 0.75, (("1", 0.2),), (0.0, 0.25, 10.0, 100.0), (0, 1))
    page_id = store.save_page(None, ink_of(3), "7", 0.75, [digit], "5" * 64)
    page = store.page(page_id)
    assert page is not None
    assert strokes(page.ink) == strokes(ink_of(3))
    assert page.to_json() == {
        "id": page_id,
        "created": "2026-01-01T12:00:00+00:00",
        "text": "7",
        "correction": None,
        "confidence": 0.75,
        "digits": [digit.to_json()],
        "model": "5" * 64,
        "strokes": strokes(ink_of(3)),
    }
    assert store.page(page_id + 1) is None


def test_an_example_comes_back_as_it_was_given(path: Path, store: HistoryStore) -> None:
    image = np.arange(784, dtype=np.uint32).reshape(28, 28).astype(np.uint8)
    first = store.add_example(image, "7", ink_of(1), "correction")
    second = store.add_example(image.T, "?", ink_of(2), "practice", used=False)
    assert store.use_example(first, False)
    assert store.use_example(second, True)
    store.close()
    again = HistoryStore(path)
    found = again.examples()
    again.close()
    assert [(e.id, e.created, e.label, e.source, e.used) for e in found] == [
        (first, "2026-01-01T12:00:00+00:00", "7", "correction", False),
        (second, "2026-01-01T12:00:00+00:00", "?", "practice", True),
    ]
    assert [np.array_equal(e.image, i) for e, i in zip(found, (image, image.T), strict=True)] == [True, True]
    assert [strokes(e.ink) for e in found] == [strokes(ink_of(1)), strokes(ink_of(2))]


@pytest.mark.parametrize(
    ("zone", "local"), [("UTC", "2026-01-01 12:00"), ("IST-5:30", "2026-01-01 17:30"), ("XXX+13", "2025-12-31 23:00")]
)
@POSIX
def test_times_are_shown_by_the_devices_zone(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch, zone: str, local: str
) -> None:
    page = store.page(store.save_page(None, ink_of(1), "1", 0.9))
    assert page is not None
    with monkeypatch.context() as changed:
        changed.setenv("TZ", zone)
        time.tzset()
        seen = page.local_time
    time.tzset()
    assert (seen, page.created) == (local, "2026-01-01T12:00:00+00:00")


@pytest.mark.parametrize("created", ["", "no time", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_shown_as_it_is(created: str) -> None:
    assert StoredPage(1, created, "", None, 0.0, "", "", "").local_time == created


def test_new_ink_takes_the_old_correction_away_and_a_new_reading_does_not(store: HistoryStore) -> None:
    page_id = store.save_page(None, ink_of(1), "1", 0.9)
    assert store.correct_page(page_id, "7")
    store.save_page(page_id, ink_of(1), "4", 0.5)  # another model
    page = store.page(page_id)
    assert page is not None
    assert (page.text, page.correction) == ("4", "7")
    store.save_page(page_id, ink_of(2), "42", 0.5)
    page = store.page(page_id)
    assert page is not None
    assert (page.text, page.correction) == ("42", None)
    assert store.count_pages() == 1


def test_what_is_gone_is_told(store: HistoryStore) -> None:
    page_id = store.save_page(None, ink_of(1), "1", 0.9)
    example_id = store.add_example(image_of(1), "1", ink_of(1), "practice")
    assert [store.delete_page(page_id), store.remove_example(example_id)] == [True, True]
    assert [store.delete_page(page_id), store.remove_example(example_id)] == [False, False]
    assert [store.correct_page(page_id, "1"), store.use_example(example_id, True)] == [False, False]
    again = store.save_page(page_id, ink_of(1), "1", 0.9)
    assert again > page_id  # an id is never given twice


def test_what_is_no_page_and_no_example_is_a_bug(store: HistoryStore) -> None:
    with pytest.raises(ValueError, match="without ink"):
        store.save_page(None, (), "", 0.0)
    for label, image in [
        ("10", image_of(1)),
        ("x", image_of(1)),
        ("1", image_of(1)[:27]),
        ("1", image_of(1).astype(np.int8)),
    ]:
        with pytest.raises(ValueError, match="no example"):
            store.add_example(image, label, ink_of(1), "practice")  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.add_example(image_of(1), "1", ink_of(1), "hearsay")
    assert (store.count_pages(), store.count_examples()) == (0, 0)


def test_another_thread_and_a_closed_store_are_bugs(store: HistoryStore) -> None:
    seen: list[Exception] = []

    def use() -> None:
        try:
            store.count_pages()
        except sqlite3.ProgrammingError as error:
            seen.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(seen) == 1
    store.close()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.count_pages()


def test_the_oldest_pages_go_beyond_the_limit(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "x.sqlite3", max_pages=3)
    ids = [store.save_page(None, ink_of(n), str(n), 1.0) for n in range(5)]
    assert texts(store) == ["4", "3", "2"]
    store.save_page(ids[3], ink_of(3), "three", 1.0)  # changing one lets none go
    assert texts(store) == ["4", "three", "2"]
    assert [page.text for page in store.pages(1, 1)] == ["three"]
    store.close()


def test_the_oldest_practised_examples_of_a_label_go_first_and_never_the_new_one() -> None:
    store = HistoryStore.in_memory(max_examples=3)

    def add(label: str, source: str) -> int:
        return store.add_example(image_of(0), label, ink_of(0), source)

    other = add("2", "practice")
    p1, c1, p2, c2 = add("1", "practice"), add("1", "correction"), add("1", "practice"), add("1", "correction")
    assert [e.id for e in store.examples()] == [other, c1, p2, c2]
    c3 = add("1", "correction")
    assert [e.id for e in store.examples()] == [other, c1, c2, c3]
    p3 = add("1", "practice")
    assert [e.id for e in store.examples()] == [other, c2, c3, p3]
    assert p1 not in [e.id for e in store.examples()]
    store.close()


def test_the_limits_that_are_promised_hold() -> None:
    store = HistoryStore.in_memory()
    store._database.execute("BEGIN")  # ten thousand pages at once
    for number in range(10_000):
        store._database.execute(
            "INSERT INTO pages (created, text, confidence, ink, digits, model) VALUES ('', ?, 1, '', '', '')", (number,)
        )
    store._database.execute("COMMIT")
    store.save_page(None, ink_of(1), "new", 1.0)
    assert store.count_pages() == 10_000
    assert [texts(store)[0], texts(store)[-1]] == ["new", "1"]
    store.close()


def test_in_memory_nothing_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = HistoryStore.in_memory()
    store.save_page(None, ink_of(1), "1", 1.0)
    store.forget_everything()
    store.save_page(None, ink_of(1), "1", 1.0)
    store.close()
    assert names(tmp_path) == []


@POSIX
def test_the_files_are_their_owners_alone(path: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = HistoryStore(path)
        store.save_page(None, ink_of(1), "1", 1.0)
        rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.correct_page(1, "71")
        store.export(tmp_path / "mine.jsonl")
    finally:
        os.umask(before)
    store.close()
    assert rights == {path.name + ending: 0o600 for ending in ("", "-wal", "-shm")}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "mine.jsonl").stat().st_mode) == 0o600
    assert names(path.parent) == [path.name]  # one file when closed


# --- Forgetting


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


SECRET = make_ink([[[31337.75, 4242.25], [31338.5, 4243.5]]])
TRACES = (b"31337.75", b"4242.25", b"5551234", b"2026-01-01", bytes([171] * 50))


def write_secrets(store: HistoryStore) -> list[int]:
    pages = [store.save_page(None, SECRET, "5551234", 0.5) for _ in range(50)]
    store.correct_page(pages[0], "5551234")
    examples = [store.add_example(image_of(171), "5", SECRET, "correction") for _ in range(50)]
    return [pages[-1], examples[-1]]


def test_forgetting_leaves_no_byte(path: Path, store: HistoryStore) -> None:
    ids = write_secrets(store)
    assert all(trace in everything_in(path.parent) for trace in TRACES)  # or this test sees nothing
    assert store.forget_everything() == []
    HistoryStore(fresh := path.with_name("fresh.sqlite3")).close()
    assert path.stat().st_size == fresh.stat().st_size
    assert [trace for trace in TRACES if trace in everything_in(path.parent)] == []
    assert (store.count_pages(), store.count_examples()) == (0, 0)
    store.close()
    assert [trace for trace in TRACES if trace in everything_in(path.parent)] == []
    again = HistoryStore(path)
    assert again.save_page(None, ink_of(1), "1", 1.0) > ids[0]
    again.close()


def test_deleting_leaves_no_byte_of_that_page(path: Path, store: HistoryStore) -> None:
    page = store.save_page(None, SECRET, "5551234", 0.5)
    example = store.add_example(image_of(171), "5", SECRET, "correction")
    kept = store.save_page(None, ink_of(1), "1", 1.0)
    store.delete_page(page)
    store.remove_example(example)
    left = everything_in(path.parent)
    assert [trace for trace in TRACES if trace in left] == [b"2026-01-01"]  # that of the page that stays
    assert store.page(kept) is not None


def test_forgetting_while_another_reads_says_that_old_bytes_are_left(path: Path, store: HistoryStore) -> None:
    write_secrets(store)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM pages").fetchone()
    store._database.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="another digitpad"):
        store.forget_everything()
    assert store.count_pages() == 0
    reader.close()
    store.forget_everything()
    assert [trace for trace in TRACES if trace in everything_in(path.parent)] == []


def test_forgetting_names_the_damaged_files_that_are_left(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    store = HistoryStore(path)
    assert store.forget_everything() == [path.with_name("digitpad.damaged-1.sqlite3")]
    store.close()


# --- Export


def test_the_export_is_read_back_by_the_reader_of_labelled_ink(store: HistoryStore, tmp_path: Path) -> None:
    store.add_example(image_of(1), "7", ink_of(1), "correction")
    store.add_example(image_of(1), "?", ink_of(2), "correction")
    store.add_example(image_of(1), "0", ink_of(3), "practice")
    for number, correction in enumerate(("1995", None, "19?5", "", "7", "７", "-3"), 10):
        page_id = store.save_page(None, ink_of(number), "42", 0.5)
        store.correct_page(page_id, correction)
    store.correct_page(store.save_page(None, ink_of(1), "1", 0.5), "7")  # the page of the first example

    numbers, digits = tmp_path / "all.jsonl", tmp_path / "digits.jsonl"
    assert (store.export(numbers), store.export(digits, numbers=False)) == (4, 2)

    def told(path: Path) -> list[tuple[str, str, list[Any]]]:
        return [(s.label, s.writer, strokes(s.ink)) for s in read_labelled_ink(path) if isinstance(s, LabelledInk)]

    expected = [("7", 1), ("0", 3), ("1995", 10), ("7", 14)]
    assert told(numbers) == [(label, "me", strokes(ink_of(number))) for label, number in expected]
    assert told(digits) == told(numbers)[:2]


def test_training_reads_the_digits_of_an_export_and_skips_numbers(store: HistoryStore, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    from train.dataset import digits_of, no_digits_of

    store.add_example(image_of(1), "7", ink_of(1), "correction")
    store.correct_page(store.save_page(None, ink_of(2), "42", 0.5), "1995")
    store.export(tmp_path / "mine.jsonl")
    samples = list(read_labelled_ink(tmp_path / "mine.jsonl"))
    assert len(samples) == 2
    assert [sample.label for sample in digits_of(samples)] == ["7"]
    assert no_digits_of(samples) == []


def test_an_export_of_nothing_writes_nothing_and_keeps_what_was_there(store: HistoryStore, tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text("old")
    store.save_page(None, ink_of(1), "1", 1.0)
    assert store.export(tmp_path / "old.jsonl") == 0
    assert (tmp_path / "old.jsonl").read_text() == "old"


def test_an_export_that_cannot_be_written_or_would_hit_the_history_is_refused(path: Path, store: HistoryStore) -> None:
    store.add_example(image_of(1), "7", ink_of(1), "correction")
    with pytest.raises(StoreError, match="the history itself"):
        store.export(path.parent / "." / path.name)
    with pytest.raises(StoreError, match="cannot be written"):
        store.export(path / "below a file.jsonl")
    assert store.count_examples() == 1


# --- Taking over


def test_what_was_written_before_the_history_was_switched_on_is_taken_over(store: HistoryStore) -> None:
    store.save_page(None, ink_of(0), "0", 1.0)
    early = HistoryStore.in_memory(lambda: NOON - 86400)
    first = early.save_page(None, ink_of(1), "1", 0.9)
    second = early.save_page(None, ink_of(2), "2", 0.8)
    early.correct_page(first, "7")
    early.delete_page(second)
    third = early.save_page(None, ink_of(3), "3", 0.7)
    early.add_example(image_of(9), "7", ink_of(1), "correction", used=False)

    ids = store.adopt(early)
    assert ids.keys() == {first, third}
    page = store.page(ids[first])
    assert page is not None
    assert (page.created, page.text, page.correction) == ("2025-12-31T12:00:00+00:00", "1", "7")
    assert texts(store) == ["3", "1", "0"]
    assert [(e.label, e.used, int(e.image[0, 0])) for e in store.examples()] == [("7", False, 9)]
    assert early.count_pages() == 2
    early.close()


# --- Against a plain model


FEW = st.integers(0, 3)
TEXTS = st.text("0123456789?", max_size=3)
CORRECTIONS = st.none() | st.text("0123456789", min_size=1, max_size=3)
SOURCES_ = st.sampled_from(["correction", "practice"])


@dataclass
class PlainPage:
    """What a page must be; its ink is a number."""

    created: float
    text: str
    correction: str | None
    confidence: float
    number: int
    digits: list[Digit]
    model: str


class Model(RuleBasedStateMachine):
    """The store against a dictionary of pages and one of examples, small limits, reopened at will."""

    PAGES, EXAMPLES = 4, 3
    folder: Path
    numbers = itertools.count()

    @initialize(on_disk=st.booleans())
    def open(self, on_disk: bool) -> None:
        self.path = self.folder / f"{next(self.numbers)}.sqlite3" if on_disk else None
        self.now = NOON
        self.open_history()
        self.pages: dict[int, PlainPage] = {}
        self.examples: dict[int, tuple[float, str, str, bool, int]] = {}
        self.given: list[int] = []

    def open_history(self) -> None:
        self.store = HistoryStore(self.path, lambda: self.now, max_pages=self.PAGES, max_examples=self.EXAMPLES)

    def id_of(self, which: int) -> int | None:
        return self.given[which] if which < len(self.given) else None

    def keep(self, page_id: int, page: PlainPage) -> None:
        assert page_id not in self.given  # an id is never given twice
        self.given.append(page_id)
        self.pages[page_id] = page
        while len(self.pages) > self.PAGES:
            del self.pages[min(self.pages)]

    def keep_example(self, key: int, example: tuple[float, str, str, bool, int]) -> None:
        same = [other for other, its in self.examples.items() if its[1] == example[1]]
        self.examples[key] = example
        if len(same) == self.EXAMPLES:
            practised = [other for other in same if self.examples[other][2] == "practice"]
            del self.examples[min(practised or same)]

    @rule(hours=st.integers(-30, 30))
    def wait(self, hours: int) -> None:
        self.now += 3600 * hours  # a clock may be put back: the order is that of writing

    @rule(which=st.integers(0, 9), number=FEW, text=TEXTS, percent=st.integers(0, 100))
    def save(self, which: int, number: int, text: str, percent: int) -> None:
        page_id = self.id_of(which)
        digits = reading_of(text, percent / 100).digits
        got = self.store.save_page(page_id, ink_of(number), text, percent / 100, digits, "ab" * number)
        page = PlainPage(self.now, text, None, percent / 100, number, list(digits), "ab" * number)
        if page_id in self.pages:
            assert got == page_id
            old = self.pages[got]
            page.created = old.created
            page.correction = old.correction if old.number == number else None
            self.pages[got] = page
        else:
            self.keep(got, page)

    @rule(which=st.integers(0, 9), correction=CORRECTIONS)
    def correct(self, which: int, correction: str | None) -> None:
        page_id = self.id_of(which)
        assert self.store.correct_page(page_id or -1, correction) == (page_id in self.pages)
        if page_id in self.pages:
            self.pages[page_id].correction = correction

    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        page_id = self.id_of(which) or -1
        assert self.store.delete_page(page_id) == (self.pages.pop(page_id, None) is not None)
        assert self.store.page(page_id) is None

    @rule(label=st.sampled_from("01?"), source=SOURCES_, number=st.integers(0, 255), used=st.booleans())
    def learn(self, label: str, source: str, number: int, used: bool) -> None:
        got = self.store.add_example(image_of(number), label, ink_of(number), source, used=used)
        self.keep_example(got, (self.now, label, source, used, number))

    @precondition(lambda self: self.examples)
    @rule(data=st.data(), used=st.booleans())
    def use(self, data: st.DataObject, used: bool) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.examples)))
        assert self.store.use_example(chosen, used)
        created, label, source, _, number = self.examples[chosen]
        self.examples[chosen] = (created, label, source, used, number)

    @precondition(lambda self: self.examples)
    @rule(data=st.data())
    def unlearn(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.examples)))
        assert self.store.remove_example(chosen)
        assert not self.store.remove_example(chosen)
        assert not self.store.use_example(chosen, True)
        del self.examples[chosen]

    @rule(
        early=st.lists(st.tuples(FEW, TEXTS, CORRECTIONS), max_size=6),
        drawn=st.lists(st.tuples(FEW, SOURCES_), max_size=5),
    )
    def adopt(self, early: list[tuple[int, str, str | None]], drawn: list[tuple[int, str]]) -> None:
        other = HistoryStore.in_memory(lambda: self.now - 60)
        old_ids = [other.save_page(None, ink_of(number), text, 0.5) for number, text, _ in early]
        for old_id, (_, _, correction) in zip(old_ids, early, strict=True):
            other.correct_page(old_id, correction)
        for number, source in drawn:
            other.add_example(image_of(number), "0", ink_of(number), source, used=number > 1)
        ids = self.store.adopt(other)
        assert list(ids) == old_ids
        assert (other.count_pages(), other.count_examples()) == (len(early), len(drawn))  # it keeps its own
        other.close()
        for new_id, (number, text, correction) in zip(ids.values(), early, strict=True):
            self.keep(new_id, PlainPage(self.now - 60, text, correction, 0.5, number, [], ""))
        for number, source in drawn:  # their ids are not told: examples are named by nobody but the store
            key = max([0, *self.examples, *(example.id for example in self.store.examples())]) + 1
            self.keep_example(key, (self.now - 60, "0", source, number > 1, number))
        found = [example.id for example in self.store.examples()]
        self.examples = dict(zip(found, [self.examples[key] for key in sorted(self.examples)], strict=True))

    @rule()
    def forget(self) -> None:
        assert self.store.forget_everything() == []
        self.pages, self.examples = {}, {}

    @precondition(lambda self: self.path)
    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.open_history()
        assert self.store.notices == []

    @rule(numbers=st.booleans())
    def export(self, numbers: bool) -> None:
        path = self.folder / "export.jsonl"
        path.unlink(missing_ok=True)
        said = [(label, n) for _, label, _, _, n in self.examples.values() if label != "?"]
        pages = [self.pages[key] for key in sorted(self.pages)]
        said += [(page.correction, page.number) for page in pages if numbers and page.correction is not None]
        lines = list(dict.fromkeys(said))  # each once
        assert self.store.export(path, numbers=numbers) == len(lines)
        assert path.exists() == bool(lines)
        if lines:
            found = [s for s in read_labelled_ink(path) if isinstance(s, LabelledInk)]
            assert [(s.label, strokes(s.ink)) for s in found] == [(label, strokes(ink_of(n))) for label, n in lines]

    @invariant()
    def same(self) -> None:
        if not hasattr(self, "store"):
            return
        newest_first = sorted(self.pages, reverse=True)
        found = self.store.pages()
        assert [page.id for page in found] == newest_first
        for page in found:
            assert page == self.store.page(page.id)
            own = self.pages[page.id]
            assert page.created == time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(own.created))
            assert (page.text, page.correction, page.confidence) == (own.text, own.correction, own.confidence)
            assert (page.model, strokes(page.ink)) == (own.model, strokes(ink_of(own.number)))
            assert page.to_json()["digits"] == [json.loads(json.dumps(digit.to_json())) for digit in own.digits]
        assert [page.id for page in self.store.pages(2, 1)] == newest_first[1:3]
        assert self.store.count_pages() == len(self.pages)
        examples = self.store.examples()
        assert [example.id for example in examples] == sorted(self.examples)
        for example in examples:
            created, label, source, used, number = self.examples[example.id]
            assert example.created == time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(created))
            assert (example.label, example.source, example.used) == (label, source, used)
            assert np.array_equal(example.image, image_of(number))
            assert strokes(example.ink) == strokes(ink_of(number))
        assert self.store.count_examples() == len(self.examples)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_the_store_is_a_list(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Model.folder = tmp_path
    run_state_machine_as_test(Model, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))


# --- Killed

WRITER = """
import sys
from pathlib import Path
import numpy as np
from edge_app.recognition.ink import make_ink
from edge_app.storage.history import HistoryStore

store = HistoryStore(Path(sys.argv[1]))
assert not store.notices, store.notices
start = int(sys.argv[2])
page = None
for number in range(start, start + 100_000):
    ink = make_ink([[[number, 0], [number, 9]]] * 40)
    page = store.save_page(None, ink, str(number), 0.5)
    print("page", page, number, flush=True)
    store.correct_page(page, "c" + str(number))
    print("corrected", page, number, flush=True)
    key = store.add_example(np.full((28, 28), number % 256, np.uint8), str(number % 10), ink, "correction")
    print("example", key, number, flush=True)
"""


def run_and_kill(path: Path, start: int, lines: int) -> list[tuple[str, int, int]]:
    """Let a process write until it has confirmed so many lines, kill it, and return all that it confirmed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert child.stdout is not None
    read = [child.stdout.readline() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    assert child.returncode == -signal.SIGKILL
    said = [line.split() for line in [*read, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    return [(kind, int(key), int(number)) for kind, key, number in said]


@POSIX
def test_what_was_confirmed_is_there_after_twenty_kills(path: Path, rng: random.Random) -> None:
    confirmed: dict[tuple[str, int], int] = {}
    for kill in range(20):
        for kind, key, number in run_and_kill(path, kill * 100_000, rng.randint(1, 40)):
            confirmed[kind, key] = number
        store = HistoryStore(path)
        pages = {page.id: page for page in store.pages(limit=1_000_000)}
        examples = {example.id: example for example in store.examples()}
        assert store.notices == []
        assert store._database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.close()
        for (kind, key), number in confirmed.items():
            if kind == "example":
                assert (examples[key].image == number % 256).all()
            else:
                assert (pages[key].text, len(pages[key].ink)) == (str(number), 40)
                assert pages[key].correction == (
                    f"c{number}" if ("corrected", key) in confirmed else pages[key].correction
                )
        assert len(pages) <= len([1 for kind, _ in confirmed if kind == "page"]) + kill + 1  # one in flight each
    assert len(confirmed) > 100


# --- Damaged, foreign, newer, full


@pytest.mark.parametrize(
    "content", [b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000, b"short", bytes(8192)], ids=lambda c: c[:8].hex()
)
def test_what_is_no_database_is_set_aside_and_named(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(content)
        store = HistoryStore(path)
        aside = path.with_name(f"digitpad.damaged-{number}.sqlite3")
        assert aside.read_bytes() == content
        assert len(store.notices) == 1
        assert f"kept as {aside.name}" in store.notices[0]
        store.save_page(None, ink_of(1), "1", 1.0)
        store.close()
    store = HistoryStore(path)
    assert (texts(store), store.notices) == (["1"], [])
    store.close()


def killed(path: Path, pages: int) -> bytearray:
    """Write pages as a process that is killed; returns its log."""
    store = HistoryStore(path)
    for number in range(pages):
        store.save_page(None, ink_of(number), str(number), 1.0)
    files = {file: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    store.close()
    for file, content in files.items():
        file.write_bytes(content)
    return bytearray(path.with_name(path.name + "-wal").read_bytes())


@pytest.mark.parametrize("part", [0.0, 0.5], ids=["header", "middle"])
def test_a_log_that_is_damaged_before_its_end_is_used_so_far_and_kept(path: Path, part: float) -> None:
    log = killed(path, 12)
    log[int(part * len(log)) + 18] ^= 1
    path.with_name(path.name + "-wal").write_bytes(log)
    store = HistoryStore(path)
    said = f"changes in it are lost. It is kept as {(aside := 'digitpad.damaged-1.sqlite3-wal')}"
    assert [notice.partition("the last ")[2].split(maxsplit=1)[1] for notice in store.notices] == [said]
    assert path.with_name(aside).read_bytes() == log
    assert texts(store) == [str(number) for number in range(len(texts(store)))][::-1]
    assert len(texts(store)) < 12
    assert store.forget_everything() == [path.with_name(aside)]
    store.close()
    again = HistoryStore(path)
    assert again.notices == []
    again.close()


@pytest.mark.parametrize("damage", ["none", "the last change", "cut in the last change"])
def test_a_log_that_was_never_finished_is_no_damage(path: Path, damage: str) -> None:
    log = killed(path, 12)
    if damage == "the last change":
        log[-100] ^= 1
    elif damage != "none":
        del log[-100:]
    path.with_name(path.name + "-wal").write_bytes(log)
    store = HistoryStore(path)
    assert (len(texts(store)), store.notices) == (12 if damage == "none" else 11, [])
    store.close()


HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 121)  # sqlite.org/walformat: WAL_CKPT_LOCK
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="SQLite locks otherwise on Windows")
def test_a_log_that_another_digitpad_is_emptying_is_no_damage(path: Path, store: HistoryStore) -> None:
    for number in range(12):
        store.save_page(None, ink_of(number), str(number), 1.0)
    command = [sys.executable, "-c", HOLDER, f"{path}-shm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        second = HistoryStore(path)
        assert (len(texts(second)), second.notices) == (12, [])
        assert list(path.parent.glob("*damaged*")) == []
        second.close()
        holder.communicate()


@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_a_log_that_has_lost_its_database_is_set_aside_with_what_is_in_it(path: Path, left: bytes | None) -> None:
    store = HistoryStore(path)
    store.save_page(None, SECRET, "5551234", 1.0)
    log = path.with_name(path.name + "-wal").read_bytes()
    store.close()
    path.unlink()
    path.with_name(path.name + "-wal").write_bytes(log)  # as a kill in the midst of setting aside leaves it
    if left is not None:
        path.write_bytes(left)
    store = HistoryStore(path)
    assert (len(store.notices), texts(store)) == (1, [])
    assert "its log is not). It is kept as digitpad.damaged-1.sqlite3" in store.notices[0]
    assert path.with_name("digitpad.damaged-1.sqlite3-wal").read_bytes() == log
    store.close()


def test_a_table_whose_name_is_no_text_any_more_is_damage(path: Path) -> None:
    filled(path, 3)
    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema = ON")
    database.execute(
        "UPDATE sqlite_master SET name = CAST(x'c4ff' AS TEXT), sql = 'CREATE TABLE (' WHERE name = 'pages'"
    )
    database.commit()
    database.close()
    with sqlite3.connect(path) as reader, pytest.raises(UnicodeDecodeError):  # what Python makes of what SQLite says
        reader.execute("SELECT count(*) FROM pages")
    store = HistoryStore(path)
    assert "It is kept as digitpad.damaged-1.sqlite3" in store.notices[0]
    store.close()


def filled(path: Path, pages: int) -> bytes:
    store = HistoryStore(path)
    store._database.execute("PRAGMA synchronous = OFF")
    for number in range(pages):
        store.save_page(None, make_ink([[[number, i] for i in range(200)]]), str(number), 1.0)
    store.close()
    return path.read_bytes()


def test_a_spoilt_small_file_is_found_when_it_is_opened(path: Path) -> None:
    content = bytearray(filled(path, 200))
    assert len(content) < CHECKED_BYTES
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    store = HistoryStore(path)
    assert "It is kept as digitpad.damaged-1.sqlite3" in store.notices[0]
    assert store.count_pages() == 0
    store.close()
    assert path.with_name("digitpad.damaged-1.sqlite3").stat().st_size == len(content)


def test_a_spoilt_large_file_is_found_when_it_is_read_and_the_store_goes_on(path: Path) -> None:
    content = bytearray(filled(path, 3000))
    assert len(content) > CHECKED_BYTES
    for page in range(20, len(content) // 4096 - 1):
        content[page * 4096 : page * 4096 + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    store = HistoryStore(path)
    assert store.notices == []
    with pytest.raises(StoreError, match=r"malformed.*kept as digitpad\.damaged-1\.sqlite3; a new history"):
        store.pages(limit=10_000)
    assert store.notices
    page_id = store.save_page(None, ink_of(1), "1", 1.0)
    assert [page.id for page in store.pages()] == [page_id]
    store.close()
    assert path.with_name("digitpad.damaged-1.sqlite3").read_bytes()[: 20 * 4096] == content[: 20 * 4096]


@POSIX
@pytest.mark.parametrize("how", ["delete", "move"])
@pytest.mark.parametrize("next_step", ["write", "read", "delete a page"])
def test_missing_file_is_noticed(path: Path, store: HistoryStore, how: str, next_step: str) -> None:
    number = store.save_page(None, ink_of(1), "1", 1.0)
    aside = path.parent.with_name("elsewhere")
    if how == "move":
        path.parent.rename(aside)
    else:
        shutil.rmtree(path.parent)
    steps: dict[str, Callable[[], object]] = {
        "write": lambda: store.save_page(number, ink_of(2), "2", 1.0),
        "read": lambda: store.pages(),
        "delete a page": lambda: store.delete_page(number),
    }
    with pytest.raises(StoreError, match=r"deleted or moved away while it was open; a new history was started") as said:
        steps[next_step]()
    assert (said.value.key, store.notices) == ("fault_history_gone", [str(said.value)])
    assert texts(store) == []
    store.save_page(None, ink_of(3), "3", 1.0)
    store.close()
    assert texts(HistoryStore(path)) == ["3"]
    if how == "move":  # the moved file stays whole
        assert (
            texts(HistoryStore(aside / path.name))
            == ["2" if next_step == "write" else "1"][: next_step[:6] != "delete"]
        )


def test_a_disk_that_numbers_a_file_anew_each_time_keeps_the_history(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count()
    monkeypatch.setattr("edge_app.storage.history._identity", lambda _: (1, next(numbers)))
    store = HistoryStore(path)
    store.save_page(None, ink_of(1), "1", 1.0)
    assert (texts(store), store.notices) == (["1"], [])
    store.close()


@POSIX
def test_a_file_that_is_gone_with_no_room_for_another_is_said(path: Path, store: HistoryStore) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    with pytest.raises(StoreError, match="deleted or moved away while it was open, and no new one could be started"):
        store.save_page(None, ink_of(1), "1", 1.0)
    assert (store.path, texts(store)) == (None, [])
    store.save_page(None, ink_of(2), "2", 1.0)
    assert texts(store) == ["2"]


def test_a_page_with_spoilt_ink_hides_no_other(path: Path, store: HistoryStore) -> None:
    for number in range(3):
        store.save_page(None, ink_of(number), str(number), 1.0)
    store.correct_page(2, "11")
    store._database.execute("UPDATE pages SET ink = '{spoilt', text = CAST(x'ff31' AS TEXT) WHERE id = 2")
    assert texts(store) == ["2", "\ufffd1", "0"]
    with pytest.raises(InkError):
        _ = store.pages()[1].ink
    with pytest.raises(StoreError, match="page 2 of the history is damaged"):
        store.pages()[1].to_json()
    with pytest.raises(StoreError, match="nothing was exported"):
        store.export(path.parent / "x.jsonl")
    assert store.delete_page(2)


def test_examples_that_cannot_be_are_passed_over(path: Path, store: HistoryStore) -> None:
    good = [
        store.add_example(image_of(number), label, ink_of(number), "correction")
        for number, label in ((1, "1"), (2, "?"))
    ]
    other = sqlite3.connect(path)
    other.execute("PRAGMA ignore_check_constraints = ON")
    rows = [("10", bytes(784)), ("x", bytes(784)), ("", bytes(784)), ("7", bytes(783)), ("7", bytes(785)), ("7", b"")]
    with other:
        other.executemany(
            "INSERT INTO examples (created, label, source, used, image, ink) VALUES ('', ?, 'correction', 1, ?, '')",
            rows,
        )
    other.close()
    assert store.count_examples() == len(good) + len(rows)
    assert [(example.id, example.label) for example in store.examples()] == list(zip(good, "1?", strict=True))


def test_a_newer_format_is_refused_and_not_touched(path: Path) -> None:
    filled(path, 3)
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"newer digitpad \(format {VERSION + 1}, this one knows {VERSION}\)"):
        HistoryStore(path)
    assert (path.read_bytes(), names(path.parent)) == (before, [path.name])
    store, notices = open_history(path)
    assert (store.path, len(notices)) == (None, 1)
    assert notices[0].endswith("Update digitpad. Until then nothing is kept")
    store.save_page(None, ink_of(1), "1", 1.0)
    store.close()
    assert path.read_bytes() == before


def test_a_newer_format_that_is_only_in_the_log_is_refused_as_well(path: Path) -> None:
    filled(path, 3)
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match="newer digitpad"):
        HistoryStore(path)
    newer.close()


def test_a_newer_one_that_crashed_keeps_its_log(path: Path, tmp_path: Path) -> None:
    filled(path, 3)
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    newer.execute("CREATE TABLE later (x)")
    crashed = tmp_path / "crashed"
    shutil.copytree(path.parent, crashed)
    newer.close()
    before = {file.name: file.read_bytes() for file in crashed.iterdir()}
    assert before[path.name + "-wal"]
    with pytest.raises(StoreError, match="newer digitpad"):
        HistoryStore(crashed / path.name)
    assert {file.name: file.read_bytes() for file in crashed.iterdir()} == before


def test_another_programs_database_is_refused_and_not_touched(path: Path) -> None:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        HistoryStore(path)
    assert path.read_bytes() == before


def test_where_nothing_can_be_written_the_app_goes_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "digitpad.sqlite3").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "digitpad.sqlite3", tmp_path / "file" / "digitpad.sqlite3"):
        with pytest.raises(StoreError, match="cannot be opened"):
            HistoryStore(path)
        store, notices = open_history(path, lambda: NOON)
        assert (len(notices), store.path) == (1, None)
        assert store.save_page(None, ink_of(1), "1", 1.0) == 1
        store.close()
    assert names(tmp_path) == ["digitpad.sqlite3", "file"]


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


LARGE = make_ink([[[n, n / 7] for n in range(20_000)]])


@POSIX
def test_a_full_disk_takes_the_new_page_alone(path: Path, store: HistoryStore) -> None:
    kept = store.save_page(None, ink_of(1), "1", 1.0)
    with disk_full_after(path.with_name(path.name + "-wal").stat().st_size + 20_000):
        with pytest.raises(StoreError, match="cannot be written"):
            store.save_page(None, LARGE, "2", 1.0)
        with pytest.raises(StoreError, match="cannot be written"):
            store.save_page(kept, LARGE, "2", 1.0)
        assert texts(store) == ["1"]
    assert store.save_page(None, LARGE, "3", 1.0)
    assert texts(store) == ["3", "1"]
    store.close()
    again = HistoryStore(path)
    assert (texts(again), again.notices) == (["3", "1"], [])
    again.close()


def test_a_full_database_rolls_back_as_a_whole(store: HistoryStore) -> None:
    early = HistoryStore.in_memory()
    early.save_page(None, ink_of(1), "1", 1.0)
    early.save_page(None, LARGE, "2", 1.0)
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages + 10}")  # SQLITE_FULL, as for no space left
    with pytest.raises(StoreError, match="full"):
        store.adopt(early)
    assert store.count_pages() == 0
    store._database.execute("PRAGMA max_page_count = 100000")
    store.adopt(early)
    assert texts(store) == ["2", "1"]
    early.close()


@POSIX
def test_a_disk_that_is_full_from_the_start_leaves_nothing_half_there(path: Path) -> None:
    with disk_full_after(1000):
        store, notices = open_history(path)
        assert (store.path, len(notices)) == (None, 1)
        store.close()
    store = HistoryStore(path)
    assert (store.notices, store.save_page(None, ink_of(1), "1", 1.0)) == ([], 1)
    store.close()


def test_two_at_once_share_the_file(path: Path, store: HistoryStore) -> None:
    other = HistoryStore(path)
    mine, theirs = store.save_page(None, ink_of(1), "1", 1.0), other.save_page(None, ink_of(2), "2", 1.0)
    assert mine != theirs
    assert texts(store) == texts(other) == ["2", "1"]
    other.close()


def test_a_lock_that_is_not_given_up_is_told(path: Path, store: HistoryStore) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._database.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="locked"):
        store.save_page(None, ink_of(1), "1", 1.0)
    other.close()
    assert store.save_page(None, ink_of(1), "1", 1.0) == 1


def test_every_change_waits_for_the_disk(store: HistoryStore) -> None:
    assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_name_full_of_odd_characters_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 é" / "digitpad.sqlite3"
    store = HistoryStore(path)
    store.save_page(None, ink_of(1), "1", 1.0)
    store.close()
    assert names(path.parent) == [path.name]


# --- What is said: what, where, what next

NEXT = "Check that the disk has room and may be written"


class FailingDisk:
    """A connection on which some statements meet a fault of the disk; all else is SQLite's own."""

    def __init__(self, database: sqlite3.Connection, statement: str, fault: sqlite3.Error) -> None:
        self.database, self.statement, self.fault = database, statement, fault

    def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
        if query.startswith(self.statement):
            raise self.fault
        return self.database.execute(query, *values)

    def __enter__(self) -> sqlite3.Connection:
        return self.database.__enter__()

    def __exit__(self, *exception: Any) -> bool:
        return self.database.__exit__(*exception)

    def close(self) -> None:
        self.database.close()


def told(deed: Callable[[], object], kind: type[Exception] = StoreError) -> str:
    with pytest.raises(kind) as caught:
        deed()
    return str(caught.value)


def test_faults_of_the_disk_say_what_could_not_be_done(path: Path, store: HistoryStore) -> None:
    page_id = store.save_page(None, ink_of(1), "1", 1.0)
    whole: Any = store._database
    fault = sqlite3.OperationalError("disk I/O error")

    def broken(statement: str) -> Any:
        return FailingDisk(whole, statement, fault)

    store._database = broken("SELECT")
    for read in (store.pages, store.examples, store.count_pages, store.count_examples, lambda: store.page(page_id)):
        assert told(read) == f"{path}: cannot be read (disk I/O error). {NEXT}"
    store._database = broken("BEGIN")
    assert (
        told(lambda: store.save_page(None, ink_of(1), "1", 1.0))
        == f"{path}: cannot be written (disk I/O error). {NEXT}"
    )
    store._database = broken("VACUUM")
    assert told(store.forget_everything) == f"{path}: cannot be cleaned (disk I/O error). {NEXT}"
    store._database = broken("PRAGMA wal_checkpoint")
    assert told(lambda: store.delete_page(page_id)) == f"{path}: cannot be cleaned (disk I/O error). {NEXT}"
    store._database = whole
    early = HistoryStore.in_memory()
    early._database.execute("DROP TABLE pages")
    assert told(early.pages) == f"history in memory: cannot be read (no such table: pages). {NEXT}"
    early.close()


def test_damage_that_shows_while_it_is_used_is_told_and_set_aside(path: Path, store: HistoryStore) -> None:
    store.save_page(None, ink_of(1), "1", 1.0)
    whole: Any = store._database
    damaged: Any = FailingDisk(whole, "SELECT", sqlite3.DatabaseError("database disk image is malformed"))
    store._database = damaged
    sentence = (
        f"{path}: damaged (database disk image is malformed). "
        "It is kept as digitpad.damaged-1.sqlite3; a new history was started"
    )
    assert told(store.pages) == sentence
    assert store.notices == [sentence]
    with pytest.raises(sqlite3.ProgrammingError):
        whole.execute("SELECT 1")  # it was closed
    assert (store.path, store.pages()) == (path, [])
    aside = HistoryStore(path.with_name("digitpad.damaged-1.sqlite3"))
    assert texts(aside) == ["1"]
    aside.close()


def test_where_no_new_history_can_be_started_memory_takes_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)

    def refuse(*arguments: object) -> Path:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("edge_app.storage.history.set_aside", refuse)
    store = HistoryStore(path, lambda: NOON)
    assert store.path is None
    assert store.notices == [
        f"{path}: damaged (file is not a database), and no new one could be started ([Errno 30] Read-only file system)"
    ]
    page = store.page(store.save_page(None, ink_of(1), "1", 1.0))
    assert page is not None
    assert page.created == "2026-01-01T12:00:00+00:00"
    store.close()
    assert path.read_bytes() == b"no database" * 1000


def test_the_log_is_set_aside_with_its_database(path: Path, store: HistoryStore) -> None:
    """It may hold pages that are not in the file yet: here, as another digitpad has it open."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("SELECT count(*) FROM pages").fetchone()
    store.save_page(None, ink_of(1), "1", 1.0)
    damaged: Any = FailingDisk(store._database, "SELECT", sqlite3.DatabaseError("database disk image is malformed"))
    store._database = damaged
    told(store.pages)
    kept = [f"digitpad.damaged-1.sqlite3{ending}" for ending in ("", "-shm", "-wal")]
    assert [name for name in names(path.parent) if "damaged" in name] == kept
    other.close()
    aside = HistoryStore(path.with_name(kept[0]))
    assert texts(aside) == ["1"]
    aside.close()


def test_refusals_name_the_file_and_the_way_on(path: Path, store: HistoryStore, tmp_path: Path) -> None:
    assert told(lambda: store.save_page(None, (), "", 0), ValueError) == "a page without ink is not kept: delete it"
    assert told(lambda: store.add_example(image_of(1)[1:], "1", ink_of(1), "practice"), ValueError) == (
        "no example: label '1', image (27, 28) uint8"
    )
    store.add_example(image_of(1), "1", ink_of(1), "practice")
    assert told(lambda: store.export(path)) == f"{path}: that is the history itself. Choose another file"
    below = path / "x.jsonl"
    assert told(lambda: store.export(below)) == f"{below}: cannot be written (Not a directory). {NEXT}"
    store._database.execute("UPDATE examples SET ink = '{}'")
    assert told(lambda: store.export(tmp_path / "x.jsonl")).startswith(f"{path}: damaged ink in it (no strokes: ")
    assert told(lambda: store.export(tmp_path / "x.jsonl")).endswith("); nothing was exported")
    page = StoredPage(3, "", "", None, 0.0, "[", "", "")
    assert told(page.to_json) == "page 3 of the history is damaged; delete it in the window"

    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM pages").fetchone()
    store._database.execute("PRAGMA busy_timeout = 50")
    assert told(store.forget_everything) == f"{path}: another digitpad is reading it. Close that one and forget again"
    reader.close()
    store._database.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer = (
        f"{path}: written by a newer digitpad (format {VERSION + 1}, this one knows {VERSION}) and left as it is. "
        "Update digitpad"
    )
    assert told(lambda: HistoryStore(path)) == newer
    assert open_history(path)[1] == [f"{newer}. Until then nothing is kept"]
    other = tmp_path / "recipes.sqlite3"
    recipes = sqlite3.connect(other)
    recipes.execute("CREATE TABLE recipes (name TEXT)")
    recipes.close()
    assert (
        told(lambda: HistoryStore(other)) == f"{other}: a database of another program, left as it is. Move it elsewhere"
    )


def test_a_newer_version_is_seen_in_the_header_before_sqlite_looks(path: Path) -> None:
    """Bytes 60 to 63, big end first; nothing else of this file is a database."""
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" + bytes(44) + (0x01000102).to_bytes(4, "big") + b"\xff" * 5000)
    before = path.read_bytes()
    assert "(format 16777474, this one knows 1)" in told(lambda: HistoryStore(path))
    assert (path.read_bytes(), names(path.parent)) == (before, [path.name])


def test_a_second_one_waits_two_seconds_and_little_is_held_in_memory(store: HistoryStore) -> None:
    assert store._database.execute("PRAGMA busy_timeout").fetchone() == (2000,)
    assert store._database.execute("PRAGMA cache_size").fetchone() == (-256,)


def test_a_disk_without_shared_memory_waits_for_every_change_as_well() -> None:
    """Some network drives have no write-ahead log: the rollback journal then, and EXTRA."""
    database = sqlite3.connect(":memory:", isolation_level=None)  # it refuses WAL, too
    _make_durable(database)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("memory",)
    assert database.execute("PRAGMA synchronous").fetchone() == (3,)
    database.close()


def test_pages_come_by_fifties_and_limits_hold_in_memory() -> None:
    store = HistoryStore.in_memory(lambda: NOON, max_pages=70, max_examples=2)
    for number in range(80):
        store.save_page(None, ink_of(number), str(number), 1.0)
        store.add_example(image_of(number), "1", ink_of(number), "practice")
    assert [page.text for page in store.pages()] == [str(number) for number in range(79, 29, -1)]
    assert (store.count_pages(), store.count_examples()) == (70, 2)
    store.close()


def test_a_stand_in_for_a_history_that_cannot_be_opened_keeps_time(tmp_path: Path) -> None:
    (tmp_path / "digitpad.sqlite3").mkdir()
    store, notices = open_history(tmp_path / "digitpad.sqlite3", lambda: NOON)
    assert notices[0].endswith(f"{NEXT}. Until then nothing is kept")
    page = store.page(store.save_page(None, ink_of(1), "1", 1 / 3))
    assert page is not None
    assert (page.created, page.to_json()["confidence"]) == ("2026-01-01T12:00:00+00:00", 0.3333)
    store.close()


# --- Planted

PLANTED = (
    "CREATE TRIGGER t AFTER INSERT ON pages BEGIN DELETE FROM pages; END",
    "CREATE TRIGGER t BEFORE DELETE ON pages BEGIN SELECT raise(ABORT, 'no'); END",
    "CREATE UNIQUE INDEX u ON pages (text)",
    "CREATE VIEW v AS SELECT zeroblob(900000000)",
    "CREATE VIRTUAL TABLE f USING fts5(x)",
    "DROP TABLE examples",
    "ALTER TABLE pages ADD COLUMN extra TEXT CHECK (extra IS NULL)",
    "DROP TABLE pages; CREATE VIEW pages AS SELECT 1 AS id, '2026' AS created, zeroblob(500000000) AS text, NULL AS"
    " correction, 1.0 AS confidence, '' AS ink, '' AS digits, '' AS model",
)


def plant(path: Path, statements: str) -> None:
    HistoryStore(path, lambda: NOON).close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA ignore_check_constraints = ON")
    database.executescript(statements)
    database.close()


@pytest.mark.parametrize("statements", PLANTED)
def test_tables_of_somebody_elses_are_set_aside_and_run_nothing(path: Path, statements: str) -> None:
    plant(path, statements)
    before = path.read_bytes()
    store = HistoryStore(path, lambda: NOON)
    assert "its tables are not those of a history" in store.notices[0]
    assert path.with_name("digitpad.damaged-1.sqlite3").read_bytes() == before
    store.save_page(None, ink_of(1), "1", 0.5)
    assert texts(store) == ["1"]
    store.close()


@pytest.mark.parametrize(
    "value", ["x'ff00'", "1e999", "-5", "'high'", "zeroblob(3000000)", "replace(hex(zeroblob(9)),'0','[')"]
)
@pytest.mark.parametrize("column", ["created", "text", "correction", "confidence", "ink", "digits", "model"])
def test_a_value_of_another_kind_hides_nothing_and_breaks_nothing(path: Path, column: str, value: str) -> None:
    store = HistoryStore(path, lambda: NOON)
    for number in range(2):
        store.save_page(None, ink_of(number), str(number), 0.5)
    store.close()
    plant(path, f"UPDATE pages SET {column} = {value} WHERE id = 1")
    store = HistoryStore(path, lambda: NOON)
    sound, odd = store.pages()
    assert (sound.text, odd.id) == ("1", 1)
    assert all(
        isinstance(part, str) for part in (odd.local_time, odd.text, odd.correction or "", odd.ink_json, odd.model)
    )
    assert 0 <= odd.confidence <= 1
    with contextlib.suppress(StoreError):
        json.dumps(odd.to_json(), allow_nan=False)
    with contextlib.suppress(StoreError):
        store.export(path.with_name("out.jsonl"))
    store.close()


def test_what_steers_a_terminal_is_not_printed(path: Path) -> None:
    HistoryStore(path).close()
    store = HistoryStore(path, lambda: NOON)
    store.save_page(None, ink_of(1), "1", 0.5)
    store.close()
    plant(path, "UPDATE pages SET text = char(27) || '[2J', correction = char(10) || '7', created = char(155) || 'x'")
    store = HistoryStore(path)
    (page,) = store.pages()
    assert (page.text, page.correction, page.created) == (r"\x1b[2J", r"\n7", r"\x9bx")
    store.close()


@pytest.mark.parametrize("digits", ["[" * 100_000, "[1e999]", "[NaN]"])
def test_digits_that_others_cannot_read_are_a_damaged_page(path: Path, store: HistoryStore, digits: str) -> None:
    store.save_page(None, ink_of(1), "1", 0.5)
    store.close()
    plant(path, f"UPDATE pages SET digits = '{digits}'")
    again = HistoryStore(path)
    with pytest.raises(StoreError, match="page 1 of the history is damaged"):
        again.pages()[0].to_json()
    again.close()


def test_what_is_said_has_the_name_of_its_short_form(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By which the window says it in its own language."""
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    store = HistoryStore(path)
    assert [notice.key for notice in store.notices] == ["fault_history_damaged"]
    store._database.execute(f"PRAGMA user_version = {VERSION + 1}")
    store.close()
    with pytest.raises(StoreError) as caught:
        HistoryStore(path)
    assert caught.value.key == "fault_history_newer"
    assert [notice.key for notice in open_history(path)[1]] == ["fault_history_newer"]


def test_an_example_is_learned_from_and_a_history_keeps_time_unless_told_otherwise(path: Path) -> None:
    store, notices = open_history(path, lambda: NOON)
    store.add_example(image_of(1), "1", ink_of(1), "practice")
    (example,) = store.examples()
    assert (notices, example.used, example.created) == ([], True, "2026-01-01T12:00:00+00:00")
    store.close()


@pytest.mark.parametrize(
    ("kept", "shown"),
    [(0, 0.0), (1, 1.0), (0.25, 0.25), (1.5, 0.0), (-0.5, 0.0), ("much", 0.0), (float("inf"), 0.0)],
)
def test_a_confidence_that_is_none_is_nothing(store: HistoryStore, kept: object, shown: float) -> None:
    page_id = store.save_page(None, ink_of(1), "1", 0.5)
    store._database.execute("UPDATE pages SET confidence = ?", (kept,))
    page = store.page(page_id)
    assert page is not None
    assert page.confidence == shown
