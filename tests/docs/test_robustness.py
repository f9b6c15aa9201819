"""docs/robustness.md says what was found: every figure from a file that a command wrote."""

import json
import re
from typing import Any

from edge_app.gui.views import PANELS
from tools.fuzz.targets import TARGETS

from ..conftest import ROOT

TEXT = (ROOT / "docs" / "robustness.md").read_text()
ONE_LINE = " ".join(TEXT.split())
MOST_GROWTH = 2.0  # MB over 100,000 events and more
BAD = ("crashed", "timed out", "too much memory")
WAYS = {
    "cut off": "cutting off",
    "bits flipped": "flipping bits",
    "bytes set": "setting bytes",
    "lengths": "other lengths and offsets",
    "noise": "chance",
    "spliced": "splicing two",
    "lies": "a flatbuffer writer, with lies",
}


def fuzzed(target: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "docs" / "figures" / "fuzz.json").read_text())[target]
    return content


def model_row(title: str, outcomes: dict[str, int]) -> str:
    refused = [outcomes.get(f"refused by the {who}", 0) for who in ("check", "runtime", "self-test")]
    numbers = [sum(outcomes.values()), *refused, sum(outcomes.get(bad, 0) for bad in BAD), outcomes.get("accepted", 0)]
    return f"| {title} | {' | '.join(f'{number:,}' for number in numbers)} |"


def test_the_fuzzed_model_files_are_those_that_were_tried() -> None:
    result = fuzzed("models")
    figures, lines = result["figures"], TEXT.splitlines()
    assert result["tries"] >= 2000
    assert result["findings"] == []
    assert f"{result['tries']:,} files made of six sound ones" in ONE_LINE
    assert set(figures["ways"]) == set(WAYS)
    for way, title in WAYS.items():
        assert model_row(title, figures["ways"][way]) in lines
    assert model_row("all", result["outcomes"]) in lines
    kinds = figures["accepted"]
    assert sum(kinds.values()) == result["outcomes"]["accepted"]
    assert (
        f"in weights ({kinds['weights']:,}), names, notes or padding ({kinds['names, notes or padding']:,}) or the "
        f"network itself ({kinds['the network']:,})"
    ) in ONE_LINE
    whole = sum(sum(outcomes.values()) for outcomes in figures["whole"].values())
    assert f"a whole process of the gate too, {whole:,} times" in ONE_LINE


def test_what_the_check_is_for_is_what_was_seen() -> None:
    result = fuzzed("models")
    shown = result["figures"]["unchecked"]
    tflite, litert = shown["tflite-runtime"], shown["ai-edge-litert"]
    total, crashed = sum(tflite.values()), tflite["crashed"]
    assert total == sum(litert.values())
    assert (
        f"Of {total:,}, tflite-runtime {result['versions']['tflite-runtime']} crashed on {crashed:,} "
        f"({100 * crashed / total:.0f} %) and wanted more than 512 MB for {tflite.get('too much memory', 0):,}; "
        f"ai-edge-litert {result['versions']['ai-edge-litert']}, which has a verifier of its own, crashed on "
        f"{litert.get('crashed', 0) or 'none'}."
    ) in ONE_LINE


def fuzz_row(name: str, result: dict[str, Any]) -> str:
    figures = result["figures"]
    slowest = figures["slowest_ms"] / 1000 if "slowest_ms" in figures else result["slowest_s"]
    memory = "–" if "events" in figures or "commands" in figures else f"{result['largest_mb']:.0f}"
    slow = "–" if "commands" in figures else f"{slowest:.2f}"
    edges = figures.get("coverage", {}).get("edges", "–")
    minutes = f"{result['seconds'] / 60:.1f}"
    found = len(result["findings"])
    return f"| {name} | {result['tries']:,} | {minutes} | {slow} | {memory} | {edges} | {found} |"


def lives(report: dict[str, Any]) -> str:
    """What the lives of the window came to, in words."""
    short, long = report["window"]["figures"], report["window_long"]["figures"]
    kinds = len({*short["kinds"], *long["kinds"]})
    panels = len({*short["panels"], *long["panels"]})
    tenths = ", ".join(f"{tenth['resident_mb']:.0f}" for tenth in long["process"])
    files, threads = ([tenth[name] for tenth in long["process"]] for name in ("files", "threads"))
    return (
        f"The lives of `window` had {short['events']:,} events, that of `window_long` {long['events']:,}, of {kinds} "
        f"kinds in all; {panels} of {len(PANELS)} panels were opened. The long one was to show whether anything grows: "
        f"its process had, at the least in each tenth of it, {tenths} MB (its size changes all the time), "
        f"{min(files)} to {max(files)} files open and {max(threads)} threads."
    )


def test_what_was_fuzzed_is_what_was_tried() -> None:
    report = json.loads((ROOT / "docs" / "figures" / "fuzz.json").read_text())
    section = TEXT.split("## Fuzzing")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and line.split()[1] in TARGETS]
    assert rows == [fuzz_row(name, report[name]) for name in TARGETS if name != "models"]
    assert lives(report) in " ".join(section.split())
    for name in re.findall(r"`(test_\w+)`", section):
        assert any(f"def {name}(" in path.read_text() for path in (ROOT / "tests").glob("test_*.py")), name


def test_what_was_fuzzed_was_enough_and_grew_by_little() -> None:
    report = json.loads((ROOT / "docs" / "figures" / "fuzz.json").read_text())
    for kind in ("ink", "images"):
        assert report[kind]["seconds"] + report[f"{kind}_guided"]["seconds"] >= 600
    long = report["window_long"]["figures"]
    assert long["events"] >= 200_000
    tenths = long["process"]
    assert len(tenths) == 10
    assert tenths[-1]["resident_mb"] - tenths[1]["resident_mb"] < MOST_GROWTH
    assert tenths[-1]["resident_mb"] - tenths[4]["resident_mb"] < MOST_GROWTH
    assert max(tenth["files"] for tenth in tenths) < 32
    assert len({tenth["threads"] for tenth in tenths}) == 1
    assert set(report["window"]["figures"]["panels"]) | set(long["panels"]) == set(PANELS)
