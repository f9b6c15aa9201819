"""Writing and reading in the window, without a screen, a thread or a clock."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pygame
import pytest

from edge_app.errors import ExportError, ModelError, StoreError
from edge_app.gui.app import App
from edge_app.gui.handlers import HANDLERS
from edge_app.gui.platform.display import Display
from edge_app.gui.reader import KEPT_AFTER, Loaded
from edge_app.gui.state import Panel
from edge_app.gui.views import PANELS
from edge_app.gui.views.layout import arrange
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore

from ..support.fakes import fixed
from ..support.pilot import SAMPLES, Immediate, Pilot, finger, mouse, picture_in

FOUR = 4  # of SAMPLES: 2026


class Later(Immediate):
    """Jobs wait for `go`, as they do with a slow network."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, Callable[[], Any]] = {}

    def submit(self, name: str, job: Callable[[], Any]) -> None:
        self.waiting[name] = job

    def go(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for name, job in waiting.items():
            super().submit(name, job)


def slow(pilot: Pilot) -> Later:
    """Make the pilot's jobs wait from now on."""
    pilot.services.worker = later = Later()
    return later


@pytest.fixture
def pilot(recognizer: Recognizer) -> Pilot:
    return Pilot(recognizer)


def inside(app: App, x: float, y: float) -> tuple[float, float]:
    """A position on the pad, as shares of its sides."""
    pad = app.ctx.view.layout.pad
    return pad.left + x * pad.width, pad.top + y * pad.height


def line(pilot: Pilot, *places: tuple[float, float], how: str = "mouse") -> None:
    pilot.draw([inside(pilot.app, *place) for place in places], how)


BAR = ((0.3, 0.2), (0.3, 0.3), (0.3, 0.4), (0.3, 0.5), (0.3, 0.6), (0.3, 0.7))
ZIGZAG = tuple((0.2 if i % 2 else 0.4, 0.15 + 0.05 * i) for i in range(13))


@pytest.mark.parametrize("how", ["mouse", "finger", "both"])
def test_a_number_written_by_hand_is_read(pilot: Pilot, how: str) -> None:
    pilot.write(FOUR, how)
    assert pilot.state.reading.text == "2026"
    assert len(pilot.state.pad.strokes) == len(SAMPLES[FOUR]["strokes"])  # a touch reported twice draws once
    assert [frame.text for frame in pilot.app.ctx.view.scene().frames] == list("2026")


@pytest.mark.parametrize("live", [True, False])
def test_strokes_are_read_live_unless_that_is_off(recognizer: Recognizer, live: bool) -> None:
    pilot = Pilot(recognizer, live=live)
    seen = []
    stroke = pilot.strokes_of(0)[0]  # the first of a 7
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, stroke[0]))
    for at in stroke[1:]:
        pilot.handle(mouse(pygame.MOUSEMOTION, at))
        seen.append(pilot.state.live and pilot.state.live.text)
    assert pilot.state.reading.text == ""  # nothing is finished
    assert (seen[-1], pilot.state.shown.text) == (("7", "7") if live else (None, ""))
    assert (len(set(seen)) > 1) == live
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, stroke[-1]))
    assert (pilot.state.live, pilot.state.shown.text) == (None, "7")


def test_a_live_reading_is_not_shown_for_the_next_stroke(pilot: Pilot) -> None:
    stroke = pilot.strokes_of(0)[0]
    pilot.pen_down(stroke)
    pilot.key(pygame.K_BACKSPACE)  # drops it
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, stroke[-1]))
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, stroke[0]))
    assert (pilot.state.live, pilot.state.shown.text) == (None, "")


def test_a_late_reading_of_changed_ink_is_dropped(pilot: Pilot) -> None:
    later = slow(pilot)
    pilot.write(0)
    asked = dict(later.waiting)
    pilot.key(pygame.K_DELETE)
    later.waiting = asked
    later.go()
    pilot.settle()
    assert (pilot.state.reading.text, pilot.state.is_read, pilot.state.live) == ("", True, None)
    pilot.write(FOUR)
    later.go()
    pilot.settle()
    assert pilot.state.reading.text == "2026"


