"""The kiosk on the virtual board's desktop: labwc, started by greetd, with a panel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .board import CLEAR, OUT, WIDTH, Board, Place, copy, pages, wait_for, write
from .image import DIGITPAD, disk

pytestmark = [pytest.mark.board, pytest.mark.timeout(3600)]

DESKTOP = ("greetd", "labwc", "libwayland-egl1", "libwayland-cursor0", "wlr-randr", "swayidle", "wlopm", "yambar")
DATA = "/home/pi/.local/share/digitpad"
RC_XML = "/home/pi/.config/labwc/rc.xml"
BLUE = bytes((0x20, 0x50, 0xC0))
FILES = {
    "/etc/greetd/config.toml": '[terminal]\nvt = 7\n[default_session]\ncommand = "agreety"\nuser = "_greetd"\n'
    '[initial_session]\ncommand = "env WLR_RENDERER=pixman labwc"\nuser = "pi"\n',
    "/etc/xdg/labwc/autostart": "yambar -c /etc/panel.yml &\n",
    "/etc/panel.yml": f"bar: {{location: top, height: 40, layer: top, background: {BLUE.hex()}ff}}\n",
    "/home/pi/.config/digitpad/settings.toml": 'history = "on"\nblank = 1\n',
}
IDLE = """swayidle -w timeout 10 'wlopm --off "*"' resume 'wlopm --on "*"' >/dev/null 2>&1 &"""


@pytest.fixture(scope="module")
def installed() -> Path:
    """A disk, and a state beside it, of a board that has booted into labwc, where the kiosk started by itself."""
    path = OUT / "desktop.img"
    OUT.mkdir(parents=True, exist_ok=True)
    disk(path, *DESKTOP)
    with Board(path, "systemd.unit=multi-user.target") as board:
        for file, text in FILES.items():
            board.sh(f"mkdir -p $(dirname {file}); cat > {file} <<'END'\n{text}END")
        board.sh(f"chown -R pi:pi /home/pi; udevadm settle; {DIGITPAD} install-kiosk --user pi")
        board.sh(f"grep mapToOutput {RC_XML}; systemctl start graphical.target")
        board.wait_for_picture()
        board.rest(5)
        board.save(path.with_suffix(".state"))
    return path


@pytest.fixture
def desktop(installed: Path) -> Iterator[Board]:
    """A board with the kiosk on labwc."""
    with Board(copy(installed, "labwc.img"), state=installed.with_suffix(".state")) as board:
        yield board


def as_pi(board: Board, command: str) -> str:
    """Return what a command prints that runs in the desktop of pi."""
    runtime = "XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus"
    user = f"setpriv --reuid=1000 --regid=1000 --init-groups env HOME=/home/pi {runtime}"
    board.sh(f"cat > /tmp/command <<'END'\n{command}\nEND")
    return board.sh(f"cd /; {user} WAYLAND_DISPLAY=wayland-0 DISPLAY=:0 sh /tmp/command", check=False)


def measure(board: Board, figures: dict[str, Any], server: str, *names: str) -> None:
    """Note the resident memory of programs."""
    for name in names:
        size = board.sh(f"awk '/^VmRSS/ {{print $2}}' /proc/$(pgrep -x {name})/status")
        figures[f"resident memory on {server}, {name}, MB"] = int(size) // 1024


def is_written(board: Board, place: Place) -> bool:
    """Return whether a short line begins where a finger draws it."""
    middle = (place[0] + 0.015, place[1])
    assert not board.is_dark(middle)
    board.stroke(place, (place[0] + 0.03, place[1]))
    board.rest(1)
    return board.is_dark(middle)


def test_fingers_write_on_wayland_over_the_panel(desktop: Board, figures: dict[str, Any]) -> None:
    write(desktop, "17417", 0.1)
    desktop.rest(4)  # until the page is kept
    desktop.screenshot(OUT / "labwc.png")
    assert pages(desktop, DATA) == ["17417"]
    assert desktop.sh("pgrep -x Xwayland", check=False) == ""  # no second server
    measure(desktop, figures, "Wayland", "digitpad", "labwc")
    panel = slice(WIDTH * 30, WIDTH * 30 + 3)
    assert desktop.pixels()[panel] != BLUE
    as_pi(desktop, "systemctl --user stop digitpad-kiosk")
    desktop.rest(2)
    assert desktop.pixels()[panel] == BLUE
    as_pi(desktop, f"SDL_VIDEODRIVER=x11 {DIGITPAD} --kiosk >/dev/null 2>&1 &")
    desktop.wait_for_picture()
    measure(desktop, figures, "XWayland", "digitpad", "labwc", "Xwayland")


def test_touch_turns_with_the_screen(desktop: Board) -> None:
    for degrees in (90, 180, 270):
        as_pi(desktop, f"wlr-randr --output Virtual-1 --transform {degrees}")
        desktop.rest(3)
        by = degrees / 3000  # beside what was written before
        found = [is_written(desktop, (x + by, y + by)) for x in (0.25, 0.55) for y in (0.3, 0.6)]
        desktop.screenshot(OUT / f"turned-{degrees}.png")
        assert found == [True] * 4


def test_the_doctor_sees_touch_that_does_not_turn(desktop: Board) -> None:
    """The control: without install-kiosk's line, what is touched is not what is meant."""
    desktop.sh(f"sed -i /mapToOutput/d {RC_XML}; pkill -HUP labwc")
    as_pi(desktop, "wlr-randr --output Virtual-1 --transform 90")
    desktop.rest(3)
    assert not is_written(desktop, (0.45, 0.75))
    said = as_pi(desktop, f"{DIGITPAD} doctor")
    assert "touch is not: labwc does not map QEMU Virtio MultiTouch" in said, said
    assert "the kiosk takes wayland, which needs no second server" in said, said
    desktop.sh(f"{DIGITPAD} install-kiosk --user pi; pkill -HUP labwc")
    desktop.rest(2)
    assert is_written(desktop, (0.45, 0.7))


def test_the_touch_that_wakes_the_screen_does_nothing_else(desktop: Board) -> None:
    as_pi(desktop, IDLE)  # ten seconds: the kiosk keeps it from switching the screen off for a minute
    write(desktop, "7")
    desktop.rest(40)
    assert as_pi(desktop, "wlopm") == "Virtual-1 on"
    wait_for(lambda: as_pi(desktop, "wlopm") == "Virtual-1 off", 1200, "a screen that is off", 5)
    desktop.tap(CLEAR)
    desktop.rest(2)
    desktop.screenshot(OUT / "woken.png")
    assert as_pi(desktop, "wlopm") == "Virtual-1 on"
    assert desktop.is_dark((0.3, 0.355))  # the 7 is still there
    desktop.tap(CLEAR)
    desktop.rest(1)
    assert not desktop.is_dark((0.3, 0.355))
