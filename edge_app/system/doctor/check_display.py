"""Whether a window can be opened, by which driver, and what hinders it: variables, libraries, the screen itself."""

import shlex
from collections.abc import Iterator

from .check_software import install_libraries
from .host import Finding, World

KINDS = {"x11": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
WITHOUT = "Without a screen these work: digitpad demo, digitpad recognize FILE"


def check_display(world: World) -> Iterator[Finding]:
    """Say which driver SDL chose, or why it found none; the pygame that cannot be asked is another check's."""
    facts = world.pygame
    if "driver" not in facts:
        return
    hindrances = list(_console(world)) if world.is_console else []
    yield from hindrances
    if facts["seen"] and not hindrances:
        yield Finding("display", "good", f"a window opens with {facts['driver'].lower()}{_place(world)}")
    elif not facts["seen"] and not world.is_console:
        yield _unseen(world)


def _unseen(world: World) -> Finding:
    """Return why no window can be opened, where digitpad would not draw on the screen itself."""
    forced = world.environ.get("SDL_VIDEODRIVER")
    if forced:
        return Finding("display", "bad", f"SDL_VIDEODRIVER={forced}: {_refusal(world)}", "unset SDL_VIDEODRIVER")
    if not world.is_linux:
        return Finding(
            "display", "bad", f"no window can be opened: {_refusal(world)}", "Run digitpad in a user's session"
        )
    if world.environ.get("WAYLAND_DISPLAY") or world.environ.get("DISPLAY"):
        return _named_in_vain(world)
    return _elsewhere(world) if world.desktops else _no_screen_at_all(world)


def _place(world: World) -> str:
    variable = KINDS.get(world.pygame["driver"], "")
    value = world.environ.get(variable)
    return f" ({variable}={value})" if value else ""


def _refusal(world: World) -> str:
    facts = world.pygame
    return facts["refusal"] or f"the driver {facts['driver']} draws where nobody sees it"


def _named_in_vain(world: World) -> Finding:
    wayland, x11 = world.environ.get("WAYLAND_DISPLAY"), world.environ.get("DISPLAY")
    named = " and ".join(f"{name}={value}" for name, value in (("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)) if value)
    if wayland and not world.environ.get("XDG_RUNTIME_DIR") and not wayland.startswith("/"):
        said = f"{named} is set, and XDG_RUNTIME_DIR, the folder where it lies, is not"
        return Finding("display", "bad", said, "export XDG_RUNTIME_DIR=/run/user/$(id -u)")
    advice = "Start digitpad in the desktop's own terminal; over ssh, log in with ssh -X"
    return Finding("display", "bad", f"{named} is set, and no display answers there", advice)


def _elsewhere(world: World) -> Finding:
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in world.desktops[0].items())
    said = "a desktop runs here, and this terminal does not belong to it (as over ssh)"
    return Finding("display", "note", said, f"Start digitpad from the desktop, or as its user: {variables} digitpad")


def _no_screen_at_all(world: World) -> Finding:
    """Return the finding for a system without a desktop and without a display device."""
    name, config = world.boot_file("config.txt")
    if "Raspberry Pi" in world.board and "vc4-kms-v3d" not in _without_comments(config):
        said = "no desktop runs, and there is no /dev/dri: the display driver vc4-kms-v3d is not switched on"
        advice = f"Add the line dtoverlay=vc4-kms-v3d to {name or '/boot/firmware/config.txt'} and restart"
        return Finding("display", "bad", said, advice)
    said = "there is no display: DISPLAY and WAYLAND_DISPLAY are not set, and there is no /dev/dri"
    return Finding("display", "bad", said, f"Start digitpad on a desktop, or over ssh -X. {WITHOUT}")


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


def _console(world: World) -> Iterator[Finding]:
    """Find what keeps SDL from drawing on the screen without a desktop, of libraries, plug and other programs.

    Its own drivers and the permissions have checks of their own.
    """
    if not world.cards:
        yield _no_screen_at_all(world)
        return
    facts = world.pygame
    if facts["lacking"]:
        said = f"the system lacks what drawing without a desktop needs: {', '.join(facts['lacking'])}"
        yield Finding("display", "bad", said, install_libraries(facts["lacking"]))
    elif not _is_connected(world):
        said = f"no screen is connected to {', '.join(_plugs(world))}"
        yield Finding("display", "bad", said, "Connect the screen, switch it on, and restart")
    elif not facts["seen"] and _could_draw(world):
        said = f"no desktop runs, and KMS/DRM does not start: {_refusal(world)}"
        advice = (
            "See whether another program, maybe a digitpad, holds the screen, and end it: sudo fuser -v /dev/dri/card*"
        )
        yield Finding("display", "bad", said, advice)


def _plugs(world: World) -> dict[str, str]:
    """Return connected or disconnected by plug, such as HDMI-A-1."""
    states = {name: world.read(f"/sys/class/drm/{name}/status").strip() for name in world.names("/sys/class/drm")}
    return {name.partition("-")[2]: state for name, state in states.items() if state}


def _is_connected(world: World) -> bool:
    plugs = _plugs(world)
    return not plugs or set(plugs.values()) != {"disconnected"}  # unknown is what some plugs cannot help saying


def _could_draw(world: World) -> bool:
    """Return whether driver and permissions are there, which have checks of their own."""
    drivers = world.pygame["drivers"]
    return (drivers is None or "KMSDRM" in drivers) and all(world.access(world.at(card), True) for card in world.cards)