def test_undo_redo_and_clear_by_button_and_key(pilot: Pilot) -> None:
    pilot.write(0)

    seen = []
    for name in ("clear", "undo", "undo", "redo"):
        pilot.press(name)
        seen.append((len(pilot.state.pad.strokes), pilot.state.reading.text))
    assert seen == [(0, ""), (2, "7"), (1, "7"), (2, "7")]
    seen.clear()
    control, redo = pygame.KMOD_LCTRL, pygame.KMOD_LCTRL | pygame.KMOD_LSHIFT
    plain = ((pygame.K_DELETE, 0), (pygame.K_u, 0), (pygame.K_BACKSPACE, 0))
    for key, mod in (*plain, (pygame.K_y, control), (pygame.K_z, control), (pygame.K_z, redo)):
        pilot.key(key, mod)
        seen.append((len(pilot.state.pad.strokes), pilot.state.reading.text))
    assert seen == [(0, ""), (2, "7"), (1, "7"), (2, "7"), (1, "7"), (2, "7")]
    pilot.key(pygame.K_DELETE)
    assert not pilot.app.ctx.view.scene().frames


def test_buttons_are_enabled_only_where_they_do_something(pilot: Pilot) -> None:
    def enabled() -> set[str]:
        return {widget.action.name for widget in pilot.widgets() if widget.takes and widget.action}

    assert not enabled() & {"undo", "redo", "copy", "look"}
    pilot.write(0)
    assert enabled() >= {"undo", "copy", "look", "clear"}
    pilot.press("undo")
    assert "redo" in enabled()


def test_a_button_acts_only_if_released_on_it(pilot: Pilot) -> None:
    pilot.write(0)
    area = pilot.button("clear").area
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, (area.left + 5, area.top + 5)))
    assert pilot.app.ctx.view.scene().pressed == pilot.button("clear").action
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, inside(pilot.app, 0.5, 0.5)))
    assert (pilot.state.reading.text, pilot.app.ctx.view.scene().pressed) == ("7", None)


def test_nothing_is_drawn_unless_something_changed(pilot: Pilot) -> None:
    pilot.handle(mouse(pygame.MOUSEMOTION, (300, 300)))
    assert pilot.app.draw() == []
    pilot.app.handle(mouse(pygame.MOUSEBUTTONDOWN, inside(pilot.app, 0.5, 0.5)), pilot.now)
    assert pilot.app.draw() != []
    assert pilot.app.draw() == []
    pilot.app.handle(pygame.event.Event(pygame.WINDOWEXPOSED), pilot.now)
    assert pilot.app.draw() == [pilot.app.surface.get_rect()]  # it was covered


def test_only_the_new_end_of_a_long_line_is_drawn(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, (1920, 1080), live=False)
    pilot.pen_down([inside(pilot.app, 0.1, 0.1), inside(pilot.app, 0.1, 0.2)])
    for i in range(3, 9):
        pilot.app.handle(mouse(pygame.MOUSEMOTION, inside(pilot.app, 0.1, 0.1 * i)), pilot.now)
        changed = pilot.app.draw()
        assert 0 < sum(area.width * area.height for area in changed) < 20_000


def test_resizing_in_mid_stroke_loses_nothing(pilot: Pilot) -> None:
    strokes = pilot.strokes_of(0)
    pilot.pen_down(strokes[0])
    count = len(pilot.state.pad.current)
    for size in ((320, 240), (480, 800), (800, 480)):
        pilot.app.resize(pygame.display.set_mode(size))
        pilot.settle()
        pad, viewport = pilot.app.ctx.view.layout.pad, pilot.app.ctx.view.viewport
        assert len(pilot.state.pad.current) == count
        assert all(pad.holds(*viewport.to_window(*point)) for point in pilot.state.pad.current)
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, strokes[0][-1]))
    assert (len(pilot.state.pad.strokes), pilot.state.reading.text) == (1, "7")


def test_ink_stays_in_view_wherever_it_was_written(pilot: Pilot) -> None:
    line(pilot, *BAR)
    for size in ((480, 800), (800, 480), (320, 240)):
        pilot.app.resize(pygame.display.set_mode(size))
        line(pilot, (0.9, 0.8), (0.95, 0.9), (0.99, 0.99))
        for other in ((800, 480), (480, 800)):
            pilot.app.resize(pygame.display.set_mode(other))
            pad, viewport = pilot.app.ctx.view.layout.pad, pilot.app.ctx.view.viewport
            points = [viewport.to_window(*point) for stroke in pilot.state.pad.strokes for point in stroke]
            assert all(pad.holds(x - 1, y - 1) for x, y in points), (size, other)


