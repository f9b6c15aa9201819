"""What a process has confirmed, line by line, and whether it is there."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.storage.history import HistoryStore, StoredPage
from edge_app.storage.paths import Paths
from edge_app.storage.settings import OPTIONS, read_settings

Facts = dict[str, Any]
"""What is true by its name, such as "page 17" or "setting theme"; None for what is gone."""

ALL = 1_000_000  # more pages than any run writes
SHORT = 12  # hexadecimal digits that tell two contents apart


def will(*names: str) -> str:
    """Return the line that says which facts are about to change; a name that ends in * means all that begin so."""
    return json.dumps({"will": names})


def did(facts: Facts) -> str:
    """Return the line that says what has been confirmed."""
    return json.dumps({"did": facts})


def told(text: str) -> str:
    """Return the line that says which sentence the owner was told."""
    return json.dumps({"told": text})


def lie(text: str) -> str:
    """Return the line that says what was confirmed without being so."""
    return json.dumps({"lie": text})


@dataclass
class Ledger:
    """What holds by all that was confirmed, and what was about to change when the lines end."""

    facts: Facts = field(default_factory=dict)
    changing: tuple[str, ...] = ()
    confirmed: int = 0
    lies: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def take(self, lines: Iterable[str]) -> None:
        """Take more lines; one that was cut short is none."""
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "will" in said:
                self.changing = tuple(said["will"])
                continue
            if "lie" in said or "told" in said:
                self.lies += [said["lie"]] if "lie" in said else []
                self.sentences += [said["told"]] if "told" in said else []
                continue
            self.changing = ()
            self.facts.update(said["did"])
            self.confirmed += 1

    def broken(self, found: Mapping[str, Any]) -> list[str]:
        """Return a sentence for each fact that `found` contradicts; what was about to change may be either."""
        return self.lies + [
            f"{name}: confirmed {value!r}, found {found.get(name)!r}"
            for name, value in self.facts.items()
            if found.get(name) != value and not self.is_changing(name)
        ]

    def settle(self, found: Mapping[str, Any]) -> None:
        """Go on from what was found, where it could be either."""
        self.facts.update({name: found.get(name) for name in self.facts if self.is_changing(name)})
        self.changing, self.lies = (), []

    def is_changing(self, name: str) -> bool:
        """Return whether a fact may be as it was or as it was to become."""
        return any(name == one or (one[-1:] == "*" and name.startswith(one[:-1])) for one in self.changing)


def short(content: bytes) -> str:
    """Return what tells this content from another."""
    return hashlib.sha256(content).hexdigest()[:SHORT]


def page_fact(page: StoredPage) -> list[Any]:
    """Return what is told of a page: what was read, what it really says, its ink."""
    return [page.text, page.correction, short(page.ink_json.encode())]


def example_fact(label: str, ink_json: str) -> list[str]:
    """Return what is told of an example."""
    return [label, short(ink_json.encode())]


def facts_of(store: HistoryStore) -> Facts:
    """Return all pages and examples of a store."""
    pages = {f"page {page.id}": page_fact(page) for page in store.pages(limit=ALL)}
    examples = {f"example {one.id}": example_fact(one.label, one.ink_json) for one in store.examples()}
    return {**pages, **examples}


def facts_in(folders: Paths) -> tuple[Facts, list[str]]:
    """Return all that is found below a home when a digitpad is started there again, and what is wrong with it."""
    settings, faults = read_settings(folders.settings_file)
    facts: Facts = {f"setting {name}": getattr(settings, name) for name in OPTIONS}
    if folders.store_file.exists():
        store = HistoryStore(folders.store_file)
        facts.update(facts_of(store))
        faults += store.notices
        store.close()
        faults += integrity(folders.store_file)
    if folders.pictures.is_dir():
        facts.update({f"file {file.name}": short(file.read_bytes()) for file in folders.pictures.iterdir()})
    return facts, faults


def integrity(path: Path) -> list[str]:
    """Return what SQLite's own full check finds wrong with a database, in words."""
    database = sqlite3.connect(path)
    try:
        rows = database.execute("PRAGMA integrity_check").fetchall()
    finally:
        database.close()
    return [f"{path.name}: {row[0]}" for row in rows if row[0] != "ok"]


def litter(folders: Paths) -> list[Path]:
    """Return files that nobody will ever look at: rests of writing that was cut short."""
    hidden = [file for folder in (folders.config, folders.data, folders.pictures) for file in folder.glob(".*")]
    empty = [file for file in folders.pictures.glob("*") if not file.stat().st_size]
    return sorted([*hidden, *empty])
