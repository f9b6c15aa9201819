"""The window: driven by events without a screen, and once for real with a pointer on a virtual screen."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from edge_app.recognizer import Recognizer
from edge_app.window.app import App
from edge_app.window.events import Pen, Pointers
from edge_app.window.layout import BUTTONS, TARGET, arrange, fit_viewport

from .conftest import ROOT

SIZES = [(320, 240), (480, 320), (800, 480), (720, 1280), (1024, 600), (1920, 1080), (3840, 2160)]
SAMPLES = [json.loads(line) for line in (ROOT / "edge_app" / "samples.jsonl").read_text().splitlines()]


@pytest.fixture
def app(recognizer: Recognizer) -> Iterator[App]:
    pygame.display.init()
    pygame.font.init()
    made = App(pygame.display.set_mode((800, 480)))
    made.recognizer = recognizer
    made.draw()
    yield made
    pygame.quit()


def strokes_on(app: App, sample: dict[str, object]) -> list[list[tuple[int, int]]]:
    """The sample's strokes in window pixels, well inside the pad."""
    ink = [np.array(stroke) for stroke in sample["strokes"]]  # type: ignore[attr-defined]
    points = np.concatenate(ink)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    pad = app.scene().layout.pad
    scale = min(0.8 * pad.width / extent[0], 0.6 * pad.height / extent[1])
    start = np.array([pad.left + 0.1 * pad.width, pad.top + 0.2 * pad.height])
    return [[(round(x), round(y)) for x, y in (stroke - low) * scale + start] for stroke in ink]


def mouse(kind: int, at: tuple[int, int]) -> pygame.event.Event:
    return pygame.event.Event(kind, pos=at, button=1, touch=False)


def finger(kind: int, at: tuple[int, int], size: tuple[int, int], number: int = 1) -> pygame.event.Event:
    return pygame.event.Event(kind, touch_id=5, finger_id=number, x=at[0] / size[0], y=at[1] / size[1])


def write(app: App, sample: dict[str, object], how: str = "mouse") -> None:
    size = app.surface.get_size()
    for stroke in strokes_on(app, sample):
        for i, at in enumerate(stroke):
            events = []
            if how in ("mouse", "both"):
                events.append(mouse(pygame.MOUSEBUTTONDOWN if i == 0 else pygame.MOUSEMOTION, at))
            if how in ("finger", "both"):
                events.append(finger(pygame.FINGERDOWN if i == 0 else pygame.FINGERMOTION, at, size))
            for event in events:
                app.handle(event, 0)
            app.draw()
        if how in ("mouse", "both"):
            app.handle(mouse(pygame.MOUSEBUTTONUP, stroke[-1]), 0)
        if how in ("finger", "both"):
            app.handle(finger(pygame.FINGERUP, stroke[-1], size), 0)


def press(app: App, name: str) -> None:
    area = app.scene().layout.buttons[name]
    middle = (area.left + area.width // 2, area.top + area.height // 2)
    app.handle(mouse(pygame.MOUSEBUTTONDOWN, middle), 10_000)
    app.handle(mouse(pygame.MOUSEBUTTONUP, middle), 10_000)


@pytest.mark.parametrize("how", ["mouse", "finger", "both"])
def test_a_number_written_by_hand_is_read(app: App, how: str) -> None:
    write(app, SAMPLES[4], how)
    assert app.reading.text == "2026"
    assert len(app.pad.strokes) == len(SAMPLES[4]["strokes"])  # a touch reported twice draws once


def test_clear_undo_redo_quit(app: App) -> None:
    write(app, SAMPLES[0])
    assert app.reading.text == "7"
    press(app, "clear")
    assert (app.reading.text, app.pad.is_empty) == ("", True)
    press(app, "undo")
    assert app.reading.text == "7"
    app.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_BACKSPACE, mod=0), 0)
    counts = [len(app.pad.strokes)]
    app.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_y, mod=pygame.KMOD_CTRL), 0)
    counts.append(len(app.pad.strokes))
    assert counts == [1, 2]
    press(app, "quit")
    assert not app.running


