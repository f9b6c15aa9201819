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
from ..os_info import (
    Account,
    Session,
    connected_screens,
    groups_among,
    has_overlay,
    inside,
    merges_configurations,
    runs_xdg_autostart,
    touch_settings,
    touchscreens,
)
from .units import (
    BEGIN,
    DEVICE_GROUPS,
    EMPTY_XML,
    END,
    NAME,
    OURS,
    START,
    UNIT,
    XML_BEGIN,
    XML_END,
    autostart_entry,
    system_unit,
    user_unit,
    with_block,
    with_touch,
    without_block,
)

SYSTEM_UNIT = f"/etc/systemd/system/{UNIT}"
WANTED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
USER_UNIT = f".config/systemd/user/{UNIT}"
ENTRY = f".config/autostart/{NAME}.desktop"
LABWC = ".config/labwc/autostart"
RC_XML = ".config/labwc/rc.xml"
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
    for path, ends in ((LABWC, (BEGIN, END)), (RC_XML, (XML_BEGIN, XML_END))):
        content = current(plan.at_home(path))
        if isinstance(content, bytes):
            plan.home[plan.at_home(path)] = without_block(content, plan.at_home(path), *ends)


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
    plan.home[plan.at_home(USER_UNIT)] = user_unit(start, kind)
    if kind == "labwc":
        _plan_touch(plan)
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


def _plan_touch(plan: Plan) -> None:
    """Map the touchscreens to the screen: labwc turns them with it only then."""
    path, names, screens = plan.at_home(RC_XML), touchscreens(plan.root), connected_screens(plan.root)
    content = plan.home[path] if path in plan.home else current(path)
    text = content.decode(errors="replace") if isinstance(content, bytes) else ""
    names = [name for name in names if not touch_settings(text, name).get("mapToOutput")]
    if not names:
        return
    panels = [screen for screen in screens if screen.startswith("DSI")] or screens
    hides = content is None and inside(plan.root, "/etc/xdg/labwc/rc.xml").is_file()
    written = with_touch(EMPTY_XML if content is None else text.encode(), names, panels[0]) if len(panels) == 1 else b""
    if isinstance(content, Path) or (hides and not merges_configurations(plan.root)) or XML_BEGIN not in written:
        plan.notes.append(
            f"if the screen is turned, touch turns with it only by a line in {path}, for each touchscreen: "
            f'<touch deviceName="{names[0]}" mapToOutput="{" or ".join(panels) or "DSI-1"}"/>'
        )
    else:
        plan.home[path] = written


def _plan_labwc(plan: Plan) -> None:
    path = plan.at_home(LABWC)
    content = plan.home[path] if path in plan.home else current(path)
    if isinstance(content, Path):
        raise SetupError(f"{path}: is a link to {content}, which is not edited. Add this line by hand: {START}")
    system = "/etc/xdg/labwc/autostart"
    hides = content is None and inside(plan.root, system).is_file() and not merges_configurations(plan.root)
    first = f". {system}\n" if hides else ""  # without -m, labwc reads the user's file instead of the system's
    plan.home[path] = with_block(content, f"{first}{START} &")
