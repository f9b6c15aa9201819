"""The tool that runs the app on emulated Arm: its parts, without emulating, and what docs/arm.md says of it."""

import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.arm import __main__ as command
from tools.arm import userland
from tools.arm.checks import EXACT, output_faults
from tools.arm.judge import compared, compared_outputs, compared_pictures
from tools.arm.recipes import arm64, armhf
from tools.arm.suite import TESTS, counts
from tools.arm.userland import ARM64, SUITES, Recipe, Userland, UserlandError, find_mirror, prepare

from ..conftest import ROOT

OUTPUTS = np.array([[5, -128, 127], [0, 1, 2]], np.int8)
REPORT = """<testsuites><testsuite tests="5" skipped="1" failures="1" errors="1">
<testcase classname="tests.test_a" name="test_x"/><testcase classname="tests.test_a" name="test_y"/>
<testcase classname="tests.test_a" name="test_skipped"><skipped/></testcase>
<testcase classname="tests.test_b" name="test_failed"><failure/></testcase>
<testcase classname="tests.test_b" name="test_broken"><error/></testcase>
</testsuite></testsuites>"""


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_equal_outputs_have_no_fault() -> None:
    found = compared_outputs(OUTPUTS, OUTPUTS.copy())
    assert (found["n"], found["same_samples"], found["values"], found["same_values"]) == (2, 2, 6, 6)
    assert (found["greatest_difference"], found["same_answers"]) == (0, 2)
    assert found["sha256"]["expected"] == found["sha256"]["got"]
    assert output_faults(EXACT, found) == []


def test_each_bit_counts_without_floats_and_each_answer_everywhere() -> None:
    other = OUTPUTS.copy()
    other[0, 1] = 126  # from -128: a difference that int8 cannot hold
    found = compared_outputs(OUTPUTS, other)
    assert (found["same_samples"], found["same_values"], found["greatest_difference"]) == (1, 5, 254)
    assert found["same_answers"] == 2
    assert output_faults(EXACT, found) == ["1 of 6 outputs are others"]
    assert output_faults("ai-edge-litert", found) == []
    other[1] = (9, 0, 0)
    assert output_faults("ai-edge-litert", compared_outputs(OUTPUTS, other)) == ["1 of 2 answers are others"]


def test_pictures_are_compared_by_pixels() -> None:
    white = np.full((2, 3, 3), 255, np.uint8)
    spotted = white.copy()
    spotted[1, 2, 0] = 5
    assert compared_pictures(white, spotted) == {"pixels": 6, "same_pixels": 5, "greatest_difference": 250}


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="int16"):
        compared(OUTPUTS, OUTPUTS.astype(np.int16))
    with pytest.raises(ValueError, match=r"\(1, 3\)"):
        compared(OUTPUTS, OUTPUTS[:1])
    with pytest.raises(ValueError, match=r"\(1, 1, 3\)"):
        compared_pictures(np.zeros((2, 2, 3), np.uint8), np.zeros((1, 1, 3), np.uint8))


def test_a_report_of_pytest_is_counted(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    failed = ["tests.test_b::test_failed", "tests.test_b::test_broken"]
    assert counts(tmp_path / "report.xml") == {"passed": 2, "skipped": 1, "failed": failed}


def test_the_tests_that_are_named_exist() -> None:
    for file, _, name in (test.partition("::") for test in TESTS):
        assert f"def {name}" in (ROOT / file).read_text(), file


def test_a_userland_holds_what_the_app_requires_there() -> None:
    old, new = (arm64(SUITES[name]).wheels for name in ("bookworm", "trixie"))
    assert [wheel for wheel in old if wheel.startswith(("tflite", "numpy"))] == [
        "numpy<2,>=1.23",
        "tflite-runtime==2.14.*",
    ]
    assert [wheel for wheel in new if wheel.startswith(("tflite", "numpy"))] == ["numpy>=1.26"]
    for wheels in (old, new):
        names = {re.split(r"[<>=]", wheel)[0] for wheel in wheels}
        assert names >= {"ai-edge-litert", "pillow", "pygame-ce", "platformdirs", "tomlkit", "pytest", "hypothesis"}
        assert "tensorflow" not in names
    assert armhf().wheels == ("tflite-runtime==2.14.*",)


def test_another_recipe_has_another_folder() -> None:
    one = Recipe(ARM64, SUITES["bookworm"], ("python3",), ())
    assert one.name == Recipe(ARM64, SUITES["bookworm"], ("python3",), ()).name
    assert one.name != Recipe(ARM64, SUITES["bookworm"], ("python3",), ("numpy",)).name


@pytest.mark.parametrize(
    ("said", "mirror"),
    [
        (
            "Debian|Debian-Security|http://one.test/security/\nDebian|Debian|http://two.test/debian/",
            "http://two.test/debian",
        ),
        ("Ubuntu|Ubuntu|http://ubuntu.test/ubuntu/", userland.MIRROR),
        ("", userland.MIRROR),
    ],
)
def test_the_mirror_is_this_machines_or_everybodys(
    said: str, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "apt-get", f"cat <<'END'\n{said}\nEND")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_mirror() == mirror


def test_the_launcher_names_processor_root_and_itself(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    made = Userland(Recipe(ARM64, SUITES["bookworm"], (), ()), folder)
    script(folder / "qemu-aarch64", 'printf "%s\\n" "$DIGITPAD_ARM_PYTHON" "$@"')
    userland._write_launcher(made)

    def said(**more: str) -> list[str]:
        command = [str(made.python), "-c", "a b"]
        return subprocess.run(
            command, env={"PATH": "/bin", **more}, check=True, capture_output=True, text=True
        ).stdout.splitlines()

    root = folder / "root"
    rest = ["-L", str(root), str(root / "usr/bin/python3.11"), "-c", "a b"]
    assert said() == [str(made.python), "-cpu", "cortex-a72", *rest]
    assert said(DIGITPAD_ARM_CPU="cortex-a76")[2] == "cortex-a76"


def test_a_userland_that_was_interrupted_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, made = Recipe(ARM64, SUITES["bookworm"], (), ()), []

    def make(userland: Userland, _: Any) -> None:
        made.append(userland)
        (userland.folder / "half").touch()
        if len(made) == 1:
            raise UserlandError("the network is gone")

    monkeypatch.setattr(userland, "_make", make)
    with pytest.raises(UserlandError):
        prepare(tmp_path, recipe, print)
    (tmp_path / recipe.name / "rest").touch()
    for _ in range(2):  # the second time from the cache
        assert not (prepare(tmp_path, recipe, print).folder / "rest").exists()
    assert len(made) == 2


def test_without_apt_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserlandError, match=r"no apt-get .* here"):
        prepare(tmp_path, Recipe(ARM64, SUITES["bookworm"], (), ()), print)


def test_a_command_that_fails_is_told_in_its_own_words() -> None:
    with pytest.raises(UserlandError, match="sh: E: no such archive"):
        userland._run("sh", "-c", "echo W: beside >&2; echo E: no such archive >&2; echo more >&2; exit 100")


def test_it_runs_on_the_machine_that_it_compares_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert command.main([]) == 1
    assert "x86-64" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--suite", "sid"], ["--only", "all"], ["--jsn"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.make_parser().parse_args(arguments)
    assert ended.value.code == 2
