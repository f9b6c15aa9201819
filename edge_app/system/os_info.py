"""Facts read from the files of a Linux system: accounts, groups, and what is on the screen after boot."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ..errors import SetupError

# of linux/input-event-codes.h
DIRECT = 1 << 1  # INPUT_PROP_DIRECT: a screen that is touched
ABS_X, ABS_MT_POSITION_X = 0x00, 0x35
LONG = sys.maxsize.bit_length() + 1
XDG_AUTOSTART = "xdg-autostart"  # lxsession-xdg-autostart and similar programs run ~/.config/autostart


@dataclass(frozen=True)
class Account:
    """A user account."""

    name: str
    number: int
    group: int
    home: Path


@dataclass(frozen=True)
class Session:
    """What runs on the screen: `console`, `labwc`, `x`, or the name of another desktop."""

    kind: str
    login: str | None = None  # the user who is logged in automatically


def inside(root: Path, path: str | Path) -> Path:
    """Return where an absolute path of the system is below `root`."""
    return root / str(path).lstrip("/")


def find_account(root: Path, name: str) -> Account:
    """Return the account of that name; raises SetupError for an unknown one and for root."""
    people = _accounts(root)
    if name in people and people[name].number != 0:
        return people[name]
    others = ", ".join(person.name for person in people.values() if 1000 <= person.number < 60000)
    fault = "a kiosk must not run as root" if name in people else f"no user {name}"
    raise SetupError(f"{inside(root, 'etc/passwd')}: {fault}. Name the account: --user NAME ({others or 'none yet'})")


def _accounts(root: Path) -> dict[str, Account]:
    found = {}
    for line in _text(inside(root, "etc/passwd")).splitlines():
        fields = line.split(":")
        if len(fields) >= 6 and fields[2].isdecimal() and fields[3].isdecimal():
            found[fields[0]] = Account(fields[0], int(fields[2]), int(fields[3]), Path(fields[5]))
    return found


def groups_among(root: Path, wanted: tuple[str, ...]) -> list[str]:
    """Return the wanted groups that exist: a unit that names any other does not start."""
    there = {line.partition(":")[0] for line in _text(inside(root, "etc/group")).splitlines()}
    return [group for group in wanted if group in there]


def find_session(root: Path) -> Session:
    """Return what is on the screen after boot; raises SetupError if `root` holds no Linux system."""
    if not inside(root, "etc/passwd").is_file():
        raise SetupError(f"{root}: no etc/passwd, so not a Linux system. Name the folder of one: --root FOLDER")
    manager = inside(root, "etc/systemd/system/display-manager.service")
    target = inside(root, "etc/systemd/system/default.target")
    if not manager.is_symlink() or (target.is_symlink() and target.readlink().name == "multi-user.target"):
        return Session("console")
    if manager.readlink().name == "greetd.service":
        return _greetd(_text(inside(root, "etc/greetd/config.toml")))
    return _lightdm(root)


def _lightdm(root: Path) -> Session:
    folder = inside(root, "etc/lightdm")
    text = "\n".join(map(_text, [*sorted(folder.glob("lightdm.conf.d/*.conf")), folder / "lightdm.conf"]))
    options = dict(re.findall(r"^[ \t]*([a-z-]+)[ \t]*=[ \t]*(\S+)[ \t]*$", text, re.MULTILINE))  # the last one counts
    login = options.get("autologin-user")
    session = options.get("autologin-session") if login else None
    return Session(_kind(session or options.get("user-session", "")), login)


def _greetd(text: str) -> Session:
    found = re.search(r'\[initial_session\][^\[]*?^\s*user\s*=\s*"([^"]+)"', text, re.MULTILINE | re.DOTALL)
    return Session(_kind(text), found[1] if found else None)


def _kind(text: str) -> str:
    """Raspberry Pi OS: LXDE-pi-labwc and LXDE-pi-x in Bookworm, rpd-labwc and rpd-x since Trixie."""
    if "labwc" in text:
        return "labwc"
    return "x" if re.fullmatch(r"LXDE(-pi(-x)?)?|rpd-x", text) else text or "unknown"


def runs_xdg_autostart(root: Path, account: Account, kind: str) -> bool:
    """Return whether the session runs ~/.config/autostart: labwc does not, Raspberry Pi OS makes it."""
    files = ("/etc/xdg/labwc/autostart", account.home / ".config/labwc/autostart")
    lines = [line for file in files for line in _text(inside(root, file)).splitlines()]
    return kind == "x" or any(XDG_AUTOSTART in line and not line.lstrip().startswith("#") for line in lines)


def merges_configurations(root: Path) -> bool:
    """Return whether labwc is started with -m, as by Raspberry Pi's `labwc-pi`.

    It then runs the system's autostart file as well as the user's; otherwise the user's alone.
    """
    return inside(root, "usr/bin/labwc-pi").exists()


class Device(NamedTuple):
    """A touchscreen, pen, mouse or touchpad."""

    name: str
    node: str
    is_direct: bool

    def __str__(self) -> str:
        """Return what a user calls it."""
        return f"{'touchscreen' if self.is_direct else 'pointer'} {self.name}"


def pointing_devices(listed: str) -> list[Device]:
    """Return the devices of /proc/bus/input/devices that the kernel takes for a mouse or a touchscreen.

    A touchscreen may have the axes of single fingers alone (ABS_MT): no mouse, and not always a property.
    """
    found = []
    for block in listed.split("\n\n"):
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


def touchscreens(root: Path) -> list[str]:
    """Return the names of the touchscreens."""
    return [
        device.name for device in pointing_devices(_text(inside(root, "proc/bus/input/devices"))) if device.is_direct
    ]


def connected_screens(root: Path) -> list[str]:
    """Return the plugs of the connected screens, as compositors name them: DSI-1, HDMI-A-1."""
    files = sorted(inside(root, "sys/class/drm").glob("card*-*/status"))
    return [file.parent.name.partition("-")[2] for file in files if _text(file).strip() == "connected"]


def touch_settings(rc_xml: str, device: str) -> dict[str, str]:
    """Return the attributes that labwc's rc.xml gives a touch device by its name, or else to all of them."""
    try:
        found = ElementTree.fromstring(rc_xml)  # noqa: S314  the user's own file
    except ElementTree.ParseError:  # labwc reads nothing of it then
        return {}
    tags = [tag.attrib for tag in found.iterfind(".//{*}touch")]
    named = {tag.get("deviceName", "").lower(): tag for tag in tags}
    return named.get(device.lower()) or named.get("") or {}


def has_overlay(root: Path) -> bool:
    """Return whether the root is an overlay whose changes are lost at every boot."""
    places = ("proc/cmdline", "boot/firmware/cmdline.txt", "boot/cmdline.txt")
    line = next((_text(inside(root, place)) for place in places if inside(root, place).is_file()), "")
    return bool(re.search(r"(?:^|\s)(?:overlayroot=tmpfs|boot=overlay)", line))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
