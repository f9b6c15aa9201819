"""The history: pages that were read and examples of the owner's hand, in one SQLite file or in memory alone."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InkError, Notice, StoreError, disk_full_or
from ..escape import escape
from ..recognition.ink import MAX_STROKES, Ink, dump_ink, parse_ink
from ..recognition.normalise import SIZE, DigitImage
from ..recognition.results import Digit
from .atomic_write import sync_file, write_atomically
from .paths import (
    PRIVATE_FILE,
    create_private_file,
    files_set_aside,
    make_private_folder,
    name_aside,
    set_aside,
)
from .safe_open import open_regular
from .writeahead import changes_lost

VERSION = 1
MAX_PAGES = 10_000  # 27 a day for a year; with their ink some 50 MB
MAX_EXAMPLES = 500  # of each label; more make learning slower, not better
CHECKED_BYTES = 4 << 20  # quick_check reads the whole file: an SD card gives 20 to 40 MB a second
CACHE_KB = 256  # of the file in memory, where SQLite would take 2 MB: a page is written, and seldom read
LOCK_SECONDS = 2.0  # for a second digitpad; longer, and a window seems to hang
LABELS = frozenset("0123456789?")
SOURCES = ("correction", "practice")
WRITER = "me"

# The index lets count(*) read some 75 leaves instead of every page's ink. An id is never given twice (AUTOINCREMENT),
# so a number that the window still holds cannot come to mean another page. IF NOT EXISTS: two may start at once.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS pages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    text TEXT NOT NULL,
    correction TEXT,
    confidence REAL NOT NULL,
    ink TEXT NOT NULL,
    digits TEXT NOT NULL,
    model TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pages_by_time ON pages (created);
CREATE TABLE IF NOT EXISTS examples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    label TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('correction', 'practice')),
    used INTEGER NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = {SIZE * SIZE}),
    ink TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS examples_by_label ON examples (label, source);
PRAGMA user_version = {VERSION};
"""
PAGE_COLUMNS = "id, created, text, correction, confidence, ink, digits, model"
EXAMPLE_COLUMNS = "id, created, label, source, used, image, ink"


@dataclass(frozen=True)
class StoredPage:
    """A page as it was read; its ink is decoded when it is asked for, so that one damaged page hides no other."""

    id: int
    created: str  # UTC, ISO 8601; a Pi without a clock may be wrong: the order is that of the ids
    text: str
    correction: str | None
    confidence: float
    ink_json: str  # one line as edge_app.recognition.ink.dump_ink writes it
    digits_json: str
    model: str  # SHA-256 of the network that read it; empty where unknown

    @cached_property
    def ink(self) -> Ink:
        """The strokes, rounded to hundredths; raises InkError for a damaged page."""
        return parse_ink(self.ink_json)

    @property
    def local_time(self) -> str:
        """When it was begun, by this device's zone: 2026-01-02 03:04."""
        try:
            when = datetime.fromisoformat(self.created).astimezone().replace(tzinfo=None)
            return when.isoformat(" ", "minutes")
        except (ValueError, OverflowError, OSError):  # a damaged page, or a year no calendar has
            return self.created

    def to_json(self) -> dict[str, Any]:
        """Return the page as an ink line with what is known of it, digits as `digitpad recognize --json` prints them.

        Raises StoreError for a damaged page.
        """
        known = {"id": self.id, "created": self.created, "text": self.text, "correction": self.correction}
        try:
            digits, strokes = json.loads(self.digits_json), json.loads(self.ink_json)["strokes"]
            found = {**known, "confidence": round(self.confidence, 4), "digits": digits, "model": self.model}
            found["strokes"] = strokes
            json.dumps(found, allow_nan=False)  # Infinity, and 1e999, are no JSON that others read
        except (ValueError, TypeError, KeyError, RecursionError):
            raise StoreError(f"page {self.id} of the history is damaged; delete it in the window") from None
        return found


