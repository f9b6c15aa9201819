"""Databases damaged at places drawn by chance, before a digitpad opens them and under one that has them open.

`python -m tools.faults.damage SEED COUNT` prints what came of so many as JSON.
"""

import json
import random
import shutil
import sys
import tempfile
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

from edge_app.errors import StoreError
from edge_app.storage.history import HistoryStore
from edge_app.storage.paths import files_set_aside

from .ledger import Facts, facts_of
from .losses import MEMORY
from .scribe import Scribe
from .sweep import home_at

CHANGES = 60  # in the home that is damaged: some 40 pages
PAGE = 4096  # bytes, of SQLite's pages
AFTER = 6  # changes after the damage


@dataclass
class Outcome:
    """What came of it."""

    tries: int = 0
    set_aside: int = 0  # and named
    harmless: int = 0  # all was there
    changed: int = 0  # nothing is missing, and something reads otherwise: SQLite has no sum over what it keeps
    cut: int = 0  # the end of a log that was damaged is taken for one that was never finished
    late: int = 0  # seen by the next digitpad alone, which set it aside with what was added meanwhile
    broken: list[str] = field(default_factory=list)


def spoil(path: Path, rng: random.Random) -> str:
    """Damage a file somewhere; returns how."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    start = at // PAGE * PAGE
    kind = rng.choice(["bit", "bytes", "zeros", "noise", "cut", "swapped"])
    if kind == "bit":
        content[at] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        content[at : at + 20] = rng.randbytes(20)
    elif kind == "zeros":
        content[start : start + PAGE] = bytes(len(content[start : start + PAGE]))
    elif kind == "noise":
        content[start : start + PAGE] = rng.randbytes(len(content[start : start + PAGE]))
    elif kind == "cut":
        del content[at:]
    else:
        other = rng.randrange(len(content) // PAGE) * PAGE
        content[start : start + PAGE], content[other : other + PAGE] = (
            content[other : other + PAGE],
            content[start : start + PAGE],
        )
    with path.open("r+b") as file:  # the same file, as on a disk that decays: one that is open sees it
        file.write(content)
        file.truncate(len(content))
    return f"{kind} at {at} of {path.name}"


class Damage:
    """A home that is in use, copied, damaged and worked in."""

    def __init__(self, seed: int, below: Path) -> None:
        """Make the home, once closed in order and once as a kill leaves it, with its log."""
        self.below = below
        scribe = Scribe(home_at(below / "killed"), random.Random(seed), lambda _: None)
        for _ in range(CHANGES):
            scribe.change()
        self.facts = facts_of(scribe.store)
        shutil.copytree(below / "killed", below / "copy")
        scribe.store.close()
        (below / "killed").rename(below / "closed")
        (below / "copy").rename(below / "killed")

    def attempt(self, rng: random.Random, outcome: Outcome) -> None:
        """Damage one copy, before it is opened or while it is; notes what came of it."""
        home, kind, is_open = self.below / "home", rng.choice(["closed", "killed"]), rng.random() < 0.5
        shutil.copytree(self.below / kind, home)
        path = home_at(home).store_file
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        try:
            self._damage_and_work(path, rng, is_open, outcome)
        except Exception:  # whatever is no sentence for the owner
            outcome.broken.append(traceback.format_exc())
        outcome.tries += 1
        shutil.rmtree(home)

    def _damage_and_work(self, path: Path, rng: random.Random, is_open: bool, outcome: Outcome) -> None:
        folders = home_at(path.parent.parent)
        scribe = Scribe(folders, rng, lambda _: None) if is_open else None
        files = [file for file in path.parent.iterdir() if not file.name.endswith("-shm") and file.stat().st_size]
        target = rng.choice(files)
        how = f"{spoil(target, rng)}{' while it is open' if is_open else ''}"
        scribe = scribe or Scribe(folders, rng, lambda _: None)
        sentences, found = list(scribe.store.notices), self._read(scribe.store)
        told = [*sentences, *scribe.store.notices]
        aside = files_set_aside(path)
        outcome.broken += [
            f"{how}: {file.name} is not named" for file in aside if file.name.removesuffix("-wal") not in "".join(told)
        ]
        missing = [name for name in self.facts if name not in found]
        if aside:
            outcome.set_aside += 1
        elif missing and target != path:  # no more than one change: what is cut further is told
            outcome.cut += 1
        elif missing:
            outcome.broken.append(f"{how}: {len(missing)} things are missing, and nothing was said")
        elif any(found[name] != fact for name, fact in self.facts.items()):
            outcome.changed += 1
        else:
            outcome.harmless += 1
        late, faults = self._goes_on(scribe, path)
        outcome.late += late
        outcome.broken += [f"{how}: {fault}" for fault in faults]

    @staticmethod
    def _read(store: HistoryStore) -> Facts:
        """Return what is found; a second time where the first found the file damaged, as a window would."""
        for _ in range(2):
            try:
                return facts_of(store)
            except StoreError:
                continue
        return {}

    @staticmethod
    def _goes_on(scribe: Scribe, path: Path) -> tuple[bool, list[str]]:
        """Return whether the next one finds the damage, and what is wrong: what is confirmed after it must be there."""
        for _ in range(AFTER):
            scribe.change()
        number = None
        for _ in range(3):  # damage may show late, and a new file be begun then
            try:
                number = scribe.store.save_page(None, scribe.ink(), "4711", 1.0)
                break
            except StoreError:
                continue
        if number is None:
            return False, ["it takes no page any more"]
        scribe.store.close()
        again = HistoryStore(path)
        page, notices = again.page(number), again.notices
        again.close()
        is_there, is_named = page is not None and page.text == "4711", "It is kept as" in "".join(notices)
        return is_named, [] if is_there or is_named else [f"a page confirmed after the damage is gone ({notices})"]


def main(seed: str, count: str) -> None:
    """Damage so many, and print what came of it."""
    outcome, rng = Outcome(), random.Random(int(seed))
    with tempfile.TemporaryDirectory(prefix="digitpad-damage-", dir=MEMORY if MEMORY.is_dir() else None) as below:
        damage = Damage(int(seed), Path(below))
        for _ in range(int(count)):
            damage.attempt(rng, outcome)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main(*sys.argv[1:])
