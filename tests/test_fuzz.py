"""The fuzzer: that it sees what there is to see, that a try can be made again, and a short run of each target."""

import json
from pathlib import Path

import pytest

from tools.bench.screen import ProcessError
from tools.fuzz import campaign
from tools.fuzz.__main__ import main
from tools.fuzz.campaign import Wanted, run_target
from tools.fuzz.run import Run
from tools.fuzz.targets import TARGETS

SHORT = {"ink": 300, "images": 150, "models": 200, "texts": 100, "data": 100, "history": 100, "window": 1}  # tries


def test_crash_hang_bug_and_waste_are_found_and_the_rest_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "HANG", 6.0)
    result = run_target("tests.hostile", Wanted(None, 12, 1), tmp_path)
    found = [(finding["kind"], finding["number"], finding["times"]) for finding in result["findings"]]
    assert found == [
        ("many lines", 2, 1),
        ("KeyError in hostile.py:act", 3, 2),
        ("crash (SIGSEGV)", 5, 1),
        ("hang", 6, 1),
        ("slow (well)", 7, 1),
        ("memory (well)", 8, 1),
        ("RuntimeWarning in hostile.py:act", 9, 1),
    ]
    assert result["tries"] == 12
    assert result["outcomes"] == {"well": 3, "refused": 1, "finding": 8}
    assert "hostile.py" in result["findings"][2]["said"]  # where it crashed
    kept = [(tmp_path / finding["case"]).read_bytes() for finding in result["findings"]]
    assert [int(case.split()[0]) for case in kept] == [2, 3, 5, 6, 7, 8, 9]


def test_a_try_is_the_same_whatever_came_before_it(tmp_path: Path) -> None:
    cases = []
    for first, most in ((0, 12), (9, 1)):
        run = Run("tests.hostile", 5, tmp_path, most=most, number=first)
        cases.append([dice.random() for dice in run.tries() if run.attempt(b"", lambda: "well")])
    assert cases[1] == cases[0][9:10]
    assert Run("tests.hostile", 6, tmp_path).dice(9).random() != cases[1][0]


def test_a_target_that_fails_itself_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no_such_target"):
        run_target("tests.no_such_target", Wanted(None, 1, 1), tmp_path)


@pytest.mark.parametrize("name", SHORT)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fuzz.json"
    arguments = [name, "--tries", str(SHORT[name]), "--seed", "3", "--json", str(file), "--folder", str(tmp_path)]
    assert main(arguments) == 0, capfd.readouterr().err
    result = json.loads(file.read_text())[name]
    assert result["tries"] == SHORT[name]
    assert sum(result["outcomes"].values()) == SHORT[name]
    assert len(result["outcomes"]) > 1 or name.startswith("window")  # else it would try one thing alone
    assert result["findings"] == []


def test_each_target_is_tried_here_or_needs_more() -> None:
    assert [name for name in TARGETS if not name.endswith(("_guided", "_long"))] == list(SHORT)


@pytest.mark.parametrize("arguments", [["inc"], ["--try", "3"], ["ink", "--tris", "1"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
