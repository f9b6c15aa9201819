"""Each change of a file refused once: a full disk, a read-only one, one that breaks, and a kill right there.

`python -m tools.faults.sweep SEED EACH` runs with the failing disk loaded (disk.c) and prints what came of it as JSON.
Of all changes of files it fails every EACH-th.
"""

import errno
import json
import os
import random
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from edge_app.errors import DigitpadError
from edge_app.storage.paths import Paths

from .ledger import Ledger, facts_in, litter
from .scribe import Say, Scribe
from .shim import Loaded

BEFORE, DURING, AFTER = 10, 8, 4  # changes on a sound disk, on the failing one, and once it is sound again
FOR_EVER = 10**9
FAULTS = {
    "full": (errno.ENOSPC, FOR_EVER),
    "full for a moment": (errno.ENOSPC, 2),
    "read-only": (errno.EROFS, FOR_EVER),
    "broken": (errno.EIO, FOR_EVER),
    "broken once": (errno.EIO, 1),
    "killed": (0, 1),
}


@dataclass
class Outcome:
    """What came of one kind of fault."""

    tries: int = 0
    confirmed: int = 0  # changes
    refused: int = 0  # changes, each with a sentence
    broken: list[str] = field(default_factory=list)  # promises


def home_at(path: Path) -> Paths:
    """Return the folders of a home."""
    return Paths(path / "config", path / "data", path / "pictures")


def work(folders: Paths, rng: random.Random, say: Say, heal: Callable[[], None]) -> int:
    """Change things on a disk that may fail, and go on once it is healed; returns how often that was refused.

    Raises RuntimeError where the healed disk is of no use, and whatever is no sentence for the owner.
    """
    refused, scribe = 0, None
    try:
        scribe = Scribe(folders, rng, say)
    except DigitpadError:
        refused += 1
    for _ in range(DURING if scribe else 0):
        assert scribe
        scribe.change()
    heal()
    scribe = scribe or Scribe(folders, rng, say)
    refused += len(scribe.refused)
    scribe.refused = []
    for _ in range(AFTER):
        scribe.change()
    if scribe.refused or scribe.store.notices:
        raise RuntimeError(f"on a disk that is sound again: {[*scribe.refused, *scribe.store.notices]}")
    scribe.store.close()
    return refused


def in_a_child(job: Callable[[], int], answer: Path) -> tuple[int, str]:
    """Do a job in a process of its own; returns its number, and what went wrong: "" or its traceback."""
    child = os.fork()
    if not child:
        try:
            text = json.dumps([job(), ""])
        except BaseException:  # all that ends a process is a fault here
            text = json.dumps([0, traceback.format_exc()])
        answer.write_text(text)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return 0, "killed"
    number, fault = json.loads(answer.read_text())
    return number, fault


class Sweep:
    """Tries in homes below a folder, each new or a copy of one in use; lines and answers lie beside it."""

    def __init__(self, seed: int, below: Path, beside: Path) -> None:
        """Prepare a home that is in use."""
        self.seed, self.below, self.beside = seed, below, beside
        self.disk = Loaded()
        self.used, self.lines = below / "used", list[str]()
        self.numbers = 0
        scribe = Scribe(home_at(self.used), random.Random(seed), self.lines.append)
        for _ in range(BEFORE):
            scribe.change()
        scribe.store.close()

    def count(self, is_new: bool) -> int:
        """Return how many changes of files there are without a fault."""
        home = self._home(is_new)
        self.disk.heal()
        done: list[int] = []
        work(home_at(home), random.Random(self.seed + 1), lambda _: None, lambda: done.append(self.disk.done()))
        return done[0]

    def fail(self, at: int, fault: str, is_new: bool, outcome: Outcome) -> None:
        """Fail from one change on; notes what came of it."""
        home, said = self._home(is_new), self.beside / "said"
        number, count = FAULTS[fault]
        said.touch()

        def say(line: str) -> None:
            with said.open("a") as file:
                file.write(line + "\n")

        def job() -> int:
            self.disk.fail(at, count, number)
            return work(home_at(home), random.Random(self.seed + 1), say, self.disk.heal)

        refused, fault_found = in_a_child(job, self.beside / "answer")
        ledger = Ledger()
        ledger.take([] if is_new else self.lines)
        ledger.take(said.read_text().splitlines())
        said.unlink()
        found, faults = facts_in(home_at(home))
        broken = [*ledger.broken(found), *faults]
        if fault_found != ("killed" if fault == "killed" else ""):
            broken.append(fault_found)
        if number == errno.ENOSPC:  # it can still remove what it began
            broken += [f"left behind: {file.name}" for file in litter(home_at(home))]
        where = f"{fault} at change {at} of a home {'that is new' if is_new else 'in use'}"
        outcome.tries += 1
        outcome.refused += refused
        outcome.confirmed += ledger.confirmed
        outcome.broken += [f"{where}: {sentence}" for sentence in broken]
        shutil.rmtree(home, ignore_errors=True)  # there may be none yet

    def _home(self, is_new: bool) -> Path:
        self.numbers += 1
        home = self.below / str(self.numbers)
        if not is_new:
            shutil.copytree(self.used, home)
        return home


def main(seed: str, each: str) -> None:
    """Fail at all changes, and print what came of it by kind of fault."""
    below = Path(os.environ["FAULTS_FOLDER"])
    beside = below.with_name(below.name + ".said")
    beside.mkdir()
    sweep, outcomes = Sweep(int(seed), below, beside), {fault: Outcome() for fault in FAULTS}
    for is_new in (True, False):
        for at in range(1, sweep.count(is_new) + 1, int(each)):
            for fault, outcome in outcomes.items():
                sweep.fail(at, fault, is_new, outcome)
    shutil.rmtree(beside)
    print(json.dumps({fault: asdict(outcome) for fault, outcome in outcomes.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
