"""The doctor as a whole: systems that are sound, letters, voice and power, its report, its command."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_app.errors import DigitpadError
from edge_app.system.doctor import probe
from edge_app.system.doctor import run as doctor
from edge_app.system.doctor.host import Finding, World, this_world
from edge_app.system.doctor.run import CHECKS, examine, to_json, to_text

from ..conftest import ROOT
from ..support.systems import System, choose, empty, labwc, lite, only, x11

__all__ = ["empty", "labwc", "lite", "x11"]  # fixtures, found by their names


def test_nothing_hinders_on_a_pi_without_desktop_that_is_set_up_well(lite: System) -> None:
    assert lite.bad() == []
    said = {finding.check: finding.said for finding in lite.findings()}
    assert said["display"] == "a window opens with kmsdrm"
    assert said["permissions"] == "pi may open the screen and the input devices"
    assert said["input"] == "touchscreen 10-0038 generic ft5x06 (79), keyboard A Keyboard"
    assert "Raspberry Pi 4 Model B Rev 1.4" in said["python"]


def test_nothing_hinders_on_desktops(labwc: System) -> None:
    assert labwc.bad() == []
    assert only(labwc.findings("display")).said == "a window opens with wayland (WAYLAND_DISPLAY=wayland-0)"
    assert labwc.findings("permissions") == []


def test_nothing_hinders_on_x11(x11: System) -> None:
    assert x11.bad() == []
    assert only(x11.findings("display")).said == "a window opens with x11 (DISPLAY=:0)"


@pytest.mark.parametrize(("platform", "driver"), [("win32", "windows"), ("darwin", "cocoa")])
def test_elsewhere_nothing_of_linux_is_asked(empty: System, platform: str, driver: str) -> None:
    empty.platform, empty.drivers = platform, None
    empty.packages |= {"ai-edge-litert": "2.3.0"}
    empty.commands = {"powershell": "", "say": ""}
    assert empty.bad() == []
    assert only(empty.findings("display")).said == f"a window opens with {driver}"
    assert not {"input", "permissions", "blanking", "power"} & {finding.check for finding in empty.findings()}


def test_a_container_has_no_display_and_says_what_works_without(empty: System) -> None:
    finding = only(empty.bad())
    assert finding.check == "display"
    assert "there is no /dev/dri" in finding.said
    assert "digitpad demo" in finding.remedy


def test_letters_that_no_font_has(x11: System) -> None:
    x11.missing = ["LATIN SMALL LETTER ENG", "A", "B", "C", "D"]
    finding = only(x11.bad())
    assert "LATIN SMALL LETTER ENG, A, B and 2 more letters" in finding.said
    assert "fonts-noto" in finding.remedy


def test_speech_is_optional_until_it_is_switched_on(x11: System) -> None:
    assert x11.states("speech") == ["note"]
    choose(x11, "speak = true")
    assert only(x11.bad()).remedy == "sudo apt install espeak-ng"
    x11.commands = {"espeak-ng": ""}
    assert only(x11.findings("speech")).said == "numbers are said with /usr/bin/espeak-ng"


@pytest.mark.parametrize(
    ("flags", "states"),
    [
        ("0x0", ["good"]),
        ("0x50005", ["bad"]),
        ("0xe0008", ["note"]),
        ("0x10000", ["note"]),
        ("0x80000", ["note"]),
        ("error", []),
    ],
)
def test_power(lite: System, flags: str, states: list[str]) -> None:
    lite.commands = {"vcgencmd get_throttled": f"throttled={flags}\n"}
    assert lite.states("power") == states


def test_who_asks_through_sudo_is_told(lite: System) -> None:
    lite.environ["SUDO_USER"] = "ann"
    assert "root's, not ann's" in lite.findings("python")[1].said


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(x11: System) -> None:
    def check_falling(world: World) -> Iterator[Finding]:
        yield Finding("falling", "good", "so far")
        raise ZeroDivisionError("ouch")

    def check_refusing(world: World) -> Iterator[Finding]:
        raise DigitpadError("no")

    def check_lacking(world: World) -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'x'")

    findings = examine(x11.world(), [check_falling, check_refusing, check_lacking, *CHECKS[:1]])
    assert [(finding.check, finding.state) for finding in findings[:4]] == [
        ("falling", "good"),
        ("falling", "bad"),
        ("refusing", "bad"),
        ("lacking", "bad"),
    ]
    assert "ZeroDivisionError: ouch" in findings[1].said
    assert findings[4].check == "python"


def test_whatever_the_kernel_says_no_check_fails(lite: System) -> None:
    junk = "\0\ufffd : = \n\n N: Name=\n B: KEY=zz\nH: Handlers=event\n" * 3
    for path in [path for path in lite.root.rglob("*") if path.is_file()]:
        path.write_text(junk)
    lite.commands = dict.fromkeys(("vcgencmd get_throttled", "xset -q", "xrandr --query"), junk)
    assert not [finding for finding in lite.findings() if "itself failed" in finding.said]
    lite.environ["DISPLAY"] = ":0"
    assert not [finding for finding in lite.findings() if "itself failed" in finding.said]


def test_text_has_a_line_a_finding_with_the_remedy_below() -> None:
    findings = [Finding("a", "good", "x"), Finding("bc", "bad", "y\nz", "mend it"), Finding("d", "note", "w")]
    assert to_text(findings).splitlines() == [
        "ok    a             x",
        "BAD   bc            y z",
        "                    -> mend it",
        "note  d             w",
        "",
        "1 thing hinders digitpad here; 1 note. What to do stands behind ->.",
    ]
    assert to_text(findings[:1]).splitlines()[-1] == "Nothing hinders digitpad here."


def test_json_is_what_was_found(lite: System) -> None:
    lite.groups = {"pi"}
    record = json.loads(to_json(lite.world(), lite.findings()))
    assert (record["bad"], record["platform"]) == (1, "linux aarch64")
    assert [Finding(**finding) for finding in record["findings"]] == lite.findings()


def run(*words: str, **environ: str | None) -> "subprocess.CompletedProcess[str]":
    changed = {**os.environ, "PYTHONIOENCODING": "ascii", **environ}
    return subprocess.run(
        [sys.executable, "-m", "edge_app", *words],
        cwd=ROOT,
        env={name: value for name, value in changed.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("driver", ["dummy", None])
def test_the_command_here(tmp_path: Path, driver: str | None) -> None:
    home = tmp_path / "höme"
    done = run("doctor", "--json", SDL_VIDEODRIVER=driver, DIGITPAD_HOME=str(home))
    assert done.stderr == ""
    record = json.loads(done.stdout)
    bad = [finding for finding in record["findings"] if finding["state"] == "bad"]
    assert (record["bad"], done.returncode) == (len(bad), 1 if bad else 0)
    assert all(finding["remedy"] for finding in bad)
    assert {finding["check"] for finding in bad} <= {"display"}
    assert {"runtime", "reading", "model", "pygame", "fonts", "disk"} <= {f["check"] for f in record["findings"]}
    assert not home.exists()
    if driver:
        assert bad[0]["remedy"] == "unset SDL_VIDEODRIVER"


def test_the_command_prints_text_and_sets_the_status(tmp_path: Path) -> None:
    done = run("doctor", SDL_VIDEODRIVER="dummy", DIGITPAD_HOME=str(tmp_path / "höme"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1].startswith("1 thing hinders digitpad here")
    broken = run("--model", str(tmp_path / "no.tflite"), "doctor", DIGITPAD_HOME=str(tmp_path))
    assert "BAD   model" in broken.stdout
    assert "Traceback" not in broken.stdout + broken.stderr


def test_the_status_follows_the_findings(
    lite: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "this_world", lambda model: dataclasses.replace(lite.world(), model=model))
    assert doctor.doctor_command(as_json=False, model=None) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing hinders")
    lite.groups = {"pi"}
    assert doctor.doctor_command(as_json=True, model=None) == 1
    assert json.loads(capsys.readouterr().out)["bad"] == 1


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return what makes a module of some lines that can be asked."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(text: str) -> str:
        (tmp_path / "answering.py").write_text(text)
        return "answering"

    return make


def test_a_probe_answers_whatever_becomes_of_its_process(answering: Callable[[str], str]) -> None:
    good = "import sys\nfrom edge_app.system.doctor.probe import serve\nprint('hello')\n"
    good += "serve(lambda job: {'got': job['a']})"
    assert probe.ask(answering(good), {"a": "ü"}) == {"got": "ü"}
    assert probe.ask(answering("import os\nos.abort()"), {}) == {"fault": "crashed (signal 6)"}
    assert probe.ask(answering("import time\ntime.sleep(60)"), {}, 0.3) == {"fault": "gave no answer within 0 s"}
    assert probe.ask(answering("raise SystemExit('broken')"), {}) == {"fault": "failed with status 1 (broken)"}
    assert "No module" in probe.ask("edge_app.nothing", {})["fault"]


def test_this_system_can_be_described() -> None:
    world = this_world(None)
    assert world.installed("numpy")
    assert world.installed("no-such-distribution") is None
    assert world.run(["/no/such/command"]) == ""
    assert world.run([sys.executable, "-c", "print(7)"]) == "7\n"
    assert world.run([sys.executable, "-c", "print(7); raise SystemExit(1)"]) == ""
    assert world.access(Path(__file__), False)
    assert not world.access(Path("/no/such/file"), False)
    assert world.group_of(Path("/no/such/file")) == ""
    assert world.free_bytes(ROOT) > 0
    assert world.user


def test_every_bad_finding_of_every_system_has_a_remedy(lite: System, tmp_path: Path) -> None:
    lite.groups, lite.packages, lite.free = {"pi"}, {}, 0
    lite.put("/proc/bus/input/devices", "")
    bad = lite.bad()
    assert {finding.check for finding in bad} == {"python", "runtime", "pygame", "permissions", "input", "disk"}
    assert all(finding.remedy for finding in bad)
