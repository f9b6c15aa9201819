"""How the digitpad that runs now is started again: by a menu entry, by systemd, in another system's tree."""

import os
import sys
from pathlib import Path

from ..errors import SetupError
from ..subprocesses import is_frozen
from .kiosk.units import Start
from .os_info import Account, inside


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
