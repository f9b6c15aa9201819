"""The texts of a kiosk: systemd's units, the desktop's autostart entry, and a marked block in somebody else's file."""

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import SetupError

NAME = "digitpad-kiosk"
UNIT = f"{NAME}.service"
OURS = "# Written by digitpad install-kiosk; `digitpad install-kiosk --remove` takes it away."
DEVICES = ("video", "render", "input", "audio", "tty")
BEGIN, END = b"# >>> digitpad install-kiosk", b"# <<< digitpad install-kiosk"
NEW_FILE, NEW_LINE = b" (the file is its own)", b" (and so is the line's end before it)"

# Each in words that neither a desktop entry, an ini file nor a shell reads otherwise; starting twice is starting once.
START = (
    'sh -c "systemctl --user import-environment WAYLAND_DISPLAY DISPLAY XAUTHORITY; '
    f"systemctl --user daemon-reload; systemctl --user reset-failed {UNIT}; "
    f'exec systemctl --user start {UNIT}"'
)

RESTARTS = """\
# At most five times in five minutes, for what fails that often is not mended by starting it again.
StartLimitIntervalSec=300
StartLimitBurst=5
"""

SERVICE = """\
Type=notify
NotifyAccess=main
ExecStart={command}
WorkingDirectory={folder}
Restart=on-failure
RestartSec=2
# The loop that draws gives a sign of life; a window that hangs for half a minute is ended, with its stack in the
# journal (SIGABRT and faulthandler), and started again.
WatchdogSec=30
TimeoutStartSec=60
TimeoutStopSec=10
UMask=0077
# Several times what it was ever seen to take (docs/figures/bench.json): a fault must not take the system with it. Where
# the kernel counts no memory, as Raspberry Pi OS has it unless told, the first line does nothing.
MemoryMax=768M
TasksMax=64
Environment=PYTHONDONTWRITEBYTECODE=1 PYTHONFAULTHANDLER=1
"""

SYSTEM_UNIT = """\
{ours}
[Unit]
Description=digitpad on the whole screen
After=systemd-user-sessions.service plymouth-quit-wait.service getty@tty1.service
Conflicts=getty@tty1.service
# A fault that comes back leaves a login on the screen. Not OnSuccess= too: systemd 252 runs it at every restart.
OnFailure=getty@tty1.service
{restarts}
[Service]
{service}User={user}
SupplementaryGroups={groups}
# DRM hands the screen to the first that opens it, so there is no need of a login session (PAMName=), which would move
# the process out of this unit, away from its watchdog. SDL silences the console's keyboard through the terminal that
# it controls; without one, what is typed here would reach a shell later.
TTYPath=/dev/tty1
TTYReset=yes
TTYVHangup=yes
TTYVTDisallocate=yes
StandardInput=tty
StandardOutput=journal
StandardError=journal
Environment=SDL_VIDEODRIVER=kmsdrm DIGITPAD_HOME=/var/lib/digitpad
EnvironmentFile=-/etc/default/locale
# The one place that is written: the system's root may be read-only, and another disk be mounted here.
StateDirectory=digitpad
StateDirectoryMode=0700
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateMounts=yes
# SDL learns of touchscreens from udev by netlink, and refuses all input without it: so no PrivateNetwork and no
# PrivateUsers, which cut that line. There is no way to the internet all the same.
RestrictAddressFamilies=AF_UNIX AF_NETLINK
IPAddressDeny=any
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
# Not ProcSubset=pid: the network's kernels are chosen by /proc/cpuinfo. Not PrivateDevices=, and not ProtectClock=,
# which allows a device and so forbids the rest: screen and touch are devices.
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
RemoveIPC=yes
# Not MemoryDenyWriteExecute=: where no GPU draws, Mesa compiles its drawing into memory.
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target

[X-Digitpad]
Folders={folders}
"""