def test_a_button_is_pressed_only_where_it_is_let_go(app: App) -> None:
    write(app, SAMPLES[0])
    area = app.scene().layout.buttons["clear"]
    app.handle(mouse(pygame.MOUSEBUTTONDOWN, (area.left + 5, area.top + 5)), 10_000)
    app.handle(mouse(pygame.MOUSEBUTTONUP, (5, 5)), 10_000)
    assert app.reading.text == "7"


def test_nothing_is_drawn_unless_something_changed(app: App) -> None:
    assert app.draw() is None
    app.handle(mouse(pygame.MOUSEMOTION, (300, 300)), 0)
    assert app.draw() is None
    write(app, SAMPLES[0])
    assert app.draw() is not None
    assert app.draw() is None


def test_resizing_in_mid_stroke_loses_nothing(app: App) -> None:
    strokes = strokes_on(app, SAMPLES[0])
    app.handle(mouse(pygame.MOUSEBUTTONDOWN, strokes[0][0]), 0)
    for at in strokes[0][1:]:
        app.handle(mouse(pygame.MOUSEMOTION, at), 0)
    app.resize(pygame.display.set_mode((480, 320)))
    app.draw()
    assert len(app.pad.current) > 5
    pad = app.scene().layout.pad
    for stroke in app.scene().strokes:
        assert all(pad.holds(*app.scene().viewport.to_window(*point)) for point in stroke)
    app.handle(mouse(pygame.MOUSEBUTTONUP, (pad.left + 20, pad.top + 20)), 0)
    assert len(app.pad.strokes) == 1


def test_the_picture_follows_the_state(app: App) -> None:
    before = pygame.surfarray.array3d(app.surface).copy()
    write(app, SAMPLES[0])
    app.draw()
    after = pygame.surfarray.array3d(app.surface).copy()
    assert np.abs(after.astype(int) - before).mean() > 1
    press(app, "clear")
    app.do("undo")
    app.draw()
    assert (pygame.surfarray.array3d(app.surface) == after).all()


def test_a_message_is_shown_and_the_pad_still_takes_ink(app: App) -> None:
    app.recognizer, app.message = None, "models/digits_int8.tflite: not found. Reinstall digitpad"
    write(app, SAMPLES[0])
    app.draw()
    assert (app.reading.text, len(app.pad.strokes)) == ("", 2)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_has_room_for_fingers_and_nothing_overlaps(size: tuple[int, int]) -> None:
    layout = arrange(*size)
    areas = [layout.reading, layout.pad, *(layout.buttons[name] for name in BUTTONS)]
    for i, one in enumerate(areas):
        assert 0 <= one.left < one.right <= size[0]
        assert 0 <= one.top < one.bottom <= size[1]
        for other in areas[i + 1 :]:
            apart = one.right <= other.left or other.right <= one.left
            assert apart or one.bottom <= other.top or other.bottom <= one.top
    for area in layout.buttons.values():
        assert min(area.width, area.height) >= TARGET
    assert layout.pad.width * layout.pad.height > 0.45 * size[0] * size[1]


def test_ink_and_window_positions_are_inverse() -> None:
    viewport = fit_viewport(arrange(480, 320).pad, (700, 300))
    assert viewport.to_ink(*viewport.to_window(123.0, 45.0)) == pytest.approx((123.0, 45.0))


SIZE = (800, 480)


def kinds(pointers: Pointers, events: list[tuple[pygame.event.Event, int]]) -> list[str]:
    actions = [pointers.translate(event, SIZE, now) for event, now in events]
    return [action.kind for action in actions if isinstance(action, Pen)]


def test_a_mouse_event_made_of_a_finger_afterwards_draws_nothing() -> None:
    at = (200, 200)
    events = [
        (finger(pygame.FINGERDOWN, at, SIZE), 0),
        (finger(pygame.FINGERUP, at, SIZE), 50),
        (mouse(pygame.MOUSEBUTTONDOWN, at), 60),
        (mouse(pygame.MOUSEBUTTONUP, at), 61),
    ]
    assert kinds(Pointers(), events) == ["down", "up"]
    later = [(mouse(pygame.MOUSEBUTTONDOWN, at), 5000), (mouse(pygame.MOUSEBUTTONUP, at), 5001)]
    assert kinds(Pointers(), events + later) == ["down", "up", "down", "up"]


