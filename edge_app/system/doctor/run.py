"""`digitpad doctor`: every check, its finding, and the remedy."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...errors import DigitpadError
from ...escape import escape
from ...version import __version__
from .check_display import check_display
from .check_extras import check_fonts, check_power, check_speech
from .check_input import check_input, check_permissions
from .check_privacy import check_privacy
from .check_screen import check_blanking, check_rotation
from .check_software import check_model, check_pygame, check_python, check_runtime
from .check_storage import check_disk, check_history, check_settings
from .host import AGAIN, Finding, World, this_world

Check = Callable[[World], Iterable[Finding]]
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
SIGNS = {"good": "ok", "note": "note", "bad": "BAD"}
INDENT = " " * 20


def doctor_command(*, as_json: bool, model: Path | None) -> int:
    """Examine this system and print what was found; 1 when something is bad."""
    world = this_world(model)
    findings = examine(world)
    _print(to_json(world, findings) if as_json else to_text(findings))
    return int(any(finding.state == "bad" for finding in findings))


def examine(world: World, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Return what all checks find; one that fails is a finding itself."""
    return [finding for check in checks for finding in _findings(check, world)]


def _findings(check: Check, world: World) -> list[Finding]:
    name = check.__name__.removeprefix("check_")
    found: list[Finding] = []
    try:
        found.extend(check(world))  # what was found before a failure stays
    except DigitpadError as error:
        found.append(Finding(name, "bad", f"cannot be checked: {error}", "Mend that first, then ask again"))
    except ImportError as error:
        lacks = world.lacks(str(error))
        said = f"cannot be checked before that package is there: {error}" if lacks else f"cannot be checked: {error}"
        found.append(Finding(name, "note", said) if lacks else Finding(name, "bad", said, AGAIN))
    except Exception as error:  # a doctor that falls ill must still say what it knows of the rest
        said = f"the check itself failed ({type(error).__name__}: {error})"
        if world.too_old():  # then it fails in many places, and all of them say so
            found.append(Finding(name, "note", f"{said}, maybe since a package is too old"))
            return found
        advice = "That is a fault of digitpad: report it with this line and the output of digitpad doctor --json"
        found.append(Finding(name, "bad", said, advice))
    return found


def to_json(world: World, findings: Sequence[Finding]) -> str:
    """Return the findings as a program reads them."""
    listed = [
        {"check": finding.check, "state": finding.state, "said": finding.said, "remedy": finding.remedy}
        for finding in findings
    ]
    system = {"version": __version__, "platform": f"{world.platform} {world.machine}"}
    bad = sum(finding.state == "bad" for finding in findings)
    return json.dumps({**system, "findings": listed, "bad": bad}, indent=2)


def to_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, its remedy below it, and a sum at the end."""
    lines = []
    for finding in findings:
        lines.append(f"{SIGNS[finding.state]:<5} {finding.check:<13} {_one_line(finding.said)}")
        if finding.remedy:
            lines.append(f"{INDENT}-> {_one_line(finding.remedy)}")
    return "\n".join([*lines, "", _sum(findings)])


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))


def _sum(findings: Sequence[Finding]) -> str:
    bad = sum(finding.state == "bad" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    extra = f"; {notes} {'note' if notes == 1 else 'notes'}" if notes else ""
    if not bad:
        return f"Nothing hinders digitpad here{extra}."
    return (
        f"{bad} {'thing hinders' if bad == 1 else 'things hinder'} digitpad here{extra}. What to do stands behind ->."
    )


def _print(text: str) -> None:
    """Print a text whose paths and errors may hold letters that the terminal has not."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)
