"""The kiosk on the virtual board's desktop, labwc, started as Raspberry Pi OS does it: `make test-board`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .board import OUT, Board, copy, four, keep_page, one, seven, write
from .image import DIGITPAD, disk

pytestmark = [pytest.mark.board, pytest.mark.timeout(3600)]

DESKTOP = ("greetd", "labwc", "libwayland-egl1", "libwayland-cursor0", "wlr-randr", "swayidle", "wlopm", "yambar")
DATA = "/home/pi/.local/share/digitpad"
GREETD = """[terminal]
vt = 1
[default_session]
command = "/usr/bin/true"
[initial_session]
command = "env WLR_RENDERER=pixman labwc"
user = "pi"
"""
PANEL = "bar: {location: top, height: 40, layer: top, background: 2050c0ff}\\n"
AS_PI = (
    "cd /; setpriv --reuid=1000 --regid=1000 --init-groups env HOME=/home/pi XDG_RUNTIME_DIR=/run/user/1000 "
    "WAYLAND_DISPLAY=wayland-0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "
)


def as_pi(board: Board, command: str, *, check: bool = True) -> str:
    """Return what a command prints in the desktop of pi."""
    return board.sh(AS_PI + command, check=check)


@pytest.fixture(scope="module")
def installed() -> Path:
    """A disk, and a state beside it, of a board that has booted into labwc with a panel and the kiosk on it."""
    path = OUT / "desktop.img"
    OUT.mkdir(parents=True, exist_ok=True)
    disk(path, *DESKTOP)
    with Board(path) as board:
        board.sh(f"cat > /etc/greetd/config.toml <<'END'\n{GREETD}END")
        board.sh("mkdir -p /etc/xdg/labwc ~pi/.config/digitpad; echo 'yambar -c /etc/panel.yml &' > /etc/xdg/labwc/autostart")
        board.sh(f"printf '{PANEL}' > /etc/panel.yml")
        board.sh("printf 'history = \"on\"\nblank = 1\n' > ~pi/.config/digitpad/settings.toml; chown -R pi:pi ~pi")
        board.sh(f"{DIGITPAD} install-kiosk --user pi; sync")
    with Board(path) as board:
        board.wait_for_picture()
        board.rest(10)
        board.save(path.with_suffix(".state"))
    return path


@pytest.fixture
def desktop(installed: Path) -> Iterator[Board]:
    """A board with the kiosk on labwc."""
    with Board(copy(installed, "labwc.img"), state=installed.with_suffix(".state")) as board:
        yield board