def test_a_line_beyond_the_pad_is_clamped_to_its_edge(pilot: Pilot) -> None:
    pad = pilot.app.ctx.view.layout.pad
    pilot.draw([inside(pilot.app, 0.5, 0.5), (799, 479), (0, 0), inside(pilot.app, 0.2, 0.5)])
    points = [pilot.app.ctx.view.viewport.to_window(*point) for point in pilot.state.pad.strokes[0]]
    assert all(pad.holds(*point) for point in points)
    assert points[1] == (pad.right - 1, pad.bottom - 1)


def test_the_pad_takes_ink_while_an_error_is_shown() -> None:
    pilot = Pilot(None)
    pilot.state.message = "models/digits_int8.tflite: not found. Reinstall digitpad"
    pilot.write(0)
    assert (pilot.state.reading.text, len(pilot.state.pad.strokes)) == ("", 2)
    strip = pilot.app.ctx.view.scene().widgets[0]
    assert (strip.text, strip.tone) == (pilot.state.message, "rejected")
    pilot.press("undo")
    assert len(pilot.state.pad.strokes) == 1


def test_ink_written_before_the_model_is_loaded_is_read_then(recognizer: Recognizer) -> None:
    pilot = Pilot(None)
    pilot.write(0)
    assert pilot.state.reading.text == ""
    pilot.services.worker.submit("load", lambda: Loaded(recognizer, None))
    pilot.settle()
    pilot.settle()
    assert pilot.state.reading.text == "7"


def test_a_tap_on_a_digit_opens_its_panel_and_elsewhere_writes(pilot: Pilot) -> None:
    pilot.write(FOUR)
    count = len(pilot.state.pad.strokes)
    pilot.tap_digit(2)
    assert pilot.state.panel is not None
    assert (pilot.state.panel.name, pilot.state.panel.value) == ("digit", 2)
    assert len(pilot.state.pad.strokes) == count
    pilot.key(pygame.K_ESCAPE)
    line(pilot, (0.95, 0.05), (0.95, 0.15))
    assert (pilot.state.panels, len(pilot.state.pad.strokes)) == ([], count + 1)


STEM = ((0.3, 0.2), (0.3, 0.7))  # of a 1


@pytest.mark.parametrize("how", ["mouse", "finger"])
@pytest.mark.parametrize(
    ("written", "tapped"),
    [
        ([], (0.5, 0.5)),  # on the empty pad
        ([STEM], (0.7, 0.45)),  # beside a number
        ([STEM], (0.3, 0.99)),  # by the palm, below it
        ([STEM, ((0.5, 0.2), (0.5, 0.7))], (0.9, 0.05)),
    ],
)
def test_a_tap_far_from_all_ink_writes_nothing(
    pilot: Pilot, how: str, written: list[tuple[tuple[float, float], ...]], tapped: tuple[float, float]
) -> None:
    for stroke in written:
        line(pilot, *stroke)
    before = pilot.state.pad.page, pilot.state.reading, pilot.state.pad.can_undo
    x, y = tapped
    line(pilot, (x, y), (x + 0.004, y + 0.008), (x + 0.002, y), how=how)  # a finger trembles
    assert (pilot.state.pad.page, pilot.state.reading, pilot.state.pad.can_undo) == before
    if written:
        pilot.press("undo")
        assert len(pilot.state.pad.strokes) == len(written) - 1
        line(pilot, (x, y), how=how)
        pilot.press("redo")  # which the tap has left as it was
        assert pilot.state.pad.page == before[0]


@pytest.mark.parametrize("at", [(0.3, 0.8), (0.4, 0.68), (0.25, 0.45)])  # below a 1, as a decimal point, beside it
def test_a_dot_near_a_digit_stays_and_is_undone(pilot: Pilot, at: tuple[float, float]) -> None:
    line(pilot, *STEM)
    line(pilot, at)
    assert len(pilot.state.pad.strokes) == 2
    pilot.press("undo")
    assert (len(pilot.state.pad.strokes), pilot.state.reading.text) == (1, "1")


def test_a_scribble_erases_the_ink_beneath_and_elsewhere_is_ink(pilot: Pilot) -> None:
    line(pilot, *BAR)
    line(pilot, *((x + 0.5, y) for x, y in ZIGZAG))
    assert len(pilot.state.pad.strokes) == 2
    pilot.press("undo")
    line(pilot, *ZIGZAG)
    assert pilot.state.pad.is_empty
    pilot.press("undo")
    assert len(pilot.state.pad.strokes) == 1


