"""Whether a window can be opened, how the screen is rotated, and when it goes dark."""

import re
import shlex
from collections.abc import Iterator

from ..os_info import touch_settings, touchscreens
from .check_input import RC_XML
from .check_software import install_libraries
from .host import KIOSK, Finding, Host

VARIABLES = {"x11": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
KMS = "vc4-kms-v3d"
RANDR = {"right": 90, "inverted": 180, "left": 270}
KIOSK_FILES = ("~/.config/systemd/user/digitpad-kiosk.service", "~/.config/labwc/autostart")
OPTION = r"^[^#\n]*\b(?:digitpad|edge_app)\b.*--rotate[\"']*[ =][\"']*(90|180|270)\b"
DESKTOP_FILES = {  # a flipped screen counts as rotated
    "~/.config/kanshi/config": r"^\s*output\s[^#\n]*\btransform\s+(?:flipped-)?(90|180|270)\b",
    "~/.config/labwc/autostart": r"^[^#\n]*wlr-randr\s[^#\n]*--transform\s+(?:flipped-)?(90|180|270)\b",
}


def check_display(host: Host) -> Iterator[Finding]:
    """Report SDL's video driver, or why there is none; a broken pygame is check_pygame's finding."""
    facts = host.pygame
    if "driver" not in facts:
        return
    problem = _console_problem(host) if host.is_console else None if facts["seen"] else _desktop_problem(host)
    if problem:
        yield problem
    elif facts["seen"]:
        name = VARIABLES.get(facts["driver"], "")
        place = f" ({name}={host.environ[name]})" if host.environ.get(name) else ""
        said = f"a window opens with {facts['driver'].lower()}{place}"
        if facts["driver"] == "x11" and host.environ.get("WAYLAND_DISPLAY"):
            yield _xwayland(facts["lacking"].get("wayland", []), said)
        else:
            yield Finding("display", "good", said)


def _xwayland(lacking: list[str], said: str) -> Finding:
    """Report SDL's choice on a Wayland desktop, and whether the kiosk can do better."""
    why = "wayland, which needs no second server, and alone can keep the screen lit"
    if not lacking:
        return Finding("display", "good", f"{said}, through XWayland; the kiosk takes {why}")
    said = f"{said}, through XWayland; the kiosk would take {why}, but lacks {', '.join(lacking)}"
    return Finding("display", "note", said, install_libraries(lacking))


def _refusal(host: Host) -> str:
    return host.pygame["refusal"] or f"the driver {host.pygame['driver']} shows nothing on a screen"


def _desktop_problem(host: Host) -> Finding:
    """Return why no window can be opened on a desktop."""
    if forced := host.environ.get("SDL_VIDEODRIVER"):
        return Finding("display", "bad", f"SDL_VIDEODRIVER={forced}: {_refusal(host)}", "unset SDL_VIDEODRIVER")
    if not host.is_linux:
        return Finding("display", "bad", f"no window can be opened: {_refusal(host)}", "Log in at the screen")
    wayland = host.environ.get("WAYLAND_DISPLAY", "")
    named = " and ".join(f"{name}={host.environ[name]}" for name in VARIABLES.values() if host.environ.get(name))
    if wayland and not wayland.startswith("/") and not host.environ.get("XDG_RUNTIME_DIR"):
        said = f"{named} is set, but XDG_RUNTIME_DIR, the folder of its socket, is not"
        return Finding("display", "bad", said, "export XDG_RUNTIME_DIR=/run/user/$(id -u)")
    if named:
        remedy = "Start digitpad in the desktop's own terminal; over ssh, log in with ssh -X"
        return Finding("display", "bad", f"{named} is set, but no display answers there", remedy)
    if host.desktops:
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in host.desktops[0].items())
        said = "a desktop is running, but this terminal is not part of it (as over ssh)"
        remedy = f"Start digitpad from the desktop, or as its user: {variables} digitpad"
        return Finding("display", "note", said, remedy)
    return _no_display(host)


