"""The app under real fingers, on an X server's touchscreen; tests/gui/test_input.py has every case of palm and pen."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from ..conftest import ROOT
from ..support.touchscreen import NEEDED, Point, RunningApp, Touchscreen, find_server

SAMPLES = [json.loads(line) for line in (ROOT / "edge_app" / "datasets" / "samples.jsonl").read_text().splitlines()]
pytestmark = pytest.mark.e2e

LONG = 1.7  # seconds: more than a contact may be silent and yet keep another from writing


@pytest.fixture(autouse=True)
def server() -> None:
    if not find_server():
        pytest.skip(NEEDED)


@pytest.fixture
def screen() -> Iterator[Touchscreen]:
    """A small panel, on which the app fills the screen."""
    with Touchscreen(800, 480) as made:
        yield made


@pytest.fixture
def app(screen: Touchscreen) -> Iterator[RunningApp]:
    with RunningApp(screen) as made:
        yield made


def placed(sample: int, size: Point = (800, 480), corner: Point = (0, 0)) -> list[list[Point]]:
    """A sample's strokes in whole pixels, no pixel twice, on the pad of a window of `size` at `corner`."""
    ink = [np.array(stroke) for stroke in SAMPLES[sample]["strokes"]]
    points = np.concatenate(ink)
    scale = min(0.6 * size[0] / np.ptp(points[:, 0]), 0.42 * size[1] / np.ptp(points[:, 1]))
    start = np.array(corner) + np.array(size) * (0.08, 0.4)
    return [list(dict.fromkeys((round(x), round(y)) for x, y in (s - points.min(axis=0)) * scale + start)) for s in ink]


def write(screen: Touchscreen, strokes: list[list[Point]], finger: int = 0) -> None:
    for stroke in strokes:
        screen.down(finger, *stroke[0])
        for at in stroke[1:]:
            screen.move(finger, *at)
        screen.up(finger)


def write_by_mouse(screen: Touchscreen, strokes: list[list[Point]]) -> None:
    for stroke in strokes:
        screen.move_pointer(*stroke[0])
        screen.press()
        for at in stroke[1:]:
            screen.move_pointer(*at)
        screen.release()


def test_fingers_reach_the_app_as_fingers(screen: Touchscreen, app: RunningApp) -> None:
    """Otherwise the other tests would test the mouse that systems emulate for a finger."""
    screen.down(0, 200, 300)
    screen.down(1, 400, 300)
    screen.move(1, 410, 310)
    screen.up(1)
    screen.up(0)
    app.settle()
    fingers = {name: n for name, n in app.events.items() if "Finger" in name}
    assert fingers == {"FingerDown": 2, "FingerMotion": 1, "FingerUp": 2}
    assert not [name for name in app.events if name.startswith("MouseButton")]


@pytest.mark.parametrize("size", [(800, 480), (480, 800)])
@pytest.mark.parametrize("sample", [3, 4])
def test_a_finger_writes_a_number(size: tuple[int, int], sample: int) -> None:
    strokes = placed(sample, size)
    with Touchscreen(*size) as screen, RunningApp(screen) as app:
        write(screen, strokes)
        state = app.settle()
        assert state.counts == list(map(len, strokes))
        app.wait_for_text(SAMPLES[sample]["label"])
        assert app.leave() == 0


def test_ink_appears_under_the_finger(screen: Touchscreen, app: RunningApp) -> None:
    strokes = placed(3)
    write(screen, strokes)
    state = app.settle()
    for seen, written in zip(state.strokes, strokes, strict=True):
        shift = np.array(state.strokes[0][0]) - strokes[0][0]  # ink begins at the pad's corner
        assert np.abs(np.array(seen) - written - shift).max() < 1
    picture = np.asarray(screen.screenshot().convert("L")).astype(int)
    inked = np.abs(picture - np.median(picture)) > 60  # most of the screen is paper
    assert all(inked[y, x] for stroke in strokes for x, y in stroke)
    assert not inked[strokes[0][0][1], 20:50].any()


@pytest.mark.parametrize("palm_leaves", ["first", "last"])
def test_a_palm_in_mid_stroke_neither_tears_the_line_nor_draws(
    screen: Touchscreen, app: RunningApp, palm_leaves: str
) -> None:
    strokes = placed(3)
    for number, stroke in enumerate(strokes):
        half = len(stroke) // 2
        screen.down(0, *stroke[0])
        for i, at in enumerate(stroke[1:], 1):
            screen.move(0, *at)
            if i == half:
                screen.down(1, 560, 430)
                screen.down(2, 600, 440)
            if i > half:
                screen.move(1, 560 + i, 430)
                screen.move(2, 600 + i, 440 - i / 3)
        assert app.settle().writing, number
        for finger in [1, 2, 0] if palm_leaves == "first" else [0, 2, 1]:
            screen.up(finger)
    state = app.settle()
    assert state.counts == list(map(len, strokes))
    assert np.ptp(np.concatenate(state.strokes), axis=0) == pytest.approx(
        np.ptp(np.concatenate(strokes), axis=0), abs=1
    )
    app.wait_for_text("10")


