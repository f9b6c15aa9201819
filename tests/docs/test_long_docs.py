"""docs/robustness.md on power, disks and long runs: every figure is that of a run."""

import json
from typing import Any

from ..conftest import ROOT

FIGURES = ROOT / "docs" / "figures"
TEXT = (ROOT / "docs" / "robustness.md").read_text()
ONE_LINE = " ".join(TEXT.split())
ROWS = {
    "kill-store": ("SIGKILL of what writes, without a window", "kills"),
    "kill-window": ("SIGKILL of the window, in which a hand works", "kills"),
    "power": ("power lost, and with it what was not synced", "crashes"),
    "disk-store": ("a change of a file refused, without a window", "tries"),
    "disk-window": ("a disk that fails under the window", "windows"),
    "disk-real": ("a real disk that fills up, or is read-only", "windows"),
    "damage": ("a damaged database", "tries"),
}


def steps(name: str) -> list[dict[str, Any]]:
    """Return what all runs found in a step."""
    runs = json.loads((FIGURES / "faults.json").read_text())["runs"]
    return [run["steps"][name] for run in runs if name in run["steps"]]


def total(name: str, figure: str) -> int:
    """Return the sum of a figure over all runs."""
    return sum(step[figure] for step in steps(name))


def confirmed(name: str) -> str:
    if name == "disk-store":
        return f"{sum(one['confirmed'] for step in steps(name) for one in step['by_fault'].values()):,}"
    return f"{total(name, 'confirmed'):,}" if name != "damage" else ""


def row(name: str) -> str:
    title, tries = ROWS[name]
    return f"| {title} | {total(name, tries):,} | {confirmed(name)} | {total(name, 'broken')} |".replace("|  |", "| |")


def power_figures() -> dict[str, str]:
    refused = sum(one["refused"] for step in steps("disk-store") for one in step["by_fault"].values())
    in_flight = total("kill-store", "in_flight") + total("kill-window", "in_flight")
    litter = max(step["most_litter"] for name in ("kill-store", "kill-window") for step in steps(name))
    return {
        "in_flight": f"{in_flight:,} of them came in the midst",
        "litter": f"files that were left over at once: {litter};",
        "changes": f"after changes of a file drawn by chance from {total('power', 'changes'):,}",
        "refused": f"which refused {refused:,} changes",
        "aside": f"{total('damage', 'set_aside'):,} files were set aside and named",
        "late": f"In {total('damage', 'late'):,} the next start found it first",
        "harmless": f"{total('damage', 'harmless'):,} had lost nothing",
        "changed": f"In {total('damage', 'changed'):,} something reads otherwise",
        "cut": f"In {total('damage', 'cut'):,} the end of the log was missing",
    }


def long_figures() -> dict[str, str]:
    (run,) = json.loads((FIGURES / "soak.json").read_text())["runs"]
    day, clock, display, hang = (run["steps"][name] for name in ("day", "clock", "display", "hang"))
    desk = " ".join(f"{value:g}" for value in day["parts"]["desk"]["resident_mb"][::LOOKED])
    kiosk = " ".join(f"{value:g}" for value in day["parts"]["kiosk"]["resident_mb"][::LOOKED])
    return {
        "size": f"{day['hours']:g} hours, {day['events']:,} events, {day['pages']:,} pages, {day['windows']} windows",
        "resident": f"in MB: {desk}",
        "kiosk": f"at the kiosk {kiosk}",
        "clock": f"set {clock['jumps']} times",
        "slowest": f"at most {clock['slowest_timer_s']:g} s",
        "losses": f"under a window {display['losses']} times",
        "end": f"ends within {display['slowest_end_s']:g} s",
        "hangs": f"{hang['hangs']} times: no sign of life",
        "limit": f"its limit of {hang['limit_s']:g} s",
    }


LOOKED = 3  # every third look is told
LIMITED = {
    "resident": "memory, MB",
    "files": "open files",
    "threads": "threads",
    "write_ahead_log": "write-ahead log, MB",
    "log": "log of faults, MB",
}


def long_rows() -> list[str]:
    (run,) = json.loads((FIGURES / "soak.json").read_text())["runs"]
    day = run["steps"]["day"]
    parts = [day["parts"][name]["most"] for name in ("desk", "kiosk", "starts")]
    rows = [
        f"| {title} | {' | '.join(f'{part[name]:g}' for part in parts)} | {day['limits'][name]:.3g} |"
        for name, title in LIMITED.items()
    ]
    databases = [f"{part['database']:g}" for part in parts]
    return [*rows, f"| database, MB | {' | '.join(databases)} | see below |"]


def test_nothing_confirmed_was_lost_and_the_table_says_how_often_that_was_tried() -> None:
    lines = TEXT.splitlines()
    assert [row(name) for name in ROWS if row(name) not in lines] == []
    assert [name for name in ROWS if total(name, "broken")] == []
    assert total("kill-store", "kills") + total("kill-window", "kills") >= 300


def test_what_was_found_on_power_and_disks_is_what_the_text_says() -> None:
    assert {name: text for name, text in power_figures().items() if text not in ONE_LINE} == {}


def test_the_day_and_what_happens_in_months_are_as_the_text_says() -> None:
    (run,) = json.loads((FIGURES / "soak.json").read_text())["runs"]
    missed = [sentence for step in run["steps"].values() for sentence in step["first_broken"]]
    assert sum(step["broken"] for step in run["steps"].values()) == len(missed)
    assert [one for one in missed if f"*{one}*" not in ONE_LINE] == []  # what was missed is said
    assert [one for one in long_rows() if one not in TEXT.splitlines()] == []
    assert {name: text for name, text in long_figures().items() if text not in ONE_LINE} == {}
