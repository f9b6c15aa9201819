"""The doctor, on systems made of folders: each check with what it must find, and what is found once that is mended."""

import dataclasses
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge_app.errors import DigitpadError
from edge_app.modelfile import CARD, INT8, models_folder
from edge_app.setup import doctor, probe
from edge_app.setup.check_input import input_devices
from edge_app.setup.doctor import CHECKS, examine, to_json, to_text
from edge_app.setup.world import Finding, World, this_world
from edge_app.store import Store

from .conftest import ROOT

TOUCHSCREEN = """\
I: Bus=0018 Vendor=0000 Product=0000 Version=0000
N: Name="10-0038 generic ft5x06 (79)"
H: Handlers=mouse0 event0
B: PROP=2
B: EV=b
B: KEY=400 0 0 0 0 0
B: ABS=260800000000003
"""
MOUSE = """\
N: Name="Logitech USB Optical Mouse"
H: Handlers=mouse1 event1
B: PROP=0
B: EV=17
B: KEY=ff0000 0 0 0 0
B: REL=903
"""
KEYBOARD = """\
N: Name="A Keyboard"
H: Handlers=sysrq kbd leds event2
B: PROP=0
B: EV=120013
B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe
"""
REMOTE = """\
N: Name="vc4-hdmi-0"
H: Handlers=kbd event3
B: EV=100013
B: KEY=ffffc000000000 3ff 0 400000320fc200 40830c900000000 0 210300 49d2c040ec00 1e378000000000 8010000010000000
"""
TOUCHPAD = """\
N: Name="A Laptop's Touchpad"
H: Handlers=mouse2 event4
B: PROP=5
B: EV=b
B: KEY=e520 10000 0 0 0 0
B: ABS=2e0800000000003
"""
TABLET = """\
N: Name="QEMU USB Tablet"
H: Handlers=mouse3 event5
B: EV=1f
B: KEY=70000 0 0 0 0
B: REL=100
B: ABS=3
"""
PEN = """\
N: Name="Wacom Pen"
H: Handlers=mouse4 event6
B: PROP=2
B: EV=b
B: KEY=1c03 0 0 0 0 0
B: ABS=1000003
"""
NEEDED = ("libdrm.so.2", "libgbm.so.1", "libEGL.so.1", "libGLESv2.so.2", "libudev.so.1")
CE = ["x11", "wayland", "KMSDRM", "offscreen", "dummy", "evdev"]
CLASSIC_ARM = ["x11", "wayland", "offscreen", "dummy", "evdev"]  # what the 2.6.1 wheel for aarch64 lists


