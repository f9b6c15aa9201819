"""What a kiosk's installation and its removal change: drafted for one system, with nothing written yet.

Without a desktop it is a service on KMS/DRM. On a desktop it is a unit of the user's own systemd, started by
~/.config/autostart, which Raspberry Pi's labwc, wayfire and X sessions all run: neither compositor's own
configuration is touched, and changing from one to the other changes nothing. Where a session does not run it, the
compositor's own autostart is used. Starting again with a limit and the watchdog are systemd's on both ways.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import SetupError
from ..file_changes import Draft, acting_as
from ..launch_command import find_start
from ..os_info import (
    Account,
    Session,
    groups_among,
    has_overlay,
    inside,
    merges_configurations,
    runs_xdg_autostart,
)
from .units import (
    DEVICES,
    NAME,
    OURS,
    START,
    UNIT,
    Start,
    autostart_entry,
    folders_made,
    system_unit,
    user_unit,
    with_block,
    without_block,
)

SYSTEM_UNIT = f"/etc/systemd/system/{UNIT}"
WANTED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
USER_UNIT = f".config/systemd/user/{UNIT}"
ENTRY = f".config/autostart/{NAME}.desktop"
LABWC, WAYFIRE = ".config/labwc/autostart", ".config/wayfire.ini"
STATE = "/var/lib/digitpad"


@dataclass
class Plan:
    """What is to be done to a tree: to the system's files, and by the account's own rights to its home's."""

    root: Path
    account: Account | None
    system: Draft = field(default_factory=Draft)
    home: Draft = field(default_factory=Draft)
    folders: list[Path] = field(default_factory=list)
    """Folders that an earlier run made."""
    notes: list[str] = field(default_factory=list)

    def at_home(self, path: str) -> Path:
        """Return where a path below the account's home lies in the tree."""
        assert self.account
        return inside(self.root, self.account.home) / path

    def parts(self) -> list[tuple[Draft, AbstractContextManager[None]]]:
        """Return each draft with who makes it."""
        return [(self.system, acting_as(None)), (self.home, acting_as(self.account))]


def chosen_kind(session: Session, wanted: str) -> str:
    """Return labwc, wayfire, x or systemd; raises SetupError where none can work."""
    if wanted == "systemd" and session.kind != "console":
        raise SetupError(
            f"a desktop ({session.kind}) holds the screen that the service needs. "
            "Run: sudo systemctl set-default multi-user.target, or leave out --kind systemd"
        )
    kind = wanted if wanted != "auto" else "systemd" if session.kind == "console" else session.kind
    if kind not in ("labwc", "wayfire", "x", "systemd"):
        raise SetupError(
            f"the desktop session {kind} is neither labwc nor wayfire. Choose labwc with sudo raspi-config, "
            "or name what it starts: --kind labwc or --kind wayfire"
        )
    return kind


def draft_removal(plan: Plan) -> None:
    """Draft that everything of ours goes, and nothing else."""
    for path in (SYSTEM_UNIT, WANTED):
        _drop(plan, plan.system, inside(plan.root, path))
    if plan.account is None:
        return
    for path in (USER_UNIT, ENTRY):
        _drop(plan, plan.home, plan.at_home(path))
    for path in (LABWC, WAYFIRE):
        file = plan.at_home(path)
        content = plan.home.get(file)
        if isinstance(content, bytes):
            plan.home.put(file, without_block(content, file))


def _drop(plan: Plan, draft: Draft, path: Path) -> None:
    content = draft.get(path)
    if content is None:
        return
    ours = content.name == UNIT if isinstance(content, Path) else content.startswith(OURS.encode())
    if not ours:
        raise SetupError(f"{path}: was not written by digitpad. Move it away and try again")
    if isinstance(content, bytes):
        plan.folders += [inside(plan.root, folder) for folder in folders_made(content)]
    draft.put(path, None)


def draft_installation(plan: Plan, kind: str, session: Session, rotate: int | None) -> None:
    """Draft the files of one kind, over what `draft_removal` has left."""
    assert plan.account
    start = find_start(plan.root, plan.account, rotate)
    if has_overlay(plan.root):
        plan.notes.append(
            "the root is read-only under an overlay: what is written now is gone after the next start. First run: "
            "sudo raspi-config nonint disable_overlayfs, and start again"
        )
    if kind == "systemd":
        _draft_service(plan, start)
    else:
        _draft_autostart(plan, kind, session, start)


def _draft_service(plan: Plan, start: Start) -> None:
    assert plan.account
    unit = inside(plan.root, SYSTEM_UNIT)
    groups = groups_among(plan.root, DEVICES)
    plan.system.put(unit, b"")
    plan.system.put(inside(plan.root, WANTED), Path(SYSTEM_UNIT))
    plan.system.put(unit, system_unit(start, plan.account.name, groups, _folders(plan, plan.system)))
    plan.notes += [
        f"it starts with the system; at once: sudo systemctl start {UNIT} (this ends the login on the first screen)",
        f"settings, history and pictures are kept in {STATE}, and nothing else is written: with a read-only root, "
        "mount a writable disk there, or they are forgotten at every start",
    ]


def _draft_autostart(plan: Plan, kind: str, session: Session, start: Start) -> None:
    assert plan.account
    unit = plan.at_home(USER_UNIT)
    plan.home.put(unit, b"")
    if runs_xdg_autostart(plan.root, plan.account, kind):
        plan.home.put(plan.at_home(ENTRY), autostart_entry())
    elif kind == "labwc":
        _draft_labwc(plan)
    else:
        _draft_wayfire(plan)
    plan.home.put(unit, user_unit(start, _folders(plan, plan.home)))
    plan.notes.append(
        f"it starts when {plan.account.name} is logged in to the desktop; what it says: journalctl --user"
    )
    if session.login != plan.account.name:
        plan.notes.append(
            f"{session.login or 'nobody'} is logged in by itself after the start, and {plan.account.name} is needed. "
            "Run as that user: sudo raspi-config nonint do_boot_behaviour B4"
        )


def _draft_labwc(plan: Plan) -> None:
    path = plan.at_home(LABWC)
    content = _editable(plan, path)
    system = "/etc/xdg/labwc/autostart"
    hides = content is None and inside(plan.root, system).is_file() and not merges_configurations(plan.root)
    first = f". {system}\n" if hides else ""  # labwc without -m reads the user's file instead of the system's
    plan.home.put(path, with_block(content, f"{first}{START} &"))


def _draft_wayfire(plan: Plan) -> None:
    path = plan.at_home(WAYFIRE)
    content = _editable(plan, path)
    if content is None:
        raise SetupError(f"{path}: wayfire has no configuration yet. Log in to the desktop once, and try again")
    plan.home.put(path, with_block(content, f"{NAME} = {START}", "autostart"))


def _editable(plan: Plan, path: Path) -> bytes | None:
    content = plan.home.get(path)
    if isinstance(content, Path):
        raise SetupError(f"{path}: is a link to {content}, which is not changed. Add to it by hand: {START}")
    return content


def _folders(plan: Plan, draft: Draft) -> list[str]:
    """Return the folders that were made for us, now or before, as the tree's own system names them."""
    folders = dict.fromkeys(plan.folders + draft.missing_folders())
    return [f"/{folder.relative_to(plan.root)}" for folder in folders]
