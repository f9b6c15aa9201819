"""README and the model card say what was measured: every figure from a file that a command wrote."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge_app.cli import make_parser
from edge_app.modelfile import CARD, FLOAT, INT8, models_folder

from .conftest import ROOT

README = (ROOT / "README.md").read_text()
FIGURES = ROOT / "docs" / "figures"


def measured(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FIGURES / name).read_text())
    return content


def share(value: float) -> str:
    return f"{100 * value:.2f} %"


def test_the_comparison_is_what_was_measured() -> None:
    result = measured("compare.json")
    card = json.loads((models_folder() / CARD).read_text())
    models = result["models"]
    for model, file in zip(models, (FLOAT, INT8), strict=True):
        assert model["sha256"] == card["files"][file]["sha256"], "measure again: make figures"
        row = next(line for line in README.splitlines() if line.startswith(f"| {model['type']} "))
        assert share(model["accuracy"]) in row
        assert f"{model['bytes'] / 1000:.0f} KB" in row
        assert f"{model['latency_us']['median']:.0f} µs" in row
    assert f"{result['disagreements']} of 10,000" in README


def test_the_accuracies_are_what_was_measured() -> None:
    sets = {
        Path(path).name: result
        for name in ("mnist.json", "held-out.json")
        for path, result in measured(name)["sets"].items()
    }
    names = {"MNIST": "mnist.npz", "pen digits": "pendigits-train.jsonl.gz", "UNIPEN": "unipen-digits.jsonl.gz"}
    for title, file in names.items():
        row = next(line for line in README.splitlines() if line.startswith(f"| {title}"))
        assert share(sets[file]["accuracy"]) in row
        assert f"{sets[file]['n']:,}" in row
    development = {Path(path).name: result for path, result in measured("development.json")["sets"].items()}
    for title, file in {"all UNIPEN": "unipen-digits.jsonl.gz", "whole numbers": "unipen-numbers.jsonl.gz"}.items():
        row = next(line for line in README.splitlines() if line.startswith(f"| {title}"))
        assert share(development[file]["accuracy"]) in row
        assert f"{development[file]['n']:,}" in row
    card = json.loads((models_folder() / CARD).read_text())
    for name in ("mnist.json", "held-out.json", "development.json"):
        assert measured(name)["model"] == card["files"][INT8]["sha256"], "measure again: make figures"


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