@dataclass(frozen=True)
class Example:
    """One digit of the owner's hand with what it says."""

    id: int
    created: str
    label: str  # 0 to 9, or ? for what is no digit
    source: str  # one of SOURCES
    used: bool  # whether the learner takes it
    image: DigitImage
    ink_json: str

    @cached_property
    def ink(self) -> Ink:
        """The strokes, rounded to hundredths; raises InkError for a damaged example."""
        return parse_ink(self.ink_json)


class _DamagedError(Exception):
    """The file is no database any more."""


class HistoryStore:
    """Pages and examples; used by one thread.

    A change is on the disk when its method returns, or it raises StoreError and nothing of it is. Should the file prove
    damaged, it is set aside and a new one started; so it is when the file was deleted or moved away meanwhile.
    `notices` has a sentence for the owner then.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Callable[[], float] = time.time,
        *,
        max_pages: int = MAX_PAGES,
        max_examples: int = MAX_EXAMPLES,
    ) -> None:
        """Open the file at `path`, creating it, or keep all in memory for None; `clock` gives Unix seconds.

        Raises StoreError when it cannot be opened or a newer digitpad wrote it; the file is as it was then.
        """
        self.path = path
        self.notices: list[Notice] = []
        self._clock = clock
        self._max_pages, self._max_examples = max_pages, max_examples
        try:
            self._database = _open(path, self.notices)
        except _DamagedError as error:
            self._database = self._start_anew(error)
        except (sqlite3.Error, OSError) as error:
            raise _cannot(path, "opened", error) from None
        self._identity = _lasting_identity(self.path)

    @classmethod
    def in_memory(cls, clock: Callable[[], float] = time.time, **limits: int) -> "HistoryStore":
        """Return a store that leaves nothing on the disk: history off, or not yet asked for."""
        return cls(None, clock, **limits)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._database.close()

    def save_page(
        self,
        page_id: int | None,
        ink: Ink,
        text: str,
        confidence: float,
        digits: Sequence[Digit] = (),
        model: str = "",
    ) -> int:
        """Keep a page, or what has become of page `page_id`, and return its id.

        A page that is gone (deleted, pruned) is kept anew under another id. New ink takes an old correction away:
        it spoke of other strokes.
        """
        if not ink:
            raise ValueError("a page without ink is not kept: delete it")
        line = dump_ink(ink)
        values = (text, confidence, json.dumps([digit.to_json() for digit in digits]), model)
        with self._change() as database:
            if page_id is not None:
                changed = database.execute(
                    "UPDATE pages SET correction = CASE WHEN ink = ? THEN correction END, ink = ?,"
                    " text = ?, confidence = ?, digits = ?, model = ? WHERE id = ?",
                    (line, line, *values, page_id),
                )
                if changed.rowcount:
                    return page_id
            row = database.execute(
                "INSERT INTO pages (created, ink, text, confidence, digits, model) VALUES (?, ?, ?, ?, ?, ?)",
                (self._now(), line, *values),
            )
            self._prune_pages()
            return _row_id(row)

    def correct_page(self, page_id: int, correction: str | None) -> bool:
        """Keep what a page really says, None for as it was read; returns False for a page that is gone."""
        with self._change() as database:
            changed = database.execute("UPDATE pages SET correction = ? WHERE id = ?", (correction, page_id))
            return changed.rowcount > 0

    def delete_page(self, page_id: int) -> bool:
        """Delete a page and overwrite where it stood; returns False for one that was gone."""
        return self._delete("pages", page_id)

    def page(self, page_id: int) -> StoredPage | None:
        """Return a page, or None for one that is gone."""
        rows = self._read(f"SELECT {PAGE_COLUMNS} FROM pages WHERE id = ?", (page_id,))
        return _page(rows[0]) if rows else None

    def pages(self, limit: int = 50, offset: int = 0) -> list[StoredPage]:
        """Return up to `limit` pages, the newest first, after passing over `offset`."""
        query = f"SELECT {PAGE_COLUMNS} FROM pages ORDER BY id DESC LIMIT ? OFFSET ?"
        return [_page(row) for row in self._read(query, (limit, offset))]

    def count_pages(self) -> int:
        """Return how many pages are kept."""
        return int(self._read("SELECT count(*) FROM pages")[0][0])

    def add_example(self, image: DigitImage, label: str, ink: Ink, source: str, *, used: bool = True) -> int:
        """Keep a digit image with its label ("0" to "9", "?"), ink and source (one of SOURCES); returns its id.

        Beyond its label's limit the oldest practised example goes, then the oldest corrected one; never the new one.
        """
        if label not in LABELS or image.shape != (SIZE, SIZE) or image.dtype != np.uint8:
            raise ValueError(f"no example: label {label!r}, image {image.shape} {image.dtype}")
        values = (self._now(), label, source, used, image.tobytes(), dump_ink(ink))
        with self._change() as database:
            query = f"INSERT INTO examples ({EXAMPLE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?)"
            example_id = _row_id(database.execute(query, values))
            self._prune_examples(label, example_id)
            return example_id

    def use_example(self, example_id: int, used: bool) -> bool:
        """Mark whether the learner takes an example; returns False for one that is gone."""
        with self._change() as database:
            return database.execute("UPDATE examples SET used = ? WHERE id = ?", (used, example_id)).rowcount > 0

    def remove_example(self, example_id: int) -> bool:
        """Delete an example and overwrite where it stood; returns False for one that was gone."""
        return self._delete("examples", example_id)

    def examples(self) -> list[Example]:
        """Return all examples, the oldest first."""
        labels = ", ".join(f"'{label}'" for label in sorted(LABELS))  # others are damage, and would teach nonsense
        rows = self._read(f"SELECT {EXAMPLE_COLUMNS} FROM examples WHERE label IN ({labels}) ORDER BY id")
        return [_example(row) for row in rows if isinstance(row[5], bytes) and len(row[5]) == SIZE * SIZE]

    def count_examples(self) -> int:
        """Return how many examples are kept."""
        return int(self._read("SELECT count(*) FROM examples")[0][0])

    def adopt(self, other: "HistoryStore") -> dict[int, int]:
        """Take the pages and examples of `other` over, for a history switched on late; returns new page ids by old.

        All or nothing; `other` keeps its own.
        """
        pages = other._read(f"SELECT {PAGE_COLUMNS} FROM pages ORDER BY id")
        examples = other._read(f"SELECT {EXAMPLE_COLUMNS} FROM examples ORDER BY id")
        with self._change() as database:
            insert = f"INSERT INTO pages ({PAGE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
            ids = {page[0]: _row_id(database.execute(insert, page[1:])) for page in pages}
            self._prune_pages()
            insert = f"INSERT INTO examples ({EXAMPLE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?)"
            for example in examples:
                self._prune_examples(example[2], _row_id(database.execute(insert, example[1:])))
        return ids

    def forget_everything(self) -> list[Path]:
        """Delete all pages and examples and overwrite what the file held; only the counters of the ids go on.

        Returns damaged files that were set aside earlier: what they hold is left to the owner. Raises StoreError when
        another digitpad keeps the file open in the middle of reading: then the old bytes are still there.
        """
        with self._change() as database:
            database.execute("DELETE FROM pages")
            database.execute("DELETE FROM examples")
        with self._faults("cleaned"):
            self._database.execute("VACUUM")
            if not self._empty_log():
                raise StoreError(f"{self.path}: another digitpad is reading it. Close that one and forget again")
        return files_set_aside(self.path) if self.path else []

    def export(self, path: Path, *, numbers: bool = True) -> int:
        """Write labelled ink for `python -m train --ink` and `digitpad evaluate`; returns the number of lines.

        Examples of digits, and with `numbers` the corrected pages, which training passes over (it takes single digits).
        Without a line nothing is written. Raises StoreError.
        """
        if self.path and path.resolve() == self.path.resolve():
            raise StoreError(f"{path}: that is the history itself. Choose another file")
        lines = self._labelled(numbers)
        try:
            if lines:
                write_atomically(path, "".join(line + "\n" for line in lines).encode(), PRIVATE_FILE)
        except OSError as error:
            raise _cannot(path, "written", error) from None
        return len(lines)

    def _labelled(self, numbers: bool) -> list[str]:
        found = self._read("SELECT label, ink FROM examples WHERE label <> '?' ORDER BY id")
        if numbers:
            rows = self._read("SELECT correction, ink FROM pages WHERE correction IS NOT NULL ORDER BY id")
            found += rows
        found = [(_line(label), _text(ink)) for label, ink in found]
        found = [(label, ink) for label, ink in found if label.isascii() and label.isdigit()]
        try:
            inks = [(label, parse_ink(ink)) for label, ink in found]
        except InkError as error:
            raise StoreError(f"{self.path}: damaged ink in it ({error}); nothing was exported") from None
        lines = [dump_ink(ink, label=label, writer=WRITER) for label, ink in inks if ink]  # a picture's digit has none
        return list(dict.fromkeys(lines))  # a page of one corrected digit is an example, too

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")

    def _delete(self, table: str, row_id: int) -> bool:
        """Delete a row; a StoreError may also mean that it is gone and its bytes are still in the log."""
        with self._change() as database:
            found = database.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,)).rowcount > 0
        with self._faults("cleaned"):
            self._empty_log()  # where somebody reads, the log is emptied with the next deletion or at the end
        return found

    def _prune_pages(self) -> None:
        count = self._database.execute("SELECT count(*) FROM pages").fetchone()[0]
        if count > self._max_pages:
            self._database.execute(
                "DELETE FROM pages WHERE id IN (SELECT id FROM pages ORDER BY id LIMIT ?)", (count - self._max_pages,)
            )

    def _prune_examples(self, label: str, newest: int) -> None:
        count = self._database.execute("SELECT count(*) FROM examples WHERE label = ?", (label,)).fetchone()[0]
        if count > self._max_examples:
            self._database.execute(
                "DELETE FROM examples WHERE id IN (SELECT id FROM examples WHERE label = ? AND id <> ?"
                " ORDER BY source <> 'practice', id LIMIT ?)",
                (label, newest, count - self._max_examples),
            )

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._faults("read"):
            self._look_for_file()
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Run a change whole or not at all: the connection commits at the end, and takes back what a fault left.

        A system lets go on writing to a file that was deleted: so the file is looked for when all is written.
        """
        with self._faults("written"):
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._database
            self._look_for_file()

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        """Turn faults of the disk into StoreError; a wrong thread, a closed store or a broken rule stay bugs."""
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _is_damage(error):
                raise _cannot(self.path, what, error) from None
            self._database.close()
            self._database = self._start_anew(error)
            self._identity = _lasting_identity(self.path)
            raise StoreError(self.notices[-1], self.notices[-1].key) from None
        except OSError as error:
            raise _cannot(self.path, what, error) from None

    def _look_for_file(self) -> None:
        """Raise StoreError, and start anew, where the open file is no longer the one at `path`."""
        if self.path is None or self._identity is None or _identity(self.path) == self._identity:
            return
        self._database.close()
        said, key = f"{self.path}: was deleted or moved away while it was open", "fault_history_gone"
        now = "the one that lies there now is used" if self.path.exists() else "a new history was started"
        try:
            self._database = _open(self.path, self.notices)
            self.notices.append(Notice(f"{said}; {now}", key))
        except (sqlite3.Error, OSError, StoreError, _DamagedError) as error:
            self.notices.append(Notice(f"{said}, and no new one could be started ({error})", key))
            self.path, self._database = None, _open(None, [])
        self._identity = _lasting_identity(self.path)
        raise StoreError(self.notices[-1], key)

    def _start_anew(self, reason: Exception) -> sqlite3.Connection:
        """Set the damaged file aside and return a new database; in memory where even that fails."""
        assert self.path is not None  # memory is never damaged
        said, key = f"{self.path}: damaged ({reason})", "fault_history_damaged"
        try:
            aside = set_aside(self.path, ("-wal", "-shm"))
            database = _open(self.path, self.notices)
        except (sqlite3.Error, OSError, StoreError) as error:
            self.notices.append(Notice(f"{said}, and no new one could be started ({error})", StoreError.key))
            self.path = None
            return _open(None, [])
        self.notices.append(Notice(f"{said}. It is kept as {aside.name}; a new history was started", key))
        return database

    def _empty_log(self) -> bool:
        """Move the log into the database and cut it to nothing for good; returns False where somebody reads it.

        SQLite does not sync the cut: after a loss of power the log would be there again, with what was deleted.
        """
        if self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            return False
        log = self.path and self.path.with_name(self.path.name + "-wal")
        if log and log.exists():  # there is none on a file system without shared memory
            sync_file(log)
        return True