def _no_display(host: Host) -> Finding:
    name, config = host.boot_file("config.txt")
    if "Raspberry Pi" in host.read("/proc/device-tree/model") and not re.search(f"^[^#\n]*{KMS}", config, re.M):
        said = f"no desktop is running and there is no /dev/dri: the display driver {KMS} is off"
        remedy = f"Add the line dtoverlay={KMS} to {name or '/boot/firmware/config.txt'} and reboot"
        return Finding("display", "bad", said, remedy)
    said = "no display: DISPLAY and WAYLAND_DISPLAY are not set, and there is no /dev/dri"
    remedy = "Start digitpad on a desktop, or over ssh -X. These work without one: digitpad demo, digitpad recognize"
    return Finding("display", "bad", said, remedy)


def _console_problem(host: Host) -> Finding | None:
    """Return what keeps SDL from drawing without a desktop, apart from permissions and SDL's own drivers."""
    if not host.cards:
        return _no_display(host)
    facts = host.pygame
    if lacking := facts["lacking"].get("KMSDRM"):
        said = f"libraries for drawing without a desktop are missing: {', '.join(lacking)}"
        return Finding("display", "bad", said, install_libraries(lacking))
    status = {name: host.read(f"/sys/class/drm/{name}/status").strip() for name in host.names("/sys/class/drm")}
    plugs = {name.partition("-")[2]: state for name, state in status.items() if state}
    if plugs and set(plugs.values()) == {"disconnected"}:  # some report unknown
        said = f"no screen is connected to {', '.join(plugs)}"
        return Finding("display", "bad", said, "Connect the screen, switch it on, and reboot")
    drivers = facts["drivers"]
    could_draw = drivers is None or "KMSDRM" in drivers
    if not facts["seen"] and could_draw and all(host.may_open(card, write=True) for card in host.cards):
        if host.run("systemctl", "is-active", KIOSK):
            return Finding("display", "good", "the kiosk is on the screen")
        said = f"no desktop is running, and KMS/DRM does not start: {_refusal(host)}"
        remedy = "Find the program that holds the screen, maybe another digitpad, and end it: sudo fuser -v /dev/dri/*"
        return Finding("display", "bad", said, remedy)
    return None


def check_rotation(host: Host) -> Iterator[Finding]:
    """Find what rotates the picture: the system and digitpad must not both."""
    own, system = _own_rotation(host), _system_rotation(host) if host.is_linux else ""
    name, line = host.boot_file("cmdline.txt")
    console = re.search(r"\bvideo=[^\s]*\brotate=(90|180|270)\b", line)
    if console and host.is_console and not own:
        said = f"{name} rotates the console text by {console[1]} degrees, but not digitpad"
        yield Finding("rotation", "note", said, f"If digitpad is not upright: digitpad --rotate {console[1]}")
    if own and system:
        remedy = "Set rotate to 0 in digitpad's settings, and start it without --rotate"
        yield Finding("rotation", "bad", f"the picture is rotated twice: {system}, and {own}", remedy)
    else:
        yield Finding("rotation", "good", f"rotated once: {own or system}" if own or system else "not rotated")
    yield from _unturned_touch(host, system)


def _unturned_touch(host: Host, system: str) -> Iterator[Finding]:
    """Find touchscreens that labwc does not map to the screen that it turns; unmapped ones keep their directions."""
    output = re.search(r"\b(?:DSI|HDMI-A|DPI|DP|eDP|SPI|Virtual)-\d+\b", system)
    if not host.environ.get("WAYLAND_DISPLAY") or not system:
        return
    for name in touchscreens(host.root):
        if not touch_settings(host.read(RC_XML), name).get("mapToOutput"):
            line = f'<touch deviceName="{name}" mapToOutput="{output[0] if output else "DSI-1"}"/>'
            said = f"the screen is turned {system}, and touch is not: labwc does not map {name} to it"
            remedy = f"digitpad install-kiosk does that, or add to {RC_XML}: {line}; then: labwc --reconfigure"
            yield Finding("rotation", "bad", said, remedy)


