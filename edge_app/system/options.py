"""The command line of setting up; each command is imported when it runs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: "Commands") -> None:
    """Add doctor, install-launcher and install-kiosk."""
    _add_doctor(commands)
    _add_launcher(commands)
    _add_kiosk(commands)


def _add_doctor(commands: "Commands") -> None:
    doctor = commands.add_parser(
        "doctor",
        help="what hinders digitpad on this system, and what to do about it",
        description="Checks display, touch, permissions, interpreter, model, fonts, speech and disk, and names the "
        "remedy for each finding. Exit status: 0 nothing hinders, 1 something does.",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=run_doctor)


def _add_launcher(commands: "Commands") -> None:
    launcher = commands.add_parser(
        "install-launcher",
        help="put digitpad into the desktop's menu (Linux)",
        description="Writes a menu entry, icons and metadata below ~/.local/share, for this user, and says what it "
        "wrote.",
    )
    launcher.add_argument(
        "--prefix", type=Path, metavar="FOLDER", help="below another folder, such as /usr/local/share"
    )
    launcher.add_argument("--remove", action="store_true", help="take away what was written")
    launcher.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    launcher.set_defaults(run=run_launcher)


def _add_kiosk(commands: "Commands") -> None:
    kiosk = commands.add_parser(
        "install-kiosk",
        help="start digitpad full screen at boot (Raspberry Pi OS)",
        description="With a desktop (labwc or wayfire) it adds digitpad to the session's autostart; without one it "
        "writes a systemd service on KMS/DRM that is started again after a failure, watched, and kept to a writable "
        "place. It says what it wrote and asks nothing of root that it does not need.",
    )
    kiosk.add_argument(
        "--kind", choices=("auto", "labwc", "wayfire", "systemd"), default="auto", help="what starts it; default: found"
    )
    kiosk.add_argument("--user", metavar="NAME", help="who it runs as; default: who asks, through sudo as well")
    kiosk.add_argument(
        "--rotate",
        type=int,
        choices=(0, 90, 180, 270),
        dest="kiosk_rotate",
        help="degrees clockwise, for a turned screen",
    )
    kiosk.add_argument("--root", type=Path, default=Path("/"), metavar="FOLDER", help="a system's tree other than /")
    kiosk.add_argument("--remove", action="store_true", help="take away what was written")
    kiosk.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    kiosk.set_defaults(run=run_kiosk)


def run_doctor(args: argparse.Namespace) -> int:
    """Examine the system."""
    from .doctor.run import doctor_command

    return doctor_command(as_json=args.json, model=args.model)


def run_launcher(args: argparse.Namespace) -> int:
    """Install or remove the menu entry."""
    from .desktop.launcher import launcher_command

    return launcher_command(args.prefix, remove=args.remove, dry_run=args.dry_run)


def run_kiosk(args: argparse.Namespace) -> int:
    """Install or remove the kiosk."""
    from .kiosk.install import kiosk_command

    return kiosk_command(
        args.root, kind=args.kind, user=args.user, rotate=args.kiosk_rotate, remove=args.remove, dry_run=args.dry_run
    )