def open_history(path: Path, clock: Callable[[], float] = time.time) -> tuple[HistoryStore, list[Notice]]:
    """Return the store at `path`, or one in memory where that fails, with sentences for the owner."""
    try:
        store = HistoryStore(path, clock)
    except StoreError as error:
        return HistoryStore.in_memory(clock), [Notice(f"{error}. Until then nothing is kept", error.key)]
    return store, store.notices


def _open(path: Path | None, notices: list[Notice]) -> sqlite3.Connection:
    """Return a connection to a database of this version; raises StoreError, _DamagedError, sqlite3.Error, OSError.

    What was found wrong with its log is added to `notices`.
    """
    if path is None:
        database = sqlite3.connect(":memory:", isolation_level=None)
    else:
        make_private_folder(path.parent)
        create_private_file(path)  # SQLite gives its log the same rights
        _refuse_log_alone(path)
        _refuse_newer(path, _version_in_header(path))  # before SQLite touches anything
        database = sqlite3.connect(path, isolation_level=None, timeout=LOCK_SECONDS)
    try:
        _prepare(database, path, notices)
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.DatabaseError | UnicodeDecodeError) and _is_damage(error):
            raise _DamagedError(str(error)) from None
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path | None, notices: list[Notice]) -> None:
    """Check a database that was just opened, and give a new one its tables."""
    database.text_factory = lambda text: text.decode("utf-8", "replace")  # one spoilt letter must hide no page
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")  # finds some damage before it is read
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if path:
        notices += _keep_cut_log(database, path)
        _refuse_newer(path, version)  # again: the log of a newer one that crashed has the last word
        if not version and database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreError(f"{path}: a database of another program, left as it is. Move it elsewhere")
        if version:
            _check_tables(database)
        _make_durable(database)
        _check(database, path)
    if not version:
        database.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")


