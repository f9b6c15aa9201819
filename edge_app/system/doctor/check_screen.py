"""How the screen is turned, and when it goes dark."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .host import Finding, World

RANDR = {"right": 90, "inverted": 180, "left": 270}
QUARTERS = {"0": 0, "1": 90, "2": 180, "3": 270}
FIRMWARE = ("display_rotate", "display_lcd_rotate", "display_hdmi_rotate")
KIOSK_FILES = (".config/systemd/user/digitpad-kiosk.service", ".config/labwc/autostart", ".config/wayfire.ini")
UNDO = "In digitpad's settings take 0 for turning, and start it without --rotate"


@dataclass(frozen=True)
class Turn:
    """Something that turns the picture."""

    where: str
    degrees: int


def check_rotation(world: World) -> Iterator[Finding]:
    """Find who turns the picture; the system and digitpad must not both."""
    own, systems = _own_turns(world), [*_system_turns(world)] if world.is_linux else []
    yield from _idle_turns(world, own)
    if own and systems:
        said = f"the picture is turned twice: {_listed(systems)}, and {_listed(own)}"
        yield Finding("rotation", "bad", said, UNDO)
    elif own or systems:
        yield Finding("rotation", "good", f"turned once: {_listed(own or systems)}")
    else:
        yield Finding("rotation", "good", "not turned")


def _listed(turns: list[Turn]) -> str:
    return ", ".join(f"by {turn.degrees} degrees in {turn.where}" for turn in turns)


def _own_turns(world: World) -> list[Turn]:
    """Return how digitpad turns: by its setting, or by the option with which it is started."""
    files = [*(world.home / name for name in KIOSK_FILES)]
    files += [world.at(f"/etc/systemd/system/{n}") for n in world.names("/etc/systemd/system") if "digitpad" in n]
    for path in files if world.is_linux else []:
        for found in re.finditer(
            r"^[^#\n]*\b(?:digitpad|edge_app)\b.*--rotate[\"']*[ =][\"']*(90|180|270)\b", world.read(path), re.M
        ):
            return [Turn(str(path), int(found[1]))]
    setting = world.settings[0].rotate
    return [Turn("digitpad's setting rotate", setting)] if setting else []


def _system_turns(world: World) -> Iterator[Turn]:
    """Yield what turns everything on the screen: the desktop's settings, or the screen's own driver."""
    _, config = world.boot_file("config.txt")
    for found in re.finditer(r"^\s*dtoverlay=([\w-]+)[^#\n]*\brotat(?:e|ion)=(90|180|270)\b", config, re.M):
        yield Turn(f"config.txt, dtoverlay={found[1]}", int(found[2]))
    if "vc4-kms-v3d" not in config:
        for name in FIRMWARE:
            for found in re.finditer(rf"^\s*{name}\s*=\s*([123])\s*(?:#.*)?$", config, re.M):
                yield Turn(f"config.txt, {name}", QUARTERS[found[1]])
    if not world.is_console:
        yield from _desktop_turns(world)


def _desktop_turns(world: World) -> Iterator[Turn]:
    """Yield the turns of labwc, wayfire and X11; a flipped screen counts as turned."""
    patterns = {
        ".config/kanshi/config": r"^\s*output\s[^#\n]*\btransform\s+(?:flipped-)?(90|180|270)\b",
        ".config/labwc/autostart": r"^[^#\n]*wlr-randr\s[^#\n]*--transform\s+(?:flipped-)?(90|180|270)\b",
        ".config/wayfire.ini": r"^\s*transform\s*=\s*(?:flipped-)?(90|180|270)\b",
    }
    if world.environ.get("DISPLAY") and not world.environ.get("WAYLAND_DISPLAY"):
        tool = world.which("xrandr")
        text = world.run([tool, "--query"]) if tool else ""
        for found in re.finditer(
            r"^(\S+) connected (?:primary )?\d+x\d+\+\d+\+\d+ (left|right|inverted)\b", text, re.M
        ):
            yield Turn(f"xrandr, {found[1]}", RANDR[found[2]])
        return
    for name, pattern in patterns.items():
        for found in re.finditer(pattern, world.read(world.home / name), re.M):
            yield Turn(f"~/{name}", int(found[1]))


def _idle_turns(world: World, own: list[Turn]) -> Iterator[Finding]:
    """Say which lines of the boot files look as if they turned digitpad, and do not."""
    name, config = world.boot_file("config.txt")
    idle = re.search(rf"^\s*({'|'.join(FIRMWARE)})\s*=\s*[123]", config, re.M)
    if idle and "vc4-kms-v3d" in config:
        said = f"{name}: {idle[1]} does nothing with the display driver vc4-kms-v3d"
        yield Finding(
            "rotation", "note", said, "Take the line out; a screen without a desktop is turned by digitpad --rotate"
        )
    name, line = world.boot_file("cmdline.txt")
    console = re.search(r"\bvideo=[^\s]*\brotate=(90|180|270)\b", line)
    if console and world.is_console and not own:
        said = f"{name} turns the console's text by {console[1]} degrees, which digitpad's picture does not follow"
        yield Finding("rotation", "note", said, f"If it stands wrong: digitpad --rotate {console[1]}, or the setting")


def check_blanking(world: World) -> Iterator[Finding]:
    """Say when the system makes the screen dark; digitpad holds that off while somebody writes."""
    if not world.is_linux:
        return
    seconds, where, advice = _blanking(world)
    if seconds:
        said = f"the screen goes dark after {_span(seconds)} without a touch ({where})"
        yield Finding("blanking", "note", said, f"Only for a screen that stays lit: {advice}")
    elif where:
        yield Finding("blanking", "good", f"the screen stays lit ({where})")


def _blanking(world: World) -> tuple[int, str, str]:
    """Return after how many seconds, by what, and what changes it; where nobody can tell, nothing."""
    raspi = "sudo raspi-config nonint do_blanking 1, and restart" if world.which("raspi-config") else ""
    if world.is_console:
        seconds = world.read("/sys/module/kernel/parameters/consoleblank").strip()
        found = re.search(r"\bconsoleblank=(\d+)", world.read("/proc/cmdline"))
        seconds = seconds or (found[1] if found else "0")
        advice = raspi or "add consoleblank=0 to the kernel's command line, and restart"
        return int(seconds) if seconds.isdigit() else 0, "consoleblank", advice
    if world.environ.get("DISPLAY") and not world.environ.get("WAYLAND_DISPLAY"):
        return _x11_blanking(world, raspi)
    autostart = world.read(world.home / ".config/labwc/autostart") + "\n" + world.read("/etc/xdg/labwc/autostart")
    found = re.search(r"^[^#\n]*\bswayidle\b[^#\n]*?\btimeout\s+(\d+)", autostart, re.M)
    if found:
        return int(found[1]), "swayidle in labwc's autostart", raspi or "take swayidle out of ~/.config/labwc/autostart"
    found = re.search(r"^\s*dpms_timeout\s*=\s*(-?\d+)", world.read(world.home / ".config/wayfire.ini"), re.M)
    if found:
        return (
            max(0, int(found[1])),
            "dpms_timeout in wayfire.ini",
            raspi or "dpms_timeout = -1 in ~/.config/wayfire.ini",
        )
    return 0, "", ""


def _x11_blanking(world: World, raspi: str) -> tuple[int, str, str]:
    tool = world.which("xset")
    text = world.run([tool, "-q"]) if tool else ""
    if not text:
        return 0, "", ""
    saver = re.search(r"timeout:\s+(\d+)", text)
    power = re.search(r"Standby:\s+(\d+)\s+Suspend:\s+(\d+)\s+Off:\s+(\d+)", text)
    times = [int(saver[1])] if saver else []
    times += [int(number) for number in power.groups()] if power and "DPMS is Enabled" in text else []
    return min((number for number in times if number), default=0), "xset", raspi or "xset s off -dpms"


def _span(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds} s"
