"""What the tree of a Linux system says of it: its people, its groups, and what is on its screen after the start."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError

XDG_AUTOSTART = b"xdg-autostart"  # lxsession-xdg-autostart, and others' runners of ~/.config/autostart


@dataclass(frozen=True)
class Account:
    """Somebody who can log in."""

    name: str
    number: int
    group: int
    home: Path


@dataclass(frozen=True)
class Session:
    """What is started on the screen: `console`, `labwc`, `wayfire`, `x`, or another desktop by its name."""

    kind: str
    login: str | None = None
    """Who is logged in without being asked; None: nobody."""


def inside(root: Path, path: str | Path) -> Path:
    """Return where a path of the system lies in its tree."""
    return root / str(path).lstrip("/")


def find_account(root: Path, name: str) -> Account:
    """Return the account of that name; raises SetupError where there is none, and for root, which no kiosk needs."""
    people = _accounts(root)
    if name in people and people[name].number != 0:
        return people[name]
    others = ", ".join(person.name for person in people.values() if 1000 <= person.number < 60000)
    fault = "a kiosk needs no root" if name in people else f"there is no user {name}"
    raise SetupError(
        f"{inside(root, 'etc/passwd')}: {fault}. Name who it runs as: --user NAME ({others or 'none yet'})"
    )


def _accounts(root: Path) -> dict[str, Account]:
    found = {}
    for line in _text(inside(root, "etc/passwd")).splitlines():
        fields = line.split(":")
        if len(fields) >= 6 and fields[2].isdecimal() and fields[3].isdecimal():
            found[fields[0]] = Account(fields[0], int(fields[2]), int(fields[3]), Path(fields[5]))
    return found


def groups_among(root: Path, wanted: tuple[str, ...]) -> list[str]:
    """Return those of the groups that this system has: a unit that names another one does not start."""
    there = {line.partition(":")[0] for line in _text(inside(root, "etc/group")).splitlines()}
    return [group for group in wanted if group in there]


def find_session(root: Path) -> Session:
    """Return what is on the screen after the start; raises SetupError where this is no Linux system's tree."""
    if not inside(root, "etc/passwd").is_file():
        raise SetupError(
            f"{root}: no etc/passwd, so no Linux system. Name the folder of a system's tree: --root FOLDER"
        )
    manager = inside(root, "etc/systemd/system/display-manager.service")
    target = inside(root, "etc/systemd/system/default.target")
    if not manager.is_symlink() or (target.is_symlink() and target.readlink().name == "multi-user.target"):
        return Session("console")
    if manager.readlink().name == "greetd.service":
        return _greetd(_text(inside(root, "etc/greetd/config.toml")))
    return _lightdm(root)


def _lightdm(root: Path) -> Session:
    folder = inside(root, "etc/lightdm")
    options: dict[str, str] = {}
    for path in [*sorted(folder.glob("lightdm.conf.d/*.conf")), folder / "lightdm.conf"]:  # the last word is the file's
        options |= dict(re.findall(r"^[ \t]*([a-z-]+)[ \t]*=[ \t]*(\S+)[ \t]*$", _text(path), re.MULTILINE))
    login = options.get("autologin-user")
    named = options.get("user-session", "")
    return Session(_kind((login and options.get("autologin-session")) or named), login)


def _greetd(text: str) -> Session:
    found = re.search(r'\[initial_session\][^\[]*?^\s*user\s*=\s*"([^"]+)"', text, re.MULTILINE | re.DOTALL)
    return Session(_kind(text), found[1] if found else None)


def _kind(text: str) -> str:
    """Raspberry Pi OS: LXDE-pi-wayfire, LXDE-pi-labwc and LXDE-pi-x in Bookworm, rpd-labwc and rpd-x since Trixie."""
    for compositor in ("labwc", "wayfire"):
        if compositor in text:
            return compositor
    return "x" if re.fullmatch(r"LXDE(-pi(-x)?)?|rpd-x", text) else text or "unknown"


def runs_xdg_autostart(root: Path, account: Account, kind: str) -> bool:
    """Return whether the session starts what lies in ~/.config/autostart; compositors do not, Raspberry Pi's do."""
    home = inside(root, account.home)
    files = {
        "x": [],
        "labwc": [inside(root, "etc/xdg/labwc/autostart"), home / ".config/labwc/autostart"],
        "wayfire": [
            inside(root, "etc/wayfire/defaults.ini"),
            inside(root, "etc/wayfire/template.ini"),
            home / ".config/wayfire.ini",
        ],
    }[kind]
    lines = [
        line for file in files if file.is_file() and os.access(file, os.R_OK) for line in file.read_bytes().splitlines()
    ]
    return kind == "x" or any(XDG_AUTOSTART in line and not line.lstrip().startswith(b"#") for line in lines)


def merges_configurations(root: Path) -> bool:
    """Return whether labwc reads the user's autostart beside the system's: Raspberry Pi's `labwc-pi` runs it with -m.

    Without -m it reads the first that it finds, the user's, and the system's no more.
    """
    return inside(root, "usr/bin/labwc-pi").exists()


def has_overlay(root: Path) -> bool:
    """Return whether the system's root is read-only under an overlay that is forgotten at every start."""
    places = ("proc/cmdline", "boot/firmware/cmdline.txt", "boot/cmdline.txt")
    line = next((_text(inside(root, place)) for place in places if inside(root, place).is_file()), "")
    return bool(re.search(r"(?:^|\s)(?:overlayroot=tmpfs|boot=overlay)", line))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