def _keep_cut_log(database: sqlite3.Connection, path: Path) -> list[Notice]:
    """Copy a log that is damaged before its end, and say so: SQLite uses what is before, and writes over the rest."""
    try:
        with open_regular(log := path.with_name(path.name + "-wal")) as file:
            content = file.read()
    except FileNotFoundError:
        return []
    if not content:
        return []
    busy, taken, _ = database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if busy:  # another digitpad moves it into the database now, so it is whole; nothing is known of it here
        return []
    lost = changes_lost(content, max(0, taken), database.execute("PRAGMA page_size").fetchone()[0])
    if not lost or not log.exists() or log.read_bytes()[: len(content)] != content:  # another digitpad writes there
        return []
    name = name_aside(path, ("-wal",))
    aside = name.with_name(name.name + "-wal")
    write_atomically(aside, content, PRIVATE_FILE)
    said = f"{path}: its log is damaged, and the last {lost} changes in it are lost. It is kept as {aside.name}"
    return [Notice(said, "fault_history_cut")]


def _check_tables(database: sqlite3.Connection) -> None:
    """Raise _DamagedError for tables that no digitpad made, or more than these.

    A planted file could hold triggers that delete what is written, or a view in a table's place that fills the memory.
    """
    if _tables(database) != _own_tables():
        raise _DamagedError("its tables are not those of a history")


