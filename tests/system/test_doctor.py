"""The doctor: working systems, fonts, speech and power, its report and its command."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.errors import DigitpadError
from edge_app.system.doctor import probe
from edge_app.system.doctor import run as doctor
from edge_app.system.doctor.host import Finding, Host
from edge_app.system.doctor.run import CHECKS, examine, to_json, to_text

from ..conftest import ROOT
from ..support.systems import System, choose, only


def test_no_problems_on_a_pi_without_a_desktop(lite: System) -> None:
    assert lite.bad() == []
    said = {finding.check: finding.said for finding in lite.findings()}
    assert said["display"] == "a window opens with kmsdrm"
    assert said["permissions"] == "pi may open the screen and the input devices"
    assert said["input"] == "touchscreen 10-0038 generic ft5x06 (79)"
    assert "Raspberry Pi 4 Model B Rev 1.4" in said["python"]


def test_no_problems_on_labwc(labwc: System) -> None:
    assert labwc.bad() == []
    assert only(labwc.findings("display")).said == "a window opens with wayland (WAYLAND_DISPLAY=wayland-0)"
    assert labwc.findings("permissions") == []


def test_no_problems_on_x11(x11: System) -> None:
    assert x11.bad() == []
    assert only(x11.findings("display")).said == "a window opens with x11 (DISPLAY=:0)"


@pytest.mark.parametrize(("platform", "driver"), [("win32", "windows"), ("darwin", "cocoa")])
def test_other_systems_skip_the_checks_of_linux(empty: System, platform: str, driver: str) -> None:
    empty.platform, empty.drivers = platform, None
    empty.packages |= {"ai-edge-litert": "2.3.0"}
    empty.commands = {"powershell": "", "say": ""}
    assert empty.bad() == []
    assert only(empty.findings("display")).said == f"a window opens with {driver}"
    assert not {"input", "permissions", "blanking", "power"} & {finding.check for finding in empty.findings()}


def test_container_without_a_display(empty: System) -> None:
    finding = only(empty.bad())
    assert finding.check == "display"
    assert "there is no /dev/dri" in finding.said
    assert "digitpad demo" in finding.remedy


def test_missing_letters(x11: System) -> None:
    x11.missing = ["LATIN SMALL LETTER ENG", "A", "B", "C", "D"]
    finding = only(x11.bad())
    assert "LATIN SMALL LETTER ENG, A, B and 2 more letters" in finding.said
    assert "fonts-noto" in finding.remedy


def test_speech_is_optional_unless_switched_on(x11: System) -> None:
    assert x11.states("speech") == ["note"]
    choose(x11, "speak = true")
    assert only(x11.bad()).remedy == "sudo apt install espeak-ng"
    x11.commands = {"espeak-ng": ""}
    assert only(x11.findings("speech")).said == "numbers are read aloud with /usr/bin/espeak-ng"


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


def test_sudo_is_reported(lite: System) -> None:
    lite.environ["SUDO_USER"] = "ann"
    assert "root's, not ann's" in lite.findings("python")[1].said


def test_failing_check_is_a_finding_and_the_others_run(x11: System) -> None:
    def check_falling(host: Host) -> Iterator[Finding]:
        yield Finding("falling", "good", "so far")
        raise ZeroDivisionError("ouch")

    def check_refusing(host: Host) -> Iterator[Finding]:
        raise DigitpadError("no")

    def check_lacking(host: Host) -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'x'")

    findings = examine(x11, [check_falling, check_refusing, check_lacking, *CHECKS[:1]])
    assert [(finding.check, finding.state) for finding in findings[:4]] == [
        ("falling", "good"),
        ("falling", "bad"),
        ("refusing", "bad"),
        ("lacking", "bad"),
    ]
    assert "ZeroDivisionError: ouch" in findings[1].said
    assert findings[4].check == "python"


def test_garbage_in_system_files_fails_no_check(lite: System) -> None:
    junk = "\0\ufffd : = \n\n N: Name=\n B: KEY=zz\nH: Handlers=event\n" * 3
    for path in [path for path in lite.root.rglob("*") if path.is_file()]:
        path.write_text(junk)
    lite.commands = dict.fromkeys(("vcgencmd get_throttled", "xset -q", "xrandr --query"), junk)
    assert not [finding for finding in lite.findings() if "itself failed" in finding.said]
    lite.environ["DISPLAY"] = ":0"
    assert not [finding for finding in lite.findings() if "itself failed" in finding.said]


def test_text_report() -> None:
    findings = [Finding("a", "good", "x"), Finding("bc", "bad", "y\nz", "fix it"), Finding("d", "note", "w")]
    assert to_text(findings).splitlines() == [
        "ok    a             x",
        "BAD   bc            y z",
        "                    -> fix it",
        "note  d             w",
        "",
        '1 problem found, 1 note. Fixes follow the "->".',
    ]
    assert to_text(findings[:1]).splitlines()[-1] == "No problems found."


def test_json_report(lite: System) -> None:
    lite.groups = {"pi"}
    record = json.loads(to_json(lite, lite.findings()))
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
        timeout=500,
        check=False,
    )


def test_command_on_this_system(tmp_path: Path) -> None:
    home = tmp_path / "höme"
    done = run("doctor", "--json", SDL_VIDEODRIVER="dummy", DIGITPAD_HOME=str(home))
    assert (done.returncode, done.stderr) == (1, "")
    record = json.loads(done.stdout)
    bad = [finding for finding in record["findings"] if finding["state"] == "bad"]
    assert [(finding["check"], finding["remedy"]) for finding in bad] == [("display", "unset SDL_VIDEODRIVER")]
    assert record["bad"] == 1
    assert {"runtime", "reading", "model", "pygame", "fonts", "disk"} <= {f["check"] for f in record["findings"]}
    assert not home.exists()


@pytest.mark.slow
def test_command_prints_text_and_a_missing_model(tmp_path: Path) -> None:
    done = run("--model", str(tmp_path / "no.tflite"), "doctor", SDL_VIDEODRIVER=None, DIGITPAD_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    assert "BAD   model" in done.stdout
    assert done.stdout.endswith('Fixes follow the "->".\n')


def test_exit_status_follows_the_findings(
    lite: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "Host", lambda _model: lite)
    assert doctor.doctor_command(as_json=False, model=None) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("No problems found")
    lite.groups = {"pi"}
    assert doctor.doctor_command(as_json=True, model=None) == 1
    assert json.loads(capsys.readouterr().out)["bad"] == 1


def test_probe_survives_crashes_and_timeouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def ask(text: str, **options: float) -> object:
        (tmp_path / "answering.py").write_text(text)
        return probe.ask("answering", {"a": "ü"}, **options)

    serve = "from edge_app.system.doctor.probe import serve\nprint('hello')\n"
    assert ask(serve + "serve(lambda question: {'got': question['a']})") == {"got": "ü"}
    assert ask("import os\nos.abort()") == {"fault": "it crashed (signal 6)"}
    assert ask("import time\ntime.sleep(60)", timeout=0.3) == {"fault": "it took longer than 0 s"}
    assert ask("raise SystemExit('broken')") == {"fault": "broken"}
    assert "No module" in probe.ask("edge_app.nothing", {})["fault"]


def test_host_reads_this_system() -> None:
    host = Host()
    assert host.installed("numpy")
    assert host.installed("no-such-distribution") is None
    assert host.run("no-such-command") == ""
    assert host.run(sys.executable, "-c", "print(7)") == "7\n"
    assert host.run(sys.executable, "-c", "print(7); raise SystemExit(1)") == ""
    assert host.may_open(__file__, write=False)
    assert not host.may_open("/no/such/file", write=False)
    assert host.group_of("/no/such/file") == ""
    assert host.free_bytes(ROOT) > 0
    assert host.user


def test_every_bad_finding_has_a_remedy(lite: System, tmp_path: Path) -> None:
    lite.groups, lite.packages, lite.free = {"pi"}, {}, 0
    lite.put("/proc/bus/input/devices", "")
    bad = lite.bad()
    assert {finding.check for finding in bad} == {"python", "runtime", "pygame", "permissions", "input", "disk"}
    assert all(finding.remedy for finding in bad)
