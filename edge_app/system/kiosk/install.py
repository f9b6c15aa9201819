"""`digitpad install-kiosk`: started at boot on the whole screen, watched, and all of it undone on request."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ...errors import SetupError
from ...escape import escape
from ..file_changes import Content, Draft, remove_if_empty
from ..launch_command import digitpad_command
from ..os_info import Account, find_account, find_session, inside
from .plan import STATE, SYSTEM_UNIT, Plan, chosen_kind, draft_installation, draft_removal
from .units import UNIT


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
        done += [f"removed {escape(folder)}" for folder in gone]
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
    return [escape(line) for line in made + [_sentence(path, content) for path, content in draft.changes()]]


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
                print(f"\n--- {escape(path)}\n{_shown(content)}", end="")
    _print_notes(plan)


def _shown(content: bytes) -> str:
    """Return a file's text for a terminal that may be root's: what its owner wrote into it must not command that."""
    return "\n".join(map(escape, content.decode(errors="backslashreplace").expandtabs().split("\n")))


def _print_notes(plan: Plan) -> None:
    for note in plan.notes:
        print(f"note: {escape(note)}")
