"""What the doctor examines, and what it says of it: everything that is read from outside comes through a World."""

import getpass
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import SettingsError
from ...i18n import Language, load_language
from ...storage.paths import Paths, find_paths
from ...storage.settings import Settings, read_settings
from ...subprocesses import find_program, is_frozen
from .probe import ask

MODULES = {"tflite-runtime": "tflite_runtime", "ai-edge-litert": "ai_edge_litert", "pillow": "PIL"}
MODULES |= {name: name for name in ("numpy", "platformdirs", "tomlkit")}
PACKAGED = {"numpy": (1, 23), "pillow": (10, 1), "platformdirs": (4,), "tomlkit": (0, 12)}
"""What pip installs beside pygame and the interpreter, with the oldest versions that pyproject.toml allows."""
AGAIN = "Install digitpad again, from where it came"
X_SOCKETS = "/tmp/.X11-unix"  # noqa: S108  where X puts its sockets, which are looked at alone
PATIENCE = 5  # seconds for a system's own command

State: TypeAlias = Literal["good", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """What a check found: one sentence, and what to do about it; what is bad always has a remedy."""

    check: str
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class World:
    """A system as the checks see it; tests make others, with a tree of their own below `root`."""

    root: Path  # of /proc, /sys, /dev, /etc, /boot, /run and /tmp
    home: Path
    environ: Mapping[str, str]
    platform: str  # as sys.platform
    machine: str
    version: tuple[int, int]  # of Python
    python: str  # path of the interpreter, for remedies
    frozen: bool  # a program of its own, to which no package can be added
    bits: int  # of a word in what /proc says of input devices
    user: str
    groups: frozenset[str]  # of this process, which may have fewer than /etc/group says
    model: Path | None
    which: Callable[[str], str | None]
    run: Callable[[Sequence[str]], str]  # a command's output; nothing where it fails
    ask: Callable[[str, dict[str, Any]], dict[str, Any]]  # a module's answer to a job, from a process of its own
    installed: Callable[[str], str | None]  # a distribution's version
    access: Callable[[Path, bool], bool]  # may a file be read, and written if True
    group_of: Callable[[Path], str]  # the group's name, or its number; nothing where it has none
    free_bytes: Callable[[Path], int]

    def at(self, path: str) -> Path:
        """Return where an absolute path of the system lies below `root`."""
        return self.root / path.lstrip("/")

    def read(self, path: str | Path) -> str:
        """Return the text of a file, nothing where there is none to be read."""
        try:
            return (self.at(path) if isinstance(path, str) else path).read_text(errors="replace")
        except OSError:  # absent on this system, or not for this user
            return ""

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in a folder, none where it cannot be listed."""
        try:
            return sorted(path.name for path in self.at(folder).iterdir())
        except OSError:
            return []

    def boot_file(self, name: str) -> tuple[str, str]:
        """Return the path and text of a file of the Raspberry Pi's boot partition; two empty ones without it."""
        for folder in ("/boot/firmware", "/boot"):  # before Bookworm it was /boot
            text = self.read(f"{folder}/{name}")
            if text and not text.startswith("DO NOT EDIT"):  # what Bookworm leaves in the old place
                return f"{folder}/{name}", text
        return "", ""

    def pip(self, *commands: str) -> str:
        """Return pip commands for the very Python that digitpad runs on; what is frozen is replaced as a whole."""
        if self.frozen:
            return AGAIN
        path = f'"{self.python}"' if self.platform == "win32" else shlex.quote(self.python)
        return " && ".join(f"{path} -m pip {command}" for command in commands)

    def too_old(self) -> dict[str, str]:
        """Return the versions of packages that are older than what pip would take, as in a system's own Python."""
        there = {name: version for name in PACKAGED if (version := self.installed(name))}
        numbers = {name: tuple(map(int, re.findall(r"\d+", version)[:2])) for name, version in there.items()}
        return {name: there[name] for name, found in numbers.items() if found and found < PACKAGED[name]}

    def lacks(self, error: str) -> bool:
        """Tell whether an error is that a package is missing which `check_python` names with its remedy."""
        found = re.search(r"No module named '(\w+)", error)
        return found is not None and any(MODULES[name] == found[1] and not self.installed(name) for name in PACKAGED)

    @property
    def is_linux(self) -> bool:
        """Whether /proc, /sys and /dev can be expected to say anything."""
        return self.platform.startswith("linux")

    @property
    def board(self) -> str:
        """The board's name as its firmware has it; empty on a PC."""
        return self.read("/proc/device-tree/model").strip("\0\n ")

    @property
    def cards(self) -> list[str]:
        """The display devices that can be drawn on without a desktop."""
        return [f"/dev/dri/{name}" for name in self.names("/dev/dri") if name.startswith("card")]

    @property
    def desktops(self) -> list[dict[str, str]]:
        """The variables that name each desktop session running here, whosever it is."""
        alive = self.read("/proc/net/unix")  # the socket of a session that crashed stays
        wayland = [
            {"WAYLAND_DISPLAY": name, "XDG_RUNTIME_DIR": f"/run/user/{user}"}
            for user in self.names("/run/user")
            for name in self.names(f"/run/user/{user}")
            if name.startswith("wayland-") and f"/run/user/{user}/{name}\n" in alive
        ]
        x11 = [{"DISPLAY": f":{name[1:]}"} for name in self.names(X_SOCKETS) if f"{X_SOCKETS}/{name}\n" in alive]
        return wayland + x11

    @property
    def is_console(self) -> bool:
        """Whether digitpad would draw on the screen itself: no desktop is named or runs, and there is a card."""
        forced = self.environ.get("SDL_VIDEODRIVER", "").lower()
        if not self.is_linux or forced not in ("", "kmsdrm"):
            return False
        if forced:
            return True
        named = self.environ.get("DISPLAY") or self.environ.get("WAYLAND_DISPLAY")
        return bool(self.cards) and not named and not self.desktops

    @cached_property
    def folders(self) -> Paths | None:
        """Where digitpad keeps things; None where that cannot be told."""
        try:
            return find_paths(self.environ)
        except SettingsError:
            return None

    @cached_property
    def settings(self) -> tuple[Settings, list[str]]:
        """The owner's settings and the faults in them."""
        return read_settings(self.folders.settings_file) if self.folders else (Settings(), [])

    @cached_property
    def language(self) -> tuple[Language, list[str]]:
        """The window's language and the faults in its files."""
        extra = self.folders.config / "languages" if self.folders else None
        return load_language(self.settings[0].language, extra, self.environ)

    @cached_property
    def pygame(self) -> dict[str, Any]:
        """What the installed pygame says of itself; see `edge_app.gui.platform.pygame_probe`."""
        letters = "".join(self.language[0].texts.values())
        return self.ask("edge_app.gui.platform.pygame_probe", {"letters": letters})


def this_world(model: Path | None) -> World:
    """Return the system that this runs on."""
    bits = 64 if sys.maxsize > 1 << 32 else 32
    machine = platform.machine()
    return World(
        root=Path("/"),
        home=Path(os.path.expanduser("~")),  # noqa: PTH111  Path.home() raises where there is none
        environ=os.environ,
        platform=sys.platform,
        machine="armv7l" if machine == "aarch64" and bits == 32 else machine,  # 32-bit system, 64-bit kernel
        version=sys.version_info[:2],
        python=sys.executable or "python3",
        frozen=is_frozen(),
        bits=bits,
        user=os.environ.get("SUDO_USER") or _user(),
        groups=_groups(),
        model=model,
        which=find_program,
        run=_run,
        ask=ask,
        installed=_installed,
        access=lambda path, write: os.access(path, os.R_OK | (os.W_OK if write else 0)),
        group_of=_group_of,
        free_bytes=lambda path: shutil.disk_usage(path).free,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name, as in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _groups() -> frozenset[str]:
    if sys.platform == "win32":
        return frozenset()
    return frozenset(map(_group_name, {*os.getgroups(), os.getegid()}))


def _group_name(number: int) -> str:
    import grp  # not on Windows

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _group_of(path: Path) -> str:
    try:
        return _group_name(path.stat().st_gid)
    except (OSError, ImportError):
        return ""


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # a frozen program leaves the metadata out
        return "unknown" if name in MODULES and find_spec(MODULES[name]) else None


def _run(command: Sequence[str]) -> str:
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command, stdin=nothing, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
