"""Pointing devices as the kernel lists them, and permission to open them and the screen."""

import re
import shlex
from collections.abc import Iterator

from ..os_info import Device, pointing_devices, touch_settings, touchscreens
from .check_software import install_libraries
from .host import Finding, Host

RC_XML = "~/.config/labwc/rc.xml"


def check_input(host: Host) -> Iterator[Finding]:
    """List what can be written with."""
    if not host.is_linux:
        return
    devices = _devices(host)
    if devices:
        yield Finding("input", "good", ", ".join(map(str, devices)))
        yield from _fingers_as_mouse(host)
    elif host.is_console:
        remedy = "Connect a touchscreen, pen or mouse; for a DSI or SPI screen, add its dtoverlay to config.txt; reboot"
        yield Finding("input", "bad", "no touchscreen, pen or mouse found", remedy)
    else:
        yield Finding("input", "note", "no touchscreen, pen or mouse found; a remote desktop brings its own")


def _devices(host: Host) -> list[Device]:
    return pointing_devices(host.read("/proc/bus/input/devices"))


def _fingers_as_mouse(host: Host) -> Iterator[Finding]:
    """Report why a palm would write and a second finger break the line: fingers that arrive as a mouse."""
    lacking = host.pygame.get("lacking", {}).get("x11", []) if host.pygame.get("driver") == "x11" else []
    if lacking and touchscreens(host.root):
        said = f"fingers arrive as a mouse that is released late: {', '.join(lacking)} is missing"
        yield Finding("input", "bad", said, install_libraries(lacking))
    for name in touchscreens(host.root) if host.environ.get("WAYLAND_DISPLAY") else ():
        if touch_settings(host.read(RC_XML), name).get("mouseEmulation") == "yes":
            said = f"labwc turns the fingers on {name} into a mouse: a palm is not told apart"
            yield Finding(
                "input", "note", said, f'Set mouseEmulation="no" for it in {RC_XML}, then: labwc --reconfigure'
            )


def check_permissions(host: Host) -> Iterator[Finding]:
    """Check that the user may open the screen and the input devices, which digitpad does itself without a desktop."""
    if not host.is_console:
        return
    screens = [f"/dev/dri/{name}" for name in host.names("/dev/dri") if name.startswith(("card", "renderD"))]
    shut = [path for path in screens if not host.may_open(path, write=True)]
    shut += [device.node for device in _devices(host) if not host.may_open(device.node, write=False)]
    if not shut:
        yield Finding("permissions", "good", f"{host.user} may open the screen and the input devices")
        return
    groups = {host.group_of(path) for path in shut}
    listed = [f"{' '.join(p for p in shut if host.group_of(p) == g)} (group {g or 'unknown'})" for g in sorted(groups)]
    yield Finding("permissions", "bad", f"{host.user} may not open {', '.join(listed)}", _join(host, groups))


def _join(host: Host, groups: set[str]) -> str:
    """Return how the user gets the rights of the groups."""
    needed = sorted(groups - {"root", ""})
    if not needed:
        return "Only root may open them, so udev does not run: sudo apt install udev, and reboot"
    members = dict(re.findall(r"^([^:]+):[^:]*:[^:]*:(.*)$", host.read("/etc/group"), re.M))
    if all(host.user in members.get(group, "").split(",") and group not in host.groups for group in needed):
        return f"{host.user} joined {', '.join(needed)} after logging in: log out and in again, or reboot"
    return f"sudo usermod -aG {','.join(needed)} {shlex.quote(host.user)}, then log out and in again, or reboot"
