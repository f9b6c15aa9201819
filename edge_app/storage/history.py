"""The history: pages that were read and examples of the owner's handwriting, in one SQLite file or in memory."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InkError, Notice, StoreError, disk_full_or
from ..escape import escape
from ..recognition.ink import MAX_STROKES, Ink, dump_ink, parse_ink
from ..recognition.normalise import SIZE, DigitImage
from ..recognition.results import Digit
from .atomic_write import write_atomically
from .paths import PRIVATE_FILE, create_private_file, files_set_aside, make_private_folder, set_aside

VERSION = 1
MAX_PAGES = 10_000  # 27 a day for a year; about 50 MB with their ink
MAX_EXAMPLES = 500  # of each label; more make learning slower, not better
CHECKED_BYTES = 4 << 20  # quick_check reads the whole file: an SD card gives 20 to 40 MB a second
CACHE_KB = 256  # SQLite's default is 2 MB; pages are written often and read seldom
LOCK_SECONDS = 2.0  # to wait for another process; any longer and the window seems to hang
LABELS = frozenset("0123456789?")
WRITER = "me"
CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

# The index lets count(*) read some 75 leaves instead of every page's ink. AUTOINCREMENT never reuses an id, so a number
# that the window still holds cannot come to mean another page. IF NOT EXISTS: two processes may start at once.
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
    """A page as it was read; its ink is decoded on access, so that one damaged page does not hide the others."""

    id: int
    created: str  # UTC, ISO 8601; the clock of a Pi may be wrong, so pages are ordered by id
    text: str
    correction: str | None
    confidence: float
    ink_json: str  # one line as edge_app.recognition.ink.dump_ink writes it
    digits_json: str
    model: str  # SHA-256 of the model that read it; empty if unknown

    @cached_property
    def ink(self) -> Ink:
        """The strokes, rounded to hundredths; raises InkError for a damaged page."""
        return parse_ink(self.ink_json)

    @property
    def local_time(self) -> str:
        """When the page was begun, in this device's time zone: 2026-01-02 03:04."""
        try:
            when = datetime.fromisoformat(self.created).astimezone().replace(tzinfo=None)
            return when.isoformat(" ", "minutes")
        except (ValueError, OverflowError, OSError):  # a damaged page, or a year out of range
            return self.created

    def to_json(self) -> dict[str, Any]:
        """Return the page as an ink line plus what is known of it, digits as `digitpad recognize --json` prints them.

        Raises StoreError for a damaged page.
        """
        try:
            found = {
                "id": self.id,
                "created": self.created,
                "text": self.text,
                "correction": self.correction,
                "confidence": round(self.confidence, 4),
                "digits": json.loads(self.digits_json),
                "model": self.model,
                "strokes": json.loads(self.ink_json)["strokes"],
            }
            json.dumps(found, allow_nan=False)  # Infinity, and 1e999, are not JSON
        except (ValueError, TypeError, KeyError, RecursionError):
            raise StoreError(f"page {self.id} of the history is damaged; delete it in the window") from None
        return found


@dataclass(frozen=True)
class Example:
    """One digit in the owner's handwriting, with its label."""

    id: int
    created: str
    label: str  # 0 to 9, or ? for not a digit
    source: str  # correction or practice
    used: bool  # whether the learner takes it
    image: DigitImage
    ink_json: str

    @cached_property
    def ink(self) -> Ink:
        """The strokes, rounded to hundredths; raises InkError for a damaged example."""
        return parse_ink(self.ink_json)


class _CorruptError(Exception):
    """The file is not a sound database."""


