"""The doctor on Python, interpreters, numpy, model and pygame: what it must find, and what once that is mended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tomlkit
from packaging.requirements import Requirement

from edge_app.modelfiles.card import CARD, INT8, models_folder
from edge_app.system.doctor.check_software import check_python
from edge_app.system.doctor.host import PACKAGED, Finding, World
from edge_app.system.doctor.run import examine

from ..conftest import ROOT
from ..support.systems import CE, CLASSIC_ARM, System, empty, labwc, lite, only, x11

__all__ = ["empty", "labwc", "lite", "x11"]  # fixtures, found by their names


def test_lite_with_classic_pygame_is_told_to_take_pygame_ce(lite: System) -> None:
    del lite.packages["pygame-ce"]
    lite.packages["pygame"], lite.drivers = "2.6.1", CLASSIC_ARM
    finding = only(lite.bad())
    assert finding.check == "pygame"
    assert finding.said == (
        "pygame 2.6.1, SDL 2.32.10, without KMS/DRM and udev: where no desktop runs it draws nothing and finds no "
        "touchscreen"
    )
    assert finding.remedy == (
        "/home/pi/.venv/bin/python -m pip uninstall -y pygame && /home/pi/.venv/bin/python -m pip install pygame-ce"
    )
    del lite.packages["pygame"]  # what the remedy does
    lite.packages["pygame-ce"], lite.drivers = "2.5.8", CE
    assert lite.bad() == []


def test_debians_pygame_draws_without_a_desktop_and_is_left_alone(lite: System) -> None:
    del lite.packages["pygame-ce"]
    lite.packages["pygame"] = "2.6.1"  # linked to the system's SDL, which has all drivers
    assert lite.states("pygame") == ["good"]


def test_on_a_desktop_classic_pygame_is_a_note(labwc: System) -> None:
    del labwc.packages["pygame-ce"]
    labwc.packages["pygame"], labwc.drivers = "2.6.1", CLASSIC_ARM
    assert labwc.states("pygame") == ["note"]
    assert labwc.bad() == []


def test_both_pygames_overwrite_each_other(x11: System) -> None:
    x11.packages["pygame"] = "2.6.1"
    finding = only(x11.bad())
    assert finding.said == "pygame-ce 2.5.8 and pygame 2.6.1 are both installed, each over the files of the other"
    assert "uninstall -y pygame pygame-ce" in finding.remedy


def test_no_pygame_an_old_one_and_one_that_crashes(x11: System) -> None:
    del x11.packages["pygame-ce"]
    assert only(x11.bad()).said == "pygame is not installed"
    x11.packages["pygame"] = "1.9.6"
    assert only(x11.bad("pygame")).remedy.endswith("install --upgrade pygame-ce")
    x11.pygame = lambda: {"fault": "crashed (signal 11)"}  # type: ignore[method-assign]
    assert only(x11.bad()).said == "pygame cannot be used: crashed (signal 11)"
    x11.pygame = lambda: {"error": "libatomic.so.1: cannot open shared object file"}  # type: ignore[method-assign]
    assert only(x11.bad()).remedy == "sudo apt install libatomic1"


def test_interpreters_are_tried_and_one_is_enough(x11: System) -> None:
    del x11.packages["tflite-runtime"]
    finding = only(x11.bad())
    assert finding.said == "no TFLite interpreter is installed (tflite-runtime or ai-edge-litert)"
    assert finding.remedy.endswith("-m pip install 'tflite-runtime==2.14.*' 'numpy<2'")
    x11.packages["ai-edge-litert"] = "2.3.0"
    assert x11.bad() == []
    x11.packages["tflite-runtime"] = "2.14.0"
    x11.trials["tflite-runtime"] = {"fault": "crashed (signal 4)"}
    assert [finding.state for finding in x11.findings("runtime")] == ["note", "good"]
    del x11.packages["ai-edge-litert"]
    assert only(x11.bad()).said == "tflite-runtime 2.14.0 crashed (signal 4) when it was tried"


@pytest.mark.parametrize(
    ("platform", "machine", "version", "words"),
    [
        ("linux", "armv7l", (3, 11), "'tflite-runtime==2.14.*' 'numpy<2'"),
        ("linux", "aarch64", (3, 13), "install ai-edge-litert"),
        ("linux", "armv7l", (3, 13), "64-bit Raspberry Pi OS"),
        ("linux", "armv6l", (3, 11), "64-bit Raspberry Pi OS"),
        ("win32", "AMD64", (3, 11), "install ai-edge-litert"),
        ("darwin", "x86_64", (3, 12), "No interpreter has a package"),
    ],
)
def test_the_interpreter_advised_has_a_wheel(
    empty: System, platform: str, machine: str, version: tuple[int, int], words: str
) -> None:
    empty.platform, empty.machine, empty.version, empty.drivers = platform, machine, version, None
    del empty.packages["tflite-runtime"]
    assert words in only(empty.bad("runtime")).remedy


def test_numpy_of_the_wrong_kind(x11: System) -> None:
    said = "tflite-runtime does not work with numpy 2.4.0"
    x11.trials["tflite-runtime"] = {
        "stage": "runtime",
        "error": f"{said}. Run: pip install 'numpy<2'",
        "numpy": "2.4.0",
    }
    finding = only(x11.bad())
    assert (finding.check, finding.said) == ("numpy", said)
    assert "'numpy<2'" in finding.remedy
    x11.packages["ai-edge-litert"] = "2.3.0"
    assert x11.bad() == []
    fault = {"stage": "numpy", "error": "libopenblas.so.0: cannot open shared object file: No such file"}
    x11.trials = {"tflite-runtime": fault, "ai-edge-litert": fault}
    assert only(x11.bad()).remedy == "sudo apt install libopenblas0"


def test_32_bit_arm_has_no_wheel_of_pygame(lite: System) -> None:
    lite.machine = "armv7l"
    del lite.packages["pygame-ce"]
    assert "64-bit Raspberry Pi OS" in only(lite.bad()).remedy
    assert "digitpad demo" in only(lite.bad()).remedy
    lite.machine = "aarch64"
    assert only(lite.bad()).remedy == "/home/pi/.venv/bin/python -m pip install pygame-ce"


def test_samples_that_are_read_wrong(x11: System) -> None:
    x11.trials["tflite-runtime"] = x11.trial(right=3)
    finding = only(x11.bad())
    assert finding.said == "3 of 8 samples are read right with tflite-runtime"
    assert "DIGITPAD_RUNTIME=ai-edge-litert" in finding.remedy
    x11.model = models_folder() / INT8  # one's own model may not know them
    assert x11.bad() == []
    x11.trials["tflite-runtime"] = x11.trial(stage="reading", error="No module named 'PIL'")
    assert only(x11.bad()).said.endswith("does not read: No module named 'PIL'")


def test_a_runtime_that_is_asked_for(x11: System) -> None:
    x11.environ["DIGITPAD_RUNTIME"] = "ai-edge-litert"
    assert "no TFLite interpreter is installed (ai-edge-litert)" in only(x11.bad()).said
    x11.environ["DIGITPAD_RUNTIME"] = "tflight"
    assert "names no runtime" in only(x11.bad()).said
    x11.environ["DIGITPAD_RUNTIME"] = "tflite-runtime"
    assert x11.bad() == []


def test_packages_that_are_missing(x11: System) -> None:
    del x11.packages["tomlkit"]
    assert only(x11.bad()).remedy == "/home/pi/.venv/bin/python -m pip install tomlkit"


def test_packages_that_are_too_old_are_one_finding(x11: System) -> None:
    def check_falling(world: World) -> Iterator[Finding]:
        raise AttributeError("has_transparency_data")

    x11.packages |= {"pillow": "9.4.0", "platformdirs": "2.6.0", "numpy": "1.26.4"}  # Debian bookworm's, but for numpy
    finding = only(x11.bad())
    assert finding.said == "too old: pillow 9.4.0, needed is 10.1, platformdirs 2.6.0, needed is 4"
    assert finding.remedy == "/home/pi/.venv/bin/python -m pip install --upgrade pillow platformdirs"
    assert [one.state for one in examine(x11.world(), [check_falling])] == ["note"]
    x11.packages |= {"pillow": "10.1.0", "platformdirs": "4.0.0rc1"}
    assert x11.bad() == []
    assert [one.state for one in examine(x11.world(), [check_falling])] == ["bad"]


def test_the_oldest_versions_are_those_that_pip_takes() -> None:
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text())["project"].unwrap()
    lowest: dict[str, tuple[int, ...]] = {}
    for requirement in map(Requirement, project["dependencies"]):
        (bound,) = (one.version for one in requirement.specifier if one.operator in (">=", "=="))
        numbers = tuple(int(number) for number in bound.split(".") if number.isdecimal())
        lowest[requirement.name] = min(numbers, lowest.get(requirement.name, numbers))
    assert {name: lowest[name] for name in PACKAGED} == PACKAGED


def test_a_missing_numpy_is_one_finding_with_a_remedy_that_serves(x11: System) -> None:
    del x11.packages["numpy"]
    lacking = "No module named 'numpy'"
    x11.trials = {"tflite-runtime": {"stage": "numpy", "error": lacking}}
    x11.pygame = lambda: {"error": lacking}  # type: ignore[method-assign]
    assert only(x11.bad()).remedy == "/home/pi/.venv/bin/python -m pip install 'numpy<2'"  # 2 would be the next fault
    x11.packages["numpy"] = "1.26.4"  # there, and yet not to be loaded: that is another fault
    assert {finding.check for finding in x11.bad()} == {"numpy", "pygame"}


def test_what_cannot_be_checked_for_want_of_a_package_is_no_fault_of_its_own(x11: System) -> None:
    def check_lacking(world: World) -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'platformdirs'")

    del x11.packages["platformdirs"]
    found = examine(x11.world(), [check_python, check_lacking])
    assert [(finding.check, finding.state) for finding in found] == [
        ("python", "good"),
        ("python", "bad"),
        ("lacking", "note"),
    ]
    x11.packages["platformdirs"] = "4"
    assert examine(x11.world(), [check_lacking])[0].remedy == "Install digitpad again, from where it came"


def test_a_frozen_program_is_replaced_as_a_whole(x11: System) -> None:
    x11.frozen = True
    assert x11.bad() == []
    x11.trials["tflite-runtime"] = x11.trial(right=3)
    x11.pygame = lambda: {"fault": "crashed (signal 11)"}  # type: ignore[method-assign]
    reading, pygame = x11.bad()
    assert (reading.check, pygame.check) == ("reading", "pygame")
    del x11.packages["tflite-runtime"], x11.packages["numpy"]
    x11.drivers = CLASSIC_ARM
    remedies = {finding.remedy for finding in [reading, pygame, *x11.bad()]}
    assert remedies == {"Install digitpad again, from where it came"}


def test_a_model_that_was_altered(x11: System, tmp_path: Path) -> None:
    content = (models_folder() / INT8).read_bytes()
    x11.model = tmp_path / INT8
    x11.model.write_bytes(content[:-1])
    (tmp_path / CARD).write_bytes((models_folder() / CARD).read_bytes())
    finding = only(x11.bad())
    assert "altered or truncated" in finding.said
    assert finding.remedy.startswith("Reinstall digitpad")
    x11.model.write_bytes(content)
    assert x11.bad() == []
    x11.model.unlink()
    assert "not found" in only(x11.bad()).said
