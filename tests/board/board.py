"""The virtual machine at work: touched and photographed through QMP, asked through a serial port."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

from .image import ARCHITECTURE, LIBRARY, MACHINE, ROOT, qemu, run, system

OUT = ROOT / "build" / "board" / ARCHITECTURE
HOME = "/var/lib/digitpad"
DATA = f"{HOME}/data"
TEXTS = "SELECT text FROM pages ORDER BY id"
WIDTH, HEIGHT = 800, 480
APPEND = "root=/dev/vda rw quiet loglevel=4 systemd.show_status=0 random.trust_cpu=on mitigations=off"
TOUCH = "-device virtio-multitouch-pci,id=touch,bus=socket"
AXIS = 0x7FFF
STEPS = 12  # events of a stroke's side
Place = tuple[float, float]  # from 0 to 1, across and down
CLEAR = (0.94, 0.305)
DIGITS: dict[str, list[list[Place]]] = {  # strokes; across from the digit's middle, down from the screen's edge
    "1": [[(0, 0.35), (0, 0.75)]],
    "4": [[(0, 0.35), (-0.05, 0.6), (0.05, 0.6)], [(0.02, 0.48), (0.02, 0.78)]],
    "7": [[(-0.05, 0.36), (0.05, 0.35), (-0.02, 0.75)]],
}


class _Lines:
    """Lines of JSON over a Unix socket of QEMU's."""

    def __init__(self, path: Path) -> None:
        channel = socket.socket(socket.AF_UNIX)
        wait_for(lambda: channel.connect_ex(str(path)) == 0, 20, f"QEMU's socket {path.name}")
        channel.settimeout(1800)
        self._file = channel.makefile("rw")

    def ask(self, value: Any) -> Any:
        """Return the next line after sending `value`, or without sending for None."""
        if value is not None:
            self._file.write(json.dumps(value) + "\n")
            self._file.flush()
        line = self._file.readline()
        assert line, "the virtual machine ended"
        return json.loads(line)


