"""README and the model card say what was measured: every figure from a file that a command wrote."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge_app.cli import make_parser
from edge_app.modelfiles.card import CARD, FLOAT, INT8, models_folder
from edge_app.storage.settings import OPTIONS, toml_value

from ..conftest import ROOT

README = (ROOT / "README.md").read_text()
CARD_TEXT = (ROOT / "models" / "README.md").read_text()
FIGURES = ROOT / "docs" / "figures"
TITLES = {
    "digits_float.tflite": "float32",
    "digits_int8.tflite (1)": "int8, TensorFlow",
    "digits_int8.tflite (2)": "int8, ai-edge-quantizer",
}


def measured(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FIGURES / name).read_text())
    return content


def share(value: float) -> str:
    return f"{100 * value:.2f} %"


def row(text: str, title: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {title}"))


def test_the_comparison_is_what_was_measured() -> None:
    result = measured("compare.json")
    card = json.loads((models_folder() / CARD).read_text())
    mnist, *ink = result["sets"]
    costs = {(cost["model"], cost["runtime"]): cost["latency_us"]["1"]["median"] for cost in result["cost"]}
    for number, (model, file) in enumerate(zip(result["models"], (FLOAT, INT8), strict=True)):
        assert model["sha256"] == card["files"][file]["sha256"], "measure again: make figures"
        own = row(README, f"{model['type']} ")
        assert share(mnist["models"][number]["accuracy"]) in own
        assert f"{model['bytes'] / 1000:.0f} KB" in own
        for runtime in ("tflite-runtime", "ai-edge-litert"):
            assert f"{costs[file, runtime]:.0f} µs" in own
    assert f"{mnist['pairs'][0]['flipped']} of 10,000" in README
    n, flipped = sum(own["n"] for own in ink), sum(own["pairs"][0]["flipped"] for own in ink)
    assert f"{flipped} of {n:,}" in README
    for runtime in result["runtimes"]:
        assert f"{runtime['name']} {runtime['version']}" in README


def test_the_accuracies_are_what_was_measured() -> None:
    mnist = measured("mnist.json")
    card = json.loads((models_folder() / CARD).read_text())
    assert mnist["model"] == card["files"][INT8]["sha256"], "measure again: make figures"
    assert share(mnist["sets"]["mnist.npz"]["accuracy"]) in row(README, "MNIST")
    result = measured("crossvalidation.json")
    names = {"pen digits": "pendigits-train.jsonl.gz", "UNIPEN digits": "unipen-digits.jsonl.gz"}
    for title, file in {**names, "UNIPEN numbers": "unipen-numbers.jsonl.gz"}.items():
        for text in (README, CARD_TEXT):
            own = result["folds"][file]
            assert share(own["accuracy"]) in row(text, title)
            assert f"{own['n']:,}" in row(text, title)
    for text in (README, CARD_TEXT):
        assert share(result["refusal"]["share"]) in row(text, "letters")
        assert f"{result['refusal']['n']:,}" in row(text, "letters")


def test_the_card_has_the_spread_over_the_seeds() -> None:
    result = measured("crossvalidation.json")
    for title, key in {
        "MNIST": "mnist",
        "pen digits": "pendigits-train.jsonl.gz",
        "UNIPEN digits": "unipen-digits.jsonl.gz",
    }.items():
        seeds = result["seeds"][key]
        own = row(CARD_TEXT.split("## How much")[1], title)
        assert f"{100 * seeds['mean']:.2f} ± {100 * seeds['deviation']:.2f} %" in own
        for name in ("mnist-only", "pupil-fold-0", "twin"):
            assert share(result["first_fold"][name][key]) in own


def test_the_quantisers_are_what_was_measured() -> None:
    result = measured("quantisers.json")
    text = (ROOT / "docs" / "quantisers.md").read_text()
    card = json.loads((models_folder() / CARD).read_text())
    assert result["models"][1]["sha256"] == card["files"][INT8]["sha256"], (
        "measure again: docs/figures/measure-quantisers"
    )
    for cost in result["cost"]:
        own = next(
            line for line in text.splitlines() if line.startswith(f"| {cost['runtime']} | {TITLES[cost['model']]} ")
        )
        assert f"{cost['latency_us']['1']['median']:.0f} µs" in own
    for model, own in zip(result["models"], result["sets"][0]["models"], strict=True):
        line = row(text, f"tflite-runtime | {TITLES[model['file']]} ")
        assert share(own["accuracy"]) in line
        assert f"{model['bytes']:,}" in line


def test_the_size_is_what_was_measured() -> None:
    size = measured("lean.json")["bytes"]
    assert f"{size / 1e6:.0f} MB" in README


def test_the_commands_in_readme_exist() -> None:
    help_text = make_parser().format_help()
    for command in re.findall(r"digitpad (recognize|compare|evaluate|demo)", README):
        assert command in help_text
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"`?make ([a-z-]+)", README):
        assert target in targets


def test_the_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    for link in links:
        assert link.startswith("http") or (ROOT / link).exists(), link


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda path: path.name)
def test_lines_are_readable(path: Path) -> None:
    assert all(len(line) <= 120 or line.startswith("|") or "http" in line for line in path.read_text().splitlines())


def test_every_setting_is_described() -> None:
    table = (ROOT / "docs" / "window.md").read_text().split("## Settings")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    assert list(rows) == list(OPTIONS)
    for name, values in rows.items():
        for value in OPTIONS[name].choices:
            assert f"`{toml_value(value)}`" in values


def test_the_speed_is_what_was_measured() -> None:
    text = (ROOT / "docs" / "window.md").read_text().split("## How fast")[1]
    result = measured("bench.json")
    figures = result.get("figures", result)
    titles = {
        "first picture": ("first_frame", "median"),
        "pointer event": ("event_to_pixel", "p99"),
        "lifting": ("lift_to_label", "p99"),
        "resident": ("resident_memory", "p99"),
        "processor": ("idle_cpu", "p99"),
        "growth": ("growth", "p99"),
    }
    for title, (name, kind) in titles.items():
        assert f"| {figures[name][kind]:.1f} " in row(text, title)
        assert f"| {figures[name]['goal']:g} " in row(text, title)


def test_the_wheels_are_those_that_were_found() -> None:
    for platform, versions in measured("matrix.json").items():
        cells = [found["runtime"] if not found["missing"] else "–" for found in versions.values()]
        assert row(README, platform) == f"| {platform} | {' | '.join(cells)} |"


def test_what_security_rests_on_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    named = set(re.findall(r"`(test_\w+\.py)`", text))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
    assert "judges it at 1.3 of 10" in text
    assert '"--threshold=14"' in (ROOT / "tests" / "test_kiosk.py").read_text()  # of 100: what it is held to


def test_kills_and_losses_of_power_are_those_of_the_runs() -> None:
    steps = [run["steps"] for run in measured("faults.json")["runs"]]

    def total(figure: str, *names: str) -> int:
        return sum(own[name][figure] for own in steps for name in names if name in own)

    kills, losses = total("kills", "kill-store", "kill-window"), total("crashes", "power")
    assert f"killed {kills:,} times and robbed of its power {losses:,} times while" in README.replace("\n", " ")
    assert total("broken", "kill-store", "kill-window", "power") == 0
