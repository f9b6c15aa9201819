"""The doctor on Python, packages, interpreters, model and pygame."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tomlkit
from packaging.requirements import Requirement

from edge_app.modelfiles.card import CARD, DIGITS, INT8, load_model, models_folder
from edge_app.modelfiles.registry import Choice, Registry
from edge_app.recognition.interpreter import find_runtime
from edge_app.system.doctor.check_software import OLDEST
from edge_app.system.doctor.runtime_probe import answer

from ..conftest import ROOT
from ..support.models import variant, write_with_card
from ..support.systems import CE, CLASSIC_ARM, System, only


def test_classic_pygame_without_a_desktop(lite: System) -> None:
    del lite.packages["pygame-ce"]
    lite.packages["pygame"], lite.drivers = "2.6.1", CLASSIC_ARM
    finding = only(lite.bad())
    assert finding.check == "pygame"
    assert finding.said == (
        "pygame 2.6.1, SDL 2.32.10 does not work without a desktop: built without KMS/DRM, so it draws nothing, and "
        "without udev, so it finds no touchscreen"
    )
    assert finding.remedy == (
        "/home/pi/.venv/bin/python -m pip uninstall -y pygame && /home/pi/.venv/bin/python -m pip install pygame-ce"
    )
    del lite.packages["pygame"]  # what the remedy does
    lite.packages["pygame-ce"], lite.drivers = "2.5.8", CE
    assert lite.bad() == []


def test_debians_pygame_works_without_a_desktop(lite: System) -> None:
    del lite.packages["pygame-ce"]
    lite.packages["pygame"] = "2.6.1"  # linked to the system's SDL, which has all drivers
    assert lite.states("pygame") == ["good"]


def test_classic_pygame_on_a_desktop_is_a_note(labwc: System) -> None:
    del labwc.packages["pygame-ce"]
    labwc.packages["pygame"], labwc.drivers = "2.6.1", CLASSIC_ARM
    assert labwc.states("pygame") == ["note"]
    assert labwc.bad() == []


def test_both_pygames_installed(x11: System) -> None:
    x11.packages["pygame"] = "2.6.1"
    finding = only(x11.bad())
    assert finding.said == "pygame-ce 2.5.8 and pygame 2.6.1 are both installed, and overwrite each other's files"
    assert "uninstall -y pygame pygame-ce" in finding.remedy


def test_missing_old_and_crashing_pygame(x11: System) -> None:
    del x11.packages["pygame-ce"]
    assert only(x11.bad()).said == "pygame is not installed"
    x11.packages["pygame"] = "1.9.6"
    assert only(x11.bad("pygame")).remedy.endswith("install --upgrade pygame-ce")
    x11.facts = {"fault": "it crashed (signal 11)"}
    assert only(x11.bad()).said == "pygame does not work: it crashed (signal 11)"
    x11.facts = {"error": "libatomic.so.1: cannot open shared object file"}
    assert only(x11.bad()).remedy == "sudo apt install libatomic1"


def test_one_working_interpreter_is_enough(x11: System) -> None:
    del x11.packages["tflite-runtime"]
    finding = only(x11.bad())
    assert finding.said == "no TFLite interpreter is installed (tflite-runtime or ai-edge-litert)"
    assert finding.remedy.endswith("-m pip install 'tflite-runtime==2.14.*' 'numpy<2'")
    x11.packages["ai-edge-litert"] = "2.3.0"
    assert x11.bad() == []
    x11.packages["tflite-runtime"] = "2.14.0"
    x11.trials["tflite-runtime"] = {"fault": "it crashed (signal 4)"}
    assert [finding.state for finding in x11.findings("runtime")] == ["note", "good"]
    del x11.packages["ai-edge-litert"]
    assert only(x11.bad()).said == "tflite-runtime 2.14.0 does not work: it crashed (signal 4)"


@pytest.mark.parametrize(
    ("platform", "machine", "version", "words"),
    [
        ("linux", "armv7l", (3, 11), "'tflite-runtime==2.14.*' 'numpy<2'"),
        ("linux", "aarch64", (3, 13), "install ai-edge-litert"),
        ("linux", "armv7l", (3, 13), "64-bit Raspberry Pi OS"),
        ("linux", "armv6l", (3, 11), "64-bit Raspberry Pi OS"),
        ("win32", "AMD64", (3, 11), "install ai-edge-litert"),
        ("darwin", "x86_64", (3, 12), "There is no wheel"),
    ],
)
def test_suggested_interpreter_has_a_wheel(
    empty: System, platform: str, machine: str, version: tuple[int, int], words: str
) -> None:
    empty.platform, empty.machine, empty.version, empty.drivers = platform, machine, version, None
    del empty.packages["tflite-runtime"]
    assert words in only(empty.bad("runtime")).remedy


def test_incompatible_and_broken_numpy(x11: System) -> None:
    said = "tflite-runtime does not work with numpy 2.4.0"
    x11.trials["tflite-runtime"] = {
        "stage": "runtime",
        "error": f"{said}. Run: pip install 'numpy<2'",
        "numpy": "2.4.0",
    }
    finding = only(x11.bad())
    assert (finding.check, finding.said) == ("runtime", said)
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


def test_samples_read_incorrectly(x11: System) -> None:
    x11.trials["tflite-runtime"] = x11.trial(right=3)
    finding = only(x11.bad())
    assert finding.said == "tflite-runtime reads 3 of 8 samples correctly"
    assert "DIGITPAD_RUNTIME=ai-edge-litert" in finding.remedy
    x11.model = models_folder() / INT8  # one's own model may not know them
    assert x11.bad() == []
    x11.trials["tflite-runtime"] = x11.trial(stage="reading", error="No module named 'PIL'")
    assert only(x11.bad()).said.endswith("does not read: No module named 'PIL'")


def test_an_installed_model_is_named_with_the_way_back(x11: System) -> None:
    x11.trials["tflite-runtime"] = x11.trial(model="mine.tflite", right=3)
    finding = x11.findings("reading")[-1]
    assert (finding.state, finding.said) == ("note", "tflite-runtime reads 3 of 8 samples correctly with mine.tflite")
    assert "use-model --back" in finding.remedy
    x11.trials["tflite-runtime"] = x11.trial(model="mine.tflite", stage="reading", error="self-test failed")
    assert only(x11.bad()).said == "tflite-runtime does not read with mine.tflite: self-test failed"
    assert "use-model --back" in only(x11.bad()).remedy


def test_the_probe_reads_with_the_model_in_use(tmp_path: Path) -> None:
    """The installed model calls a 1 a 0, and so on, which the bundled one does not."""
    registry, runtime = Registry(tmp_path), find_runtime().name
    job = {"runtime": runtime, "model": None, "installed": str(tmp_path)}
    assert answer(job) == {"stage": "done", "samples": 8, "right": 8, "numpy": np.__version__}
    wrong = load_model(write_with_card(tmp_path / "own", variant("wrong"), [*DIGITS[::-1], "?"]))
    registry.choose(Choice(registry.install(wrong)))
    found = answer(job)
    assert (found["stage"], found["right"]) == ("done", 0)
    assert found["model"].startswith("mine.tflite (SHA-256 ")
    (tmp_path / "in-use.json").write_text("{")  # the app then uses the bundled model
    assert answer(job)["right"] == 8


def test_the_probe_starts_without_numpy() -> None:
    code = "import sys, edge_app.system.doctor.runtime_probe; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_runtime_named_by_the_environment(x11: System) -> None:
    x11.environ["DIGITPAD_RUNTIME"] = "ai-edge-litert"
    assert "no TFLite interpreter is installed (ai-edge-litert)" in only(x11.bad()).said
    x11.environ["DIGITPAD_RUNTIME"] = "tflight"
    assert "is no runtime" in only(x11.bad()).said
    x11.environ["DIGITPAD_RUNTIME"] = "tflite-runtime"
    assert x11.bad() == []


def test_missing_package(x11: System) -> None:
    del x11.packages["tomlkit"]
    assert only(x11.bad()).remedy == "/home/pi/.venv/bin/python -m pip install tomlkit"


def test_packages_that_are_too_old(x11: System) -> None:
    x11.packages |= {"pillow": "9.4.0", "platformdirs": "2.6.0"}  # Debian bookworm's
    finding = only(x11.bad())
    assert finding.said == "too old: pillow 9.4.0 (required: 10.1), platformdirs 2.6.0 (required: 4)"
    assert finding.remedy == "/home/pi/.venv/bin/python -m pip install --upgrade pillow platformdirs"
    x11.packages |= {"pillow": "10.1.0", "platformdirs": "4.0.0rc1"}
    assert x11.bad() == []


def test_oldest_versions_match_pyproject() -> None:
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text())["project"].unwrap()
    lowest: dict[str, tuple[int, ...]] = {}
    for requirement in map(Requirement, project["dependencies"]):
        (bound,) = (one.version for one in requirement.specifier if one.operator in (">=", "=="))
        numbers = tuple(int(number) for number in bound.split(".") if number.isdecimal())
        lowest[requirement.name] = min(numbers, lowest.get(requirement.name, numbers))
    assert {name: lowest[name] for name in OLDEST} == OLDEST


def test_missing_numpy_is_installed_in_the_version_that_works(x11: System) -> None:
    del x11.packages["numpy"]
    x11.trials = {"tflite-runtime": {"stage": "numpy", "error": "No module named 'numpy'"}}
    missing, broken = x11.bad()
    assert (missing.said, broken.check) == ("not installed: numpy", "numpy")
    assert missing.remedy == "/home/pi/.venv/bin/python -m pip install 'numpy<2'"


def test_frozen_program_is_reinstalled(x11: System) -> None:
    x11.frozen = True
    assert x11.bad() == []
    x11.trials["tflite-runtime"] = x11.trial(right=3)
    x11.facts = {"fault": "it crashed (signal 11)"}
    reading, pygame = x11.bad()
    assert (reading.check, pygame.check) == ("reading", "pygame")
    del x11.packages["tflite-runtime"], x11.packages["numpy"]
    x11.drivers = CLASSIC_ARM
    remedies = {finding.remedy for finding in [reading, pygame, *x11.bad()]}
    assert remedies == {"Reinstall digitpad from where you got it"}


def test_altered_model(x11: System, tmp_path: Path) -> None:
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
