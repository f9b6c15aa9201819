"""The history's side of the pad: each sheet is one page of the store, from its first reading on."""

from collections.abc import Callable, Mapping

import numpy as np

from ..errors import StoreError
from ..ink import Ink
from ..reading import Reading
from ..store import Store

MOST_SHEETS = 500  # whose pages are known: more than undo reaches back


class Keeper:
    """Knows which page of the store a sheet is; a fault of the store is said once and loses no ink."""

    def __init__(self, store: Store) -> None:
        """Keep nothing yet."""
        self.store = store
        self.complain: Callable[[str], None] = lambda _: None  # the app takes it over
        self._numbers: dict[int, int] = {}  # of pages, by sheet
        self._unwanted: set[int] = set()  # sheets that are not to be stored (again)
        self._pending: tuple[int, Ink, Reading, str] | None = None
        self._shown: tuple[int, Ink] | None = None  # a page of the store as it was put on a sheet again
        self._fault = ""

    def read(self, sheet: int, ink: Ink, reading: Reading, model: str) -> None:
        """Note what is on a sheet now, in place of what was noted before; it is written with the next `flush`.

        Undo passes through states that nobody rested at: only what stays, or is cleared, is worth a page.
        """
        wanted = bool(ink) and sheet not in self._unwanted and not self._is_as_shown(sheet, ink)
        self._pending = (sheet, ink, reading, model) if wanted else None

    def flush(self) -> None:
        """Write what was noted; what cannot be written is tried again with the next flush.

        A store in memory gets no pages: they would be gone with the window, and fill the memory until then.
        """
        if self._pending is None or self.store.path is None:
            return
        sheet, ink, reading, model = self._pending
        damaged = len(self.store.notices)
        try:
            number = self.store.save_page(
                self._numbers.get(sheet), ink, reading.text, reading.confidence, reading.digits, model
            )
        except StoreError as error:
            if len(self.store.notices) > damaged:  # a new file was begun, in which other pages have these numbers
                self._numbers.clear()
            if str(error) != self._fault:
                self._fault = str(error)
                self.complain(self._fault)
        else:
            self.adopt(sheet, number)
            self._pending, self._fault = None, ""

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

    def moved(self, store: Store, numbers: Mapping[int, int]) -> None:
        """Go on with another store, in which the pages have these numbers; without one, a page is a new one there."""
        self.store = store
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
