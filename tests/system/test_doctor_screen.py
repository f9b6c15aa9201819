"""The doctor on display, permissions, input devices, rotation and blanking."""

import pytest

from edge_app.gui.platform.pygame_probe import NEEDED
from edge_app.system.os_info import pointing_devices

from ..support.systems import FINGERS, KEYBOARD, MOUSE, PEN, REMOTE, TABLET, TOUCHPAD, TOUCHSCREEN, System, choose, only


def test_missing_groups_are_named_with_their_devices(lite: System) -> None:
    lite.groups = {"pi"}
    finding = only(lite.bad())
    assert finding.said == (
        "pi may not open /dev/input/event0 (group input), /dev/dri/renderD128 (group render), "
        "/dev/dri/card0 /dev/dri/card1 (group video)"
    )
    assert finding.remedy == "sudo usermod -aG input,render,video pi, then log out and in again, or reboot"
    lite.groups |= {"video", "render"}
    assert only(lite.bad()).remedy.startswith("sudo usermod -aG input pi")
    lite.put("/etc/group", "input:x:106:ann,pi\n")  # what usermod does; this session has it not yet
    assert only(lite.bad()).remedy.startswith("pi joined input after logging in: log out")
    lite.groups.add("input")
    assert lite.bad() == []


def test_devices_of_root_need_udev(lite: System) -> None:
    lite.groups = {"pi", "video", "render"}
    lite.put("/dev/input/event0", group="root")
    assert "udev" in only(lite.bad()).remedy
    assert "usermod" not in only(lite.bad()).remedy


def test_missing_libraries(lite: System) -> None:
    lite.lacking = {"KMSDRM": list(NEEDED["KMSDRM"][1:4])}
    finding = only(lite.bad())
    assert finding.remedy == "sudo apt install libgbm1 libegl1 libgles2 libgl1-mesa-dri"
    lite.lacking = {}
    assert lite.bad() == []


def test_disconnected_screen(lite: System) -> None:
    lite.put("/sys/class/drm/card1-DSI-1/status", "disconnected\n")
    finding = only(lite.bad())
    assert finding.said == "no screen is connected to DSI-1, HDMI-A-1"
    lite.put("/sys/class/drm/card1-HDMI-A-1/status", "unknown\n")
    assert lite.bad() == []


def test_screen_held_by_another_program(lite: System) -> None:
    lite.facts = {**lite.usual_facts(), "driver": "", "seen": False, "refusal": "kmsdrm not available"}
    finding = only(lite.bad())
    assert "kmsdrm not available" in finding.said
    assert "fuser" in finding.remedy
    lite.commands["systemctl is-active digitpad-kiosk.service"] = "active\n"
    assert lite.bad() == []


def test_display_driver_is_off_on_a_pi(lite: System) -> None:
    for device in (lite.root / "dev" / "dri").iterdir():
        device.unlink()
    lite.put("/boot/firmware/config.txt", "#dtoverlay=vc4-kms-v3d\n")
    assert only(lite.bad()).remedy == "Add the line dtoverlay=vc4-kms-v3d to /boot/firmware/config.txt and reboot"


def test_terminal_outside_the_desktop(labwc: System) -> None:
    del labwc.environ["WAYLAND_DISPLAY"], labwc.environ["XDG_RUNTIME_DIR"]
    assert labwc.bad() == []
    finding = only(labwc.findings("display"))
    assert finding.state == "note"
    assert "WAYLAND_DISPLAY=wayland-0 XDG_RUNTIME_DIR=/run/user/1000 digitpad" in finding.remedy
    labwc.put("/proc/net/unix", "")  # the session crashed and left its socket
    assert "permissions" in [finding.check for finding in labwc.bad()]