@cache
def _own_tables() -> list[tuple[str, str, str]]:
    database = sqlite3.connect(":memory:")
    database.executescript("BEGIN;" + SCHEMA + "COMMIT;")
    found = _tables(database)
    database.close()
    return found


def _tables(database: sqlite3.Connection) -> list[tuple[str, str, str]]:
    return database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def _refuse_log_alone(path: Path) -> None:
    """Raise _DamagedError where a log has lost its database: SQLite would delete it, with the last changes in it."""
    log = path.with_name(path.name + "-wal")
    if not path.stat().st_size and log.exists() and log.stat().st_size:
        raise _DamagedError("the file is empty, and its log is not")


def _version_in_header(path: Path) -> int:
    """Return user_version from bytes 60 to 63 of the file, 0 where it is no database (sqlite.org/fileformat2)."""
    with open_regular(path) as file:
        header = file.read(64)
    return int.from_bytes(header[60:64], "big", signed=True) if header.startswith(b"SQLite format 3\0") else 0


def _refuse_newer(path: Path, version: int) -> None:
    if version > VERSION:
        raise StoreError(
            f"{path}: written by a newer digitpad (format {version}, this one knows {VERSION}) and left as it is. "
            "Update digitpad",
            "fault_history_newer",
        )


def _make_durable(database: sqlite3.Connection) -> None:
    """Make what was confirmed survive a loss of power, and what was deleted unreadable.

    A write-ahead log: one fsync a change (counted with strace), where a rollback journal takes five for the same
    promise, and an SD card may take 0.1 s for each while the window waits. FULL, as NORMAL lets the last changes go
    with the power. A file system without shared memory (some network drives) keeps the rollback journal, with EXTRA.
    """
    mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    database.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
    database.execute("PRAGMA secure_delete = ON")
    database.execute(f"PRAGMA cache_size = -{CACHE_KB}")


