"""Random hands: what people, and devices that are out of order, do to a window, as steps that can be written down.

A step is a list of a verb and plain values. What it means depends on what the window shows when it is taken: "press" is
the press of a button that is there then, so that a random hand comes as deep as a person does.
"""

import math
import random
from typing import Any, TypeAlias

import pygame

Step: TypeAlias = list[Any]

SIZES = ((320, 240), (480, 320), (800, 480), (720, 1280), (1024, 600), (360, 640))
ODD_SIZES = ((1, 1), (2, 700), (900, 3), (64, 48), (200, 150), (319, 239), (2560, 1440), (3840, 2160), (5000, 40))
SAMPLES = 5  # bundled numbers that can be written
FILES = 9  # that can be opened, see `life.furnish`
KEYS = [
    *(getattr(pygame, f"K_{name}") for name in "0123456789abcdefghijklmnopqrstuvwxyz"),
    *(getattr(pygame, f"K_KP{digit}") for digit in range(10)),
    *(getattr(pygame, f"K_F{number}") for number in (1, 2, 3, 4, 10, 11, 12)),
    *(pygame.K_BACKSPACE, pygame.K_DELETE, pygame.K_ESCAPE, pygame.K_TAB, pygame.K_RETURN, pygame.K_KP_ENTER),
    *(pygame.K_SPACE, pygame.K_UP, pygame.K_DOWN, pygame.K_LEFT, pygame.K_RIGHT, pygame.K_PAGEUP, pygame.K_PAGEDOWN),
    *(pygame.K_HOME, pygame.K_END, pygame.K_LALT, pygame.K_LCTRL, pygame.K_LSHIFT, pygame.K_MENU, 0, 2**30 + 999),
]
LIKELY_KEYS = (pygame.K_TAB, pygame.K_TAB, pygame.K_RETURN, pygame.K_SPACE, pygame.K_DOWN, pygame.K_PAGEDOWN)
MODS = (
    *(0, 0, 0, 0, pygame.KMOD_CTRL, pygame.KMOD_LCTRL, pygame.KMOD_SHIFT, pygame.KMOD_LCTRL | pygame.KMOD_LSHIFT),
    *(pygame.KMOD_ALT, pygame.KMOD_META, pygame.KMOD_CAPS, pygame.KMOD_NUM, 0xFFFF),
)
WINDOW_EVENTS = tuple(name for name in dir(pygame) if name.startswith("WINDOW") and "POS_" not in name)
POINTER_EVENTS = {"MOUSEMOTION", "MOUSEBUTTONDOWN", "MOUSEBUTTONUP", "FINGERDOWN", "FINGERMOTION", "FINGERUP"}
OTHER_EVENTS = (
    *("ACTIVEEVENT", "VIDEOEXPOSE", "VIDEORESIZE", "SYSWMEVENT", "TEXTINPUT", "TEXTEDITING", "KEYUP", "KEYMAPCHANGED"),
    *("MULTIGESTURE", "JOYAXISMOTION", "JOYBUTTONDOWN", "JOYDEVICEADDED", "CONTROLLERBUTTONDOWN", "CLIPBOARDUPDATE"),
    *("AUDIODEVICEADDED", "AUDIODEVICEREMOVED", "RENDER_TARGETS_RESET", "RENDER_DEVICE_RESET", "LOCALECHANGED"),
    *("APP_TERMINATING", "APP_LOWMEMORY", "APP_WILLENTERBACKGROUND", "APP_DIDENTERFOREGROUND"),
    *("DROPBEGIN", "DROPCOMPLETE", "DROPTEXT", "MOUSEWHEEL"),
)
ODD: tuple[Any, ...] = (
    None,
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1e30,
    2**31,
    -(2**31),
    2**40,
    -1,
    0,
    "7",
    "",
    True,
    [],
    [1],
    [1, 2, 3],
)
ODD = (*ODD, [math.nan, 5], [1e300, 1e300], ["x", "y"], {}, 0.5, 1e9)


def next_step(rng: random.Random) -> Step:
    """Return what the hand does next."""
    return rng.choices(*zip(*MOVES, strict=True))[0](rng)


def _place(rng: random.Random) -> list[float]:
    """Return a place as shares of the window; now and then outside of it."""
    if not rng.randrange(40):
        return [rng.choice((-5.0, -0.01, 1.0, 1.5, 40.0)), rng.choice((-3.0, -0.01, 1.0, 1.2, 90.0))]
    return [round(rng.random(), 4), round(rng.random(), 4)]


def _press(rng: random.Random) -> Step:
    return ["press", round(rng.random(), 4), rng.choice(("mouse", "mouse", "finger")), rng.choice((0, 0, 0, 5000))]


