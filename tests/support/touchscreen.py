"""A touchscreen and a mouse without hardware: a real X server whose input devices are driven by a test.

Xorg draws into memory (driver "dummy") and takes input from sockets (driver "inputtest"): its clients get the same
multitouch events (XI2) as from a panel, without a kernel device and without root.
"""

import contextlib
import json
import os
import queue
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from ..conftest import ROOT

NEEDED = "needs Xorg with its dummy and inputtest drivers, and xinput. Debian: sudo apt install {}".format(
    "xserver-xorg-core xserver-xorg-video-dummy xinput"
)
# The server itself first: a setuid wrapper would reject our configuration file.
SERVERS = ("/usr/lib/xorg/Xorg", "/usr/libexec/Xorg", "/usr/lib/Xorg")
MODULES = [Path(folder) for folder in ("/usr/lib/xorg/modules", "/usr/lib64/xorg/modules")]
DRIVERS = ("drivers/dummy_drv.so", "input/inputtest_drv.so")
PATIENCE = 30.0  # seconds: a timeout that only a fault reaches

# The numbers and layouts below are those of xf86-input-inputtest-protocol.h, version 1.0; "0d" aligns to a double.
VERSION, SYNC, MOTION, BUTTON, KEY, TOUCH = 0, 1, 2, 4, 5, 6
VALUATORS = "0dI8s128d"  # whether unaccelerated values are given, which axes, 64 values, 64 unaccelerated values
FORMATS = {
    VERSION: "@IIHH",  # major, minor
    SYNC: "@II",
    MOTION: "@III" + VALUATORS,  # absolute
    BUTTON: "@IIiiI" + VALUATORS,  # absolute, button, pressed
    KEY: "@IIiI",  # key code, pressed
    TOUCH: "@IIII" + VALUATORS,  # touch, begin or update or end as XI2 numbers them
}
BEGIN, UPDATE, END = 18, 19, 20
PHASES = {BEGIN: "FingerDown", UPDATE: "FingerMotion", END: "FingerUp"}
AXIS = 65536  # the drivers' absolute axes have that many positions
NO_AXES: tuple[int | float | bytes, ...] = (0, b"", *[0.0] * 128)

CONFIGURATION = """
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
    Option "DontVTSwitch" "true"
EndSection
Section "Device"
    Identifier "memory"
    Driver "dummy"
    VideoRam 65536
EndSection
Section "Monitor"
    Identifier "picture"
    HorizSync 1-1000
    VertRefresh 1-1000
    Modeline "test" {clock} {width} {h1} {h2} {h3} {height} {v1} {v2} {v3}
EndSection
Section "Screen"
    Identifier "screen"
    Device "memory"
    Monitor "picture"
    DefaultDepth 24
    SubSection "Display"
        Modes "test"
        Virtual {width} {height}
    EndSubSection
EndSection
Section "InputDevice"
    Identifier "touchscreen"
    Driver "inputtest"
    Option "DeviceType" "Touch"
    Option "TouchCount" "{fingers}"
    Option "SocketPath" "{folder}/touch"
EndSection
Section "InputDevice"
    Identifier "mouse"
    Driver "inputtest"
    Option "DeviceType" "PointerAbsolute"
    Option "SocketPath" "{folder}/mouse"
EndSection
Section "InputDevice"
    Identifier "keyboard"
    Driver "inputtest"
    Option "DeviceType" "Keyboard"
    Option "SocketPath" "{folder}/keyboard"
EndSection
Section "ServerLayout"
    Identifier "test"
    Screen "screen"
    InputDevice "touchscreen" "SendCoreEvents"
    InputDevice "mouse" "CorePointer"
    InputDevice "keyboard" "CoreKeyboard"
EndSection
"""


def find_server() -> str | None:
    """Return the path of Xorg; None if anything in NEEDED is missing."""
    drivers = all(any((folder / name).exists() for folder in MODULES) for name in DRIVERS)
    server = next(filter(os.path.exists, SERVERS), shutil.which("Xorg"))
    return server if drivers and shutil.which("xinput") else None