def _check(database: sqlite3.Connection, path: Path) -> None:
    """Raise _DamagedError for a damaged file; of a large one only the tables' roots are looked at.

    What is wrong further in a large file shows when it is read, and is handled then.
    """
    if path.stat().st_size <= CHECKED_BYTES:
        answer = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise _DamagedError(answer.replace("\n", " "))


def _is_damage(error: Exception) -> bool:
    """Return whether SQLite says the file itself is broken; by its words, as Python 3.10 passes no code on.

    Where it quotes a name that damage has made no text, Python cannot even read what it says.
    """
    return isinstance(error, UnicodeDecodeError) or any(
        words in str(error) for words in ("malformed", "not a database")
    )


def _page(row: tuple[Any, ...]) -> StoredPage:
    """Return a page of values of any type, as SQLite keeps them: what is spoilt or planted is shown if it can."""
    key, created, text, correction, confidence, ink, digits, model = row
    sure = float(confidence) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else 0.0
    said = None if correction is None else _line(correction)
    return StoredPage(key, _line(created), _line(text), said, sure, _text(ink), _text(digits), _line(model))


def _example(row: tuple[Any, ...]) -> Example:
    key, created, label, source, used, image, ink = row
    pixels = np.frombuffer(image, np.uint8).reshape(SIZE, SIZE)
    return Example(key, _line(created), label, _line(source), bool(used), pixels, _text(ink))


def _line(value: object) -> str:
    """Return a value as one line that can be shown: no letter that steers a terminal, and no more than a page holds."""
    return escape(_text(value)[:MAX_STROKES])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _row_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None  # an INSERT has one
    return cursor.lastrowid


def _cannot(path: Path | None, what: str, error: Exception) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StoreError(
        f"{path or 'history in memory'}: cannot be {what} ({reason}). Check that the disk has room and may be written",
        disk_full_or(StoreError.key, error),
    )


def _lasting_identity(path: Path | None) -> tuple[int, int] | None:
    """Return by what a file is told from others; None on a disk that numbers the same file anew each time."""
    first = _identity(path)
    return first if _identity(path) == first else None


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return by what a file is told from others that come to lie at its path; None without one."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None
