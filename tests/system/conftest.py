"""Systems for the doctor."""

from pathlib import Path

import pytest

from ..support.systems import KEYBOARD, MOUSE, System, pi


@pytest.fixture
def empty(tmp_path: Path) -> System:
    """A container: no display, no devices."""
    return System(tmp_path)


@pytest.fixture
def lite(tmp_path: Path) -> System:
    """Raspberry Pi OS Lite with a touchscreen, set up well."""
    return pi(System(tmp_path))


@pytest.fixture
def labwc(tmp_path: Path) -> System:
    """Raspberry Pi OS with its desktop, asked from a terminal there; a desktop needs none of the groups."""
    system = pi(System(tmp_path / "labwc"))
    system.put("/run/user/1000/wayland-0")
    system.put("/run/user/1000/wayland-0.lock")
    system.put("/proc/net/unix", "0: 2 0 10 1 1 9 /run/user/1000/wayland-0\n")
    system.environ |= {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/run/user/1000"}
    system.put("~/.config/labwc/rc.xml", '<labwc_config><touch mapToOutput="DSI-1"/></labwc_config>\n')
    system.groups = {"pi"}
    return system


@pytest.fixture
def x11(tmp_path: Path) -> System:
    """A PC with X11."""
    system = System(tmp_path)
    system.machine = "x86_64"
    system.put("/tmp/.X11-unix/X0")
    system.put("/proc/net/unix", "0: 2 0 10 1 1 9 /tmp/.X11-unix/X0\n")
    system.put("/proc/bus/input/devices", "\n".join([MOUSE, KEYBOARD]))
    system.environ["DISPLAY"] = ":0"
    return system
