"""The history's side of the pad: each page is kept from its first reading until it is cleared."""

from collections.abc import Callable

from ..errors import StoreError
from ..ink import Ink
from ..reading import Reading
from ..store import Store


class Keeper:
    """Knows which page of the store is the one on the pad; a fault of the store is said once and loses no ink."""

    def __init__(self, store: Store) -> None:
        """Keep nothing yet."""
        self.store = store
        self.complain: Callable[[str], None] = lambda _: None  # the app takes it over
        self._page: int | None = None
        self._closed: int | None = None  # the page that was cleared last, until other ink comes
        self._pending: tuple[Ink, Reading, str] | None = None

    def read(self, ink: Ink, reading: Reading, model: str) -> None:
        """Note what is on the pad now; it is written with the next `flush`."""
        self._pending = (ink, reading, model) if ink else None

    def flush(self) -> None:
        """Write what was noted."""
        if self._pending is None:
            return
        (ink, reading, model), self._pending = self._pending, None
        try:
            self._page = self.store.save_page(self._page, ink, reading.text, reading.confidence, reading.digits, model)
        except StoreError as error:
            self.complain(str(error))

    def cleared(self) -> None:
        """Finish the page: what comes is another one."""
        self.flush()
        self._closed, self._page = self._page, None

    def reopened(self) -> None:
        """Go on with the page that was cleared: it was undone."""
        if self._page is None:
            self._page, self._closed = self._closed, None

    def moved(self, store: Store) -> None:
        """Go on with another store, in which the pages have other numbers: the one on the pad is a new one there."""
        self.store, self._page, self._closed = store, None, None

    def deleted(self, page: int) -> None:
        """Note that a page is gone from the store; the ink on the pad would be a new one."""
        self._page = None if self._page == page else self._page
        self._closed = None if self._closed == page else self._closed
        self._pending = None if self._page is None else self._pending
