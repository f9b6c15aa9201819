"""The history's side of the pad: each page is kept from its first reading until it is cleared."""

from collections.abc import Callable, Mapping
from itertools import islice

import numpy as np

from ..errors import StoreError
from ..ink import Ink
from ..pad import Page
from ..reading import Reading
from ..store import Store

MOST_CLOSED = 20  # cleared pages that undo may open again; one from before them would be a new page


class Keeper:
    """Knows which page of the store is the one on the pad; a fault of the store is said once and loses no ink."""

    def __init__(self, store: Store) -> None:
        """Keep nothing yet."""
        self.store = store
        self.complain: Callable[[str], None] = lambda _: None  # the app takes it over
        self._page: int | None = None
        self._closed: dict[int, tuple[Page, int]] = {}  # by id: what was cleared, and its number in the store
        self._pending: tuple[Ink, Reading, str] | None = None
        self._latest: Ink = ()
        self._unwanted: Ink = ()  # deleted while it was on the pad: not to be stored again by the next reading of it
        self._fault = ""

    def read(self, ink: Ink, reading: Reading, model: str) -> None:
        """Note what is on the pad now; it is written with the next `flush`."""
        self._latest = ink
        self._pending = (ink, reading, model) if ink and not _same(ink, self._unwanted) else None

    def flush(self) -> None:
        """Write what was noted; what cannot be written is tried again with the next flush.

        A store in memory gets no pages: they would be gone with the window, and fill the memory until then.
        """
        if self._pending is None or self.store.path is None:
            return
        ink, reading, model = self._pending
        try:
            self._page = self.store.save_page(self._page, ink, reading.text, reading.confidence, reading.digits, model)
        except StoreError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                self.complain(self._fault)
        else:
            self._pending, self._fault = None, ""

    def cleared(self, page: Page) -> None:
        """Finish the page: what comes is another one."""
        self.flush()
        if self._page is not None:
            self._closed[id(page)] = page, self._page
        for old in list(islice(self._closed, max(0, len(self._closed) - MOST_CLOSED))):
            del self._closed[old]
        self._page = None

    def cleared_again(self, page: Page) -> None:
        """Finish the page as before, where it was cleared; it may have been erased."""
        if id(page) in self._closed:
            self.cleared(page)

    def reopened(self, page: Page) -> None:
        """Go on with a page that was cleared, if it was: that was undone."""
        if id(page) in self._closed:
            self.flush()
            self._page = self._closed[id(page)][1]

    def moved(self, store: Store, numbers: Mapping[int, int]) -> None:
        """Go on with another store, in which the pages have these numbers; without one, a page is a new one there."""
        self.store = store
        self._page = None if self._page is None else numbers.get(self._page)
        self._closed = {key: (page, numbers[old]) for key, (page, old) in self._closed.items() if old in numbers}

    def deleted(self, number: int) -> None:
        """Note that a page is gone from the store."""
        self._closed = {key: closed for key, closed in self._closed.items() if closed[1] != number}
        if self._page == number:
            self._page, self._pending, self._unwanted = None, None, self._latest

    def forgotten(self) -> None:
        """Note that all pages are gone from the store."""
        self._closed.clear()
        self._page, self._pending, self._unwanted = None, None, self._latest


def _same(ink: Ink, other: Ink) -> bool:
    return len(ink) == len(other) and all(map(np.array_equal, ink, other))
