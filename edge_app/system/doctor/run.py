"""`digitpad doctor`: runs every check and prints findings with their remedies."""

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...errors import DigitpadError
from ...escape import escape
from ...version import __version__
from .check_extras import check_fonts, check_power, check_speech
from .check_input import check_input, check_permissions
from .check_screen import check_blanking, check_display, check_rotation
from .check_software import check_model, check_pygame, check_python, check_runtime
from .check_storage import check_disk, check_history, check_privacy, check_settings
from .host import REINSTALL, Finding, Host

Check = Callable[[Host], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (
    check_python,
    check_runtime,
    check_model,
    check_pygame,
    check_display,
    check_permissions,
    check_input,
    check_rotation,
    check_blanking,
    check_fonts,
    check_speech,
    check_disk,
    check_history,
    check_privacy,
    check_settings,
    check_power,
)
LABELS = {"good": "ok", "note": "note", "bad": "BAD"}


def doctor_command(*, as_json: bool, model: Path | None) -> int:
    """Check this system and print what was found; returns 1 if anything is bad."""
    host = Host(model)
    findings = examine(host)
    text = to_json(host, findings) if as_json else to_text(findings)
    encoding = sys.stdout.encoding or "ascii"  # paths may hold letters that the terminal lacks
    print(text.encode(encoding, "replace").decode(encoding), flush=True)
    return int(any(finding.state == "bad" for finding in findings))


def examine(host: Host, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Return the findings of all checks; a check that fails is a finding itself."""
    return [finding for check in checks for finding in _findings(check, host)]


def _findings(check: Check, host: Host) -> list[Finding]:
    name, found = check.__name__.removeprefix("check_"), list[Finding]()
    try:
        found.extend(check(host))  # findings before a failure are kept
    except DigitpadError as error:
        found.append(Finding(name, "bad", f"cannot be checked: {error}", "Fix that first, then run digitpad doctor"))
    except ImportError as error:
        found.append(Finding(name, "bad", f"cannot be checked: {error}", REINSTALL))
    except Exception as error:  # the other checks still help
        said = f"the check itself failed ({type(error).__name__}: {error})"
        remedy = "This is a bug in digitpad: report it with the output of digitpad doctor --json"
        found.append(Finding(name, "bad", said, remedy))
    return found


def to_json(host: Host, findings: Sequence[Finding]) -> str:
    """Return the findings as JSON."""
    system = {"version": __version__, "platform": f"{host.platform} {host.machine}"}
    bad = sum(finding.state == "bad" for finding in findings)
    return json.dumps({**system, "findings": list(map(dataclasses.asdict, findings)), "bad": bad}, indent=2)


def to_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, its remedy below it, and a summary."""
    lines = []
    for finding in findings:
        lines.append(f"{LABELS[finding.state]:<5} {finding.check:<13} {_one_line(finding.said)}")
        if finding.remedy:
            lines.append(f"{'':20}-> {_one_line(finding.remedy)}")
    counts = Counter(finding.state for finding in findings)
    bad, notes = counts["bad"], counts["note"]
    summary = f"{bad or 'No'} problem{'' if bad == 1 else 's'} found"
    summary += f", {notes} note{'' if notes == 1 else 's'}" if notes else ""
    return "\n".join([*lines, "", summary + ('. Fixes follow the "->".' if bad else ".")])


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))