def test_display_variables_without_a_display(labwc: System, x11: System) -> None:
    del labwc.environ["XDG_RUNTIME_DIR"]
    assert only(labwc.bad()).remedy == "export XDG_RUNTIME_DIR=/run/user/$(id -u)"
    x11.environ["DISPLAY"] = ":7"
    assert only(x11.bad()).said == "DISPLAY=:7 is set, but no display answers there"
    x11.environ["SDL_VIDEODRIVER"] = "dummy"
    assert only(x11.bad()).remedy == "unset SDL_VIDEODRIVER"


@pytest.mark.parametrize(
    ("block", "listed"),
    [
        (TOUCHSCREEN, ["touchscreen 10-0038 generic ft5x06 (79)"]),
        (FINGERS, ["touchscreen QEMU Virtio MultiTouch"]),
        (PEN, ["touchscreen Wacom Pen"]),
        (MOUSE, ["pointer Logitech USB Optical Mouse"]),
        (TOUCHPAD, ["pointer A Laptop's Touchpad"]),
        (TABLET, ["pointer QEMU USB Tablet"]),
        (KEYBOARD, []),
        (REMOTE, []),
    ],
)
def test_pointing_devices_are_found(block: str, listed: list[str]) -> None:
    assert [str(device) for device in pointing_devices(block)] == listed


def test_no_pointing_device(lite: System) -> None:
    lite.put("/proc/bus/input/devices", "\n".join([KEYBOARD, REMOTE]))
    assert only(lite.bad()).said == "no touchscreen, pen or mouse found"
    lite.put("/proc/bus/input/devices", "\n".join([KEYBOARD, REMOTE, MOUSE]))
    assert lite.bad() == []


def test_fingers_that_arrive_as_a_mouse(labwc: System, x11: System) -> None:
    x11.lacking = {"x11": ["libXi.so.6"]}
    assert x11.bad() == []  # no touchscreen
    x11.put("/proc/bus/input/devices", TOUCHSCREEN)
    assert only(x11.bad()).remedy == "sudo apt install libxi6"
    labwc.lacking = x11.lacking
    assert labwc.bad() == []  # wayland needs no libXi
    labwc.put("~/.config/labwc/rc.xml", '<labwc_config><touch deviceName="" mouseEmulation="yes"/></labwc_config>')
    assert "turns the fingers" in labwc.findings("input")[1].said
    labwc.put("~/.config/labwc/rc.xml", '<labwc_config><!--<touch mouseEmulation="yes"/>--></labwc_config>')
    assert labwc.states("input") == ["good"]


def test_driver_on_a_wayland_desktop(labwc: System) -> None:
    assert only(labwc.findings("display")).said == "a window opens with wayland (WAYLAND_DISPLAY=wayland-0)"
    labwc.facts = {**labwc.usual_facts(), "driver": "x11"}
    assert "the kiosk takes wayland" in only(labwc.findings("display")).said
    labwc.facts["lacking"] = {"wayland": ["libwayland-egl.so.1"]}
    finding = only(labwc.findings("display"))
    assert (finding.state, finding.remedy) == ("note", "sudo apt install libwayland-egl1")


RANDR = """\
HDMI-A-1 "A monitor"
  Enabled: yes
  Transform: normal
DSI-1 "(null) (null) (DSI-1)"
  Modes:
    800x480 px, 60.000000 Hz (preferred, current)
  Transform: 90
"""


def test_turned_screen_whose_touch_is_not_turned(labwc: System) -> None:
    labwc.commands = {"wlr-randr": RANDR}
    assert labwc.bad() == []
    labwc.put("~/.config/labwc/rc.xml", '<labwc_config><!--<touch mapToOutput="DSI-1"/>--></labwc_config>\n')
    finding = only(labwc.bad())
    assert "turned by 90 degrees in wlr-randr, DSI-1, and touch is not" in finding.said
    line = '<touch deviceName="10-0038 generic ft5x06 (79)" mapToOutput="DSI-1"/>'
    assert line in finding.remedy
    labwc.put("~/.config/labwc/rc.xml", f"<labwc_config>\n{line}\n</labwc_config>\n")
    assert labwc.bad() == []
    labwc.put("/proc/bus/input/devices", MOUSE)
    labwc.put("~/.config/labwc/rc.xml", "")
    assert labwc.bad() == []