class Device:
    """One input device of the server, through its driver's socket; each call returns when the server has handled it."""

    def __init__(self, path: Path) -> None:
        """Connect; the driver accepts one connection each time it is enabled."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(path))
        self._write(VERSION, 1, 0)
        self._read(FORMATS[VERSION])

    def send(self, kind: int, *values: int | float | bytes) -> None:
        """Send an event and wait until the server has delivered it."""
        self._write(kind, *values)
        self._write(SYNC)  # only after an event: the driver ignores it otherwise
        self._read(FORMATS[SYNC])

    def close(self) -> None:
        """Close the connection, after its device was disabled or the server has ended: otherwise the server spins."""
        self._socket.close()

    def _write(self, kind: int, *values: int | float | bytes) -> None:
        layout = FORMATS[kind]
        self._socket.sendall(struct.pack(layout, struct.calcsize(layout), kind, *values))

    def _read(self, layout: str) -> None:
        left = struct.calcsize(layout)
        while left:
            got = self._socket.recv(left)
            if not got:
                raise ConnectionError("the X server has closed an input device: see Xorg.log in its folder")
            left -= len(got)


class Touchscreen:
    """An X server with a screen of `width` by `height` pixels, a direct touchscreen, a mouse and a keyboard.

    Positions are pixels of the screen and may be fractions. Fingers are numbered by the caller.
    """

    def __init__(self, width: int = 800, height: int = 480, fingers: int = 10) -> None:
        """Configure the server; `with` starts it."""
        self.size = width, height
        self.environment: dict[str, str] = {}  # for processes that use this screen
        self.sent: Counter[str] = Counter()  # events sent, by pygame's names
        self._fingers = fingers
        self._touches = 0  # each touch has a new number, as from a real panel
        self._lying: dict[int, tuple[int, float, float]] = {}  # touch and position of each finger
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> "Touchscreen":
        """Start the server and connect its devices."""
        with contextlib.ExitStack() as closing:
            # in /tmp and short: a socket's path has at most 107 bytes
            self._folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="touch", dir="/tmp")))
            self._folder.joinpath("xorg.conf").write_text(self._configuration())
            number = self._start(closing)
            self._touch, self._mouse, self._keyboard = (
                Device(self._folder / name) for name in ("touch", "mouse", "keyboard")
            )
            self._closing = closing.pop_all()
        # without the SDL settings of other tests and the user's own display and files
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SDL_", "WAYLAND_", "XDG_"))}
        homes = {f"XDG_{kind}_HOME": f"{self._folder}/{kind}" for kind in ("DATA", "CONFIG", "CACHE", "STATE")}
        self.environment = {**inherited, **homes, "DISPLAY": f":{number}"}
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server, then close its devices."""
        self._closing.close()
        for device in (self._touch, self._mouse, self._keyboard):
            device.close()

    def down(self, finger: int, x: float, y: float) -> None:
        """Put a finger on the screen; it must not be down already."""
        self._touches += 1
        self._lying[finger] = self._touches, x, y
        self._report(finger, BEGIN)

    def move(self, finger: int, x: float, y: float) -> None:
        """Move a finger that is down; the server drops a move that goes nowhere."""
        number, *before = self._lying[finger]
        if before != [x, y]:
            self._lying[finger] = number, x, y
            self._report(finger, UPDATE)

    def up(self, finger: int) -> None:
        """Lift a finger where it is."""
        self._report(finger, END)
        del self._lying[finger]

    def move_pointer(self, x: float, y: float) -> None:
        """Move the mouse's pointer."""
        self._mouse.send(MOTION, 1, *self._axes(x, y))

    def press(self, button: int = 1) -> None:
        """Press a button of the mouse."""
        self.sent["MouseButtonDown"] += 1
        self._mouse.send(BUTTON, 0, button, 1, *NO_AXES)

    def release(self, button: int = 1) -> None:
        """Release a button of the mouse."""
        self.sent["MouseButtonUp"] += 1
        self._mouse.send(BUTTON, 0, button, 0, *NO_AXES)

    def tap_key(self, code: int) -> None:
        """Press and release a key by its X key code."""
        for pressed in (1, 0):
            self._keyboard.send(KEY, code, pressed)

    def unplug(self) -> None:
        """Disable the touchscreen: the server ends its touches and closes its socket."""
        self._set("disable")
        self.sent["FingerUp"] += len(self._lying)
        self._lying.clear()
        self._touch.close()

    def plug_in(self) -> None:
        """Enable the touchscreen again."""
        self._set("enable")
        self._touch = Device(self._folder / "touch")

    def screenshot(self) -> Image.Image:
        """Return the whole screen as a picture."""
        return ImageGrab.grab(xdisplay=self.environment["DISPLAY"])

    def _report(self, finger: int, phase: int) -> None:
        number, x, y = self._lying[finger]
        self.sent[PHASES[phase]] += 1
        self._touch.send(TOUCH, number, phase, *self._axes(x, y))

    def _axes(self, x: float, y: float) -> tuple[int | float | bytes, ...]:
        places = [min(AXIS - 1.0, at * AXIS / extent) for at, extent in zip((x, y), self.size, strict=True)]
        return (0, b"\x03", *places, *[0.0] * 126)

    def _set(self, state: str) -> None:
        command = ["xinput", state, "touchscreen"]
        subprocess.run(command, env=self.environment, check=True, timeout=PATIENCE)

    def _configuration(self) -> str:
        (width, height), rate = self.size, 30
        across, down = [width + n for n in (8, 16, 32)], [height + n for n in (2, 4, 8)]
        return CONFIGURATION.format(
            clock=across[2] * down[2] * rate / 1e6,
            width=width,
            height=height,
            **{f"h{i}": n for i, n in enumerate(across, 1)},
            **{f"v{i}": n for i, n in enumerate(down, 1)},
            fingers=self._fingers,
            folder=self._folder,
        )

    def _start(self, closing: contextlib.ExitStack) -> str:
        """Start the server; returns the number of its display."""
        read, write = os.pipe()
        files = f"-displayfd {write} -config {self._folder}/xorg.conf -logfile {self._folder}/Xorg.log"
        alone = "-noreset -nolisten tcp -novtswitch -sharevts"
        errors = closing.enter_context(self._folder.joinpath("errors").open("w+"))
        command = [find_server() or "Xorg", *files.split(), *alone.split()]
        server = subprocess.Popen(command, pass_fds=[write], stdout=errors, stderr=errors)
        closing.callback(server.wait, PATIENCE)
        closing.callback(server.terminate)
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            errors.seek(0)
            raise RuntimeError(f"Xorg does not start: {errors.read()}")
        return number


