"""Pointers and keys: one pen at a time, no echoes, and no palms."""

import math
from dataclasses import dataclass

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.gui.actions import Action
from edge_app.gui.input import ECHO, MOST_NEAR, NEAR, PALM, SILENT, Pen, Pointers, is_sound, key_meaning

SIZE = (800, 480)
KINDS = {
    "press": pygame.MOUSEBUTTONDOWN,
    "drag": pygame.MOUSEMOTION,
    "release": pygame.MOUSEBUTTONUP,
    "down": pygame.FINGERDOWN,
    "move": pygame.FINGERMOTION,
    "up": pygame.FINGERUP,
}


@dataclass(frozen=True)
class Step:
    """An event of the mouse, with its button, or of a finger, with its number."""

    now: int
    kind: str
    x: float = 200
    y: float = 200
    number: int = 1
    touch: bool = False

    def event(self) -> pygame.event.Event:
        if self.kind == "blur":
            return pygame.event.Event(pygame.WINDOWFOCUSLOST)
        if self.kind in ("press", "drag", "release"):
            place = {"pos": (self.x, self.y), "button": self.number, "touch": self.touch}
        else:
            place = {"touch_id": 5, "finger_id": self.number, "x": self.x / SIZE[0], "y": self.y / SIZE[1]}
        return pygame.event.Event(KINDS[self.kind], place)


def pens(*steps: Step) -> list[Pen]:
    pointers = Pointers()
    return [pen for step in steps for pen in pointers.translate(step.event(), SIZE, step.now)]


def kinds(*steps: Step) -> list[str]:
    return [pen.kind for pen in pens(*steps)]


LINE = (Step(0, "press"), Step(8, "drag", 210), Step(16, "release", 210))
TOUCH = (Step(0, "down"), Step(8, "move", 210), Step(16, "up", 210))