def _key(rng: random.Random) -> Step:
    key = rng.choice(LIKELY_KEYS) if rng.randrange(2) else rng.choice(KEYS)
    return ["key", key, rng.choice(MODS)]


def _write(rng: random.Random) -> Step:
    width, height = round(rng.uniform(0.2, 0.8), 2), round(rng.uniform(0.2, 0.6), 2)
    return ["write", rng.randrange(SAMPLES), rng.choice(("mouse", "finger", "both")), width, height]


def _scribble(rng: random.Random) -> Step:
    """Return a line from place to place: straight, a zigzag that wipes out, a dot, a very long one."""
    count = rng.choice((1, 2, 5, 14, 40, 40, 300))
    points = [_place(rng) for _ in range(min(count, 14))]
    if count == 14:
        y, (left, right) = points[0][1], sorted((points[0][0], points[1][0]))
        points = [[left if i % 2 else right, y + 0.01 * i] for i in range(count)]
    return ["line", rng.choice(("mouse", "eraser", "finger", "finger")), points, max(1, count // 14)]


def _fingers(rng: random.Random) -> Step:
    """Return one event of one of many fingers: down, move or up in any order."""
    kind = rng.choice(("FINGERDOWN", "FINGERMOTION", "FINGERMOTION", "FINGERUP"))
    return ["finger", kind, rng.choice((1, 1, 2, 3, 10, -1, 2**62)), rng.choice((5, 5, 6)), _place(rng)]


def _buttons(rng: random.Random) -> Step:
    kind = rng.choice(("MOUSEBUTTONDOWN", "MOUSEMOTION", "MOUSEMOTION", "MOUSEBUTTONUP"))
    return ["mouse", kind, rng.choice((1, 1, 1, 2, 3, 4, 5, 99)), _place(rng), not rng.randrange(10)]


def _wheel(rng: random.Random) -> Step:
    return ["event", "MOUSEWHEEL", {"x": 0, "y": rng.choice((1, -1, 0, 5, -100)), "flipped": False, "touch": False}]


def _window(rng: random.Random) -> Step:
    return ["event", rng.choice(WINDOW_EVENTS), {"window": None, "data1": rng.randrange(-1, 900), "data2": 1}]


def _other(rng: random.Random) -> Step:
    named = {"text": rng.choice(("7", "", "\x00", "é" * 300)), "w": 5, "h": -5, "size": [5, -5], "gain": 0, "state": 1}
    return ["event", rng.choice(OTHER_EVENTS), named]


def _broken(rng: random.Random) -> Step:
    """Return an event as a driver that is out of order would send it: fields missing, or of any kind."""
    kind = rng.choice((*sorted(POINTER_EVENTS), "KEYDOWN", "MOUSEWHEEL", "DROPFILE", "VIDEORESIZE", "WINDOWRESIZED"))
    fields = ("pos", "button", "touch", "x", "y", "touch_id", "finger_id", "key", "mod", "file", "rel", "buttons")
    return ["event", kind, {name: rng.choice(ODD) for name in fields if rng.randrange(3)}]


def _unknown(rng: random.Random) -> Step:
    return ["unknown", rng.choice((0x8001, 0x8123, 0x9000, 0xFFFE, 5, 0x7F00))]


def _drop(rng: random.Random) -> Step:
    return ["drop", rng.randrange(FILES)]


def _resize(rng: random.Random) -> Step:
    return ["resize", *(rng.choice(SIZES) if rng.randrange(3) else rng.choice(ODD_SIZES))]


def _wait(rng: random.Random) -> Step:
    """Return a time that passes, or a clock that jumps: minutes ahead, or back."""
    return ["wait", rng.choice((1, 30, 30, 500, 1100, 3100, 3100, 400_000, -50, -100_000))]


def _wall(rng: random.Random) -> Step:
    return ["wall", rng.choice((0, 1.0, 1e9, 4e9, 1.7e9, 2**31, 16e9))]


def _quit(rng: random.Random) -> Step:
    return ["event", rng.choice(("QUIT", "WINDOWCLOSE")), {}]


MOVES = (  # and how likely; a number that is written is some eighty events, a press is two
    (_press, 30),
    (_key, 20),
    (_fingers, 20),
    (_buttons, 15),
    (_broken, 8),
    (_scribble, 5),
    (_window, 5),
    (_other, 4),
    (_wait, 4),
    (_write, 3),
    (lambda rng: ["tap", round(rng.random(), 4)], 4),
    (_wheel, 3),
    (_unknown, 2),
    (_drop, 2),
    (_resize, 1.5),
    (_wall, 1),
    (_quit, 1),
)
