"""Pointing devices as the kernel lists them, and permission to open them and the screen."""

import re
import shlex
import sys
from collections.abc import Iterator
from typing import NamedTuple

from .host import Finding, Host

# of linux/input-event-codes.h
DIRECT = 1 << 1  # INPUT_PROP_DIRECT: a screen that is touched
ABS_X, ABS_MT_POSITION_X = 0x00, 0x35
LONG = sys.maxsize.bit_length() + 1


class Device(NamedTuple):
    """A touchscreen, pen, mouse or touchpad."""

    name: str
    node: str
    is_direct: bool

    def __str__(self) -> str:
        """Return what a user calls it."""
        return f"{'touchscreen' if self.is_direct else 'pointer'} {self.name}"


def pointing_devices(host: Host) -> list[Device]:
    """Return the devices of /proc/bus/input/devices that the kernel takes for a mouse or a touchscreen.

    A touchscreen may have the axes of single fingers alone (ABS_MT): no mouse, and not always a property.
    """
    found = []
    for block in host.read("/proc/bus/input/devices").split("\n\n"):
        name, handlers = re.search(r'^N: Name="(.*)"', block, re.M), re.search(r"^H: Handlers=(.*)", block, re.M)
        node = re.search(r"\bevent\d+\b", handlers[1]) if handlers else None
        axes = _bits(block, "ABS")
        fingers_alone = bool(axes >> ABS_MT_POSITION_X & 1 and not axes >> ABS_X & 1)
        direct = fingers_alone or bool(_bits(block, "PROP") & DIRECT)
        if name and handlers and node and (direct or re.search(r"\bmouse\d", handlers[1])):
            found.append(Device(name[1].strip(), f"/dev/input/{node[0]}", direct))
    return sorted(found, key=lambda device: not device.is_direct)


def _bits(block: str, name: str) -> int:
    """Return a bitmap of the kernel's list: hexadecimal words of a `long` each, the highest first."""
    found, bits = re.search(rf"^B: {name}=([0-9a-f ]+)$", block, re.M), 0
    for word in found[1].split() if found else ():
        bits = bits << LONG | int(word, 16)
    return bits


def check_input(host: Host) -> Iterator[Finding]:
    """List what can be written with."""
    if not host.is_linux:
        return
    devices = pointing_devices(host)
    if devices:
        yield Finding("input", "good", ", ".join(map(str, devices)))
    elif host.is_console:
        remedy = "Connect a touchscreen, pen or mouse; for a DSI or SPI screen, add its dtoverlay to config.txt; reboot"
        yield Finding("input", "bad", "no touchscreen, pen or mouse found", remedy)
    else:
        yield Finding("input", "note", "no touchscreen, pen or mouse found; a remote desktop brings its own")


def check_permissions(host: Host) -> Iterator[Finding]:
    """Check that the user may open the screen and the input devices, which digitpad does itself without a desktop."""
    if not host.is_console:
        return
    screens = [f"/dev/dri/{name}" for name in host.names("/dev/dri") if name.startswith(("card", "renderD"))]
    shut = [path for path in screens if not host.may_open(path, write=True)]
    shut += [device.node for device in pointing_devices(host) if not host.may_open(device.node, write=False)]
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