CASES: dict[str, tuple[tuple[Step, ...], list[str]]] = {
    "a mouse": (LINE, ["down", "move", "up"]),
    "a finger": (TOUCH, ["down", "move", "up"]),
    "a mouse that only passes": ((Step(0, "drag"), Step(9, "drag", 300)), []),
    "the middle button": ((Step(0, "press", number=2), Step(9, "release", number=2)), []),
    "the wheel as a button": ((Step(0, "press", number=4), Step(9, "release", number=4)), []),
    "another button in mid-stroke": (
        (Step(0, "press"), Step(8, "press", number=3), Step(9, "release", number=3), Step(16, "release")),
        ["down", "up"],
    ),
    # echoes: mouse events that a system makes of a finger
    "an echo afterwards": ((*TOUCH, Step(60, "press", 210), Step(61, "release", 210)), ["down", "move", "up"]),
    "an echo where the finger came down": ((*TOUCH, Step(60, "press"), Step(61, "release")), ["down", "move", "up"]),
    "an echo of a long line where it began": (
        (Step(0, "down"), Step(8, "move", 500), Step(9, "up", 500), Step(20, "press"), Step(21, "release")),
        ["down", "move", "up"],
    ),
    "an echo while the finger writes": (
        (Step(0, "down"), Step(1, "press"), Step(8, "move", 210), Step(9, "drag", 210), Step(10, "up", 210)),
        ["down", "move", "up"],
    ),
    "a click later is a click": (
        (*TOUCH, Step(16 + ECHO, "press", 210), Step(17 + ECHO, "release", 210)),
        ["down", "move", "up", "down", "up"],
    ),
    "a click elsewhere is a click": (
        (*TOUCH, Step(60, "press", 211 + NEAR), Step(61, "release", 211 + NEAR)),
        ["down", "move", "up", "down", "up"],
    ),
    "an echo before is the same line": (
        (
            *(Step(0, "press"), Step(0, "down"), Step(8, "drag", 210), Step(8, "move", 210)),
            *(Step(16, "release", 210), Step(16, "up", 210)),
        ),
        ["down", "move", "move", "up"],
    ),
    "an echo that says it is one": (
        (Step(0, "press", touch=True), Step(8, "drag", 210, touch=True), Step(9, "release", 210, touch=True)),
        [],
    ),
    # several fingers
    "a second finger": (
        (
            *(Step(0, "down"), Step(5, "down", 600, number=2), Step(6, "move", 601, number=2), Step(7, "move", 210)),
            *(Step(8, "up", 601, number=2), Step(9, "up", 210)),
        ),
        ["down", "move", "up"],
    ),
    "a second finger that stays longer": (
        (Step(0, "down"), Step(5, "down", 600, number=2), Step(9, "up"), Step(20, "move", 610, number=2)),
        ["down", "up"],
    ),
    "a finger that moves now and then keeps writing": (
        (Step(0, "down"), Step(SILENT, "move", 210), Step(SILENT + 1, "down", 600, number=2)),
        ["down", "move"],
    ),
    "a palm that lies still gives way and leaves nothing": (
        (
            Step(0, "down"),
            Step(9, "move", 199 + NEAR),
            Step(SILENT + 9, "down", 600, number=2),
            Step(SILENT + 20, "up"),
        ),
        ["down", "move", "drop", "down"],
    ),
    "a line whose end was lost gives way and stays": (
        (Step(0, "down"), Step(9, "move", 201 + NEAR), Step(10, "move"), Step(SILENT + 10, "down", 600, number=2)),
        ["down", "move", "move", "lost", "down"],
    ),
    "a palm that lies still gives way at once to the finger that moves": (
        (
            *(Step(0, "down", 600), Step(9, "move", 590), Step(50, "down", number=2), Step(60, "move", 210, number=2)),
            *(Step(70, "move", 201 + NEAR, number=2), Step(75, "move", 580), Step(80, "move", 300, number=2)),
            *(Step(90, "up", 580), Step(99, "up", 300, number=2)),
        ),
        ["down", "move", "drop", "down", "move", "move", "move", "up"],
    ),
    "a palm beside a finger that writes does not, however it slides": (
        (
            *(Step(0, "down"), Step(5, "down", 600, number=2), Step(9, "move", 201 + NEAR)),
            *(Step(15, "move", 700, number=2), Step(20, "move", 300), Step(30, "up", 700, number=2), Step(40, "up")),
        ),
        ["down", "move", "move", "up"],
    ),
    "a third finger does not take over": (
        (
            *(Step(0, "down"), Step(5, "down", 600, number=2), Step(6, "down", 400, number=3)),
            *(Step(15, "move", 700, number=2), Step(20, "up", 700, number=2)),
        ),
        ["down"],
    ),
    "a second finger takes over no mouse": (
        (Step(0, "press"), Step(5, "down", 600, number=2), Step(9, "move", 700, number=2)),
        ["down"],
    ),
    "a palm just not silent long enough": ((Step(0, "down"), Step(SILENT - 1, "down", 600, number=2)), ["down"]),
    "a finger whose end was lost comes again": (
        (Step(0, "down"), Step(5, "move", 300), Step(9, "down", 400)),
        ["down", "move", "lost", "down"],
    ),
    # a pen, which systems report as a mouse, and the hand that holds it
    "the palm before the pen": (
        (Step(0, "down", 600), Step(4, "move", 601), Step(50, "press"), Step(60, "drag", 210), Step(70, "release")),
        ["down", "move", "drop", "down", "move", "up"],
    ),
    "an echo of a finger that has long been writing": (
        (Step(0, "down"), Step(2 * ECHO, "press", 200 + NEAR), Step(2 * ECHO, "move", 210)),
        ["down", "move"],
    ),
    "the palm beside the pen": ((Step(0, "press"), Step(9, "down", 600), Step(20, "release")), ["down", "up"]),
    "the palm just after the pen": (
        (Step(0, "press"), Step(9, "drag", 210), Step(20, "release", 210), Step(8 + PALM, "down", 600)),
        ["down", "move", "up"],
    ),
    "a finger long after the pen": (
        (Step(0, "press"), Step(20, "release"), Step(PALM, "down", 600)),
        ["down", "up", "down"],
    ),
    "the palm's end after the pen came": (
        (Step(0, "down", 600), Step(50, "press"), Step(55, "up", 600), Step(60, "release")),
        ["down", "drop", "down", "up"],
    ),
    # the window
    "focus lost ends the mouse": ((Step(0, "press"), Step(5, "blur"), Step(9, "drag", 300)), ["down", "lost"]),
    "focus lost leaves a finger": ((Step(0, "down"), Step(5, "blur"), Step(9, "up")), ["down", "up"]),
    "focus lost with nothing down": ((Step(5, "blur"),), []),
}


@pytest.mark.parametrize("name", CASES)
def test_pointers(name: str) -> None:
    steps, expected = CASES[name]
    assert kinds(*steps) == expected


def test_positions_are_pixels_and_a_lost_pen_is_where_it_was_last() -> None:
    assert [(pen.x, pen.y) for pen in pens(*TOUCH)] == [(200, 200), (210, 200), (210, 200)]
    lost = pens(Step(0, "press"), Step(5, "drag", 333, 77), Step(6, "blur"))[-1]
    assert (lost.kind, lost.x, lost.y) == ("lost", 333, 77)


def test_a_finger_that_takes_over_from_a_palm_keeps_its_whole_line() -> None:
    palm = (Step(0, "down", 600, 300), Step(9, "move", 590, 300))
    way = [(200.0, 200.0 + 5 * i) for i in range(20)]
    line = [Step(50 + i, "move" if i else "down", *at, number=2) for i, at in enumerate(way)]
    taken = pens(*palm, *line)
    assert [pen.kind for pen in taken[:3]] == ["down", "move", "drop"]
    assert [(pen.kind, round(pen.x), round(pen.y)) for pen in taken[3:]] == [
        ("move" if i else "down", *at) for i, at in enumerate(way)
    ]


