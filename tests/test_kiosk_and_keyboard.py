"""Who may do what, and by which way: the kiosk's rules, and all of the window by keyboard."""

from pathlib import Path

import pygame
import pytest

from edge_app.recognizer import Recognizer
from edge_app.store import Store
from edge_app.window.actions import Action
from edge_app.window.panels import PANELS
from edge_app.window.panels.texts import HOLD
from edge_app.window.widgets import Widget

from .pilot import Pilot, folders_in, mouse
from .test_panels import names, picture_in


@pytest.fixture
def pilot(recognizer: Recognizer, tmp_path: Path) -> Pilot:
    return Pilot(recognizer, folders=folders_in(tmp_path))


# --- the kiosk


@pytest.fixture
def kiosk(recognizer: Recognizer, tmp_path: Path) -> Pilot:
    return Pilot(recognizer, folders=folders_in(tmp_path), kiosk=True)


def test_a_kiosk_ends_only_where_a_button_is_held(kiosk: Pilot) -> None:
    kiosk.write(0)
    for key in (pygame.K_ESCAPE, pygame.K_q, pygame.K_ESCAPE, pygame.K_ESCAPE):
        kiosk.key(key)
    kiosk.key(pygame.K_q, pygame.KMOD_CTRL)
    assert (kiosk.app.running, names(kiosk)) == (True, ["quit"])
    area = kiosk.button("leave").area
    middle = (area.left + area.width / 2, area.top + area.height / 2)
    kiosk.tap(middle)
    for _ in range(10):
        kiosk.key(pygame.K_TAB)
        kiosk.key(pygame.K_RETURN)
        kiosk.do("open", "quit")
    assert kiosk.app.running
    kiosk.handle(mouse(pygame.MOUSEBUTTONDOWN, middle))
    kiosk.wait(HOLD - 100)
    assert (kiosk.app.running, 0.9 < kiosk.state.held < 1) == (True, True)
    kiosk.wait(200)
    assert not kiosk.app.running


def test_a_visitor_gets_at_no_files_history_or_settings(kiosk: Pilot, tmp_path: Path) -> None:
    for key, mod in ((pygame.K_h, 0), (pygame.K_s, 0), (pygame.K_o, pygame.KMOD_CTRL), (pygame.K_F2, 0)):
        kiosk.key(key, mod)
    kiosk.key(pygame.K_F11)
    kiosk.write(0)
    kiosk.key(pygame.K_s, pygame.KMOD_CTRL)
    kiosk.handle(pygame.event.Event(pygame.DROPFILE, file=str(picture_in(tmp_path))))
    assert (names(kiosk), kiosk.state.picture, kiosk.state.comparing) == ([], None, False)
    assert (kiosk.settings_written, (tmp_path / "pictures").exists()) == ([], False)
    kiosk.key(pygame.K_m)
    offered = {widget.action for widget in kiosk.widgets()}
    owners = {Action("open", name) for name in ("files", "history", "hand", "settings")}
    assert not offered & {*owners, Action("save"), Action("compare"), Action("fullscreen")}
    assert Action("quit") in offered


def test_escape_closes_what_is_on_top_and_never_the_app(pilot: Pilot) -> None:
    pilot.do("practice")
    pilot.key(pygame.K_m)
    pilot.key(pygame.K_s)
    seen = []
    for _ in range(3):
        pilot.key(pygame.K_ESCAPE)
        seen.append((names(pilot), pilot.state.exercise is not None, pilot.app.running))
    assert seen == [([], True, True), ([], False, True), ([], False, True)]


# --- the keyboard


def focused(pilot: Pilot) -> Widget | None:
    return next((widget for widget in pilot.widgets() if widget.takes and widget.takes == pilot.state.focus), None)


@pytest.mark.parametrize("panel", [None, "practice", *PANELS])
@pytest.mark.parametrize("step", [1, -1])
def test_all_that_can_be_pressed_is_reached_by_keyboard_and_seen(
    recognizer: Recognizer, tmp_path: Path, panel: str | None, step: int
) -> None:
    store = Store(tmp_path / "history.sqlite3")
    pilot = Pilot(recognizer, store=store, folders=folders_in(tmp_path), history="on")
    pilot.write(4)
    pilot.key(pygame.K_h)
    pilot.key(pygame.K_ESCAPE)
    if panel == "practice":
        pilot.do("practice")
    elif panel:
        pilot.do("open", "history")
        opens = {"entry": ("entry", pilot.state.pages[0].id), "digit": ("digit_panel", 1)}
        pilot.do(*opens.get(panel, ("open", panel)))
    wanted = {widget.takes for widget in pilot.widgets() if widget.takes and not widget.hold}
    reached = set()
    for _ in range(2 * len(wanted)):
        before = pilot.pixels()
        pilot.key(pygame.K_TAB, pygame.KMOD_SHIFT if step < 0 else 0)
        widget = focused(pilot)
        assert widget is not None
        reached.add(widget.takes)
        area = widget.area
        changed = (pilot.pixels() != before).any(axis=2)
        if len(wanted) > 1:
            assert changed[area.left : area.right, area.top : area.bottom].sum() > 50
    assert reached == wanted


def test_a_switch_is_pressed_again_and_again(pilot: Pilot) -> None:
    pilot.key(pygame.K_s)
    while pilot.state.focus != Action("set", ("live", False)):
        pilot.key(pygame.K_TAB)
    values = []
    for _ in range(3):
        pilot.key(pygame.K_RETURN)
        values.append(pilot.state.settings.live)
    assert values == [False, True, False]


def test_without_a_visible_focus_enter_does_nothing(pilot: Pilot) -> None:
    pilot.write(0)
    pilot.key(pygame.K_TAB)
    pilot.tap((799, 1))  # the hand has taken over
    pilot.state.focus = Action("clear")
    pilot.key(pygame.K_RETURN)
    assert pilot.state.reading.text == "7"


def test_pages_turn_where_there_are_more_of_them(recognizer: Recognizer, tmp_path: Path) -> None:
    store = Store(tmp_path / "history.sqlite3")
    pilot = Pilot(recognizer, (480, 320), store=store, folders=folders_in(tmp_path), history="on")
    pilot.write(0)
    ink = pilot.state.pad.ink()
    for number in range(9):
        store.save_page(None, ink, str(number), 0.9)
    for name in ("history", "settings", "history"):
        pilot.do("open", name)
    seen: list[str] = []
    for _ in range(9):
        seen += [page.text for page in pilot.state.pages]
        pilot.handle(pygame.event.Event(pygame.MOUSEWHEEL, y=-1))
    assert sorted(set(seen)) == sorted([*map(str, range(9))])
    assert seen[0] == "7"  # the one on the pad, which is the newest
