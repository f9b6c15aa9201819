"""Saves what is on the pad as pages of the history: one page per sheet, from its first reading on."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from ..errors import StoreError
from ..recognition.ink import Ink
from ..recognition.results import Reading
from ..storage.history import HistoryStore

MOST_SHEETS = 500  # whose pages are known: more than undo reaches back
MOST_UNSAVED = 50  # sheets that a failing disk rejected and that are tried again

Content: TypeAlias = tuple[Ink, Reading, str]
"""What is on a sheet, how it was read, and the SHA-256 of the model."""


class HistoryRecorder:
    """Knows the page of each sheet; an error of the store is reported once per sheet and loses no ink."""

    def __init__(self, store: HistoryStore) -> None:
        """Start with nothing to save."""
        self.store = store
        self.report: Callable[[str], None] = lambda _: None  # replaced by the app
        self.on_page: Callable[[int, Reading], None] = lambda *_: None  # a page is finished
        self._pages: dict[int, tuple[int, int]] = {}  # by sheet: the store's file_number, and the page's id
        self._excluded: set[int] = set()  # sheets that must not be saved (again)
        self._pending: tuple[int, Content] | None = None
        self._finished: tuple[int, Content] | None = None  # what `on_page` was called for
        self._unsaved: dict[int, Content] = {}  # by sheet, oldest first
        self._shown: tuple[int, Ink] | None = None  # a restored page's sheet, and its ink as it was put there
        self._fault: tuple[int, str] | None = None  # the newest unsaved sheet, and the message reported for it

    def record(self, sheet: int, ink: Ink, reading: Reading, model: str) -> None:
        """Replace what is known of a sheet; the next `flush` saves it.

        Undo passes through states that nobody rested at: only what stays, or is cleared, is worth a page.
        """
        wanted = bool(ink) and sheet not in self._excluded and not self._is_as_shown(sheet, ink)
        self._pending = (sheet, (ink, reading, model)) if wanted else None
        self._unsaved.pop(sheet, None)

    def flush(self) -> None:
        """Save what was recorded; what fails, also of earlier sheets, is tried again with the next flush.

        A store in memory gets no pages: they would be lost with the window, and fill the memory until then.
        """
        if self._pending is not None and self._pending is not self._finished:
            self._finished = self._pending
            self.on_page(self._pending[0], self._pending[1][1])
        if self.store.path is None:
            return
        if self._pending is not None:
            sheet, content = self._pending
            self._unsaved[sheet] = content
            self._pending = None
        while len(self._unsaved) > MOST_UNSAVED:
            del self._unsaved[next(iter(self._unsaved))]
        for sheet, content in list(self._unsaved.items()):  # the history keeps their order
            if not self._save(sheet, content):
                return
            del self._unsaved[sheet]

    def _save(self, sheet: int, content: Content) -> bool:
        """Save one page, with one retry if the store has replaced its file; returns whether that succeeded."""
        ink, reading, model = content
        for _ in range(2):
            before = self.store.file_number
            file, number = self._pages.get(sheet, (before, None))
            known = number if file == before else None
            try:
                saved = self.store.save_page(known, ink, reading.text, reading.confidence, reading.digits, model)
            except StoreError as error:
                fault = next(reversed(self._unsaved)), error.notice
                if self._fault != fault:
                    self._fault = fault
                    self.report(error.notice)
                if self.store.file_number == before or self.store.path is None:
                    break
            else:
                self._fault = None
                self._assign(sheet, saved)
                return True
        return False

    def _assign(self, sheet: int, number: int) -> None:
        self._pages[sheet] = self.store.file_number, number
        while len(self._pages) > MOST_SHEETS:
            del self._pages[next(iter(self._pages))]

    def restored(self, sheet: int, number: int, ink: Ink) -> None:
        """Note that a sheet shows this page, scaled to the pad as `ink`; the page is not saved until that changes."""
        self._assign(sheet, number)
        self._shown = sheet, ink

    def _is_as_shown(self, sheet: int, ink: Ink) -> bool:
        if self._shown is None or self._shown[0] != sheet or len(ink) != len(self._shown[1]):
            return False
        return all(map(np.array_equal, ink, self._shown[1]))

    def exclude(self, sheets: range) -> None:
        """Never save these sheets: they were opened from a file, deleted or forgotten."""
        self._excluded.update(sheets)
        if self._pending and self._pending[0] in self._excluded:
            self._pending = None
        self._unsaved = {sheet: content for sheet, content in self._unsaved.items() if sheet not in self._excluded}

    def moved(self, store: HistoryStore, ids: Mapping[int, int]) -> None:
        """Switch to another store; `ids` maps page ids to those of their copies there."""
        pages, file = self._pages, self.store.file_number
        self.store, self._pages = store, {}
        for sheet, (written_in, page) in pages.items():
            if written_in == file and page in ids:
                self._assign(sheet, ids[page])

    def deleted(self, number: int) -> None:
        """Note that a page was deleted from the store; its sheet is not saved again."""
        for sheet in [sheet for sheet, page in self._pages.items() if page == (self.store.file_number, number)]:
            del self._pages[sheet]
            self.exclude(range(sheet, sheet + 1))

    def forgotten(self, newest: int) -> None:
        """Note that all pages were deleted; no sheet up to `newest`, which undo may bring back, is saved again."""
        self._pages.clear()
        self.exclude(range(newest + 1))