class HistoryStore:
    """Pages and examples, for use by one thread.

    A change is on disk when its method returns; if the method raises StoreError, nothing changed. A file that turns out
    to be damaged is set aside and a new one is created; the latter also when the file was deleted or moved away.
    `notices` then has a message for the owner, and the store is in memory (`path` is None) if there is no new file.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Callable[[], float] = time.time,
        *,
        max_pages: int = MAX_PAGES,
        max_examples: int = MAX_EXAMPLES,
    ) -> None:
        """Open or create the file at `path`, or stay in memory for None; `clock` returns Unix seconds.

        Raises StoreError if it cannot be opened or was written by a newer version; the file is unchanged then.
        """
        self.notices: list[Notice] = []
        self._clock = clock
        self._max_pages, self._max_examples = max_pages, max_examples
        try:
            self._open(path)
        except _CorruptError as error:
            assert path is not None  # memory is never corrupt
            self._reopen(path, error)
        except (sqlite3.Error, OSError) as error:
            raise _cannot(path, "opened", error) from None

    @classmethod
    def in_memory(cls, clock: Callable[[], float] = time.time, **limits: int) -> "HistoryStore":
        """Return a store that writes nothing to disk: history off, or not yet asked for."""
        return cls(None, clock, **limits)

    @property
    def file_number(self) -> int:
        """Grows when a lost or damaged file is replaced; ids of the old file then mean nothing."""
        return len(self.notices)

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
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
        """Insert a page, or update page `page_id`, and return its id.

        A page that no longer exists gets a new id. New ink clears the correction, which was about other strokes.
        """
        if not ink:
            raise ValueError("a page without ink cannot be saved: delete it")
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
            return int(row.lastrowid or 0)

    def correct_page(self, page_id: int, correction: str | None) -> bool:
        """Set what a page really says, None for as it was read; returns False if the page does not exist."""
        with self._change() as database:
            changed = database.execute("UPDATE pages SET correction = ? WHERE id = ?", (correction, page_id))
            return changed.rowcount > 0

    def delete_page(self, page_id: int) -> bool:
        """Delete a page and overwrite its bytes; returns False if it does not exist."""
        return self._delete("pages", page_id)

    def page(self, page_id: int) -> StoredPage | None:
        """Return a page, or None if it does not exist."""
        rows = self._read(f"SELECT {PAGE_COLUMNS} FROM pages WHERE id = ?", (page_id,))
        return _page(rows[0]) if rows else None

    def pages(self, limit: int = 50, offset: int = 0) -> list[StoredPage]:
        """Return up to `limit` pages, newest first, skipping `offset`."""
        query = f"SELECT {PAGE_COLUMNS} FROM pages ORDER BY id DESC LIMIT ? OFFSET ?"
        return [_page(row) for row in self._read(query, (limit, offset))]

    def count_pages(self) -> int:
        """Return the number of pages."""
        return int(self._read("SELECT count(*) FROM pages")[0][0])

    def add_example(self, image: DigitImage, label: str, ink: Ink, source: str, *, used: bool = True) -> int:
        """Add a digit image with its label (see LABELS), ink and source ("correction" or "practice"); returns its id.

        Over a label's limit its oldest practised example is deleted, then its oldest corrected one; never the new one.
        """
        if label not in LABELS or image.shape != (SIZE, SIZE) or image.dtype != np.uint8:
            raise ValueError(f"not an example: label {label!r}, image {image.shape} {image.dtype}")
        values = (self._now(), label, source, used, image.tobytes(), dump_ink(ink))
        with self._change() as database:
            query = f"INSERT INTO examples ({EXAMPLE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?)"
            example_id = int(database.execute(query, values).lastrowid or 0)
            self._prune_examples(label, example_id)
            return example_id

    def remove_example(self, example_id: int) -> bool:
        """Delete an example and overwrite its bytes; returns False if it does not exist."""
        return self._delete("examples", example_id)

    def examples(self) -> list[Example]:
        """Return all examples, oldest first, without those whose label or image is damaged."""
        rows = self._read(f"SELECT {EXAMPLE_COLUMNS} FROM examples ORDER BY id")
        return [
            _example(row)
            for row in rows
            if row[2] in LABELS and isinstance(row[5], bytes) and len(row[5]) == SIZE * SIZE
        ]

    def count_examples(self) -> int:
        """Return the number of examples."""
        return int(self._read("SELECT count(*) FROM examples")[0][0])

    def adopt(self, other: "HistoryStore") -> dict[int, int]:
        """Copy all pages and examples of `other`, for a history switched on late; returns new page ids by old.

        All or nothing; `other` is unchanged.
        """
        pages = other._read(f"SELECT {PAGE_COLUMNS} FROM pages ORDER BY id")
        examples = other._read(f"SELECT {EXAMPLE_COLUMNS} FROM examples ORDER BY id")
        with self._change() as database:
            insert = f"INSERT INTO pages ({PAGE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
            ids = {page[0]: int(database.execute(insert, page[1:]).lastrowid or 0) for page in pages}
            self._prune_pages()
            insert = f"INSERT INTO examples ({EXAMPLE_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?)"
            for example in examples:
                self._prune_examples(example[2], int(database.execute(insert, example[1:]).lastrowid or 0))
        return ids

    def forget_everything(self) -> list[Path]:
        """Delete all pages and examples and overwrite their bytes; ids are not reused.

        Returns damaged files set aside earlier, which are the owner's to delete. Raises StoreError if another process
        is reading the file, because the old bytes are still there then.
        """
        with self._change() as database:
            database.execute("DELETE FROM pages")
            database.execute("DELETE FROM examples")
        with self._disk_errors("cleaned"):
            self._database.execute("VACUUM")
            if not self._truncate_log():
                raise StoreError(f"{self.path}: another digitpad is reading it. Close that one and forget again")
        return files_set_aside(self.path) if self.path else []

    def export(self, path: Path) -> int:
        """Write labelled ink for `python -m train --ink` and `digitpad evaluate`; returns the number of lines.

        These are examples of digits and corrected pages; training skips numbers. Without any, no file is written.
        Raises StoreError.
        """
        if self.path and path.resolve() == self.path.resolve():
            raise StoreError(f"{path}: that is the history itself. Choose another file")
        rows = self._read("SELECT label, ink FROM examples WHERE label <> '?' ORDER BY id")
        rows += self._read("SELECT correction, ink FROM pages WHERE correction IS NOT NULL ORDER BY id")
        lines: dict[str, None] = {}  # in order, each once: a page of one corrected digit is an example, too
        try:
            for label, line in rows:
                if not (label := _text(label)).isascii() or not label.isdigit():
                    continue
                if ink := parse_ink(_text(line)):  # a picture has no ink
                    lines[dump_ink(ink, label=label, writer=WRITER)] = None
            if lines:
                write_atomically(path, "".join(f"{line}\n" for line in lines).encode(), PRIVATE_FILE)
        except InkError as error:
            raise StoreError(f"{self.path}: damaged ink in it ({error}); nothing was exported") from None
        except OSError as error:
            raise _cannot(path, "written", error) from None
        return len(lines)

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")

    def _delete(self, table: str, row_id: int) -> bool:
        """Delete a row; StoreError may also mean that it was deleted but its bytes are still in the log."""
        with self._change() as database:
            found = database.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,)).rowcount > 0
        with self._disk_errors("cleaned"):
            self._truncate_log()  # if another process is reading, the next deletion or the last close truncates it
        return found

    def _prune_pages(self) -> None:
        self._database.execute(
            "DELETE FROM pages WHERE id IN (SELECT id FROM pages ORDER BY id"
            " LIMIT max(0, (SELECT count(*) FROM pages) - ?))",
            (self._max_pages,),
        )

    def _prune_examples(self, label: str, newest: int) -> None:
        self._database.execute(
            "DELETE FROM examples WHERE id IN (SELECT id FROM examples WHERE label = ?1 AND id <> ?2"
            " ORDER BY source <> 'practice', id"
            " LIMIT max(0, (SELECT count(*) FROM examples WHERE label = ?1) - ?3))",
            (label, newest, self._max_examples),
        )

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._disk_errors("read"):
            self._check_file()
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction: committed at the end, rolled back on any error.

        The file is checked last: the system would let us write to one that was deleted meanwhile.
        """
        with self._disk_errors("written"):
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._database
            self._check_file()

    @contextmanager
    def _disk_errors(self, what: str) -> Iterator[None]:
        """Turn disk errors into StoreError; a wrong thread, a closed store or a violated constraint are bugs."""
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise
        except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
            if not _is_corrupt(error):
                raise _cannot(self.path, what, error) from None
            assert self.path is not None  # memory is never corrupt
            self.close()
            self._reopen(self.path, error)
            raise StoreError(self.notices[-1], self.notices[-1].key) from None

    def _check_file(self) -> None:
        """Raise StoreError, and open a new file, if the open one is no longer at `path`."""
        if self.path is None or self._identity is None or _identity(self.path) == self._identity:
            return
        self.close()
        self._reopen(self.path)
        raise StoreError(self.notices[-1], self.notices[-1].key)

    def _reopen(self, path: Path, corruption: Exception | None = None) -> None:
        """Open `path` again, after setting a corrupt file aside; in memory if that fails. Adds a notice."""
        problem, key = "was deleted or moved away while it was open", "fault_history_gone"
        try:
            if corruption:
                problem, key = f"damaged ({corruption})", "fault_history_damaged"
                problem += f". It is kept as {set_aside(path, ('-wal', '-shm')).name}"
            outcome = "the one that is there now is used" if path.exists() else "a new history was started"
            self._open(path)
        except (sqlite3.Error, OSError, StoreError, _CorruptError) as error:
            outcome, key = f"no new one could be started ({error})", StoreError.key
            self._open(None)
        self.notices.append(Notice(f"{path}: {problem}; {outcome}", key))

    def _open(self, path: Path | None) -> None:
        self.path, self._database = path, _connect(path)
        self._identity = _identity(path)
        if self._identity != _identity(path):  # some network drives give a file a new inode number at each call
            self._identity = None

    def _truncate_log(self) -> bool:
        """Move the log into the database and truncate it; returns False while another process is reading.

        SQLite does not sync the truncation: after a power cut, the deleted bytes would be back.
        """
        if self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            return False
        log = self.path and Path(f"{self.path}-wal")
        if log and log.exists():  # not in memory, nor on a file system without shared memory
            with log.open("r+b") as file:
                os.fsync(file.fileno())
        return True