def test_remote_desktop_needs_no_device(x11: System) -> None:
    x11.put("/proc/bus/input/devices", "")
    assert x11.states("input") == ["note"]


ROTATIONS: list[tuple[str, str, int]] = [
    ("~/.config/kanshi/config", "profile {\n  output DSI-1 enable mode 800x480 position 0,0 transform 90\n}\n", 90),
    ("~/.config/labwc/autostart", "wlr-randr --output DSI-1 --transform 270 &\n", 270),
]


@pytest.mark.parametrize(("name", "text", "degrees"), ROTATIONS)
def test_rotation_by_desktop_and_digitpad(labwc: System, name: str, text: str, degrees: int) -> None:
    assert only(labwc.findings("rotation")).said == "not rotated"
    labwc.put(name, text)
    assert only(labwc.findings("rotation")).said == f"rotated once: by {degrees} degrees in {name}"
    choose(labwc, "rotate = 90")
    finding = only(labwc.bad())
    assert finding.said.startswith(f"the picture is rotated twice: by {degrees} degrees in {name}")
    labwc.put(name, "".join(f"#{line}\n" for line in text.splitlines()))
    assert only(labwc.findings("rotation")).said == "rotated once: by 90 degrees in digitpad's setting rotate"


def test_rotation_by_a_kiosks_option_and_an_overlay(lite: System) -> None:
    lite.put("/etc/systemd/system/digitpad.service", "[Service]\nExecStart=/x/digitpad --kiosk --rotate 90\n")
    assert lite.states("rotation") == ["good"]
    lite.put("/boot/firmware/config.txt", "dtoverlay=vc4-kms-v3d\ndtoverlay=tft35a:speed=9,rotate=90\n")
    assert "config.txt, dtoverlay=tft35a" in only(lite.bad()).said


def test_rotation_by_a_desktop_kiosk(labwc: System) -> None:
    labwc.put("~/.config/systemd/user/digitpad-kiosk.service", 'ExecStart=/x/digitpad --kiosk "--rotate" "180"\n')
    assert "by 180 degrees" in only(labwc.findings("rotation")).said
    labwc.put("~/.config/kanshi/config", "output DSI-1 transform 180\n")
    assert "rotated twice" in only(labwc.bad()).said


def test_rotation_by_xrandr(x11: System) -> None:
    x11.commands = {"xrandr --query": "DSI-1 connected primary 480x800+0+0 right (normal left inverted right x axis)\n"}
    assert only(x11.findings("rotation")).said == "rotated once: by 90 degrees in xrandr, DSI-1"
    x11.commands = {"xrandr --query": "DSI-1 connected primary 800x480+0+0 (normal left inverted right x axis)\n"}
    assert only(x11.findings("rotation")).said == "not rotated"


def test_rotated_console_text(lite: System) -> None:
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
    labwc.put("~/.config/labwc/autostart", "swayidle -w timeout 600 'wlopm --off \\*' resume 'wlopm --on \\*' &\n")
    assert only(labwc.findings("blanking")).said.endswith("10 min without a touch (swayidle in labwc's autostart)")
    labwc.put("~/.config/labwc/autostart", "#swayidle -w timeout 600 'wlopm --off'\n")
    assert labwc.findings("blanking") == []  # not known
    x11.commands = {
        "xset -q": "  timeout:  0    cycle:  600\n  Standby: 45    Suspend: 0    Off: 60\n  DPMS is Enabled\n"
    }
    assert only(x11.findings("blanking")).said == "the screen goes dark after 45 s without a touch (xset)"
    x11.commands = {
        "xset -q": "  timeout:  0    cycle:  600\n  Standby: 45    Suspend: 0    Off: 60\n  DPMS is Disabled\n"
    }
    assert x11.states("blanking") == ["good"]
