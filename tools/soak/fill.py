"""`python -m tools.soak.fill PAGES`: keep so many pages at once, as a window has that has been used for months."""

import sys

from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import find_paths

from .visitors import NUMBERS


def fill(pages: int) -> None:
    """Keep so many pages in the history of DIGITPAD_HOME."""
    memory, store = HistoryStore.in_memory(), HistoryStore(find_paths().store_file)
    for number in range(pages):
        memory.save_page(None, NUMBERS[number % len(NUMBERS)], "12345", 0.9)
    store.adopt(memory)
    store.close()


if __name__ == "__main__":
    fill(int(sys.argv[1]))
