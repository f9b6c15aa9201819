"""What a target is given: numbers to make cases of as long as its time lasts, and a judge of what becomes of them."""

import contextlib
import hashlib
import json
import random
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge_app.errors import DigitpadError
from edge_app.storage.atomic_write import write_atomically

CASE, REPORT = "case", "report.json"
REPORT_EVERY = 2.0  # seconds
MOST_KINDS = 50  # of findings; more say nothing new
PEAK, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class FoundError(Exception):
    """A finding that a target has looked into itself: its kind, what there is to say, and a case that shows it."""

    def __init__(self, kind: str, said: str, case: bytes) -> None:
        """Note what was found."""
        super().__init__(kind)
        self.kind, self.said, self.case = kind, said, case


@dataclass
class Finding:
    """What ought not to have happened: the first case of its kind, and how often it was seen."""

    kind: str  # exception and place, "slow", "memory", "crash", "hang"
    said: str
    number: int
    case: str  # the name of the file with its bytes
    times: int = 1


@dataclass
class Limits:
    """What one case may take; a target says why."""

    seconds: float = 5.0  # of the processor
    megabytes: float = 200.0  # that the process grows for a moment


@dataclass
class Run:
    """One target's tries, numbered: the number and the seed make a case again, whatever came before it."""

    target: str
    seed: int
    folder: Path
    seconds: float | None = None
    most: int | None = None
    number: int = 0  # of the next try
    limits: Limits = field(default_factory=Limits)
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    tried: int = 0
    slowest: float = 0.0
    largest: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _reported: float = 0.0

    @property
    def left(self) -> bool:
        """Whether there is time for another try."""
        timed = self.seconds is None or time.monotonic() - self._started < self.seconds
        return timed and (self.most is None or self.tried < self.most)

    def rng(self, number: int) -> random.Random:
        """Return the chance of one try."""
        return random.Random(f"{self.target} {self.seed} {number}")

    def tries(self) -> Iterator[random.Random]:
        """Yield chance for one case after the other as long as there is time."""
        while self.left:
            yield self.rng(self.number)
        self.report()

    def attempt(self, case: bytes, job: Callable[[], str]) -> str:
        """Do a job on a case and return what came of it: its own word, "refused", or the kind of a finding.

        A DigitpadError of one line is a refusal; any other exception, a warning of numpy's, too much time or memory is
        a finding.
        """
        (self.folder / CASE).write_bytes(json.dumps(self._known()).encode() + b"\n" + case)
        began, before = time.process_time(), reset_peak()
        said = ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)  # of numpy's, on what overflowed
                outcome = job()
        except DigitpadError as error:
            outcome, said = ("refused", "") if _is_line(str(error)) else ("many lines", repr(str(error)))
        except FoundError as error:
            outcome, said, case = error.kind, error.said, error.case
        except Exception as error:
            outcome, said = _kind(error), "".join(traceback.format_exception(error))
        seconds, grown = time.process_time() - began, peak() - before
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, grown)
        if not said and seconds > self.limits.seconds:
            outcome, said = f"slow ({outcome})", f"{seconds:.1f} s, at most {self.limits.seconds:g} expected"
        elif not said and grown > self.limits.megabytes:
            outcome, said = f"memory ({outcome})", f"{grown:.0f} MB more, at most {self.limits.megabytes:g} expected"
        if said:
            self.found(outcome, said, case)
            outcome = "finding"
        self.outcomes[outcome] += 1
        self.tried += 1
        self.number += 1
        if said or time.monotonic() - self._reported > REPORT_EVERY:
            self.report()
        return outcome

    def beat(self) -> None:
        """Say that a case that takes long is still being tried."""
        (self.folder / CASE).touch()

    def found(self, kind: str, said: str, case: bytes) -> None:
        """Note a finding, and keep the case of the first of its kind."""
        known = self.findings.get(kind)
        if known is not None:
            known.times += 1
        elif len(self.findings) < MOST_KINDS:
            name = f"{self.target}-{hashlib.sha256(kind.encode()).hexdigest()[:8]}.case"
            (self.folder / name).write_bytes(case)
            self.findings[kind] = Finding(kind, said, self.number, name)

    def report(self) -> None:
        """Write what is known until now."""
        self._reported = time.monotonic()
        findings = [asdict(finding) for finding in self.findings.values()]
        content = {**self._known(), "findings": findings, "figures": self.figures}
        write_atomically(self.folder / REPORT, json.dumps(content).encode())

    def _known(self) -> dict[str, Any]:
        """Return what goes before each case, so that a crash takes none of it along."""
        return {
            "number": self.number,
            "tries": self.tried,
            "slowest_s": round(self.slowest, 3),
            "largest_mb": round(self.largest, 1),
            "outcomes": dict(self.outcomes),
        }


def _kind(error: Exception) -> str:
    """Return what tells one bug from another: the exception and the project's innermost line in its traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "edge_app" in frame.filename] or frames
    return f"{type(error).__name__} in {Path(own[-1].filename).name}:{own[-1].name}"


def _is_line(text: str) -> bool:
    return bool(text) and len(text.splitlines()) == 1


def reset_peak() -> float:
    """Let the kernel count the peak of resident memory anew from here, and return it in MB; 0 where it cannot."""
    with contextlib.suppress(OSError):
        RESET_PEAK.write_text("5")  # proc(5)
        return peak()
    return 0.0


def peak() -> float:
    """Return the peak of resident memory since it was last reset, in MB."""
    with contextlib.suppress(OSError):
        for line in PEAK.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0
