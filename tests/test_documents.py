"""The documents: figures as measured, commands, links and settings that exist."""

import doctest
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pygame
import pytest

from edge_app.cli import make_parser
from edge_app.datasets.readers import bundled_samples
from edge_app.modelfiles.card import CARD, FLOAT, INT8, models_folder
from edge_app.recognition import recognizer
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.settings import OPTIONS, choices_of, toml_value

from .conftest import ROOT

FIGURES = ROOT / "docs" / "figures"
README = (ROOT / "README.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "models" / "README.md"]
COG = re.search(r"^COG := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_figures_in_documents_are_up_to_date() -> None:
    assert COG
    command = [sys.executable, "-m", "cogapp", "--check", *shlex.split(COG[1])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nRun: make docs"


def test_cog_check_notices_a_changed_figure(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "accuracy.md").read_text().replace("98.87 %", "99.99 %"))
    options = ["--markers=<!--cog cog--> <!--end-->", "-p", "import cog, tables", "-I", "docs/figures"]
    command = [sys.executable, "-m", "cogapp", "--check", *options, str(page)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode != 0


def test_figures_are_of_the_shipped_models() -> None:
    files = json.loads((models_folder() / CARD).read_text())["files"]
    shipped = [files[name]["sha256"] for name in (FLOAT, INT8)]
    models = json.loads((FIGURES / "compare.json").read_text())["models"]
    assert [model["sha256"] for model in models] == shipped, "measure again: make figures"
    assert json.loads((FIGURES / "mnist.json").read_text())["model"] == shipped[1], "measure again: make figures"


def test_commands_in_readme_exist() -> None:
    help_text = make_parser().format_help()
    commands = set(re.findall(r"^    digitpad ([a-z-]+)", README, re.MULTILINE))
    assert len(commands) >= 5
    assert [command for command in commands if command not in help_text] == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [target for target in re.findall(r"make ([a-z-]+)", README) if target not in targets] == []


def test_python_examples_give_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for found in (
        doctest.testfile("docs/recipes.md", module_relative=False, encoding="utf-8"),
        doctest.testmod(recognizer),
    ):
        assert (found.failed, found.attempted > 0) == (0, True)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)
    assert names["reading"].text == "1"


def test_the_pygame_example_reads_what_is_drawn() -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "recipes.md").read_text(), re.DOTALL)
    sample = next(bundled_samples()).content
    assert code
    assert isinstance(sample, tuple)
    pygame.init()
    pygame.display.set_mode((480, 320))
    for stroke in sample:
        first, *rest = [(int(x) + 50, int(y) + 50) for x, y in stroke]
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=first, button=1))
        for at in rest:
            pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=at, buttons=(1, 0, 0)))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=first, button=1))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    try:
        exec(code[1], {})
        assert pygame.display.get_caption()[0] == Recognizer().read(sample).text != ""
    finally:
        pygame.quit()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere_and_lines_fit(path: Path) -> None:
    text = path.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    assert [link for link in links if not (path.parent / link).exists()] == []
    lines = [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|") and "http" not in line]
    assert lines == []


def test_readme_is_short() -> None:
    assert len(README.split()) <= 450


def test_every_setting_is_described() -> None:
    section = (ROOT / "docs" / "window.md").read_text().split("## Settings")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))
    assert list(rows) == list(OPTIONS)
    for name, values in rows.items():
        for value in choices_of(name):
            assert f"`{toml_value(value)}`" in values
