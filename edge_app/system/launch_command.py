"""The command that starts this installation of digitpad again, for a menu entry or systemd."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError
from ..subprocesses import is_frozen
from .os_info import Account, inside


@dataclass(frozen=True)
class Start:
    """How a kiosk starts digitpad: the command, its working directory, and whether either is below /home."""

    command: tuple[str, ...]
    folder: Path
    at_home: bool


def find_start(root: Path, account: Account, rotate: int | None) -> Start:
    """Return how the account starts this digitpad in the system at `root`; raises SetupError if it cannot."""
    command = digitpad_command()
    package = Path(__file__).resolve().parents[1]
    places = [Path(command[0])]
    if root == Path("/"):  # in another system's tree, only the command's place is known
        places += [package, Path(sys.prefix), Path(sys.base_prefix)]
    if any(place.is_relative_to("/root") for place in places):
        raise SetupError(f"{command[0]}: {account.name} cannot read files below /root. Install digitpad elsewhere")
    program = inside(root, command[0])
    if not os.access(program, os.X_OK):
        raise SetupError(f"{program}: not an executable file. Install digitpad in that tree, in the same place")
    folder = package.parent if "-m" in command else Path("/")
    options = ("--kiosk", *(("--rotate", str(rotate)) if rotate is not None else ()))
    return Start((*command, *options), folder, any(place.is_relative_to("/home") for place in places))


def digitpad_command() -> tuple[str, ...]:
    """Return the command that is running, with the program's full path."""
    if is_frozen():
        return (sys.executable,)
    if Path(sys.argv[0]).name == "digitpad":
        return (str(Path(sys.argv[0]).absolute()),)
    return (sys.executable, "-m", "edge_app")