@pytest.mark.parametrize("by", ["tool", "button"])
def test_the_eraser_removes_only_what_it_touches(pilot: Pilot, by: str) -> None:
    pilot.write(FOUR)
    count = len(pilot.state.pad.strokes)
    frame = pilot.app.ctx.view.scene().frames[0].area
    button = 3 if by == "button" else 1
    if by == "tool":
        pilot.press("erase")
    way = [(frame.left + frame.width * i / 20, frame.top + frame.height / 2) for i in range(21)]
    pilot.pen_down(way, button)
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, way[-1], button))
    assert (len(pilot.state.pad.strokes), pilot.state.reading.text) == (count - 1, "026")
    if by == "tool":
        assert pilot.button("erase").on
        pilot.press("erase")
    line(pilot, *((x - 0.2, y) for x, y in BAR))
    assert len(pilot.state.pad.strokes) == count


@pytest.mark.parametrize("erasing", [False, True])
def test_what_a_palm_did_before_the_pen_is_undone(pilot: Pilot, erasing: bool) -> None:
    line(pilot, *BAR)
    size = pilot.app.surface.get_size()
    if erasing:
        pilot.press("erase")
    palm, pen = inside(pilot.app, *BAR[2]), inside(pilot.app, 0.8, 0.5)
    pilot.handle(finger(pygame.FINGERDOWN, palm, size))
    assert len(pilot.state.pad.strokes) == (0 if erasing else 1)
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, pen))
    assert len(pilot.state.pad.strokes) == 1
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, pen))
    pilot.now += 600
    if erasing:
        pilot.press("erase")
    line(pilot, (0.8, 0.2), (0.8, 0.8))
    assert len(pilot.state.pad.strokes) == 2


