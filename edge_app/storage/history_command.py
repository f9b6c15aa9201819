"""`digitpad history`: list, export or delete the history."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError
from ..escape import escape, print_error
from .history import HistoryStore, StoredPage
from .paths import find_paths


@contextmanager
def _opened() -> Iterator[HistoryStore | None]:
    """Open the history if there is one; None otherwise, and none is created."""
    path = find_paths().store_file
    if not path.exists():
        print_error(f"{path}: no history yet. Switch it on in the window's settings")
        yield None
        return
    store = HistoryStore(path)
    try:
        for notice in store.notices:
            print_error(notice)
        yield store
    finally:
        store.close()


def print_history(limit: int, *, as_json: bool) -> int:
    """Print the `limit` newest pages, the newest last; returns 1 if one is damaged."""
    status = 0
    with _opened() as store:
        pages = store.pages(limit) if store else []
    for page in reversed(pages):
        try:
            print(json.dumps(page.to_json()) if as_json else page_line(page))
        except StoreError as error:
            sys.stdout.flush()
            print_error(error)
            status = 1
    sys.stdout.flush()
    return status


def page_line(page: StoredPage) -> str:
    """Return a page's local time, reading and correction on one line."""
    line = f"{page.local_time}  {page.text}".replace("\n", " ")
    return escape(line if page.correction is None else f"{line} -> {page.correction}")


def export_history(path: Path) -> int:
    """Write corrected pages and examples to `path`; raises StoreError if there are none."""
    with _opened() as store:
        lines = store.export(path) if store else 0
    if not lines:
        raise StoreError(f"{path}: not written: nothing was corrected or practised yet")
    print(f"wrote {escape(path)}: {lines} {'line' if lines == 1 else 'lines'} of labelled ink")
    return 0


def forget_history(*, ask: bool) -> int:
    """Delete all pages and examples, after asking if `ask`; returns 1 if the answer is not yes."""
    with _opened() as store:
        if not store:
            return 0
        what = f"pages: {store.count_pages()}, examples: {store.count_examples()}"
        if ask and not _confirmed(f"Forget all for good ({what})? [y/N] "):
            print("nothing was forgotten")
            return 1
        left = store.forget_everything()
    print(f"forgot all ({what})")
    for file in left:
        print(f"damaged file left: {escape(file)}. Delete it yourself", file=sys.stderr)
    return 0


def _confirmed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False
