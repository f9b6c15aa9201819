"""Plans which files a kiosk's installation or removal changes; nothing is written here.

Without a desktop, the kiosk is a system service on KMS/DRM. On a desktop, it is a unit of the user's own systemd,
started by ~/.config/autostart, which Raspberry Pi's labwc and X sessions run; for any other labwc, its own autostart
file is edited. Restarts and the watchdog are systemd's in every case.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ...errors import SetupError
from ..file_changes import Content, current
from ..launch_command import find_start
from ..os_info import Account, Session, groups_among, has_overlay, inside, merges_configurations, runs_xdg_autostart
from .units import (
    DEVICE_GROUPS,
    NAME,
    OURS,
    START,
    UNIT,
    autostart_entry,
    system_unit,
    user_unit,
    with_block,
    without_block,
)

SYSTEM_UNIT = f"/etc/systemd/system/{UNIT}"
WANTED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
USER_UNIT = f".config/systemd/user/{UNIT}"
ENTRY = f".config/autostart/{NAME}.desktop"
LABWC = ".config/labwc/autostart"
STATE = "/var/lib/digitpad"


@dataclass
class Plan:
    """The wanted contents of files below `root`: the system's, and those in the account's home."""

    root: Path
    account: Account | None
    system: dict[Path, Content] = field(default_factory=dict)
    home: dict[Path, Content] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def at_home(self, path: str = "") -> Path:
        """Return where a path in the account's home is."""
        assert self.account
        return inside(self.root, self.account.home) / path


def choose_kind(session: Session, wanted: str) -> str:
    """Return labwc, x or systemd; raises SetupError if none can work."""
    if wanted == "systemd" and session.kind != "console":
        raise SetupError(
            f"a desktop ({session.kind}) occupies the screen that the service needs. "
            "Run: sudo systemctl set-default multi-user.target, or leave out --kind systemd"
        )
    kind = wanted if wanted != "auto" else "systemd" if session.kind == "console" else session.kind
    if kind not in ("labwc", "x", "systemd"):
        raise SetupError(
            f"unsupported desktop session: {kind} is not labwc. Choose labwc in sudo raspi-config, "
            "or name the compositor: --kind labwc"
        )
    return kind


def plan_removal(plan: Plan) -> None:
    """Plan to remove everything of ours; raises SetupError for a file of that name that is not ours."""
    for path in (SYSTEM_UNIT, WANTED):
        _remove(plan.system, inside(plan.root, path))
    if plan.account is None:
        return
    for path in (USER_UNIT, ENTRY):
        _remove(plan.home, plan.at_home(path))
    content = current(plan.at_home(LABWC))
    if isinstance(content, bytes):
        plan.home[plan.at_home(LABWC)] = without_block(content, plan.at_home(LABWC))


def _remove(files: dict[Path, Content], path: Path) -> None:
    content = current(path)
    ours = content.name == UNIT if isinstance(content, Path) else content is None or content.startswith(OURS)
    if not ours:
        raise SetupError(f"{path}: was not written by digitpad. Move it away and try again")
    files[path] = None


def plan_installation(plan: Plan, kind: str, session: Session, rotate: int | None) -> None:
    """Plan the files of one kind, on top of `plan_removal`."""
    assert plan.account
    account, start = plan.account, find_start(plan.root, plan.account, rotate)
    if has_overlay(plan.root):
        plan.notes.append(
            "the root file system is an overlay: these changes are lost at the next boot. Disable it first: "
            "sudo raspi-config nonint disable_overlayfs, then reboot"
        )
    if kind == "systemd":
        groups = groups_among(plan.root, DEVICE_GROUPS)
        direct = inside(plan.root, "usr/lib/systemd/systemd-executor").exists()  # since 255; Debian 12 has 252
        plan.system[inside(plan.root, SYSTEM_UNIT)] = system_unit(start, account.name, groups, direct=direct)
        plan.system[inside(plan.root, WANTED)] = Path(SYSTEM_UNIT)
        plan.notes += [
            f"it starts at boot; to start it now (ends the login on the first screen): sudo systemctl start {UNIT}",
            f"settings, history and pictures are kept in {STATE}; on a read-only root, mount a writable disk there",
        ]
        return
    plan.home[plan.at_home(USER_UNIT)] = user_unit(start)
    if runs_xdg_autostart(plan.root, account, kind):
        plan.home[plan.at_home(ENTRY)] = autostart_entry()
    else:
        _plan_labwc(plan)
    plan.notes.append(f"it starts when {account.name} logs in to the desktop; its log: journalctl --user")
    if session.login != account.name:
        plan.notes.append(
            f"{session.login or 'nobody'} is logged in automatically at boot, not {account.name}. As {account.name}, "
            "run: sudo raspi-config nonint do_boot_behaviour B4"
        )


def _plan_labwc(plan: Plan) -> None:
    path = plan.at_home(LABWC)
    content = plan.home[path] if path in plan.home else current(path)
    if isinstance(content, Path):
        raise SetupError(f"{path}: is a link to {content}, which is not edited. Add this line by hand: {START}")
    system = "/etc/xdg/labwc/autostart"
    hides = content is None and inside(plan.root, system).is_file() and not merges_configurations(plan.root)
    first = f". {system}\n" if hides else ""  # without -m, labwc reads the user's file instead of the system's
    plan.home[path] = with_block(content, f"{first}{START} &")
