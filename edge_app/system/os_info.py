"""Facts read from the files of a Linux system: accounts, groups, and what is on the screen after boot."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError

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


def has_overlay(root: Path) -> bool:
    """Return whether the root is an overlay whose changes are lost at every boot."""
    places = ("proc/cmdline", "boot/firmware/cmdline.txt", "boot/cmdline.txt")
    line = next((_text(inside(root, place)) for place in places if inside(root, place).is_file()), "")
    return bool(re.search(r"(?:^|\s)(?:overlayroot=tmpfs|boot=overlay)", line))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
