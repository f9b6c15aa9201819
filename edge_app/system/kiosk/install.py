"""`digitpad install-kiosk`: starts digitpad full screen at boot, supervised by systemd; and removes that again."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from ...errors import SetupError
from ...escape import escape
from ..file_changes import Changes, Content, acting_as, apply, not_permitted, pending, remove_empty_folders
from ..launch_command import digitpad_command
from ..os_info import Account, find_account, find_session, inside
from .plan import STATE, SYSTEM_UNIT, Plan, choose_kind, plan_installation, plan_removal
from .units import UNIT


def kiosk_command(root: Path, *, kind: str, user: str | None, rotate: int | None, remove: bool, dry_run: bool) -> int:
    """Install or remove the kiosk in the system at `root`, and report each file; raises SetupError."""
    if not sys.platform.startswith("linux"):
        raise SetupError("a kiosk is set up on Linux with systemd; elsewhere, start: digitpad --kiosk")
    root = root.absolute()
    session = find_session(root)
    plan = Plan(root, _account(root, user, remove))
    plan_removal(plan)
    if not remove:
        plan_installation(plan, choose_kind(session, kind), session, rotate)
    system, home = pending(plan.system), pending(plan.home)
    if dry_run:
        _preview(plan, {**system, **home})
        return 0
    with acting_as(plan.account):
        forbidden = not_permitted(home)
    if forbidden := not_permitted(system) or forbidden:
        command = shlex.join(["sudo", *digitpad_command(), *sys.argv[1:]])
        raise SetupError(f"{forbidden}: needs root, and nothing was changed. Run: {command}")
    _make(plan, system, home, remove=remove)
    return 0


def _account(root: Path, user: str | None, remove: bool) -> Account | None:
    """Return who the kiosk runs as; a system service can be removed without an account."""
    if user is None and remove:
        try:
            return find_account(root, _caller())
        except SetupError:
            return None
    return find_account(root, user or _caller())


def _caller() -> str:
    import pwd

    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _make(plan: Plan, system: Changes, home: Changes, *, remove: bool) -> None:
    """Apply the changes and report them; a service is stopped before its unit is removed."""
    unit = inside(plan.root, SYSTEM_UNIT)
    running = plan.root == Path("/") and Path("/run/systemd/system").is_dir()
    if running and unit in system and system[unit] is None:
        _systemctl("stop", UNIT)
    apply(system)
    with acting_as(plan.account):
        apply(home)
        if plan.account:
            remove_empty_folders(plan.home, plan.at_home(".config"))
    report = list(map(_sentence, {**system, **home}.items()))
    print("\n".join(report) or ("nothing to remove" if remove else "nothing to change"))
    if running and unit in system:
        _systemctl("daemon-reload")
    if remove and unit in system:
        plan.notes.append(f"recorded data stays in {STATE}; delete it if you no longer need it")
    _print_notes(plan)


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(f"{shlex.join(command)}: {error.strerror}. Run it by hand") from None
    if done.returncode:
        raise SetupError(f"{shlex.join(command)}: {' '.join(done.stderr.split())}. Run it by hand, then try again")
    print(f"ran {shlex.join(command)}")


def _sentence(change: tuple[Path, Content]) -> str:
    path, content = change
    if content is None:
        return f"removed {escape(path)}"
    return escape(f"wrote {path}" if isinstance(content, bytes) else f"linked {path} to {content}")


def _preview(plan: Plan, changes: Changes) -> None:
    """Print what would be done, with the contents of files."""
    print("dry run, nothing is written:", *map(_sentence, changes.items()), sep="\n")
    for path, content in changes.items():
        if isinstance(content, bytes):
            # escaped: a user's own file could hold terminal commands, and root may be looking
            lines = content.decode(errors="backslashreplace").expandtabs().split("\n")
            print(f"\n--- {escape(path)}", *map(escape, lines), sep="\n", end="")
    _print_notes(plan)


def _print_notes(plan: Plan) -> None:
    for note in plan.notes:
        print(f"note: {escape(note)}")