def _own_rotation(host: Host) -> str:
    units = [f"/etc/systemd/system/{name}" for name in host.names("/etc/systemd/system") if "digitpad" in name]
    for path in (*KIOSK_FILES, *units) if host.is_linux else ():
        if found := re.search(OPTION, host.read(path), re.M):
            return f"by {found[1]} degrees in {path}"
    rotate = host.settings[0].rotate
    return f"by {rotate} degrees in digitpad's setting rotate" if rotate else ""


def _system_rotation(host: Host) -> str:
    """Return what rotates the whole screen: its driver's overlay, or the desktop."""
    _, config = host.boot_file("config.txt")
    if found := re.search(r"^\s*dtoverlay=([\w-]+)[^#\n]*\brotat(?:e|ion)=(90|180|270)\b", config, re.M):
        return f"by {found[2]} degrees in config.txt, dtoverlay={found[1]}"
    if host.is_console:
        return ""
    if host.is_x11:
        pattern = r"^(\S+) connected (?:primary )?\d+x\d+\+\d+\+\d+ (left|right|inverted)\b"
        found = re.search(pattern, host.run("xrandr", "--query"), re.M)
        return f"by {RANDR[found[2]]} degrees in xrandr, {found[1]}" if found else ""
    for block in re.split(r"^(?=\S)", host.run("wlr-randr"), flags=re.M):
        if found := re.search(r"^\s+Transform: (?:flipped-)?(90|180|270)$", block, re.M):
            return f"by {found[1]} degrees in wlr-randr, {block.split()[0]}"
    for path, pattern in DESKTOP_FILES.items():
        if found := re.search(pattern, host.read(path), re.M):
            return f"by {found[1]} degrees in {path}"
    return ""


def check_blanking(host: Host) -> Iterator[Finding]:
    """Report when the system turns the screen dark; digitpad prevents it while somebody writes."""
    if not host.is_linux:
        return
    seconds, where, remedy = _blanking(host)
    if seconds:
        span = f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
        remedy = "sudo raspi-config nonint do_blanking 1, and reboot" if host.which("raspi-config") else remedy
        said = f"the screen goes dark after {span} without a touch ({where})"
        yield Finding("blanking", "note", said, f"To keep it lit: {remedy}")
    elif where:
        yield Finding("blanking", "good", f"the screen stays lit ({where})")


def _blanking(host: Host) -> tuple[int, str, str]:
    """Return seconds until the screen goes dark (0: never), what does that ("" if unknown), and how to prevent it."""
    if host.is_console:
        found = re.search(r"\bconsoleblank=(\d+)", host.read("/proc/cmdline"))
        text = host.read("/sys/module/kernel/parameters/consoleblank").strip() or (found[1] if found else "0")
        remedy = "add consoleblank=0 to the kernel's command line, and reboot"
        return int(text) if text.isdecimal() else 0, "consoleblank", remedy
    if host.is_x11:
        text = host.run("xset", "-q")
        kinds = r"timeout|Standby|Suspend|Off" if "DPMS is Enabled" in text else "timeout"
        seconds = [int(number) for number in re.findall(rf"(?:{kinds}):\s+([1-9]\d*)", text)]
        return min(seconds, default=0), "xset" if text else "", "xset s off -dpms"
    autostart = host.read("~/.config/labwc/autostart") + "\n" + host.read("/etc/xdg/labwc/autostart")
    if found := re.search(r"^[^#\n]*\bswayidle\b[^#\n]*?\btimeout\s+(\d+)", autostart, re.M):
        return int(found[1]), "swayidle in labwc's autostart", "remove swayidle from ~/.config/labwc/autostart"
    return 0, "", ""