class Board(AbstractContextManager["Board"]):
    """A running machine; leaving the context pulls its plug."""

    def __init__(self, image: Path, append: str = "", state: Path | None = None, devices: str = TOUCH) -> None:
        """Boot a disk image; `append` is given to the kernel. With `state` go on where save() was called.

        A guest's second is a fixed number of its instructions (-icount), however busy this machine is.
        """
        self.folder, self._down = image.parent, set[int]()
        boot, library = system() / "boot", qemu() / LIBRARY
        for name in ("qmp", "agent"):
            (self.folder / name).unlink(missing_ok=True)
        options = f"""
            -L {qemu()}/usr/share/qemu -L {qemu()}/usr/share/seabios -accel tcg,thread=single -icount shift=1 -m 1024
            -nodefaults -no-user-config -display none -nic none -serial file:{self.folder}/serial.log
            -kernel {next(boot.glob("vmlinuz-*"))} -initrd {next(boot.glob("initrd.img-*"))}
            -drive file={image},if=none,id=disk,format=raw,cache=writeback -device virtio-blk-pci,drive=disk
            -device virtio-gpu-pci,xres={WIDTH},yres={HEIGHT} -device pcie-root-port,id=socket {devices}
            -device virtio-serial-pci -chardev socket,id=agent,path={self.folder}/agent,server=on,wait=off
            -device virtserialport,chardev=agent,name=board -qmp unix:{self.folder}/qmp,server=on,wait=off
        """
        if state:
            options += f" -incoming file:{state}"
        loader = ["setpriv", "--pdeathsig=KILL"]  # it ends with the tests, however they end
        loader += [str(library / "ld-linux-x86-64.so.2"), "--library-path", str(library)]  # no chroot, no rights
        program = [*f"{qemu()}/usr/bin/{MACHINE}".split(), "-append", f"{APPEND} {append}"]
        self._process = subprocess.Popen(
            [*loader, *program, *options.split()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "QEMU_MODULE_DIR": str(library / "qemu")},
        )
        self._qmp, self._agent = _Lines(self.folder / "qmp"), _Lines(self.folder / "agent")
        self._qmp.ask(None)
        self.qmp("qmp_capabilities")
        if state:  # it comes stopped, as it was saved
            wait_for(lambda: self.qmp("query-status")["status"] != "inmigrate", 300, "the saved machine", 0.2)
            self.qmp("cont")

    def __exit__(self, *_: object) -> None:
        self.pull_the_plug()

    def pull_the_plug(self) -> None:
        """End the machine at once: what its kernel had not written to the disk is lost."""
        self._process.kill()
        self._process.wait()

    def save(self, path: Path) -> None:
        """Write memory and devices to a file and pull the plug; with its disk the machine can go on from there."""
        self.qmp("stop")
        self.qmp("migrate", uri=f"file:{path}")
        wait_for(lambda: self.qmp("query-migrate").get("status") == "completed", 300, "the machine's state", 0.2)
        self.pull_the_plug()

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Return the answer to a command of QEMU's monitor protocol."""
        answer = self._qmp.ask({"execute": command, "arguments": arguments})
        while "event" in answer:
            answer = self._qmp.ask(None)
        assert "return" in answer, answer
        return answer["return"]

    def sh(self, command: str, *, check: bool = True) -> str:
        """Return what a command prints that runs as root in the machine."""
        status, printed = self._agent.ask(command)
        assert not (check and status), f"{command}: {status}: {printed}"
        return str(printed).strip()

    def rest(self, seconds: float) -> None:
        """Let seconds pass in the machine, which may be longer ones here."""
        self._agent.ask(seconds)

    def touch(self, kind: str, place: Place = (0, 0), finger: int = 0) -> None:
        """Let a finger begin, update or end its contact."""
        number = -1 if kind == "end" else finger + 1  # QEMU passes it on; the kernel ends a contact by -1
        told = [(kind, "x", 0.0), ("data", "x", place[0]), ("data", "y", place[1])][: 1 if kind == "end" else 3]
        events: list[dict[str, Any]] = []
        for what, axis, value in told:
            data = {"type": what, "slot": finger, "tracking-id": number, "axis": axis, "value": round(value * AXIS)}
            events.append({"type": "mtt", "data": data})
        down = self._down - {finger} if kind == "end" else self._down | {finger}
        if bool(down) != bool(self._down):
            events.append({"type": "btn", "data": {"button": "touch", "down": bool(down)}})
        self._down = down
        self.qmp("input-send-event", events=events)

    def unplug(self) -> None:
        """Take the touchscreen away, with all contacts."""
        self.qmp("device_del", id="touch")
        self._down.clear()

    def plug_in(self) -> None:
        """Bring the touchscreen back."""
        self.qmp("device_add", driver="virtio-multitouch-pci", id="touch", bus="socket")

    def stroke(self, *corners: Place, finger: int = 0) -> None:
        """Draw straight lines through the corners."""
        self.touch("begin", corners[0], finger)
        for (x0, y0), (x1, y1) in pairwise(corners):
            for step in range(1, STEPS + 1):
                self.rest(0.012)
                self.touch("update", (x0 + (x1 - x0) * step / STEPS, y0 + (y1 - y0) * step / STEPS), finger)
        self.touch("end", finger=finger)

    def tap(self, place: Place) -> None:
        """Touch a place shortly."""
        self.stroke(place, (place[0], place[1] + 0.001))

    def pixels(self) -> bytes:
        """Return the screen: HEIGHT rows of WIDTH pixels of three bytes."""
        path = self.folder / "now.ppm"
        self.qmp("screendump", filename=str(path))
        return path.read_bytes()[-WIDTH * HEIGHT * 3 :]

    def screenshot(self, path: Path) -> None:
        """Write the screen as a PNG."""
        self.qmp("screendump", filename=str(path), format="png")

    def light(self) -> float:
        """Return the screen's mean brightness, of 255."""
        some = self.pixels()[::997]
        return sum(some) / len(some)

    def wait_for_picture(self) -> None:
        """Return once the window's light picture is there."""
        wait_for(lambda: self.light() > 150, 1800, "the window's picture", 0.5)

    def is_dark(self, place: Place) -> bool:
        """Return whether there is ink at a place of the screen."""
        at = (round(place[1] * HEIGHT) * WIDTH + round(place[0] * WIDTH)) * 3
        return sum(self.pixels()[at : at + 3]) < 250


def wait_for(met: Callable[[], bool], timeout: float, what: str, pause: float = 0.05) -> None:
    """Return once a condition is met; fails naming what was waited for."""
    end = time.monotonic() + timeout
    while not met():
        assert time.monotonic() < end, f"not within {timeout:.0f} s: {what}"
        time.sleep(pause)


def copy(image: Path, name: str) -> Path:
    path = image.with_name(name)
    run("cp", image, path)
    return path


def pages(board: Board, data: str = DATA) -> list[str]:
    """Return what other processes see of the history: committed pages."""
    script = f"db = sqlite3.connect('file:{data}/digitpad.sqlite3?mode=ro', uri=True); print(*db.execute('{TEXTS}'))"
    return re.findall(r"\d+", board.sh(f'python3 -c "import sqlite3; {script}"', check=False).split("Traceback")[0])


def write(board: Board, digits: str, x: float = 0.3, finger: int = 0) -> None:
    """Write digits from left to right, the first around x."""
    for number, digit in enumerate(digits):
        for stroke in DIGITS[digit]:
            board.stroke(*((x + 0.15 * number + right, y) for right, y in stroke), finger=finger)


def keep(board: Board, digits: str = "", x: float = 0.3, data: str = DATA) -> str:
    """Write digits, clear the pad and return the text of the newest page in the history."""
    write(board, digits, x)
    board.rest(2)  # it is read
    board.tap(CLEAR)
    board.rest(1)  # it is stored
    return pages(board, data)[-1]