def test_a_mouse_event_made_of_a_finger_before_is_the_same_line() -> None:
    at = (200, 200)
    events = [
        (mouse(pygame.MOUSEBUTTONDOWN, at), 0),
        (finger(pygame.FINGERDOWN, at, SIZE), 0),
        (mouse(pygame.MOUSEMOTION, (210, 200)), 8),
        (finger(pygame.FINGERMOTION, (210, 200), SIZE), 8),
        (mouse(pygame.MOUSEBUTTONUP, (210, 200)), 16),
        (finger(pygame.FINGERUP, (210, 200), SIZE), 16),
    ]
    assert kinds(Pointers(), events) == ["down", "move", "move", "up"]


def test_a_second_finger_does_not_tear_the_line() -> None:
    events = [
        (finger(pygame.FINGERDOWN, (100, 200), SIZE, 1), 0),
        (finger(pygame.FINGERDOWN, (600, 400), SIZE, 2), 5),
        (finger(pygame.FINGERMOTION, (601, 401), SIZE, 2), 6),
        (finger(pygame.FINGERMOTION, (110, 200), SIZE, 1), 7),
        (finger(pygame.FINGERUP, (601, 401), SIZE, 2), 8),
        (finger(pygame.FINGERUP, (110, 200), SIZE, 1), 9),
    ]
    assert kinds(Pointers(), events) == ["down", "move", "up"]


def test_other_mouse_buttons_do_not_write() -> None:
    event = pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(5, 5), button=3, touch=False)
    assert Pointers().translate(event, SIZE, 0) is None


@pytest.fixture
def screen() -> Iterator[dict[str, str]]:
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("needs Xvfb and xdotool. Debian: sudo apt install xvfb xdotool")
    read, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SDL_")}
    yield {**environment, "DISPLAY": f":{number}"}
    server.terminate()
    server.wait()


def xdotool(environment: dict[str, str], *words: str) -> str:
    return subprocess.run(["xdotool", *words], env=environment, check=True, capture_output=True, text=True).stdout


def test_a_real_pointer_writes_in_a_real_window(screen: dict[str, str], tmp_path: Path) -> None:
    """Draws 10 with the X server's own pointer and reads the picture of the screen back."""
    probe = (
        "import sys, edge_app.window.app as a, pygame\n"
        "old = a.show\n"
        "def show(app):\n"
        "    old(app)\n"
        "    if app.reading.text == '10':\n"
        f"        pygame.image.save(app.surface, {str(tmp_path / 'shot.png')!r})\n"
        "        print('read', app.reading.text, len(app.pad.strokes), flush=True)\n"
        "a.show = show\n"
        "sys.exit(a.run())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", probe], env=screen, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(100):
            time.sleep(0.1)
            found = subprocess.run(
                ["xdotool", "search", "--class", "digitpad"], env=screen, capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                break
        xdotool(screen, "windowmove", "--sync", found[0], "0", "0")
        time.sleep(1.0)
        words = []
        for stroke in SAMPLES[3]["strokes"]:
            for i, (x, y) in enumerate(stroke):
                words += ["mousemove", str(round(x * 1.5) + 100), str(round(y * 1.5) + 160)]
                words += ["mousedown", "1"] if i == 0 else []
                words += ["sleep", "0.004"]
            words += ["mouseup", "1"]
        xdotool(screen, *words)
        time.sleep(0.5)
        xdotool(screen, "key", "q")
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "read 10 2" in output
    assert process.returncode == 0
    assert (tmp_path / "shot.png").stat().st_size > 5000


def test_an_idle_window_does_not_spin(screen: dict[str, str]) -> None:
    process = subprocess.Popen([sys.executable, "-m", "edge_app"], env=screen, cwd=ROOT)
    try:
        time.sleep(3)
        stat = Path(f"/proc/{process.pid}/stat")
        ticks = [sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))]
        time.sleep(4)
        ticks.append(sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13])))
        assert ticks[1] - ticks[0] <= 0.02 * 4 * os.sysconf("SC_CLK_TCK")
    finally:
        process.terminate()
        process.wait()