USER_UNIT = """\
{ours}
[Unit]
Description=digitpad on the whole screen
{restarts}
[Service]
{service}# Status 3: no window can be opened. The session is over, and its end is no failure.
RestartPreventExitStatus=3
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[X-Digitpad]
Folders={folders}
"""

AUTOSTART_ENTRY = """\
{ours}
[Desktop Entry]
Type=Application
Name=digitpad kiosk
Comment=Starts {unit}, which systemd starts again when it fails
Exec={start}
Terminal=false
NoDisplay=true
"""


@dataclass(frozen=True)
class Start:
    """How digitpad is started here: its command, the folder to be in, and whether either lies below /home."""

    command: tuple[str, ...]
    folder: Path
    at_home: bool


def system_unit(start: Start, user: str, groups: list[str], folders: list[str]) -> bytes:
    """Return the unit for a system without a desktop: digitpad on KMS/DRM, on the first terminal."""
    text = SYSTEM_UNIT.format(
        ours=OURS,
        restarts=RESTARTS,
        service=_service(start),
        user=user,
        groups=" ".join(groups),
        home="read-only" if start.at_home else "yes",
        folders=":".join(folders),
    )
    return text.encode()


def user_unit(start: Start, folders: list[str]) -> bytes:
    """Return the unit of a user's own manager, which a desktop's autostart starts."""
    service = _service(start)
    return USER_UNIT.format(ours=OURS, restarts=RESTARTS, service=service, folders=":".join(folders)).encode()


def _service(start: Start) -> str:
    for part in (*start.command, str(start.folder)):
        # a line's end in a name would end the setting, and what is behind it be another one
        if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", part):
            raise SetupError(f"{part!a}: no unit can hold such a name. Install digitpad in another folder")
    program, *options = (_quoted(part) for part in start.command)
    command = " ".join([program, *(option.replace("$", "$$") for option in options)])
    return SERVICE.format(command=command, folder=str(start.folder).replace("%", "%%"))


def _quoted(part: str) -> str:
    """Return a word as ExecStart= takes it: no specifiers (systemd.service(5)); variables stand in options only."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w/.,:=+@%-]+", escaped) else f'"{escaped}"'


def autostart_entry() -> bytes:
    """Return the entry of ~/.config/autostart."""
    return AUTOSTART_ENTRY.format(ours=OURS, unit=UNIT, start=START).encode()


def folders_made(unit: bytes) -> list[str]:
    """Return the folders that an earlier run made, which the unit remembers."""
    found = re.search(rb"^Folders=(.+)$", unit, re.MULTILINE)
    return found[1].decode().split(":") if found else []


def with_block(content: bytes | None, line: str, section: str | None = None) -> bytes:
    """Return a file with our marked block: at its end, or first in an ini file's `section`, made where it is not."""
    before, after, flags = content or b"", b"", b""
    if section:
        header = re.search(rb"^\[%s\][^\S\n]*(?:\n|\Z)" % re.escape(section.encode()), before, re.MULTILINE)
        if header:
            before, after = before[: header.end()], before[header.end() :]
        else:
            line = f"[{section}]\n{line}"
    if content is None:
        flags = NEW_FILE
    elif before and not before.endswith(b"\n"):
        before, flags = before + b"\n", NEW_LINE
    return b"%b%b%b\n%b\n%b\n%b" % (before, BEGIN, flags, line.encode(), END, after)


def without_block(content: bytes, path: Path) -> bytes | None:
    """Return a file as it was before our block; None where it was none. Raises SetupError for half a block."""
    found = re.search(rb"(\n?)%b([^\n]*)\n.*?%b(?:\n|\Z)" % (BEGIN, END), content, re.DOTALL)
    if not found:
        if BEGIN in content or END in content:
            raise SetupError(f"{path}: a line of digitpad's block is missing. Take the rest of the block out by hand")
        return content
    kept = b"" if found[2] == NEW_LINE else found[1]
    rest = content[: found.start()] + kept + content[found.end() :]
    return None if not rest and found[2] == NEW_FILE else rest