def open_history(path: Path, clock: Callable[[], float] = time.time) -> tuple[HistoryStore, list[Notice]]:
    """Return the store at `path`, or one in memory if that fails, with notices for the owner."""
    try:
        store = HistoryStore(path, clock)
    except StoreError as error:
        return HistoryStore.in_memory(clock), [Notice(f"{error}. Until then nothing is kept", error.key)]
    return store, store.notices


def _connect(path: Path | None) -> sqlite3.Connection:
    """Return a connection to a database of this version; raises StoreError, _CorruptError, sqlite3.Error, OSError."""
    if path is None:
        database = sqlite3.connect(":memory:", isolation_level=None)
    else:
        make_private_folder(path.parent)
        create_private_file(path)  # SQLite gives its log the same permissions
        log = Path(f"{path}-wal")
        if not path.stat().st_size and log.exists() and log.stat().st_size:
            raise _CorruptError("the file is empty, but its log is not")  # SQLite would delete the log
        database = sqlite3.connect(path, isolation_level=None, timeout=LOCK_SECONDS)
    try:
        _prepare(database, path)
    except BaseException as error:
        database.close()
        if _is_corrupt(error):
            raise _CorruptError(str(error)) from None
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path | None) -> None:
    """Check a database, make it durable, and create the tables of a new one."""
    database.text_factory = lambda text: text.decode("utf-8", "replace")  # one damaged letter must not hide a page
    database.execute("PRAGMA cell_size_check = ON")  # finds some damage before it is read
    version, names = database.execute(  # one statement: another process may be creating the tables
        "SELECT user_version, (SELECT group_concat(name) FROM sqlite_master WHERE type = 'table')"
        " FROM pragma_user_version"
    ).fetchone()
    tables = set((names or "").split(",")) - {""}
    if version > VERSION:
        raise StoreError(
            f"{path}: written by a newer digitpad (format {version}, this one knows {VERSION}) and left as it is. "
            "Update digitpad",
            "fault_history_newer",
        )
    if tables and not version:
        raise StoreError(f"{path}: a database of another program, left as it is. Move it elsewhere")
    if version and not {"pages", "examples"} <= tables:
        raise _CorruptError("its tables are not those of a history")
    _make_durable(database)
    if path and path.stat().st_size <= CHECKED_BYTES:  # damage in a larger file is found when it is read
        answer = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise _CorruptError(answer.replace("\n", " "))
    if not version:
        database.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")


