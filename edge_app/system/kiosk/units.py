"""The files of a kiosk: systemd units, a desktop's autostart entry, and a marked block in labwc's autostart file."""

import re
from pathlib import Path
from string import Template
from xml.sax.saxutils import quoteattr

from ...errors import SetupError
from ..launch_command import Start

DATA = Path(__file__).parent / "data"
NAME = "digitpad-kiosk"
UNIT = f"{NAME}.service"
OURS = b"# Written by digitpad install-kiosk"  # how every file of ours begins
DEVICE_GROUPS = ("video", "render", "input", "audio", "tty")
BEGIN, END = b"# >>> digitpad install-kiosk", b"# <<< digitpad install-kiosk"
XML_BEGIN, XML_END = b"<!-- >>> digitpad install-kiosk -->", b"<!-- <<< digitpad install-kiosk -->"
EMPTY_XML = b'<?xml version="1.0"?>\n<labwc_config>\n</labwc_config>\n'

# Reads the same in a desktop entry and a shell script. Starting it twice does no harm.
START = (
    'sh -c "systemctl --user import-environment WAYLAND_DISPLAY DISPLAY XAUTHORITY; '
    f"systemctl --user daemon-reload; systemctl --user reset-failed {UNIT}; "
    f'exec systemctl --user start {UNIT}"'
)


def system_unit(start: Start, user: str, groups: list[str], *, direct: bool = False) -> bytes:
    """Return the unit for a system without a desktop: digitpad on KMS/DRM, on the first terminal.

    `direct` is for a systemd that knows RestartMode=, from 254 on, where each restart would show a login (OnFailure=).
    """
    home, mode = "read-only" if start.at_home else "yes", "RestartMode=direct\n" if direct else ""
    return _fill("system.service", user=user, groups=" ".join(groups), home=home, restart_mode=mode, **_service(start))


def user_unit(start: Start, kind: str) -> bytes:
    """Return the unit for the user's own systemd, which a desktop's autostart starts."""
    # SDL 2 would take X11, a second server, which on Wayland keeps no screen lit; it stays the second choice
    driver = "Environment=SDL_VIDEODRIVER=wayland,x11\n" if kind == "labwc" else ""
    return _fill("user.service", driver=driver, **_service(start))


def autostart_entry() -> bytes:
    """Return the entry for ~/.config/autostart."""
    return _fill("autostart.desktop", start=START)


def _fill(name: str, **values: str) -> bytes:
    return Template((DATA / name).read_text(encoding="utf-8")).substitute(values).encode()


def _service(start: Start) -> dict[str, str]:
    for part in (*start.command, str(start.folder)):
        if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", part):  # a line break would add a setting
            raise SetupError(f"{part!a}: not allowed in a systemd unit. Install digitpad in another folder")
    program, *options = map(_quote, start.command)
    command = " ".join([program, *(option.replace("$", "$$") for option in options)])
    return {"command": command, "folder": str(start.folder).replace("%", "%%")}


def _quote(word: str) -> str:
    """Return a word of ExecStart= without specifiers (systemd.service(5)); variables expand in arguments only."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w/.,:=+@%-]+", escaped) else f'"{escaped}"'


def with_touch(rc_xml: bytes, touchscreens: list[str], output: str) -> bytes:
    """Return labwc's rc.xml with our block at the end of it, which maps touchscreens to a screen."""
    lines = (f"  <touch deviceName={quoteattr(name)} mapToOutput={quoteattr(output)}/>\n" for name in touchscreens)
    block = b"%b\n%b%b\n" % (XML_BEGIN, "".join(lines).encode(), XML_END)
    return re.sub(rb"(?=</(?:labwc|openbox)_config>)", lambda _: block, rc_xml)


def with_block(content: bytes | None, lines: str) -> bytes:
    """Return a file with our block at its end."""
    before = content or b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return b"%b%b\n%b\n%b\n" % (before, BEGIN, lines.encode(), END)


def without_block(content: bytes, path: Path, begin: bytes = BEGIN, end: bytes = END) -> bytes | None:
    """Return a file without our block, None if nothing else is in it; raises SetupError for half a block."""
    rest, count = re.subn(rb"%b[^\n]*\n.*?%b(?:\n|\Z)" % (begin, end), b"", content, flags=re.DOTALL)
    if begin in rest or end in rest:
        raise SetupError(f"{path}: a line of digitpad's block is missing. Remove the rest of the block by hand")
    return rest if rest not in (b"", EMPTY_XML) or not count else None
