"""The tool that runs the app on emulated Arm: its parts, without emulating."""

import platform
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tools.arm import __main__ as command
from tools.arm import userland
from tools.arm.checks import EXACT, TESTS, compared, compared_outputs, output_faults
from tools.arm.recipes import arm64, armhf
from tools.arm.userland import ARM64, SUITES, Recipe, UserlandError, find_mirror, prepare

from ..conftest import ROOT

OUTPUTS = np.array([[5, -128, 127], [0, 1, 2]], np.int8)
RECIPE = Recipe(ARM64, SUITES["bookworm"], (), ())


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_every_bit_counts_for_tflite_and_every_answer_for_both() -> None:
    found = compared_outputs(OUTPUTS, OUTPUTS.copy())
    assert found == {"n": 2, "identical": 2, "greatest_difference": 0, "same_answers": 2}
    assert output_faults(EXACT, found) == []
    other = OUTPUTS.copy()
    other[0, 1] = 126  # from -128: a difference that int8 cannot hold
    found = compared_outputs(OUTPUTS, other)
    assert found == {"n": 2, "identical": 1, "greatest_difference": 254, "same_answers": 2}
    assert output_faults(EXACT, found) == ["1 of 2 outputs differ"]
    assert output_faults("ai-edge-litert", found) == []
    other[1] = (9, 0, 0)
    assert output_faults("ai-edge-litert", compared_outputs(OUTPUTS, other)) == ["1 of 2 outputs differ"]


@pytest.mark.parametrize(("got", "said"), [(OUTPUTS.astype(np.int16), "int16"), (OUTPUTS[:1], r"\(1, 3\)")])
def test_other_types_and_shapes_are_an_error(got: "np.ndarray[tuple[int, ...], np.dtype[np.int8]]", said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compared(OUTPUTS, got)


def test_listed_tests_exist() -> None:
    for file, _, name in (test.partition("::") for test in TESTS):
        assert f"def {name}" in (ROOT / file).read_text(), file


def test_userland_holds_the_apps_requirements() -> None:
    old, new = (arm64(SUITES[name]).wheels for name in ("bookworm", "trixie"))
    runtimes = ("tflite", "numpy")
    assert [one for one in old if one.startswith(runtimes)] == ["numpy<2,>=1.23", "tflite-runtime==2.14.*"]
    assert [one for one in new if one.startswith(runtimes)] == ["numpy>=1.26"]
    for wheels in (old, new):
        names = {re.split(r"[<>=]", wheel)[0] for wheel in wheels}
        assert names >= {"ai-edge-litert", "pillow", "pygame-ce", "platformdirs", "tomlkit", "pytest", "hypothesis"}
        assert "tensorflow" not in names
    assert armhf().wheels == ("tflite-runtime==2.14.*",)
    assert len({arm64(suite).folder for suite in SUITES.values()} | {armhf().folder}) == 3


OTHERS = "Debian|Debian-Security|http://one.test/security/\nDebian|Debian|http://two.test/debian/"


@pytest.mark.parametrize(
    ("printed", "mirror"),
    [
        (OTHERS, "http://two.test/debian"),
        ("Ubuntu|Ubuntu|http://ubuntu.test/ubuntu/", userland.MIRROR),
        ("", userland.MIRROR),
    ],
)
def test_mirror_is_this_machines_or_the_public_one(
    printed: str, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "apt-get", f"cat <<'END'\n{printed}\nEND")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_mirror() == mirror


def test_launcher_names_processor_root_and_itself(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    userland._write_launcher(folder, RECIPE)
    script(folder / "qemu", 'printf "%s\\n" "$DIGITPAD_ARM_PYTHON" "$@"')

    def run(**more: str) -> list[str]:
        words, env = [str(folder / "python"), "-c", "a b"], {"PATH": "/bin", **more}
        return subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout.splitlines()

    rest = ["-L", f"{folder}/root", f"{folder}/root/usr/bin/python3.11", "-c", "a b"]
    assert run() == [str(folder / "python"), "-cpu", "cortex-a72", *rest]
    assert run(DIGITPAD_ARM_CPU="cortex-a76")[2] == "cortex-a76"


def test_interrupted_userland_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make(folder: Path, *_: object) -> None:
        made.append(folder)
        (folder / "half").touch()
        if len(made) == 1:
            raise UserlandError("no network")

    monkeypatch.setattr(userland, "_make", make)
    with pytest.raises(UserlandError):
        prepare(tmp_path, RECIPE, print)
    (made[0] / "rest").touch()
    for _ in range(2):  # the second time from the cache
        assert not (prepare(tmp_path, RECIPE, print) / "rest").exists()
    assert len(made) == 2


def test_missing_apt_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserlandError, match=r"apt-get .* not found"):
        prepare(tmp_path, RECIPE, print)


def test_failed_command_is_reported_in_its_own_words() -> None:
    with pytest.raises(UserlandError, match="sh: E: no such archive"):
        userland._run("sh", "-c", "echo W: beside >&2; echo E: no such archive >&2; echo more >&2; exit 100")


def test_arm_itself_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert command.main([]) == 1
    assert "x86-64" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--suite", "sid"], ["--only", "all"], ["--jsn"]])
def test_wrong_usage_is_an_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.make_parser().parse_args(arguments)
    assert ended.value.code == 2
