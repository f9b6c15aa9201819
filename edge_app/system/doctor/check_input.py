"""Touchscreens, pens, mice and keyboards as the kernel lists them, and whether this user may open them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .host import Finding, World

# numbers of linux/input-event-codes.h
X, REL_X = 0x00, 0x00
TOUCH, FINGER, PEN, LEFT_BUTTON = 0x14A, 0x145, 0x140, 0x110
KEY_A, KEY_SPACE = 30, 57
DIRECT = 0x01  # INPUT_PROP_DIRECT: what is touched is what is seen
POINTING = ("touchscreen", "pen", "mouse", "touchpad")


@dataclass(frozen=True)
class Device:
    """An input device."""

    name: str
    kind: str  # of POINTING, or keyboard, or empty for buttons, jacks and the like
    node: str  # /dev/input/eventN


def check_input(world: World) -> Iterator[Finding]:
    """List what can be written with; without a desktop there must be something."""
    if not world.is_linux:
        return
    devices = [device for device in input_devices(world) if device.kind]
    pointing = [device for device in devices if device.kind in POINTING]
    if devices:
        listed = ", ".join(f"{device.kind} {device.name}" for device in sorted(devices, key=_order))
        yield Finding("input", "good", listed)
    if not pointing and world.is_console:
        advice = "Connect a touchscreen, pen or mouse; for a DSI or SPI screen, its dtoverlay in config.txt; restart"
        yield Finding("input", "bad", "there is nothing to write with: no touchscreen, pen or mouse", advice)
    elif not pointing:
        said = "the kernel lists no touchscreen, pen or mouse; a remote desktop brings its own"
        yield Finding("input", "note", said)


def _order(device: Device) -> int:
    return (*POINTING, "keyboard").index(device.kind)


def input_devices(world: World) -> list[Device]:
    """Return the devices of /proc/bus/input/devices that have an event file."""
    found = []
    for block in world.read("/proc/bus/input/devices").split("\n\n"):
        name, node = re.search(r'^N: Name="(.*)"', block, re.M), re.search(r"^H: .*\b(event\d+)\b", block, re.M)
        if name and node:
            bits = {key: _bits(text, world.bits) for key, text in re.findall(r"^B: (\w+)=([0-9a-f ]+)$", block, re.M)}
            found.append(Device(name[1].strip(), _kind(bits), f"/dev/input/{node[1]}"))
    return found


def _bits(words: str, size: int) -> frozenset[int]:
    """Return the numbers of the bits that are set; words stand in hexadecimal, the highest first, unpadded."""
    value = 0
    for word in words.split():
        value = value << size | int(word, 16)
    return frozenset(number for number in range(value.bit_length()) if value >> number & 1)


def _kind(bits: dict[str, frozenset[int]]) -> str:
    """Return what a device is, by the rules of udev's input_id in short."""
    none: frozenset[int] = frozenset()
    keys, places = bits.get("KEY", none), bits.get("ABS", none)
    direct = DIRECT in bits.get("PROP", none)
    if PEN in keys and X in places:
        return "pen"
    if X in places and FINGER in keys and not direct:
        return "touchpad"
    if LEFT_BUTTON in keys and (REL_X in bits.get("REL", none) or X in places):  # a virtual machine's tablet has X
        return "mouse"
    if X in places and (TOUCH in keys or direct):
        return "touchscreen"
    return "keyboard" if {KEY_A, KEY_SPACE} <= keys else ""


def check_permissions(world: World) -> Iterator[Finding]:
    """Without a desktop, digitpad opens the screen and the input devices itself: may this user?"""
    if not world.is_console:
        return
    screens = [f"/dev/dri/{name}" for name in world.names("/dev/dri") if name.startswith(("card", "renderD"))]
    inputs = [device.node for device in input_devices(world) if device.kind]
    shut = [path for path in screens if not world.access(world.at(path), True)]
    shut += [path for path in inputs if not world.access(world.at(path), False)]
    if not shut:
        yield Finding("permissions", "good", f"{world.user} may open the screen and the input devices")
        return
    groups = {path: world.group_of(world.at(path)) for path in shut}
    yield Finding("permissions", "bad", f"{world.user} may not open {_listed(groups)}", _admit(world, groups))


def _listed(groups: dict[str, str]) -> str:
    by_group: dict[str, list[str]] = {}
    for path, group in groups.items():
        by_group.setdefault(group, []).append(path)
    return ", ".join(f"{' '.join(paths)} (group {group or 'unknown'})" for group, paths in by_group.items())


def _admit(world: World, groups: dict[str, str]) -> str:
    """Return how the user comes into the groups; one who is in them already has only to log in again."""
    needed = sorted(set(groups.values()))
    if not set(needed) - {"root", ""}:
        return "They are for root alone, so udev's rules are not at work: sudo apt install udev, and restart"
    lacking = [group for group in needed if group not in world.groups and group not in ("root", "")]
    member = [group for group in lacking if _is_member(world, group)]
    if lacking and lacking == member:
        return f"{world.user} is in {', '.join(lacking)} since this session began: log out and in again, or restart"
    joined = ",".join(group for group in needed if group not in ("root", ""))
    return f"sudo usermod -aG {joined} {shlex.quote(world.user)}, then log out and in again, or restart"


def _is_member(world: World, group: str) -> bool:
    for line in world.read("/etc/group").splitlines():
        name, _, rest = line.partition(":")
        if name == group:
            return world.user in rest.rpartition(":")[2].split(",")
    return False
