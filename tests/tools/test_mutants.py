"""The mutation run's own sums and reading of what mutmut prints; the run itself takes an hour and is recorded."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from tools.mutants import run
from tools.mutants.__main__ import EQUIVALENT, FIGURES, main
from tools.mutants.run import MODULES, Module, changed_by, figures, function_of

from ..conftest import ROOT

CORE = ("normalise", "segment", "classifier", "store")


def test_a_mutants_name_is_that_of_its_function() -> None:
    assert function_of("edge_app.recognition.segmentation.x_parts_of__mutmut_12") == "parts_of"
    assert function_of("edge_app.recognition.segmentation.x__cut__mutmut_1") == "_cut"
    assert function_of("edge_app.storage.history.xǁStoreǁ_delete__mutmut_3") == "Store._delete"
    assert function_of("edge_app.recognition.segmentation.xǁGridǁ__init____mutmut_41") == "Grid.__init__"


def test_what_a_mutant_changes_is_read_from_its_diff() -> None:
    diff = "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n def f():\n-    return 1 - x\n+    return 1 + x\n"
    assert changed_by(diff) == {"code": "return 1 - x", "mutant": "return 1 + x"}


def test_figures_count_every_mutant_once_and_what_changes_nothing_is_no_success() -> None:
    found = {"a": "killed", "b": "timeout", "c": "survived", "d": "no tests", "e": "not checked"}
    unnoticed = [{"function": "f", "code": "x", "mutant": y, "fate": "survived"} for y in ("y", "z")]
    report = figures(found, unnoticed, {("f", "z"): "because"})
    assert (report["mutants"], report["untried"]) == (4, 1)
    assert (report["killed"], report["timeout"], report["survived"]) == (1, 1, 1)
    assert report["score"] == 0.25  # what ran out of time is not counted as noticed
    assert [one["equivalent"] for one in report["survivors"]] == [None, "because"]
    with pytest.raises(ValueError, match=r"unknown fate.*skipped"):
        figures({"a": "skipped"}, [], {})


TOY = """
def larger(a: int, b: int) -> int:
    return a if a > b else b


def smaller(a: int, b: int) -> int:
    return a if a < b else b


def unused() -> int:
    return 1
"""
TESTS = """
from edge_app.toy import larger, smaller


def test_larger() -> None:
    assert (larger(1, 2), larger(2, 1)) == (2, 2)


def test_smaller() -> None:
    assert smaller(1, 2)
"""


def test_a_weak_test_leaves_mutants_and_a_strong_one_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("edge_app", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "edge_app" / "toy.py").write_text(TOY)
    (tmp_path / "tests" / "test_toy.py").write_text(TESTS)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "COPIED", ("edge_app", "tests"))
    run.run_mutants(Module("toy", ("test_toy.py",)), tmp_path / "work")
    found = run.results(tmp_path / "work")
    survivors = {name: fate for name, fate in found.items() if fate != "killed"}
    changed = run.alterations(tmp_path / "work", survivors)
    left = {
        name: [one["mutant"] for one in changed if one["function"] == name] for name in ("larger", "smaller", "unused")
    }
    assert left["larger"] == ["return a if a >= b else b"]  # of two equal numbers either is the larger
    assert len(left["smaller"]) > 1
    assert left["unused"] == ["return 2"]
    assert sorted(found.values()).count("no tests") == 1


def test_a_mistyped_module_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["normalize"])
    assert caught.value.code == 2
    assert "no module normalize" in capsys.readouterr().err


# --- What was measured


def measured() -> dict[str, Any]:
    report: dict[str, Any] = json.loads(FIGURES.read_text())
    return report


def test_the_core_is_held_by_its_tests() -> None:
    modules = measured()["modules"]
    assert set(CORE) <= modules.keys() <= {module.name for module in MODULES}
    for name in CORE:
        assert modules[name]["score"] >= 0.85
        assert modules[name]["score"] * modules[name]["mutants"] == pytest.approx(
            modules[name]["mutants"] - len(modules[name]["survivors"])
        )


def test_the_document_has_what_was_measured() -> None:
    report = measured()
    text = (ROOT / "docs" / "robustness.md").read_text()
    section = text.partition("## Would the tests notice")[2].partition("\n## ")[0]
    assert report["tool"] in section
    for name, own in report["modules"].items():
        row = next(line for line in section.splitlines() if line.startswith(f"| `{name}.py` "))
        equivalent = sum(one["equivalent"] is not None for one in own["survivors"])
        left = sum(one["equivalent"] is None and one["fate"] != "timeout" for one in own["survivors"])
        late = len(own["survivors"]) - left - equivalent
        expected = [own["untried"], own["mutants"], own["killed"] + own["segfault"], late, left, equivalent]
        cells = [cell.strip() for cell in row.strip("|").split("|")][1:]
        assert cells == [f"{number}" for number in expected] + [f"{100 * own['score']:.1f} %"]


def test_each_reason_is_one_of_a_mutant_that_was_seen() -> None:
    """A reason whose line has changed says nothing any more."""
    known = tomlkit.parse(EQUIVALENT.read_text()).unwrap()
    for module, reasons in known.items():
        survivors = measured()["modules"][module]["survivors"]
        seen = {(one["function"], one["mutant"]) for one in survivors}
        assert [one for one in reasons if (one["function"], one["mutant"]) not in seen] == []
        assert all(len(one["why"]) > 20 for one in reasons)
