"""The system that the doctor examines: files, variables, packages, commands."""

import getpass
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from platform import machine
from typing import Any, Literal

from ...errors import SettingsError
from ...i18n import Language, load_language
from ...storage.paths import VARIABLE, Paths, find_paths
from ...storage.settings import Settings, read_settings
from ...subprocesses import find_program, is_frozen
from . import probe

MODULES = {"tflite-runtime": "tflite_runtime", "ai-edge-litert": "ai_edge_litert", "pillow": "PIL"}
MODULES |= {name: name for name in ("numpy", "platformdirs", "tomlkit")}
REINSTALL = "Reinstall digitpad from where you got it"
X_SOCKETS = "/tmp/.X11-unix"  # noqa: S108  only listed
KIOSK = "digitpad-kiosk.service"
PATIENCE = 5  # seconds for a command of the system

State = Literal["good", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """What a check found, in a sentence, and how to fix it; a bad finding always has a remedy."""

    check: str
    state: State
    said: str
    remedy: str = ""


class Host:
    """The system that digitpad runs on."""

    root = Path("/")
    platform = sys.platform
    # a 32-bit system may have a 64-bit kernel
    machine = "armv7l" if machine() == "aarch64" and sys.maxsize < 1 << 32 else machine()
    version = sys.version_info[:2]
    python = sys.executable or "python3"
    frozen = is_frozen()
    environ: Mapping[str, str] = os.environ

    def __init__(self, model: Path | None = None) -> None:
        """`model` is the one to check instead of the installed one."""
        self.model = model

    @cached_property
    def home(self) -> Path:
        """The user's home folder."""
        return Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() raises if there is none

    @cached_property
    def user(self) -> str:
        """The name of the user who asked, through sudo as well."""
        try:
            return self.environ.get("SUDO_USER") or getpass.getuser()
        except (KeyError, OSError, ImportError):  # a container's user may have no name
            return str(os.getuid()) if hasattr(os, "getuid") else "unknown"

    @cached_property
    def groups(self) -> set[str]:
        """The groups of this process; /etc/group may list more since the user logged in."""
        if sys.platform == "win32":
            return set()
        import grp

        numbers = {*os.getgroups(), os.getegid()}
        return {group.gr_name for group in grp.getgrall() if group.gr_gid in numbers}

    def at(self, path: str) -> Path:
        """Return the file of an absolute path, or of one that begins with ~/."""
        return self.home / path[2:] if path.startswith("~/") else self.root / path.lstrip("/")

    def read(self, path: str) -> str:
        """Return the text of a file, empty if it cannot be read."""
        try:
            return self.at(path).read_text(errors="replace")
        except OSError:
            return ""

    def names(self, folder: str) -> list[str]:
        """Return the sorted names in a folder, none if it cannot be read."""
        try:
            return sorted(path.name for path in self.at(folder).iterdir())
        except OSError:
            return []

    def which(self, name: str) -> str | None:
        """Return the full path of an installed program."""
        return find_program(name)

    def run(self, *command: str) -> str:
        """Return the output of an installed program, empty if it is missing or fails."""
        program = self.which(command[0])
        if not program:
            return ""
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        try:
            done = subprocess.run([program, *command[1:]], timeout=PATIENCE, check=True, errors="replace", **options)
        except (OSError, subprocess.SubprocessError):
            return ""
        return str(done.stdout)

    def ask(self, module: str, job: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of one of our modules, in a process of its own."""
        return probe.ask(module, job)

    def installed(self, package: str) -> str | None:
        """Return the version of an installed Python package."""
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:  # a frozen program has no metadata
            return "unknown" if package in MODULES and find_spec(MODULES[package]) else None

    def may_open(self, path: str, *, write: bool) -> bool:
        """Return whether this process may read a file, and write it if asked."""
        return os.access(self.at(path), os.R_OK | (os.W_OK if write else 0))

    def group_of(self, path: str) -> str:
        """Return the name of a file's group, empty if it has none."""
        try:
            return self.at(path).group()
        except (OSError, KeyError, NotImplementedError):
            return ""

    def free_bytes(self, folder: Path) -> int:
        """Return the free space on the disk that holds a folder."""
        return shutil.disk_usage(folder).free

    def pip(self, *commands: str) -> str:
        """Return pip commands for the Python that digitpad runs on; a frozen program is reinstalled instead."""
        if self.frozen:
            return REINSTALL
        python = f'"{self.python}"' if self.platform == "win32" else shlex.quote(self.python)
        return " && ".join(f"{python} -m pip {command}" for command in commands)

    def boot_file(self, name: str) -> tuple[str, str]:
        """Return path and text of a file on a Raspberry Pi's boot partition, both empty without one."""
        for path in (f"/boot/firmware/{name}", f"/boot/{name}"):  # the latter before Bookworm
            text = self.read(path)
            if text and not text.startswith("DO NOT EDIT"):  # Bookworm's stub in the old place
                return path, text
        return "", ""

    @property
    def is_linux(self) -> bool:
        """Whether there are /proc, /sys and /dev."""
        return self.platform.startswith("linux")

    @property
    def cards(self) -> list[str]:
        """The display devices."""
        return [f"/dev/dri/{name}" for name in self.names("/dev/dri") if name.startswith("card")]

    @property
    def desktops(self) -> list[dict[str, str]]:
        """For each running desktop session, the variables that lead to it."""
        alive = self.read("/proc/net/unix")  # a crashed session leaves its socket behind
        wayland = [
            {"WAYLAND_DISPLAY": name, "XDG_RUNTIME_DIR": f"/run/user/{user}"}
            for user in self.names("/run/user")
            for name in self.names(f"/run/user/{user}")
            if name.startswith("wayland-") and f"/run/user/{user}/{name}\n" in alive
        ]
        x11 = [{"DISPLAY": f":{name[1:]}"} for name in self.names(X_SOCKETS) if f"{X_SOCKETS}/{name}\n" in alive]
        return wayland + x11

    @property
    def is_x11(self) -> bool:
        """Whether the display is X11's, not Wayland's."""
        return bool(self.environ.get("DISPLAY") and not self.environ.get("WAYLAND_DISPLAY"))

    @property
    def is_console(self) -> bool:
        """Whether SDL would draw with KMS/DRM: by SDL_VIDEODRIVER, or as there are a display device and no desktop."""
        forced = self.environ.get("SDL_VIDEODRIVER", "").lower()
        if not self.is_linux or forced:
            return self.is_linux and forced == "kmsdrm"
        named = self.environ.get("DISPLAY") or self.environ.get("WAYLAND_DISPLAY")
        return bool(self.cards) and not named and not self.desktops

    def find_paths(self) -> Paths:
        """Return where digitpad keeps things; to the user of a kiosk without a desktop, where the kiosk does."""
        found = re.search(rf"\b{VARIABLE}=(\S+)", self.read(f"/etc/systemd/system/{KIOSK}"))
        home = self.at(found[1]) if found and not self.environ.get(VARIABLE) else None
        if home and home.is_dir() and home.stat().st_uid == os.geteuid():
            return find_paths({VARIABLE: str(home)})
        return find_paths(self.environ)

    @cached_property
    def paths(self) -> Paths | None:
        """Where digitpad keeps things; None if that is unknown."""
        try:
            return self.find_paths()
        except SettingsError:
            return None

    @cached_property
    def settings(self) -> tuple[Settings, list[str]]:
        """The settings, and the errors in their file."""
        return read_settings(self.paths.settings_file) if self.paths else (Settings(), [])

    @cached_property
    def language(self) -> tuple[Language, list[str]]:
        """The window's language, and the errors in its files."""
        extra = self.paths.config / "languages" if self.paths else None
        return load_language(self.settings[0].language, extra, self.environ)

    @cached_property
    def pygame(self) -> dict[str, Any]:
        """What the installed pygame can do; see `edge_app.gui.platform.pygame_probe`."""
        letters = "".join(self.language[0].texts.values())
        return self.ask("edge_app.gui.platform.pygame_probe", {"letters": letters})


def parse_version(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    return tuple(map(int, re.findall(r"\d+", text)[:2]))