def _make_durable(database: sqlite3.Connection) -> None:
    """Make changes survive a power cut, and deleted bytes unreadable.

    With a write-ahead log a change costs one fsync (counted with strace) instead of the rollback journal's five, each
    of which may take 0.1 s on an SD card. FULL, because NORMAL may lose the last changes in a power cut. A file system
    without shared memory (some network drives) keeps the rollback journal, with EXTRA.
    """
    mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    database.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
    database.execute("PRAGMA secure_delete = ON")
    database.execute(f"PRAGMA cache_size = -{CACHE_KB}")


def _is_corrupt(error: BaseException) -> bool:
    """Return whether SQLite reports damage; a message that quotes damaged text is a UnicodeDecodeError in Python."""
    code = getattr(error, "sqlite_errorcode", 0)
    truncated = code == sqlite3.SQLITE_IOERR_SHORT_READ  # while it was open
    return code & 0xFF in CORRUPT or truncated or isinstance(error, UnicodeDecodeError)


def _page(row: tuple[Any, ...]) -> StoredPage:
    """Return a page; in a damaged row any value may have any type."""
    key, created, text, correction, confidence, ink, digits, model = row
    sure = float(confidence) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else 0.0
    said = None if correction is None else _line(correction)
    shown = "\n".join(map(escape, _text(text)[:MAX_STROKES].split("\n")))  # one line or several
    return StoredPage(key, _line(created), shown, said, sure, _text(ink), _text(digits), _line(model))


def _example(row: tuple[Any, ...]) -> Example:
    key, created, label, source, used, image, ink = row
    pixels = np.frombuffer(image, np.uint8).reshape(SIZE, SIZE)
    return Example(key, _line(created), label, _line(source), bool(used), pixels, _text(ink))


def _line(value: object) -> str:
    """Return a value as one line that is safe to show, no longer than a page's text can be."""
    return escape(_text(value)[:MAX_STROKES])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _cannot(path: Path | None, what: str, error: Exception) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StoreError(
        f"{path or 'history in memory'}: cannot be {what} ({reason}). Check that the disk has room and may be written",
        disk_full_or(StoreError.key, error),
    )


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return a file's device and inode, which another file in its place does not have; None without a file."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None