def test_few_points_of_a_trembling_second_finger_are_remembered() -> None:
    pointers = Pointers()
    pointers.translate(Step(0, "down").event(), SIZE, 0)
    pointers.translate(Step(1, "down", 600, number=2).event(), SIZE, 1)
    for now in range(2, 500):
        pointers.translate(Step(now, "move", 600 + now % 3, number=2).event(), SIZE, now)
    assert len(pointers._second_way) <= MOST_NEAR + 2
    taken = pointers.translate(Step(500, "move", 700, number=2).event(), SIZE, 500)
    assert ([pen.kind for pen in taken[:2]], taken[1].x, taken[-1].x) == (["drop", "down"], 600, 700)


def test_only_the_right_button_erases() -> None:
    right = pens(Step(0, "press", number=3), Step(5, "drag", 210, number=0), Step(9, "release", 210, number=3))
    assert [(pen.kind, pen.erasing) for pen in right] == [("down", True), ("move", True), ("up", True)]
    assert not any(pen.erasing for pen in pens(*LINE, *(Step(2000 + s.now, s.kind, s.x) for s in TOUCH)))
    lost = pens(Step(0, "press", number=3), Step(5, "blur"))[-1]
    assert (lost.kind, lost.erasing) == ("lost", True)


@pytest.mark.parametrize(
    ("key", "mod", "action"),
    [
        (pygame.K_BACKSPACE, 0, Action("undo")),
        (pygame.K_z, pygame.KMOD_LCTRL, Action("undo")),
        (pygame.K_z, pygame.KMOD_LCTRL | pygame.KMOD_LSHIFT, Action("redo")),
        (pygame.K_z, 0, None),
        (pygame.K_s, 0, Action("open", "settings")),
        (pygame.K_s, pygame.KMOD_RCTRL, Action("save")),
        (pygame.K_F2, 0, Action("compare")),
        (pygame.K_F2, pygame.KMOD_CTRL, None),
        (pygame.K_F3, 0, Action("layers")),
        (pygame.K_F4, 0, None),
        (pygame.K_TAB, pygame.KMOD_LSHIFT, Action("focus", -1)),
        (pygame.K_7, 0, Action("digit", "7")),
        (pygame.K_KP7, pygame.KMOD_NUM, Action("digit", "7")),
        (pygame.K_7, pygame.KMOD_CTRL, None),
    ],
)
def test_keys(key: int, mod: int, action: Action | None) -> None:
    assert key_meaning(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod)) == action


@st.composite
def interleavings(draw: st.DrawFn) -> list[Step]:
    """Any events of three fingers, three buttons and the window manager, even without their ends."""
    now, steps = 0, []
    places = st.sampled_from([100.0, 110.0, 300.0, 700.0])
    for _ in range(draw(st.integers(0, 30))):
        now += draw(st.sampled_from([0, 8, 100, PALM, SILENT]))
        kind = draw(st.sampled_from([*KINDS, "blur"]))
        steps.append(Step(now, kind, draw(places), draw(places), draw(st.integers(1, 3)), draw(st.booleans())))
    return steps


@given(interleavings())
def test_downs_and_ends_alternate_and_moves_are_between_them(steps: list[Step]) -> None:
    is_down = erasing = False
    for pen in pens(*steps):
        assert is_down == (pen.kind != "down")
        if pen.kind == "down":
            erasing = pen.erasing
        elif pen.kind != "drop":
            assert pen.erasing == erasing
        is_down = pen.kind in ("down", "move")


@given(interleavings())
def test_a_single_finger_is_followed_and_lost_only_if_it_comes_down_twice(steps: list[Step]) -> None:
    alone = [step for step in steps if step.kind in ("down", "move", "up") and step.number == 1]
    expected: list[str] = []
    line: list[Step] = []
    for step in alone:
        far = any(abs(p.x - line[0].x) > NEAR or abs(p.y - line[0].y) > NEAR for p in line)
        if step.kind == "down":
            expected += [*(["lost" if far else "drop"] if line else []), "down"]
            line = [step]
        elif line:
            expected.append(step.kind)
            line = [*line, step] if step.kind == "move" else []
    assert kinds(*alone) == expected


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (pygame.FINGERDOWN, {"touch_id": 5, "finger_id": -1, "x": 0.2, "y": 1.5}),
        (pygame.MOUSEMOTION, {"pos": (3, -7)}),
        (pygame.MOUSEWHEEL, {"x": 0, "y": -1}),
        (pygame.KEYDOWN, {"key": pygame.K_a, "mod": 0}),
    ],
)
def test_events_of_devices_are_sound(kind: int, fields: dict[str, object]) -> None:
    assert is_sound(pygame.event.Event(kind, fields))


@pytest.mark.parametrize("far", [math.nan, math.inf, -1e7, 1e308])
def test_impossible_coordinates_are_not_sound(far: float) -> None:
    assert not is_sound(pygame.event.Event(pygame.FINGERMOTION, touch_id=5, finger_id=1, x=0.5, y=far))
    assert not is_sound(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(far, 5), button=1))
