"""The doctor on display, permissions, touch, turning and blanking: what it must find, and what once that is mended."""

from typing import Any

import pytest

from edge_app.gui.platform.pygame_probe import NEEDED
from edge_app.system.doctor.check_input import input_devices

from ..support.systems import (
    KEYBOARD,
    MOUSE,
    PEN,
    REMOTE,
    TABLET,
    TOUCHPAD,
    TOUCHSCREEN,
    System,
    choose,
    empty,
    labwc,
    lite,
    only,
    x11,
)

__all__ = ["empty", "labwc", "lite", "x11"]  # fixtures, found by their names


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