def test_a_line_ended_by_lost_focus_stays(pilot: Pilot) -> None:
    pilot.pen_down([inside(pilot.app, 0.3, 0.2), inside(pilot.app, 0.3, 0.7)])
    pilot.handle(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    assert (len(pilot.state.pad.strokes), pilot.state.reading.text) == (1, "1")


def test_a_notice_is_shown_and_hidden(pilot: Pilot) -> None:
    pilot.write(FOUR)
    before = pilot.pixels()
    pilot.key(pygame.K_c, pygame.KMOD_LCTRL)
    assert (pilot.copied, pilot.state.toast) == (["2026"], "Copied: 2026")
    assert (pilot.pixels() != before).any()
    pilot.wait(1900)
    assert pilot.app.ctx.view.scene().toast == "Copied: 2026"
    pilot.wait(2000)
    assert pilot.app.ctx.view.scene().toast == ""
    assert (pilot.pixels() == before).all()


def test_two_lines_are_copied_as_two_and_shown_in_the_history_as_one_row(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    pilot = Pilot(recognizer, store=HistoryStore(tmp_path / "history.sqlite3"), history="on")
    pad = pilot.app.ctx.view.layout.pad
    for down in (-0.2, 0.25):
        for stroke in pilot.strokes_of(FOUR, height=0.3):
            pilot.draw([(x, y + down * pad.height) for x, y in stroke])
    pilot.key(pygame.K_c, pygame.KMOD_LCTRL)
    assert (pilot.copied, pilot.state.toast) == (["2026\n2026"], "Copied: 2026 2026")
    number = next(widget for widget in pilot.app.ctx.view.scene().widgets if widget.kind == "reading")
    assert number.text == "2026\n2026"
    pilot.tap_digit(5)
    assert [(panel.name, panel.value) for panel in pilot.state.panels] == [("digit", 5)]
    pilot.do("escape")
    pilot.do("open", "history")
    pilot.settle()
    assert [widget.text for widget in pilot.app.ctx.view.scene().card if widget.kind == "row"] == ["2026 2026"]


def test_rejected_ink_is_not_copied() -> None:
    pilot = Pilot(fixed(10))
    line(pilot, *BAR)
    assert pilot.state.reading.text == "?"
    pilot.key(pygame.K_c, pygame.KMOD_LCTRL)
    assert (pilot.copied, pilot.state.toast) == ([], "Nothing to copy yet")


def test_an_idle_app_has_no_timers(pilot: Pilot) -> None:
    pilot.wait(KEPT_AFTER)
    assert pilot.app.next_tick() is None
    pilot.write(0)
    assert pilot.app.next_tick() == KEPT_AFTER
    pilot.wait(KEPT_AFTER + 600)
    assert pilot.app.next_tick() is None


def test_closing_in_mid_stroke_saves_that_stroke(recognizer: Recognizer, tmp_path: Path) -> None:
    pilot = Pilot(recognizer, store=HistoryStore(tmp_path / "history.sqlite3"))
    slow(pilot)  # and nothing is read yet
    pilot.pen_down([inside(pilot.app, *place) for place in BAR])
    pilot.app.close()
    assert [(page.text, len(page.ink)) for page in HistoryStore(tmp_path / "history.sqlite3").pages()] == [("1", 1)]


# --- faults


FAULT = "digits_int8.tflite: cannot be run. Reinstall digitpad"


def fail(*_: Any, **__: Any) -> None:
    raise ModelError(FAULT)


def test_a_failed_reading_is_shown_until_the_pad_is_cleared(pilot: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pilot.app.reader.recognizer, "read", fail)
        pilot.write(0)
        assert (pilot.state.message, pilot.app.ctx.view.scene().widgets[0].text) == (FAULT, FAULT)
        pilot.press("clear")
        assert (pilot.state.message, pilot.app.ctx.view.scene().widgets[0].text) == (None, "")
    pilot.press("undo")
    assert (pilot.state.message, pilot.state.reading.text) == (None, "7")


def test_a_model_that_could_not_be_loaded_is_shown_permanently() -> None:
    pilot = Pilot(None)
    pilot.services.worker.submit("load", fail)
    pilot.settle()
    pilot.write(0)
    pilot.press("clear")
    assert (pilot.state.message, pilot.app.reader.exit_status) == (FAULT, ModelError.exit_status)


def test_a_failed_map_keeps_the_number(pilot: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_app.gui.reader.occlusion_map", fail)
    pilot.write(FOUR)
    pilot.tap_digit(0)
    pilot.press("map", 0)
    assert (pilot.state.toast, pilot.notes, pilot.state.heat) == (FAULT, [FAULT], {})
    assert (pilot.state.message, pilot.app.ctx.view.scene().widgets[0].text) == (None, "2026")


@pytest.mark.parametrize("error", [ModelError, StoreError, ExportError])
def test_an_error_of_an_action_is_shown_and_the_app_goes_on(
    pilot: Pilot, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: Any) -> None:
        raise error(FAULT)

    with monkeypatch.context() as broken:
        for name in ("undo", "clear", "file", "digit_panel"):
            broken.setitem(HANDLERS, name, refuse)
        pilot.write(0)
        steps: list[Callable[[], None]] = [
            lambda: pilot.handle(pygame.event.Event(pygame.DROPFILE, file="7.json")),
            lambda: pilot.key(pygame.K_u),
            lambda: pilot.key(pygame.K_DELETE),
            lambda: pilot.press("clear"),
            lambda: pilot.tap_digit(0),
        ]
        said = []
        for step in steps:
            pilot.state.toast = None
            step()
            said.append(pilot.app.ctx.view.scene().toast)
        assert said == [FAULT] * len(steps)
    assert (pilot.notes, pilot.state.running) == ([FAULT] * 5, True)
    pilot.press("clear")
    assert pilot.state.pad.is_empty


def test_an_error_of_a_timer_is_shown_and_the_others_run(pilot: Pilot) -> None:
    gone_off: list[str] = []
    for call in (partial(fail), partial(gone_off.append, "keep"), partial(fail)):
        pilot.app.ctx.timers.after(10, call)
    pilot.wait(10)
    assert (pilot.notes, pilot.state.toast, gone_off) == ([FAULT, FAULT], FAULT, ["keep"])


def test_a_bug_is_raised(pilot: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any) -> None:
        raise ValueError("a bug")

    monkeypatch.setitem(HANDLERS, "clear", wrong)
    pilot.app.ctx.timers.after(0, wrong)
    with pytest.raises(ValueError, match="a bug"):
        pilot.key(pygame.K_DELETE)
    with pytest.raises(ValueError, match="a bug"):
        pilot.app.tick(pilot.now)


def test_the_layout_is_computed_once_for_a_lifted_finger(pilot: Pilot) -> None:
    *way, end = [inside(pilot.app, *place) for place in BAR]
    for i, at in enumerate(way):
        pilot.handle(finger(pygame.FINGERMOTION if i else pygame.FINGERDOWN, at, pilot.app.surface.get_size()))
    arrange.cache_clear()
    pilot.app.handle(finger(pygame.FINGERUP, end, pilot.app.surface.get_size()), pilot.now)
    pilot.app.draw()
    assert arrange.cache_info().misses == 1
    pilot.state.comparing = True
    pilot.app.draw()
    assert arrange.cache_info().misses == 2  # another layout


# --- sizes


def test_a_page_from_a_larger_window_is_scaled_to_fit(pilot: Pilot) -> None:
    pilot.write(FOUR, width=0.88, height=0.7)
    first = pilot.state.pad.page
    pilot.press("clear")
    pilot.app.resize(pygame.display.set_mode((400, 240)))
    pilot.write(0)
    second = pilot.state.pad.page

    def is_inside() -> bool:
        pad, viewport = pilot.app.ctx.view.layout.pad, pilot.app.ctx.view.viewport
        ink = pilot.state.pad.strokes
        return bool(ink) and all(pad.holds(*viewport.to_window(*point)) for line in ink for point in line)

    assert is_inside()
    while pilot.state.pad.page != first:
        pilot.press("undo")
    assert (is_inside(), pilot.state.reading.text) == (True, "2026")
    assert pilot.app.ctx.view.viewport.scale < 0.7
    while pilot.state.pad.page != second:
        pilot.press("redo")
    assert (is_inside(), pilot.app.ctx.view.viewport.scale) == (True, 1.0)


@pytest.mark.parametrize("size", [(100, 100), (20, 20), (200, 47), (47, 300)])
def test_a_tiny_window_is_drawn(recognizer: Recognizer, size: tuple[int, int]) -> None:
    pilot = Pilot(recognizer, size)
    pilot.state.pad.load((((0.0, 0.0), (5.0, 5.0)),), (10, 10))
    pilot.app.reader.submit()
    pilot.settle()
    failed = []
    for name in PANELS:
        pilot.state.panels = [Panel(name, 0 if name == "digit" else None)]
        try:
            pilot.settle()
        except pygame.error as error:
            failed.append((name, str(error)))
    assert failed == []


@pytest.fixture
def handler() -> Iterator[None]:
    """Restore the handler of Ctrl-C, which a display replaces."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize(("screen", "small"), [((480, 320), True), ((800, 480), True), ((1920, 1080), False)])
def test_a_small_screen_is_always_filled(monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int], small: bool) -> None:
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [screen])
    display = Display()
    assert display.fullscreen == small
    for fullscreen in (False, True, False):
        display.change(rotate=180, fullscreen=fullscreen, kiosk=False)
        window = pygame.display.get_surface()
        assert window is not None
        assert bool(window.get_flags() & pygame.FULLSCREEN) == display.fullscreen == (small or fullscreen)


@pytest.mark.usefixtures("handler")
def test_a_requested_size_is_kept_on_a_small_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(480, 320)])
    display = Display(size=(320, 240))
    display.change(rotate=0, fullscreen=False, kiosk=False)
    assert (display.fullscreen, display.surface.get_size()) == (False, (320, 240))


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_rectangles_outside_a_tiny_window_are_clipped(rotate: int) -> None:
    display = Display(size=(2, 300), rotate=rotate)
    display.surface.fill((200, 0, 0))
    outside, partly = pygame.Rect(400, 400, 10, 10), pygame.Rect(1, 0, 600, 5)
    display.show([outside])
    display.show([outside, partly])
    window = pygame.display.get_surface()
    assert window is not None
    assert (200, 0, 0) in {tuple(window.get_at((x, y)))[:3] for x in range(2) for y in range(300)}


def test_the_digits_of_a_picture_are_not_joined(recognizer: Recognizer, tmp_path: Path) -> None:
    """Found by the state machine of test_redraw: a pinned digit without strokes broke every later reading."""
    pilot = Pilot(recognizer)
    pilot.do("file", str(picture_in(tmp_path)))
    assert pilot.state.reading.text == "11"
    page = pilot.state.pad.page
    pilot.do("join", 0)
    assert pilot.state.pad.page is page
    pilot.write(4)
    assert pilot.state.reading.digits
