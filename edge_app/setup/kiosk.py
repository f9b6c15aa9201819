"""`digitpad install-kiosk`: started at boot on the whole screen, watched, and all of it undone on request.

Without a desktop it is a service on KMS/DRM. On a desktop it is a unit of the user's own systemd, started by
~/.config/autostart, which Raspberry Pi's labwc, wayfire and X sessions all run: neither compositor's own
configuration is touched, and changing from one to the other changes nothing. Where a session does not run it, the
compositor's own autostart is used. Starting again with a limit and the watchdog are systemd's on both ways.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ..children import is_frozen
from ..errors import SetupError
from ..printable import printable
from .draft import Content, Draft, acting_as, remove_if_empty
from .system import (
    Account,
    Session,
    find_account,
    find_session,
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


def kiosk_command(root: Path, *, kind: str, user: str | None, rotate: int | None, remove: bool, dry_run: bool) -> int:
    """Set the kiosk up, or take it away; says what it did. Raises SetupError having changed nothing."""
    if not sys.platform.startswith("linux"):
        raise SetupError("a kiosk is set up on Linux with systemd; elsewhere, start: digitpad --kiosk")
    root = root.absolute()
    session = find_session(root)  # first: it tells whether this is a system at all
    plan = Plan(root, _account(root, user, remove))
    draft_removal(plan)
    if not remove:
        draft_installation(plan, chosen_kind(session, kind), session, rotate)
    if dry_run:
        _show(plan)
        return 0
    _check_rights(plan, _again(root, kind, user, rotate, remove))
    _carry_out(plan, _manager(root), remove=remove)
    return 0


def _account(root: Path, user: str | None, remove: bool) -> Account | None:
    """Return who the kiosk runs as; to take a system's service away, nobody needs to be named."""
    if user is None and remove:
        try:
            return find_account(root, _asker())
        except SetupError:
            return None
    return find_account(root, user or _asker())


def _asker() -> str:
    import pwd

    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


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


def find_start(root: Path, account: Account, rotate: int | None) -> Start:
    """Return how the digitpad that runs now is started in that tree; raises SetupError where it cannot be."""
    command = digitpad_command()
    package = Path(__file__).resolve().parents[1]
    places = [Path(command[0])]
    if root == Path("/"):  # of another tree, only the command's place is known
        places += [package, Path(sys.prefix), Path(sys.base_prefix)]
    if any(place.is_relative_to("/root") for place in places):
        raise SetupError(f"{command[0]}: {account.name} cannot read it below /root. Install digitpad elsewhere")
    program = inside(root, command[0])
    if not os.access(program, os.X_OK):
        raise SetupError(f"{program}: cannot be run there. Install digitpad in that tree at the same place")
    folder = package.parent if "-m" in command else Path("/")
    options = ("--kiosk", *(("--rotate", str(rotate)) if rotate is not None else ()))
    return Start((*command, *options), folder, any(place.is_relative_to("/home") for place in places))


def digitpad_command() -> tuple[str, ...]:
    """Return the command that runs now, by its full path."""
    if is_frozen():
        return (sys.executable,)
    if Path(sys.argv[0]).name == "digitpad":
        return (str(Path(sys.argv[0]).absolute()),)
    return (sys.executable, "-m", "edge_app")


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


def _again(root: Path, kind: str, user: str | None, rotate: int | None, remove: bool) -> str:
    """Return the same command with root's rights."""
    options = ["--kind", kind] if kind != "auto" else []
    options += ["--user", user] if user else []
    options += ["--rotate", str(rotate)] if rotate is not None else []
    options += ["--root", str(root)] if root != Path("/") else []
    options += ["--remove"] if remove else []
    return shlex.join(["sudo", *digitpad_command(), "install-kiosk", *options])


def _check_rights(plan: Plan, again: str) -> None:
    for draft, maker in plan.parts():
        with maker:
            forbidden = draft.forbidden()
        if forbidden:
            raise SetupError(f"{forbidden[0]}: only root may change it, and nothing was changed. Run: {again}")


def _manager(root: Path) -> Callable[..., None] | None:
    """Return what tells systemd; None for another system's tree, and where systemd does not run."""
    return _systemctl if root == Path("/") and Path("/run/systemd/system").is_dir() else None


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(f"{shlex.join(command)}: {error.strerror}. Run it by hand") from None
    if done.returncode:
        raise SetupError(f"{shlex.join(command)}: {' '.join(done.stderr.split())}. Run it by hand, and this again")
    print(f"ran {shlex.join(command)}")


def _carry_out(plan: Plan, systemctl: Callable[..., None] | None, *, remove: bool) -> None:
    """Make the changes and say each; the service is stopped before its unit goes."""
    unit = inside(plan.root, SYSTEM_UNIT)
    service = any(path == unit for path, _ in plan.system.changes())
    if service and systemctl and unit.exists() and plan.system.get(unit) is None:
        systemctl("stop", UNIT)
    done = []
    for draft, maker in plan.parts():
        done += _sentences(draft)
        with maker:
            draft.make()
            gone = remove_if_empty(
                [folder for folder in plan.folders if _is_part(plan, draft, folder)] if remove else []
            )
        done += [f"removed {printable(folder)}" for folder in gone]
    print("\n".join(done) or ("nothing of it is there" if remove else "nothing to change: it is set up like this"))
    if service and systemctl:
        systemctl("daemon-reload")
    if remove and service:
        plan.notes.append(f"what was written stays in {STATE}. It is yours to delete")
    _print_notes(plan)


def _is_part(plan: Plan, draft: Draft, folder: Path) -> bool:
    at_home = plan.account is not None and folder.is_relative_to(inside(plan.root, plan.account.home))
    return at_home == (draft is plan.home)


def _sentences(draft: Draft) -> list[str]:
    made = [f"made {folder}" for folder in draft.missing_folders()]
    return [printable(line) for line in made + [_sentence(path, content) for path, content in draft.changes()]]


def _sentence(path: Path, content: Content) -> str:
    if content is None:
        return f"removed {path}"
    return f"wrote {path}" if isinstance(content, bytes) else f"linked {path} to {content}"


def _show(plan: Plan) -> None:
    """Print what would be done, with the files' contents."""
    print("nothing is written; this would be done:")
    for draft, _ in plan.parts():
        print("".join(f"{line}\n" for line in _sentences(draft)), end="")
        for path, content in draft.changes():
            if isinstance(content, bytes):
                print(f"\n--- {printable(path)}\n{_shown(content)}", end="")
    _print_notes(plan)


def _shown(content: bytes) -> str:
    """Return a file's text for a terminal that may be root's: what its owner wrote into it must not command that."""
    return "\n".join(map(printable, content.decode(errors="backslashreplace").expandtabs().split("\n")))


def _print_notes(plan: Plan) -> None:
    for note in plan.notes:
        print(f"note: {printable(note)}")
