"""Fake systems for the doctor, working ones that a test breaks."""

from pathlib import Path
from typing import Any

from edge_app.system.doctor.host import Finding, Host
from edge_app.system.doctor.run import examine

TOUCHSCREEN = """\
I: Bus=0018 Vendor=0000 Product=0000 Version=0000
N: Name="10-0038 generic ft5x06 (79)"
H: Handlers=mouse0 event0
B: PROP=2
B: EV=b
B: KEY=400 0 0 0 0 0
B: ABS=260800000000003
"""
MOUSE = """\
N: Name="Logitech USB Optical Mouse"
H: Handlers=mouse1 event1
B: PROP=0
B: EV=17
B: KEY=ff0000 0 0 0 0
B: REL=903
"""
KEYBOARD = """\
N: Name="A Keyboard"
H: Handlers=sysrq kbd leds event2
B: PROP=0
B: EV=120013
B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe
"""
REMOTE = """\
N: Name="vc4-hdmi-0"
H: Handlers=kbd event3
B: EV=100013
B: KEY=ffffc000000000 3ff 0 400000320fc200 40830c900000000 0 210300 49d2c040ec00 1e378000000000 8010000010000000
"""
TOUCHPAD = """\
N: Name="A Laptop's Touchpad"
H: Handlers=mouse2 event4
B: PROP=5
B: EV=b
B: KEY=e520 10000 0 0 0 0
B: ABS=2e0800000000003
"""
TABLET = """\
N: Name="QEMU USB Tablet"
H: Handlers=mouse3 event5
B: EV=1f
B: KEY=70000 0 0 0 0
B: REL=100
B: ABS=3
"""
PEN = """\
N: Name="Wacom Pen"
H: Handlers=mouse4 event6
B: PROP=2
B: EV=b
B: KEY=1c03 0 0 0 0 0
B: ABS=1000003
"""
FINGERS = """\
N: Name="QEMU Virtio MultiTouch"
H: Handlers=event7
B: PROP=0
B: EV=b
B: KEY=400 0 0 0 0 0
B: ABS=260800000000000
"""
CE = ["x11", "wayland", "KMSDRM", "offscreen", "dummy", "evdev"]
CLASSIC_ARM = ["x11", "wayland", "offscreen", "dummy", "evdev"]  # what the 2.6.1 wheel for aarch64 lists


class System(Host):
    """A system in a folder; it answers as a real one would from what was put into it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.root, self.home, self.user = folder / "root", folder / "home" / "pi", "pi"
        self.home.mkdir(parents=True)
        self.root.mkdir()
        self.environ: dict[str, str] = {"DIGITPAD_HOME": str(folder / "digitpad")}
        self.platform, self.machine, self.version = "linux", "aarch64", (3, 11)
        self.python, self.frozen = "/home/pi/.venv/bin/python", False
        self.groups = {"pi", "video", "render", "input"}
        self.owners: dict[str, str] = {}
        self.packages = {"numpy": "1.26.4", "pillow": "11", "platformdirs": "4", "tomlkit": "0.13"}
        self.packages |= {"tflite-runtime": "2.14.0", "pygame-ce": "2.5.8"}
        self.drivers: list[str] | None = CE
        self.lacking: dict[str, list[str]] = {}
        self.missing: list[str] = []
        self.trials: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Any] | None = None  # what pygame says in place of the usual
        self.commands: dict[str, str] = {}
        self.free = 10**10
        self.put("/etc/group", "video:x:44:\nrender:x:105:\ninput:x:106:\n")

    def put(self, path: str, text: str = "", group: str = "root") -> None:
        place = self.at(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.owners[path] = group

    def may_open(self, path: str, *, write: bool) -> bool:  # noqa: ARG002
        return self.owners[path] in self.groups

    def group_of(self, path: str) -> str:
        return self.owners[path]

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if any(key.split()[0] == name for key in self.commands) else None

    def run(self, *command: str) -> str:
        return self.commands.get(" ".join(command), "")

    def installed(self, package: str) -> str | None:
        return self.packages.get(package)

    def free_bytes(self, _folder: Path) -> int:
        return self.free

    def ask(self, module: str, job: dict[str, Any]) -> dict[str, Any]:
        if module == "edge_app.system.doctor.runtime_probe":
            return self.trials.get(job["runtime"], self.trial())
        assert module == "edge_app.gui.platform.pygame_probe"
        assert set("abcxyz") <= set(job["letters"])
        return self.facts or self.usual_facts()

    def trial(self, **changes: Any) -> dict[str, Any]:
        return {"stage": "done", "samples": 8, "right": 8, "numpy": self.packages.get("numpy", ""), **changes}

    def usual_facts(self) -> dict[str, Any]:
        name = next((name for name in ("pygame-ce", "pygame") if name in self.packages), None)
        if name is None:
            return {"error": "No module named 'pygame'"}
        driver = self.driver()
        seen = driver not in ("offscreen", "dummy")
        facts = {"name": name, "version": self.packages[name], "sdl": "2.32.10", "driver": driver, "seen": seen}
        facts |= {"drivers": self.drivers, "udev": self.drivers is None or "KMSDRM" in self.drivers}
        return facts | {"lacking": self.lacking, "refusal": "", "font": "", "missing": self.missing, "font_error": ""}

    def driver(self) -> str:
        """Choose as SDL does."""
        if self.platform != "linux":
            return {"win32": "windows", "darwin": "cocoa"}[self.platform]
        if self.environ.get("SDL_VIDEODRIVER"):
            return self.environ["SDL_VIDEODRIVER"]
        for answering in self.desktops:
            if answering.items() <= self.environ.items():
                return "wayland" if "WAYLAND_DISPLAY" in answering else "x11"
        usable = self.cards and all(self.may_open(card, write=True) for card in self.cards)
        return (
            "KMSDRM" if usable and not self.lacking.get("KMSDRM") and "KMSDRM" in (self.drivers or []) else "offscreen"
        )

    def findings(self, check: str = "") -> list[Finding]:
        for name in ("paths", "settings", "language", "pygame"):  # a test may have changed what they depend on
            self.__dict__.pop(name, None)
        return [finding for finding in examine(self) if check in ("", finding.check)]

    def bad(self, check: str = "") -> list[Finding]:
        return [finding for finding in self.findings(check) if finding.state == "bad"]

    def states(self, check: str) -> list[str]:
        return [finding.state for finding in self.findings(check)]


def pi(system: System) -> System:
    system.put("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    system.put("/boot/firmware/config.txt", "# dtoverlay=vc4-fkms-v3d\ndtoverlay=vc4-kms-v3d\n")
    system.put("/boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1-02 rootwait\n")
    for name, group in (("card0", "video"), ("card1", "video"), ("renderD128", "render")):
        system.put(f"/dev/dri/{name}", group=group)
    system.put("/sys/class/drm/card1-DSI-1/status", "connected\n")
    system.put("/sys/class/drm/card1-HDMI-A-1/status", "disconnected\n")
    system.put("/proc/bus/input/devices", "\n".join([TOUCHSCREEN, KEYBOARD, REMOTE]))
    for number in range(4):
        system.put(f"/dev/input/event{number}", group="input")
    return system


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def choose(system: System, text: str) -> None:
    folder = Path(system.environ["DIGITPAD_HOME"]) / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(text)
