"""A process that changes all that digitpad keeps, without a window, and says what has been confirmed.

`python -m tools.faults.scribe SEED COUNT` works below DIGITPAD_HOME; see `teller` for
its lines. A change is confirmed once the call that made it has returned.
"""

import os
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.datasets.export import save_pad
from edge_app.errors import DigitpadError
from edge_app.recognition.ink import Ink, dump_ink, make_ink
from edge_app.recognition.results import Reading
from edge_app.storage.atomic_write import make_folder
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import Paths, find_paths
from edge_app.storage.settings import OPTIONS, read_settings, write_settings

from .ledger import did, example_fact, facts_of, page_fact, short, will
from .shim import say_into

PAGES, EXAMPLES = 40, 6  # few, so that pruning happens all the time
CHANGED = [name for name, option in OPTIONS.items() if option.choices and name not in ("history", "kiosk")]

Say = Callable[[str], object]


class Scribe:
    """Makes changes by chance, one after the other."""

    def __init__(self, folders: Paths, rng: random.Random, say: Say) -> None:
        """Open the store below `folders`; lines go to `say`."""
        self.folders, self.rng, self.say = folders, rng, say
        self.refused: list[str] = []  # sentences for the owner
        self.store = HistoryStore(folders.store_file, max_pages=PAGES, max_examples=EXAMPLES)

    def change(self) -> None:
        """Make one change, often a page; one that is refused is noted, and confirms nothing."""
        deeds = [self.save, self.save, self.save, self.rewrite, self.correct, self.delete, self.learn, self.learn]
        rare = [self.unlearn, self.set, self.set, self.picture, self.export, self.forget]
        try:
            self.rng.choice([*deeds, *deeds, *rare])()
        except (DigitpadError, OSError) as error:
            self.refused.append(str(error))

    def save(self) -> None:
        """Keep a new page; beyond the limit the oldest goes."""
        numbers = sorted(page.id for page in self.store.pages(limit=PAGES))
        pruned = [f"page {number}" for number in numbers[: max(0, len(numbers) + 1 - PAGES)]]
        self.say(will(*pruned))
        number = self.store.save_page(None, self.ink(), self._text(), 0.5)
        self.say(did({**dict.fromkeys(pruned), **self._page(number)}))

    def rewrite(self) -> None:
        """Write on over a page that is there."""
        if number := self._some_page():
            self.say(will(f"page {number}"))
            number = self.store.save_page(number, self.ink(), self._text(), 0.5)
            self.say(did(self._page(number)))

    def correct(self) -> None:
        """Say what a page really is."""
        if number := self._some_page():
            self.say(will(f"page {number}"))
            self.store.correct_page(number, self._text())
            self.say(did(self._page(number)))

    def delete(self) -> None:
        """Delete a page."""
        if number := self._some_page():
            self.say(will(f"page {number}"))
            try:
                self.store.delete_page(number)
            finally:
                self.say(did(self._page(number)))

    def learn(self) -> None:
        """Keep an example; beyond the limit of its label an old one goes."""
        label, ink = self.rng.choice("0123456789?"), self.ink()
        before = facts_of(self.store)
        self.say(will(*(name for name, fact in before.items() if name[0] == "e" and fact[0] == label)))
        image = np.full((28, 28), self.rng.randrange(256), np.uint8)
        number = self.store.add_example(image, label, ink, self.rng.choice(["correction", "practice"]))
        after = {one.id for one in self.store.examples()}
        gone = [name for name in before if name[0] == "e" and int(name.split()[1]) not in after]
        self.say(did({**dict.fromkeys(gone), f"example {number}": example_fact(label, dump_ink(ink))}))

    def unlearn(self) -> None:
        """Forget an example."""
        if examples := self.store.examples():
            number = self.rng.choice(examples).id
            self.say(will(f"example {number}"))
            try:
                self.store.remove_example(number)
            finally:
                self.say(did({f"example {number}": facts_of(self.store).get(f"example {number}")}))

    def forget(self) -> None:
        """Forget everything."""
        known = facts_of(self.store)
        self.say(will("page *", "example *"))
        try:
            self.store.forget_everything()
        finally:  # a fault may come between forgetting and overwriting: gone all the same
            left = facts_of(self.store)
            self.say(did({name: left.get(name) for name in known}))

    def set(self) -> None:
        """Change a setting."""
        name = self.rng.choice(CHANGED)
        value = self.rng.choice(OPTIONS[name].choices)
        self.say(will(f"setting {name}"))
        write_settings(self.folders.settings_file, {name: value})
        self.say(did({f"setting {name}": value}))

    def export(self) -> None:
        """Write what was labelled, over the export before."""
        path = self.folders.pictures / "mine.jsonl"
        make_folder(path.parent)
        self.say(will(f"file {path.name}"))
        if self.store.export(path):
            self.say(did(self._files([path])))

    def picture(self) -> None:
        """Save the pad as picture, drawing and ink."""
        self.say(will())
        moment = datetime(2026, 1, 1, tzinfo=UTC)  # a name that is taken, but for the first time
        found = save_pad(self.folders.pictures, self.ink(), (99, 99), Reading(), 3.0, moment, ("svg", "json"))
        self.say(did(self._files(found)))

    def _some_page(self) -> int | None:
        pages = self.store.pages(limit=PAGES)
        return self.rng.choice(pages).id if pages else None

    def _page(self, number: int) -> dict[str, Any]:
        page = self.store.page(number)
        return {f"page {number}": page and page_fact(page)}

    @staticmethod
    def _files(paths: list[Path]) -> dict[str, Any]:
        return {f"file {path.name}": short(path.read_bytes()) for path in paths}

    def _text(self) -> str:
        return str(self.rng.randrange(10**6))

    def ink(self) -> Ink:
        """Return ink of a few strokes, now and then of very many."""
        points = self.rng.choice([3, 30, 300])
        return make_ink(
            [[[self.rng.randrange(1000), at] for at in range(points)] for _ in range(self.rng.randint(1, 4))]
        )


def teller() -> Say:
    """Return what says a line at once and whole: to the pipe FAULTS_SAID, or between the notes of FAULTS_TRACE."""
    if "FAULTS_TRACE" in os.environ:
        return partial(say_into, Path(os.environ["FAULTS_TRACE"]))
    handle = int(os.environ["FAULTS_SAID"])
    return lambda line: os.write(handle, line.encode() + b"\n")


def main(seed: str, count: str) -> None:
    """Make so many changes."""
    folders = find_paths()
    read_settings(folders.settings_file)
    scribe = Scribe(folders, random.Random(int(seed)), teller())
    for _ in range(int(count)):
        scribe.change()
    scribe.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
