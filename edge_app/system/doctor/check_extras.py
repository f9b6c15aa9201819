"""Fonts, speech and power."""

from collections.abc import Iterator

from ..speech import find_speaker
from .host import Finding, Host

NOTO = "sudo apt install fonts-noto-core, and fonts-noto-cjk for Chinese, Japanese and Korean"
SHOWN = 3  # missing letters
SUPPLY = "Use the power supply made for this board, and a short cable"
COOL = "Add a heat sink or a fan"
# bits of get_throttled (raspberrypi.com/documentation/computers/os.html#get_throttled), sentence, remedy
THROTTLED = (
    (0x1, "the supply voltage is too low: touches get lost, and SD cards get damaged", SUPPLY),
    (0x10000, "the supply voltage was too low since boot", SUPPLY),
    (0xE, "the processor is throttled because it is hot", COOL),
    (0xE0000, "the processor was throttled since boot because it was hot", COOL),
)


def check_fonts(host: Host) -> Iterator[Finding]:
    """Look for a font with every letter of the window's language."""
    facts, code = host.pygame, host.language[0].code
    if "font" not in facts:  # check_pygame's finding
        return
    if facts["font_error"]:
        remedy = host.pip("install --force-reinstall pygame-ce")
        yield Finding("fonts", "bad", f"pygame cannot draw text: {facts['font_error']}", remedy)
    elif facts["missing"]:
        names, more = ", ".join(facts["missing"][:SHOWN]), len(facts["missing"]) - SHOWN
        said = f"no font has {names}{f' and {more} more letters' if more > 0 else ''} of language {code}"
        remedy = NOTO if host.is_linux else "Install a font that has them, such as Noto Sans"
        yield Finding("fonts", "bad", said, remedy)
    else:
        yield Finding("fonts", "good", f"{facts['font'] or 'the font of pygame'} has every letter of language {code}")


def check_speech(host: Host) -> Iterator[Finding]:
    """Look for the command that reads numbers aloud."""
    speaker = find_speaker(host.which, host.platform)
    wanted = host.settings[0].speak
    remedy = "sudo apt install espeak-ng" if host.is_linux else "Put the system's speech command back on the path"
    if speaker:
        yield Finding("speech", "good", f"numbers are read aloud with {speaker.path}")
    elif wanted:
        yield Finding("speech", "bad", "no speech command is installed, and the setting speak is on", remedy)
    else:
        yield Finding("speech", "note", "no speech command is installed; it is optional", remedy)


def check_power(host: Host) -> Iterator[Finding]:
    """Ask a Raspberry Pi's firmware for low voltage and heat; low voltage throttles, too, so it comes first."""
    try:
        flags = int(host.run("vcgencmd", "get_throttled").strip().partition("=")[2], 16)
    except ValueError:  # not a Pi
        return
    for bits, said, remedy in THROTTLED:
        if flags & bits:
            yield Finding("power", "bad" if bits == 1 else "note", said, remedy)
            return
    yield Finding("power", "good", "voltage and temperature are fine, and were since boot")