class System:
    """A system in a folder; it answers as a real one would from what was put into it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.home = folder / "root", folder / "home" / "pi"
        self.home.mkdir(parents=True)
        self.root.mkdir()
        self.environ = {"DIGITPAD_HOME": str(folder / "digitpad")}
        self.platform, self.machine, self.version, self.bits = "linux", "aarch64", (3, 11), 64
        self.groups = {"pi", "video", "render", "input"}
        self.owners: dict[str, str] = {}
        self.packages = {"numpy": "1.26.4", "pillow": "11", "platformdirs": "4", "tomlkit": "0.13"}
        self.packages |= {"tflite-runtime": "2.14.0", "pygame-ce": "2.5.8"}
        self.drivers: list[str] | None = CE
        self.lacking: list[str] = []
        self.missing: list[str] = []
        self.trials: dict[str, dict[str, Any]] = {}
        self.commands: dict[str, str] = {}
        self.free = 10**10
        self.model: Path | None = None
        self.put("/etc/group", "video:x:44:\nrender:x:105:\ninput:x:106:\n")

    def put(self, path: str, text: str = "", group: str = "root") -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.owners[str(place)] = group

    def keep(self, path: str, text: str) -> None:
        place = self.home / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def may_open(self, path: Path, _write: bool) -> bool:
        return self.owners[str(path)] in self.groups

    def run(self, command: Sequence[str]) -> str:
        return self.commands[" ".join([Path(command[0]).name, *command[1:]])]

    def ask(self, module: str, job: dict[str, Any]) -> dict[str, Any]:
        if module == "edge_app.setup.trial":
            return self.trials.get(job["runtime"], self.trial())
        assert module == "edge_app.window.inquiry"
        assert set("abcxyz") <= set(job["letters"])
        return self.pygame()

    def trial(self, **changes: Any) -> dict[str, Any]:
        sound = {"stage": "done", "samples": 8, "right": 8, "version": "2.14.0", "numpy": self.packages["numpy"]}
        return {**sound, **changes}

    def pygame(self) -> dict[str, Any]:
        name = next((name for name in ("pygame-ce", "pygame") if name in self.packages), None)
        if name is None:
            return {"error": "No module named 'pygame'"}
        driver = self.driver()
        return {
            "name": name,
            "version": self.packages[name],
            "sdl": "2.32.10",
            "drivers": self.drivers,
            "udev": None if self.drivers is None else "KMSDRM" in self.drivers,
            "lacking": self.lacking,
            "driver": driver,
            "seen": driver not in ("offscreen", "dummy"),
            "refusal": "",
            "font": "",
            "missing": self.missing,
            "font_error": "",
        }

    def driver(self) -> str:
        """Choose as SDL does."""
        if self.platform != "linux":
            return {"win32": "windows", "darwin": "cocoa"}[self.platform]
        if self.environ.get("SDL_VIDEODRIVER"):
            return self.environ["SDL_VIDEODRIVER"]
        world = self.world()
        for answering in world.desktops:
            if answering.items() <= self.environ.items():
                return "wayland" if "WAYLAND_DISPLAY" in answering else "x11"
        cards = [world.at(card) for card in world.cards]
        usable = cards and all(self.may_open(card, True) for card in cards)
        return "KMSDRM" if usable and not self.lacking and "KMSDRM" in (self.drivers or []) else "offscreen"

    def world(self) -> World:
        return World(
            root=self.root,
            home=self.home,
            environ=dict(self.environ),
            platform=self.platform,
            machine=self.machine,
            version=self.version,
            python="/home/pi/.venv/bin/python",
            bits=self.bits,
            user="pi",
            groups=frozenset(self.groups),
            model=self.model,
            which=lambda name: f"/usr/bin/{name}" if any(key.split()[0] == name for key in self.commands) else None,
            run=self.run,
            ask=self.ask,
            installed=self.packages.get,
            access=self.may_open,
            group_of=lambda path: self.owners[str(path)],
            free_bytes=lambda _: self.free,
        )

    def findings(self, check: str = "") -> list[Finding]:
        return [finding for finding in examine(self.world()) if check in ("", finding.check)]

    def bad(self, check: str = "") -> list[Finding]:
        return [finding for finding in self.findings(check) if finding.state == "bad"]

    def states(self, check: str) -> list[str]:
        return [finding.state for finding in self.findings(check)]


def pi(system: System) -> System:
    system.put("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    system.put("/boot/firmware/config.txt", "# dtoverlay=vc4-fkms-v3d\ndtoverlay=vc4-kms-v3d\n")
    system.put("/boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1-02 rootwait\n")
    for name, group in (("card0", "video"), ("card1", "video"), ("renderD128", "render")):
        system.put(f"/dev/dri/{name}", group=group)
    system.put("/sys/class/drm/card1-DSI-1/status", "connected\n")
    system.put("/sys/class/drm/card1-HDMI-A-1/status", "disconnected\n")
    system.put("/proc/bus/input/devices", "\n".join([TOUCHSCREEN, KEYBOARD, REMOTE]))
    for number in range(4):
        system.put(f"/dev/input/event{number}", group="input")
    return system


@pytest.fixture
def empty(tmp_path: Path) -> System:
    """A container: no display, no devices."""
    return System(tmp_path)


@pytest.fixture
def lite(tmp_path: Path) -> System:
    """Raspberry Pi OS Lite with a touchscreen, set up well."""
    return pi(System(tmp_path))


@pytest.fixture
def labwc(tmp_path: Path) -> System:
    """Raspberry Pi OS with its desktop, asked from a terminal there; a desktop needs none of the groups."""
    system = pi(System(tmp_path / "labwc"))
    system.put("/run/user/1000/wayland-0")
    system.put("/run/user/1000/wayland-0.lock")
    system.put("/proc/net/unix", "0: 2 0 10 1 1 9 /run/user/1000/wayland-0\n")
    system.environ |= {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/run/user/1000"}
    system.groups = {"pi"}
    return system


@pytest.fixture
def x11(tmp_path: Path) -> System:
    """A PC with X11."""
    system = System(tmp_path)
    system.machine = "x86_64"
    system.put("/tmp/.X11-unix/X0")
    system.put("/proc/net/unix", "0: 2 0 10 1 1 9 /tmp/.X11-unix/X0\n")
    system.put("/proc/bus/input/devices", "\n".join([MOUSE, KEYBOARD]))
    system.environ["DISPLAY"] = ":0"
    return system


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


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


def test_missing_groups_are_named_with_their_devices(lite: System) -> None:
    lite.groups = {"pi"}
    finding = only(lite.bad())
    assert finding.said == (
        "pi may not open /dev/dri/card0 /dev/dri/card1 (group video), /dev/dri/renderD128 (group render), "
        "/dev/input/event0 /dev/input/event2 (group input)"
    )
    assert finding.remedy == "sudo usermod -aG input,render,video pi, then log out and in again, or restart"
    lite.groups |= {"video", "render"}
    assert only(lite.bad()).remedy.startswith("sudo usermod -aG input pi")
    lite.put("/etc/group", "input:x:106:ann,pi\n")  # what usermod does; this session has it not yet
    assert only(lite.bad()).remedy.startswith("pi is in input since this session began: log out")
    lite.groups.add("input")
    assert lite.bad() == []


def test_devices_that_are_roots_alone_need_udev_not_a_group(lite: System) -> None:
    lite.groups = {"pi", "video", "render"}
    lite.put("/dev/input/event0", group="root")
    lite.put("/dev/input/event2", group="root")
    assert "udev" in only(lite.bad()).remedy
    assert "usermod" not in only(lite.bad()).remedy


def test_libraries_the_wheel_expects_of_the_system(lite: System) -> None:
    lite.lacking = list(NEEDED[1:4])
    finding = only(lite.bad())
    assert finding.remedy == "sudo apt install libgbm1 libegl1 libgles2 libgl1-mesa-dri"
    lite.lacking = []
    assert lite.bad() == []


def test_a_screen_that_is_not_connected(lite: System) -> None:
    lite.put("/sys/class/drm/card1-DSI-1/status", "disconnected\n")
    finding = only(lite.bad())
    assert finding.said == "no screen is connected to DSI-1, HDMI-A-1"
    lite.put("/sys/class/drm/card1-HDMI-A-1/status", "unknown\n")
    assert lite.bad() == []


def test_a_screen_that_another_program_holds(lite: System) -> None:
    facts = {**lite.pygame(), "driver": "", "seen": False, "refusal": "kmsdrm not available"}
    lite.pygame = lambda: facts  # type: ignore[method-assign]
    finding = only(lite.bad())
    assert "kmsdrm not available" in finding.said
    assert "fuser" in finding.remedy


def test_a_pi_whose_display_driver_is_off(lite: System) -> None:
    for device in (lite.root / "dev" / "dri").iterdir():
        device.unlink()
    lite.put("/boot/firmware/config.txt", "#dtoverlay=vc4-kms-v3d\n")
    assert only(lite.bad()).remedy == "Add the line dtoverlay=vc4-kms-v3d to /boot/firmware/config.txt and restart"


def test_a_terminal_outside_the_desktop_is_told_the_desktops_name(labwc: System) -> None:
    del labwc.environ["WAYLAND_DISPLAY"], labwc.environ["XDG_RUNTIME_DIR"]
    assert labwc.bad() == []
    finding = only(labwc.findings("display"))
    assert finding.state == "note"
    assert "WAYLAND_DISPLAY=wayland-0 XDG_RUNTIME_DIR=/run/user/1000 digitpad" in finding.remedy
    labwc.put("/proc/net/unix", "")  # the session crashed and left its socket
    assert "permissions" in [finding.check for finding in labwc.bad()]


def test_variables_that_lead_nowhere(labwc: System, x11: System) -> None:
    del labwc.environ["XDG_RUNTIME_DIR"]
    assert only(labwc.bad()).remedy == "export XDG_RUNTIME_DIR=/run/user/$(id -u)"
    x11.environ["DISPLAY"] = ":7"
    assert only(x11.bad()).said == "DISPLAY=:7 is set, and no display answers there"
    x11.environ["SDL_VIDEODRIVER"] = "dummy"
    assert only(x11.bad()).remedy == "unset SDL_VIDEODRIVER"


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (TOUCHSCREEN, "touchscreen"),
        (MOUSE, "mouse"),
        (KEYBOARD, "keyboard"),
        (REMOTE, ""),
        (TOUCHPAD, "touchpad"),
        (TABLET, "mouse"),
        (PEN, "pen"),
    ],
)
def test_kinds_of_devices(empty: System, block: str, kind: str) -> None:
    empty.put("/proc/bus/input/devices", block)
    device = only_device(empty)
    assert device.kind == kind
    assert device.name in block


def only_device(system: System) -> Any:
    (device,) = input_devices(system.world())
    return device


def test_a_32_bit_system_writes_its_bits_in_shorter_words(empty: System) -> None:
    words = MOUSE.replace("ff0000 0 0 0 0", "ff0000 0 0 0 0 0 0 0 0")
    empty.put("/proc/bus/input/devices", words)
    assert only_device(empty).kind == ""
    empty.bits = 32
    assert only_device(empty).kind == "mouse"


def test_nothing_to_write_with(lite: System) -> None:
    lite.put("/proc/bus/input/devices", "\n".join([KEYBOARD, REMOTE]))
    assert only(lite.bad()).said.startswith("there is nothing to write with")
    lite.put("/proc/bus/input/devices", "\n".join([KEYBOARD, REMOTE, MOUSE]))
    assert lite.bad() == []


def test_a_desktop_without_devices_is_a_remote_one(x11: System) -> None:
    x11.put("/proc/bus/input/devices", "")
    assert x11.states("input") == ["note"]


ROTATIONS: list[tuple[str, str, int]] = [
    (".config/kanshi/config", "profile {\n  output DSI-1 enable mode 800x480 position 0,0 transform 90\n}\n", 90),
    (".config/labwc/autostart", "wlr-randr --output DSI-1 --transform 270 &\n", 270),
    (".config/wayfire.ini", "[output:DSI-1]\ntransform = 180\n", 180),
]


@pytest.mark.parametrize(("name", "text", "degrees"), ROTATIONS)
def test_turned_by_the_desktop_and_by_digitpad_is_turned_twice(
    labwc: System, name: str, text: str, degrees: int
) -> None:
    assert only(labwc.findings("rotation")).said == "not turned"
    labwc.keep(name, text)
    assert only(labwc.findings("rotation")).said == f"turned once: by {degrees} degrees in ~/{name}"
    choose(labwc, "rotate = 90")
    finding = only(labwc.bad())
    assert finding.said.startswith(f"the picture is turned twice: by {degrees} degrees in ~/{name}")
    labwc.keep(name, "".join(f"#{line}\n" for line in text.splitlines()))
    assert only(labwc.findings("rotation")).said == "turned once: by 90 degrees in digitpad's setting rotate"


def choose(system: System, text: str) -> None:
    folder = Path(system.environ["DIGITPAD_HOME"]) / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(text)


def test_a_kiosks_option_turns_as_the_setting_does(lite: System) -> None:
    lite.put("/etc/systemd/system/digitpad.service", "[Service]\nExecStart=/x/digitpad --kiosk --rotate 90\n")
    assert lite.states("rotation") == ["good"]
    lite.put("/boot/firmware/config.txt", "dtoverlay=vc4-kms-v3d\ndtoverlay=tft35a:speed=9,rotate=90\n")
    assert "config.txt, dtoverlay=tft35a" in only(lite.bad()).said


def test_a_kiosk_on_a_desktop_turns_as_well(labwc: System) -> None:
    labwc.keep(".config/systemd/user/digitpad-kiosk.service", 'ExecStart=/x/digitpad --kiosk "--rotate" "180"\n')
    assert "by 180 degrees" in only(labwc.findings("rotation")).said
    labwc.keep(".config/kanshi/config", "output DSI-1 transform 180\n")
    assert "turned twice" in only(labwc.bad()).said


def test_x11_turns(x11: System) -> None:
    x11.commands = {"xrandr --query": "DSI-1 connected primary 480x800+0+0 right (normal left inverted right x axis)\n"}
    assert only(x11.findings("rotation")).said == "turned once: by 90 degrees in xrandr, DSI-1"
    x11.commands = {"xrandr --query": "DSI-1 connected primary 800x480+0+0 (normal left inverted right x axis)\n"}
    assert only(x11.findings("rotation")).said == "not turned"


def test_the_old_firmware_turns_and_the_new_driver_does_not(lite: System) -> None:
    lite.put("/boot/firmware/config.txt", "display_lcd_rotate=1\ndtoverlay=vc4-kms-v3d\n")
    note, rest = lite.findings("rotation")
    assert (note.state, rest.said) == ("note", "not turned")
    assert note.said == "/boot/firmware/config.txt: display_lcd_rotate does nothing with the display driver vc4-kms-v3d"
    lite.put("/boot/firmware/config.txt", "display_lcd_rotate=3\n")
    assert only(lite.findings("rotation")).said == "turned once: by 270 degrees in config.txt, display_lcd_rotate"


def test_the_consoles_text_turns_without_digitpad(lite: System) -> None:
    lite.put("/boot/firmware/cmdline.txt", "console=tty1 video=DSI-1:800x480@60,rotate=270 rootwait\n")
    note, _ = lite.findings("rotation")
    assert "digitpad --rotate 270" in note.remedy
    choose(lite, "rotate = 270")
    assert only(lite.findings("rotation")).state == "good"


def test_blanking_of_the_console(lite: System) -> None:
    assert only(lite.findings("blanking")).said == "the screen stays lit (consoleblank)"
    lite.put("/proc/cmdline", "quiet consoleblank=600\n")
    lite.commands = {"raspi-config": ""}
    finding = only(lite.findings("blanking"))
    assert finding.said == "the screen goes dark after 10 min without a touch (consoleblank)"
    assert "raspi-config nonint do_blanking 1" in finding.remedy
    lite.put("/sys/module/kernel/parameters/consoleblank", "0\n")  # set since the start: this one is true
    assert lite.states("blanking") == ["good"]


def test_blanking_of_desktops(labwc: System, x11: System) -> None:
    labwc.keep(".config/labwc/autostart", "swayidle -w timeout 600 'wlopm --off \\*' resume 'wlopm --on \\*' &\n")
    assert only(labwc.findings("blanking")).said.endswith("10 min without a touch (swayidle in labwc's autostart)")
    labwc.keep(".config/labwc/autostart", "#swayidle -w timeout 600 'wlopm --off'\n")
    assert labwc.findings("blanking") == []  # not known
    labwc.keep(".config/wayfire.ini", "[idle]\ndpms_timeout=-1\n")
    assert labwc.states("blanking") == ["good"]
    x11.commands = {
        "xset -q": "  timeout:  0    cycle:  600\n  Standby: 45    Suspend: 0    Off: 60\n  DPMS is Enabled\n"
    }
    assert only(x11.findings("blanking")).said == "the screen goes dark after 45 s without a touch (xset)"
    x11.commands = {
        "xset -q": "  timeout:  0    cycle:  600\n  Standby: 45    Suspend: 0    Off: 60\n  DPMS is Disabled\n"
    }
    assert x11.states("blanking") == ["good"]


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


def test_writing_is_tried_and_leaves_nothing(x11: System, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert x11.states("disk") == ["good", "good"]
    assert sorted(tmp_path.rglob("*")) == before


def test_folders_that_cannot_be_written(x11: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "digitpad"
    file.write_text("a file where the folder should be")
    finding = only(x11.bad())
    assert finding.said.startswith("settings, history and log, pictures cannot be kept:")
    assert finding.remedy.startswith(f"Move the file {file} away")
    file.unlink()

    def refuse(dir: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "Name a folder of your own" in only(x11.bad()).remedy
    x11.environ["DIGITPAD_HOME"] = str(x11.home / "d")
    assert only(x11.bad()).remedy.startswith(f"sudo chown -R pi {x11.home}")
    x11.put("/proc/mounts", f"/dev/a / ext4 rw,noatime 0 0\n/dev/b {tmp_path} ext4 ro,noatime 0 0\n")
    assert "fsck" in only(x11.bad()).remedy
    x11.environ["DIGITPAD_HOME"] = "~nobody-of-that-name/x"
    assert only(x11.bad()).remedy == "Name a folder by its full path"


def test_a_full_disk_and_one_that_forgets(x11: System) -> None:
    x11.free = 5_000_000
    assert only(x11.bad()).said.startswith("5 MB free")
    x11.free = 50_000_000
    assert x11.states("disk") == ["good", "note"]
    x11.free = 10**10
    x11.put("/proc/cmdline", "quiet overlayroot=tmpfs\n")
    assert "gone after a restart" in x11.findings("disk")[-1].said


def test_the_history_is_opened_where_there_is_one(x11: System, tmp_path: Path) -> None:
    assert only(x11.findings("history")).said == "none is kept yet"
    path = tmp_path / "digitpad" / "data" / "digitpad.sqlite3"
    assert not path.exists()
    Store(path).close()
    assert only(x11.findings("history")).said == f"0 pages and 0 examples in {path}"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    finding = only(x11.bad())
    assert "written by a newer digitpad" in finding.said
    assert finding.remedy == "Update digitpad"


def test_a_damaged_history_is_named_and_left_as_it_is(x11: System, tmp_path: Path) -> None:
    path = tmp_path / "digitpad" / "data" / "digitpad.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    assert "file is not a database" in only(x11.bad()).said
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"no database at all" * 100
    path.rename(path.with_name("digitpad.damaged-1.sqlite3"))
    assert x11.states("history") == ["note", "good"]


def test_settings_that_are_wrong_are_named_with_their_line(x11: System) -> None:
    assert only(x11.findings("settings")).said == "none are changed yet"
    choose(x11, 'theme = "dark"\nspaek = true\n')
    finding = only(x11.findings("settings"))
    assert finding.state == "note"
    assert 'settings.toml:2: "spaek" is no setting' in finding.said
    choose(x11, 'theme = "dark"\n')
    assert x11.states("settings") == ["good"]


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
    good = "import sys\nfrom edge_app.setup.probe import serve\nprint('hello')\nserve(lambda job: {'got': job['a']})"
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
