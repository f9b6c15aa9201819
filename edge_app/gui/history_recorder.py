"""The history's side of the pad: each sheet is one page of the store, from its first reading on."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from ..errors import StoreError
from ..recognition.ink import Ink
from ..recognition.results import Reading
from ..storage.history import HistoryStore

MOST_SHEETS = 500  # whose pages are known: more than undo reaches back
MOST_OWED = 50  # sheets that a failing disk did not take and that it is given again

Noted: TypeAlias = tuple[int, Ink, Reading, str]
"""A sheet, its ink, what was read and by which model."""


class HistoryRecorder:
    """Knows which page of the store a sheet is; an error of the store is reported once a sheet and loses no ink."""

    def __init__(self, store: HistoryStore) -> None:
        """Keep nothing yet."""
        self.store = store
        self._begun = len(store.notices)  # files of the store, each with a notice but for the first
        self.report: Callable[[str], None] = lambda _: None  # the app takes it over
        self._numbers: dict[int, int] = {}  # of pages, by sheet
        self._unwanted: set[int] = set()  # sheets that are not to be stored (again)
        self._pending: Noted | None = None
        self._owed: dict[int, Noted] = {}  # what could not be written, by sheet
        self._shown: tuple[int, Ink] | None = None  # a page of the store as it was put on a sheet again
        self._fault: tuple[int, str] | None = None  # the newest sheet and what was said when it was not written

    def record(self, sheet: int, ink: Ink, reading: Reading, model: str) -> None:
        """Take what is on a sheet now, in place of what was there before; it is written with the next `flush`.

        Undo passes through states that nobody rested at: only what stays, or is cleared, is worth a page.
        """
        wanted = bool(ink) and sheet not in self._unwanted and not self._is_as_shown(sheet, ink)
        self._pending = (sheet, ink, reading, model) if wanted else None
        self._owed.pop(sheet, None)

    def flush(self) -> None:
        """Write what was noted; what cannot be written, also of sheets before, is tried again with the next flush.

        A store in memory gets no pages: they would be gone with the window, and fill the memory until then.
        """
        if self.store.path is None:
            return
        if self._pending is not None:
            self._owed[self._pending[0]] = self._pending
            self._pending = None
        while len(self._owed) > MOST_OWED:
            del self._owed[next(iter(self._owed))]
        for sheet, noted in list(self._owed.items()):  # in their order, which the history keeps
            if not self._write(*noted):
                return
            del self._owed[sheet]

    def _write(self, sheet: int, ink: Ink, reading: Reading, model: str, *, again: bool = True) -> bool:
        """Write one page; returns whether that went well. Once `again` where the store had to begin a new file."""
        self._look_for_new_file()
        try:
            number = self.store.save_page(
                self._numbers.get(sheet), ink, reading.text, reading.confidence, reading.digits, model
            )
        except StoreError as error:
            fault = next(reversed(self._owed)), error.notice
            if self._fault != fault:
                self._fault = fault
                self.report(error.notice)
            anew = again and self._look_for_new_file() and self.store.path is not None
            return anew and self._write(sheet, ink, reading, model, again=False)
        self.adopt(sheet, number)
        self._fault = None
        return True

    def _look_for_new_file(self) -> bool:
        """Return whether the store has begun a new file since; in that, other pages have these numbers."""
        if self._begun == len(self.store.notices):
            return False
        self._begun = len(self.store.notices)
        self._numbers.clear()
        return True

    def restored(self, sheet: int, number: int, ink: Ink) -> None:
        """Note that a sheet is this page, as large as the pad allows; until it changes, the page stays as it is."""
        self.adopt(sheet, number)
        self._shown = sheet, ink

    def _is_as_shown(self, sheet: int, ink: Ink) -> bool:
        if self._shown is None or self._shown[0] != sheet or len(ink) != len(self._shown[1]):
            return False
        return all(map(np.array_equal, ink, self._shown[1]))

    def adopt(self, sheet: int, number: int) -> None:
        """Note that a sheet is this page of the store."""
        self._numbers[sheet] = number
        while len(self._numbers) > MOST_SHEETS:
            del self._numbers[next(iter(self._numbers))]

    def leave_out(self, sheets: range) -> None:
        """Note sheets that are not to be stored: opened from a file, deleted or forgotten."""
        self._unwanted.update(sheets)
        if self._pending and self._pending[0] in self._unwanted:
            self._pending = None
        self._owed = {sheet: noted for sheet, noted in self._owed.items() if sheet not in self._unwanted}

    def moved(self, store: HistoryStore, numbers: Mapping[int, int]) -> None:
        """Go on with another store, in which the pages have these numbers; without one, a page is a new one there."""
        self.store, self._begun = store, len(store.notices)
        self._numbers = {sheet: numbers[old] for sheet, old in self._numbers.items() if old in numbers}

    def deleted(self, number: int) -> None:
        """Note that a page is gone from the store."""
        for sheet in [sheet for sheet, page in self._numbers.items() if page == number]:
            del self._numbers[sheet]
            self.leave_out(range(sheet, sheet + 1))

    def forgotten(self, newest: int) -> None:
        """Note that all pages are gone from the store; what undo can bring back, up to the newest sheet, stays out."""
        self._numbers.clear()
        self.leave_out(range(newest + 1))
