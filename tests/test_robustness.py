"""docs/robustness.md says what was found: every figure from a file that a command wrote."""

import json
from typing import Any

from .conftest import ROOT

TEXT = (ROOT / "docs" / "robustness.md").read_text()
ONE_LINE = " ".join(TEXT.split())
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