# The only code that uses the app's internals: it prints the app's state after each frame.
PROBE = """
import json, sys
import pygame
from edge_app.cli import main
from edge_app.gui.app import App
from edge_app.gui.platform.display import Display

get, draw, show, apps, seen = pygame.event.get, App.draw, Display.show, [], []

def watch(*args, **named):
    events = get(*args, **named)
    # SDL marks mouse events that it makes of a finger; they get a name of their own here
    seen.extend(pygame.event.event_name(e.type) + ("OfTouch" if getattr(e, "touch", False) else "") for e in events)
    return events

def remember(app):
    apps[:] = [app]
    return draw(app)

def report(display, changed):
    show(display, changed)
    held = apps[0].state
    state = {
        "text": held.reading.text,
        "strokes": held.pad.strokes,
        "writing": held.pad.current,
        "size": apps[0].surface.get_size(),
        "events": seen,
    }
    print(json.dumps(state), flush=True)
    seen.clear()

pygame.event.get, App.draw, Display.show = watch, remember, report
sys.exit(main(sys.argv[1:]))
"""

Point = tuple[float, float]


@dataclass
class State:
    """The app's state after a frame: the reading, finished strokes and the stroke being written."""

    text: str = ""
    strokes: list[list[Point]] = field(default_factory=list)
    writing: list[Point] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)  # of the window, in pixels

    def __str__(self) -> str:
        """Return a summary for messages."""
        return f"{self.text!r} read of strokes of {self.counts} points, {len(self.writing)} of the next"

    @property
    def counts(self) -> list[int]:
        """Points of each finished stroke."""
        return [len(stroke) for stroke in self.strokes]


class RunningApp:
    """The app in a process and a window of its own, observed through what PROBE prints."""

    def __init__(self, screen: Touchscreen, environment: Mapping[str, str] | None = None) -> None:
        """Prepare the app; `with` starts it on `screen`."""
        self.state = State()
        self.events: Counter[str] = Counter()
        self._screen = screen
        self._settings = {**screen.environment, **(environment or {})}
        self._lines: queue.Queue[str] = queue.Queue()
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> "RunningApp":
        """Start the app and wait for its window."""
        with contextlib.ExitStack() as closing:
            command = [sys.executable, "-c", PROBE, "--no-history"]  # otherwise it asks first
            self._process = subprocess.Popen(command, env=self._settings, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            listener = threading.Thread(target=self._listen, daemon=True)
            listener.start()
            for step in (listener.join, self._process.wait, self._process.kill):  # in reverse order
                closing.callback(step)
            self.wait(lambda state: state.size != (0, 0))
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process if it still runs."""
        self._closing.close()

    def wait(self, holds: Callable[[State], bool]) -> State:
        """Return the newest state as soon as `holds` accepts it; raises AssertionError on timeout."""
        end = time.monotonic() + PATIENCE
        while self._lines.qsize() or not holds(self.state):
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the app stays at {self.state} having seen {dict(self.events)}") from None
            if not line:
                raise AssertionError(f"the app has ended at {self.state}")
            self._take(json.loads(line))
        return self.state

    def settle(self) -> State:
        """Return the state when the app has drawn every event that was sent."""
        return self.wait(lambda _: all(self.events[name] >= n for name, n in self._screen.sent.items()))

    def wait_for_text(self, text: str) -> State:
        """Return the state once the app has read `text`."""
        return self.wait(lambda state: state.text == text)

    def leave(self) -> int:
        """Press q; returns the exit status."""
        self._screen.tap_key(24)
        return self._process.wait(PATIENCE)

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")

    def _take(self, state: dict[str, Any]) -> None:
        self.events.update(state.pop("events"))
        state["size"] = tuple(state["size"])
        self.state = State(**state)
