"""A program that changes stored data at random: `python -m tests.support.scribe HOME SEED COUNT [FLAG...]`.

It prints a line after each change: "done", or "failed: " and the error. The seed determines all changes, so a second
Scribe in a copy of the home can compute what must be stored after a number of them.
"""

import hashlib
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
from edge_app.recognition.ink import Ink, make_ink
from edge_app.recognition.results import Reading
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import Paths
from edge_app.storage.settings import OPTIONS, choices_of, read_settings, write_settings

PAGES, EXAMPLES = 40, 6  # few, so that old ones are pruned all the time
SETTINGS = [name for name in OPTIONS if choices_of(name) and name not in ("history", "kiosk")]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def paths_in(home: Path) -> Paths:
    return Paths(home / "config", home / "data", home / "pictures")


class Scribe:
    """Makes random changes; `plan` draws all random numbers, so a planned change may be skipped."""

    def __init__(self, home: Path, seed: int) -> None:
        self.paths, self.rng = paths_in(home), random.Random(seed)
        self.store = HistoryStore(self.paths.store_file, max_pages=PAGES, max_examples=EXAMPLES)

    def plan(self) -> Callable[[], object]:
        """Return the next change."""
        rng, store = self.rng, self.store
        kind = rng.choice(["save"] * 6 + ["rewrite", "correct", "delete", "learn", "learn", "unlearn", "set", "files"])
        kind = "forget" if rng.random() < 0.01 else kind
        text, ink, label = str(rng.randrange(10**6)), self._ink(), rng.choice("0123456789?")
        image, name = np.full((28, 28), rng.randrange(256), np.uint8), rng.choice(SETTINGS)
        value, place = rng.choice(choices_of(name)), rng.random()
        pages, examples = [page.id for page in store.pages(PAGES)], [one.id for one in store.examples()]
        page = pages[int(place * len(pages))] if pages else None
        example = examples[int(place * len(examples))] if examples else None
        plans: dict[str, Callable[[], object]] = {
            "save": partial(store.save_page, None, ink, text, 0.5),
            "rewrite": partial(store.save_page, page, ink, text, 0.5),
            "correct": partial(store.correct_page, page or 0, text),
            "delete": partial(store.delete_page, page or 0),
            "learn": partial(store.add_example, image, label, ink, "practice"),
            "unlearn": partial(store.remove_example, example or 0),
            "set": partial(write_settings, self.paths.settings_file, {name: value}),
            "files": partial(save_pad, self.paths.pictures, ink, (99, 99), Reading(), 3.0, NOW, ("svg", "json")),
            "forget": store.forget_everything,
        }
        return plans[kind]

    def _ink(self) -> Ink:
        points = self.rng.choice([3, 30, 300])
        return make_ink([[[self.rng.randrange(1000), y] for y in range(points)] for _ in range(self.rng.randint(1, 4))])


def stored(home: Path) -> dict[str, Any]:
    """Return all pages, examples and settings below a home; raises AssertionError if anything was set aside."""
    paths = paths_in(home)
    settings, problems = read_settings(paths.settings_file)
    assert not problems, problems
    facts: dict[str, Any] = {name: getattr(settings, name) for name in SETTINGS}
    if paths.store_file.exists():
        store = HistoryStore(paths.store_file)
        facts |= pages_and_examples(store)
        assert not store.notices, store.notices
        assert store._database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.close()
    return facts


def pages_and_examples(store: HistoryStore) -> dict[str, Any]:
    pages = {
        f"page {page.id}": (page.text, page.correction, _short(page.ink_json.encode())) for page in store.pages(10_000)
    }
    examples = {
        f"example {one.id}": (one.label, _short(one.ink_json.encode()), _short(one.image.tobytes()))
        for one in store.examples()
    }
    return pages | examples


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def main(home: str, seed: str, count: str, *flags: str) -> None:
    """Make changes; the flags "early" and "no-sync" break a promise, for negative controls."""
    scribe = Scribe(Path(home), int(seed))
    if "no-sync" in flags:
        scribe.store._database.execute("PRAGMA synchronous = OFF")
    if "small-files" in flags:  # beyond this size, writing fails as on a full disk
        import resource  # POSIX only

        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    print("ready", flush=True)
    for _ in range(int(count)):
        change = scribe.plan()
        if "early" in flags:
            print("done", flush=True)
        try:
            change()
        except DigitpadError as error:
            print(f"failed: {error}", flush=True)
        else:
            if "early" not in flags:
                print("done", flush=True)
    scribe.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