def test_mouse_events_that_sdl_makes_of_a_finger_draw_nothing(screen: Touchscreen) -> None:
    """SDL can report each finger as a mouse as well; the app then sees both."""
    strokes = placed(3)
    with RunningApp(screen, {"SDL_TOUCH_MOUSE_EVENTS": "1"}) as app:
        write(screen, strokes)
        state = app.settle()
        assert app.events["MouseButtonDownOfTouch"] == 2
        assert state.counts == list(map(len, strokes))
        app.wait_for_text("10")


@pytest.mark.parametrize("first", ["finger", "mouse"])
def test_mouse_emulated_by_the_system_draws_nothing(screen: Touchscreen, first: str) -> None:
    """Each touch event comes with an unmarked mouse event, before it or after it."""
    strokes = placed(3)
    with RunningApp(screen) as app:
        for stroke in strokes:
            screen.move_pointer(*stroke[0])
            in_order(first, partial(screen.down, 0, *stroke[0]), screen.press)
            for at in stroke[1:]:
                in_order(first, partial(screen.move, 0, *at), partial(screen.move_pointer, *at))
            in_order(first, partial(screen.up, 0), screen.release)
        state = app.settle()
        assert app.events["MouseButtonDown"] == app.events["FingerDown"] == 2
        assert len(state.strokes) == 2
        app.wait_for_text("10")


def in_order(first: str, finger: Callable[[], None], mouse: Callable[[], None]) -> None:
    for act in (finger, mouse) if first == "finger" else (mouse, finger):
        act()


def test_the_mouse_writes_as_well(screen: Touchscreen, app: RunningApp) -> None:
    strokes = placed(4)
    write_by_mouse(screen, strokes)
    state = app.settle()
    assert state.counts == list(map(len, strokes))
    app.wait_for_text("2026")
    assert not [name for name in app.events if "Finger" in name]


def test_a_touch_that_ends_beside_the_pad_does_nothing_there(screen: Touchscreen, app: RunningApp) -> None:
    """No button there undoes, clears or quits."""
    edges = [(x, y) for x in (5, 160, 320, 480, 640, 740, 795) for y in (5, 50, 100, 240, 400, 475)]
    for number, to in enumerate(edges, 1):
        screen.down(0, 300, 300)
        screen.move(0, 310, 310)
        screen.move(0, *to)
        screen.up(0)
        assert len(app.settle().strokes) == number
    assert app.leave() == 0


def test_a_touch_that_ends_outside_the_window_ends() -> None:
    """A touch that begins outside the window is not the app's either."""
    corner = (300, 200)
    with Touchscreen(1280, 800) as screen, RunningApp(screen, {"SDL_VIDEO_WINDOW_POS": "300,200"}) as app:
        assert app.state.size == (800, 480)
        strokes = placed(3, app.state.size, corner)
        screen.down(0, *strokes[0][0])
        screen.move(0, 600, 500)
        screen.move(0, 1270, 790)
        screen.up(0)
        assert len(app.settle().strokes) == 1
        seen_by_app = screen.sent.copy()
        screen.down(0, 100, 100)
        screen.move(0, 600, 500)
        screen.up(0)
        screen.sent = seen_by_app
        write(screen, strokes)
        assert app.settle().counts[1:] == list(map(len, strokes))
        assert {name: n for name, n in app.events.items() if "Finger" in name} == screen.sent


def test_app_continues_with_the_mouse_when_the_touchscreen_is_unplugged(screen: Touchscreen, app: RunningApp) -> None:
    screen.down(0, 500, 250)
    screen.down(1, 600, 440)
    screen.move(0, 500, 300)
    assert len(app.settle().writing) == 2
    screen.unplug()
    assert app.settle().counts == [2]
    write_by_mouse(screen, [[(150, 300), (160, 320), (170, 340)]])
    assert app.settle().counts == [2, 3]
    screen.plug_in()
    time.sleep(0.7)  # touches just after a pen, which is reported as a mouse, are ignored
    write(screen, [[(250, 300), (260, 320), (270, 340), (280, 360)]])
    assert app.settle().counts == [2, 3, 4]
    assert app.leave() == 0


def test_a_palm_that_rests_gives_way_to_a_finger(screen: Touchscreen, app: RunningApp) -> None:
    strokes = placed(4)
    screen.down(0, 600, 430)
    app.settle()
    time.sleep(LONG)
    write(screen, strokes, finger=1)
    screen.move(0, 610, 440)
    screen.up(0)
    assert app.settle().counts == list(map(len, strokes))  # the palm leaves no dot
    assert not app.state.writing


def test_finger_can_be_lifted_while_a_mouse_button_is_pressed(screen: Touchscreen, app: RunningApp) -> None:
    """If SDL grabbed the pointer for the mouse, the server would not report the end of the touch."""
    screen.down(0, 200, 300)
    screen.move(0, 210, 310)
    screen.move_pointer(500, 300)
    screen.press()
    app.settle()
    screen.up(0)
    screen.release()
    app.settle()
    assert app.events["FingerUp"] == 1
    write_by_mouse(screen, [[(450, 300), (460, 310), (470, 330)]])
    app.wait(lambda state: state.counts[-1:] == [3])
    time.sleep(0.7)  # touches just after a pen, which is reported as a mouse, are ignored
    write(screen, [[(300, 300), (310, 310), (320, 330), (340, 340)]], finger=1)
    app.wait(lambda state: state.counts[-2:] == [3, 4])
