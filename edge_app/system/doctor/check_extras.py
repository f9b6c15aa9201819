"""Letters, voice and power."""

from collections.abc import Iterator

from ..speech import find_speaker
from .host import Finding, World

NOTO = "sudo apt install fonts-noto-core, and fonts-noto-cjk for Chinese, Japanese and Korean"
SHOWN = 3  # letters that are named
# bits of get_throttled: raspberrypi.com/documentation/computers/os.html#get_throttled
NOW_LOW, NOW_SLOW, EVER_LOW, EVER_SLOW = 1 << 0, 1 << 1 | 1 << 2 | 1 << 3, 1 << 16, 1 << 17 | 1 << 18 | 1 << 19
SUPPLY = "Use the power supply made for this board, and a short cable"
COOL = "Give it a heat sink or a fan, and air"


def check_fonts(world: World) -> Iterator[Finding]:
    """Look for a font that has every letter of the window's language."""
    facts = world.pygame
    if "font" not in facts:  # pygame's finding
        return
    code = world.language[0].code
    if facts["font_error"]:
        advice = world.pip("install --force-reinstall pygame-ce")
        yield Finding("fonts", "bad", f"pygame draws no letters: {facts['font_error']}", advice)
    elif facts["missing"]:
        names, more = facts["missing"][:SHOWN], len(facts["missing"]) - SHOWN
        said = (
            f"no font here has {', '.join(names)}{f' and {more} more letters' if more > 0 else ''} of language {code}"
        )
        yield Finding(
            "fonts", "bad", said, NOTO if world.is_linux else "Install a font that has them, such as Noto Sans"
        )
    else:
        yield Finding("fonts", "good", f"every letter of language {code} is in {facts['font'] or 'the font of pygame'}")


def check_speech(world: World) -> Iterator[Finding]:
    """Look for the command that says numbers; without it digitpad is silent."""
    speaker = find_speaker(world.which, world.platform)
    if speaker:
        yield Finding("speech", "good", f"numbers are said with {speaker.path}")
        return
    asked_for = world.settings[0].speak
    advice = "sudo apt install espeak-ng" if world.is_linux else "Put the system's own speech command back on the path"
    said = "no command that speaks is installed" + (
        ", and the setting speak is on" if asked_for else "; it is optional"
    )
    yield Finding("speech", "bad" if asked_for else "note", said, advice)


def check_power(world: World) -> Iterator[Finding]:
    """Ask a Raspberry Pi's firmware whether its supply and its heat let it work.

    Low voltage slows the processor, too, so slowness is told by itself only where the voltage was well.
    """
    tool = world.which("vcgencmd")
    answer = world.run([tool, "get_throttled"]).strip().partition("=")[2] if tool else ""
    try:
        flags = int(answer, 16)
    except ValueError:  # no Pi, or one whose firmware may not be asked
        return
    if flags & NOW_LOW:
        said = "the supply's voltage is too low right now: touches get lost, and SD cards get damaged"
        yield Finding("power", "bad", said, SUPPLY)
    elif flags & EVER_LOW:
        yield Finding("power", "note", "the supply's voltage was too low since the start", SUPPLY)
    elif flags & NOW_SLOW:
        yield Finding("power", "note", "the processor is slowed down right now, to keep it cool", COOL)
    elif flags & EVER_SLOW:
        yield Finding("power", "note", "the processor was slowed down since the start, to keep it cool", COOL)
    if not flags:
        yield Finding("power", "good", "voltage and temperature are and were well")
