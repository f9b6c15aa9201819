"""Disks of our own, in memory: one that really fills up and has room again, one that is read-only from the start."""

import contextlib
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_app.storage.paths import VARIABLE, find_paths

from .disks import Outcome, run_desk
from .ledger import Ledger, facts_in
from .scribe import Scribe

SIZE = "700k"  # room for some dozens of pages
DEEDS, BEFORE = 20, 20
FULL_AFTER, FULL_FOR = 0.3, 3.0  # seconds


def cannot_mount() -> str | None:
    """Return why no disk can be mounted here; None where one can."""
    with tempfile.TemporaryDirectory(prefix="digitpad-mounts-") as folder:
        try:
            with disk(Path(folder) / "trial"):
                return None
        except (OSError, subprocess.CalledProcessError):  # root of a container may not either
            return "only root may mount a disk"


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """Mount a small disk at a folder that is made for it."""
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "digitpad-faults", str(path))
    try:
        yield
    finally:
        _run("umount", "-l", str(path))


def work_on_disks(below: Path, times: int, rng: random.Random) -> Outcome:
    """Let a hand work in a window on each kind of disk so many times."""
    outcome = Outcome()
    for number in range(times):
        for name, case in (("full", _full), ("read-only", _read_only)):
            home = below / f"{name}-{number}"
            with disk(home):
                outcome.windows += 1
                outcome.broken += [f"{name} {number}: {one}" for one in case(home, rng, outcome)]
    return outcome


def _full(home: Path, rng: random.Random, outcome: Outcome) -> list[str]:
    """Fill the disk under the window, and make room again; returns promises that were broken."""
    ballast = home / "ballast"

    def fill_and_empty() -> None:
        time.sleep(FULL_AFTER)
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(512))
        time.sleep(FULL_FOR)
        ballast.unlink()

    return _judge(home, rng, outcome, Ledger(), fill_and_empty)


def _read_only(home: Path, rng: random.Random, outcome: Outcome) -> list[str]:
    """Open the window on a read-only disk that holds a history; returns promises that were broken."""
    lines: list[str] = []
    scribe = Scribe(find_paths({VARIABLE: str(home)}), rng, lines.append)
    for _ in range(BEFORE):
        scribe.change()
    scribe.store.close()
    before = Ledger()
    before.take(lines)
    _run("mount", "-o", "remount,ro", str(home))
    return _judge(home, rng, outcome, before, lambda: None)


def _judge(
    home: Path, rng: random.Random, outcome: Outcome, before: Ledger, meanwhile: Callable[[], None]
) -> list[str]:
    thread = threading.Thread(target=meanwhile)
    ledger, wrong = run_desk(home, rng.randrange(10**9), DEEDS, {}, thread.start)
    thread.join()
    _run("mount", "-o", "remount,rw", str(home))  # to look at it
    outcome.confirmed += ledger.confirmed
    outcome.told += bool(ledger.sentences)
    outcome.sentences += ledger.sentences
    untold = [] if ledger.sentences else ["the owner was told nothing"]
    ledger.facts = {**before.facts, **ledger.facts}
    found, faults = facts_in(find_paths({VARIABLE: str(home)}))
    return [*ledger.broken(found), *faults, *filter(None, [wrong]), *untold]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
