"""Kiosk mode and keyboard: what visitors may do, and the whole window by keyboard."""

import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import pygame
import pytest

from edge_app.cli import main
from edge_app.gui import main as loop
from edge_app.gui.actions import Action, Name
from edge_app.gui.app import DIM, IN_USE
from edge_app.gui.handlers import HANDLERS
from edge_app.gui.handlers.practice import JUDGED_AFTER
from edge_app.gui.kiosk import ALLOWED
from edge_app.gui.kiosk import PANELS as VISITORS_PANELS
from edge_app.gui.platform import display
from edge_app.gui.reader import KEPT_AFTER
from edge_app.gui.views import PANELS
from edge_app.gui.views.dialogs import HOLD
from edge_app.gui.views.widgets import Widget
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore
from edge_app.storage.settings import OPTIONS, Settings

from ..support.pilot import Pilot, folders_in, mouse, picture_in
from .test_views import names


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
    assert (kiosk.state.running, names(kiosk)) == (True, ["quit"])
    area = kiosk.button("leave").area
    middle = (area.left + area.width / 2, area.top + area.height / 2)
    kiosk.tap(middle)
    for _ in range(10):
        kiosk.key(pygame.K_TAB)
        kiosk.key(pygame.K_RETURN)
        kiosk.do("open", "quit")
    assert kiosk.state.running
    kiosk.handle(mouse(pygame.MOUSEBUTTONDOWN, middle))
    kiosk.wait(HOLD - 100)
    assert (kiosk.state.running, 0.9 < kiosk.state.held < 1) == (True, True)
    kiosk.wait(200)
    assert not kiosk.state.running


def test_a_visitor_has_no_access_to_files_history_or_settings(kiosk: Pilot, tmp_path: Path) -> None:
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
        seen.append((names(pilot), pilot.state.exercise is not None, pilot.state.running))
    assert seen == [([], True, True), ([], False, True), ([], False, True)]


# --- the keyboard


def focused(pilot: Pilot) -> Widget | None:
    return next((widget for widget in pilot.widgets() if widget.takes and widget.takes == pilot.state.focus), None)


@pytest.mark.parametrize(("panel", "step"), [*((panel, 1) for panel in (None, "practice", *PANELS)), (None, -1)])
def test_the_keyboard_reaches_every_button_and_shows_the_focus(
    recognizer: Recognizer, tmp_path: Path, panel: str | None, step: int
) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
    pilot = Pilot(recognizer, (480, 320), store=store, folders=folders_in(tmp_path), history="on")
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


def test_the_wheel_turns_pages(recognizer: Recognizer, tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
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


# --- visitors


def test_the_next_visitor_finds_nothing_of_the_last(recognizer: Recognizer, tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite3")
    kiosk = Pilot(recognizer, store=store, history="on", kiosk=True)
    kiosk.write(4)
    kiosk.tap_digit(1)
    kiosk.press("label", "8")
    kiosk.press("erase")
    kiosk.key(pygame.K_m)
    kiosk.wait(IN_USE - 1000)
    kiosk.key(pygame.K_TAB)  # still there
    kiosk.wait(IN_USE - 1)
    assert (kiosk.state.reading.text, names(kiosk)) == ("2826", ["menu"])
    assert (kiosk.state.erasing, kiosk.state.pad.can_undo) == (True, True)
    kiosk.wait(1)
    assert (kiosk.state.reading.text, names(kiosk)) == ("", [])
    assert (kiosk.state.erasing, kiosk.state.pad.is_empty) == (False, True)
    for key in (pygame.K_BACKSPACE, pygame.K_u):
        kiosk.key(key)
        kiosk.key(pygame.K_y, pygame.KMOD_CTRL)
    assert (kiosk.state.pad.is_empty, kiosk.state.pad.can_undo, kiosk.state.pad.can_redo) == (True, False, False)
    kiosk.write(0)
    kiosk.press("clear")
    assert [page.text for page in store.pages()] == ["7", "2826"]  # a page each


def test_the_next_visitor_finds_no_exercise(kiosk: Pilot) -> None:
    kiosk.do("practice")
    kiosk.write(0)
    kiosk.wait(IN_USE)
    assert (kiosk.state.exercise, kiosk.state.pad.is_empty, kiosk.state.pad.can_undo) == (None, True, False)
    kiosk.wait(BLANK)
    assert (kiosk.state.toast, kiosk.app.next_tick()) == (None, None)


def test_only_a_kiosk_clears_the_pad_when_idle(pilot: Pilot) -> None:
    pilot.write(0)
    pilot.wait(2 * IN_USE)
    assert (pilot.state.reading.text, pilot.state.pad.can_undo) == ("7", True)


def test_visitors_of_a_kiosk_teach_nothing(kiosk: Pilot) -> None:
    kiosk.write(0)
    kiosk.tap_digit(0)
    kiosk.press("label", "2")
    assert kiosk.state.reading.text == "2"
    kiosk.press("undo")
    kiosk.press("redo")
    kiosk.do("practice")
    assert kiosk.state.exercise is not None
    kiosk.state.exercise.practice.target = "7"
    kiosk.write(0)
    kiosk.wait(JUDGED_AFTER)
    assert kiosk.state.exercise.judged is not None
    learner = kiosk.services.personalization
    assert learner.classifier is not None
    assert (learner.store.count_examples(), learner.classifier.lessons, learner.shown()) == (0, (), [])


OWNERS: dict[Name, Any] = {  # a value for each action that is no visitor's
    "compare": None,
    "layers": None,
    "save": None,
    "folder": "/",
    "file": "two bars.png",
    "entry": 1,
    "restore": 1,
    "keypad": 1,
    "backspace": None,
    "typed": None,
    "delete": 1,
    "export": None,
    "forget": None,
    "unlearn": 0,
    "set": ("theme", "dark"),
    "fullscreen": None,
}
OWNERS_PANELS = sorted(set(PANELS) - VISITORS_PANELS)


def busy(recognizer: Recognizer, folder: Path) -> Pilot:
    """An app with a page in its history, a lesson, ink on the pad, and a correction half typed."""
    pilot = Pilot(recognizer, store=HistoryStore(folder / "history.sqlite3"), folders=folders_in(folder), history="on")
    pilot.write(1)
    pilot.press("clear")
    pilot.write(0)
    pilot.tap_digit(0)
    pilot.press("label", "2")
    pilot.wait(KEPT_AFTER)
    pilot.do("open", "history")
    pilot.press("entry", 1)
    pilot.press("keypad", 1)
    pilot.key(pygame.K_5)
    return pilot


def everything(pilot: Pilot, folder: Path) -> tuple[Any, ...]:
    """Everything that an action could change."""
    state, store = pilot.state, pilot.services.personalization.store
    return (
        *(state.settings, [(panel.name, panel.value, panel.page) for panel in state.panels], state.pad.page),
        *(state.picture, state.exercise, state.comparing, state.erasing, state.folder, list(state.entries)),
        *(state.reading.text, state.toast, list(pilot.settings_written), pilot.state.running),
        [(page.id, page.text, page.correction) for page in store.pages()],
        [(example.id, example.label) for example in store.examples()],
        sorted(path.name for path in folder.glob("pictures/*")),
    )


def test_every_action_is_the_owners_or_the_visitors() -> None:
    assert {*get_args(Name)} == {*OWNERS, *ALLOWED, "open"}
    assert not ALLOWED.intersection([*OWNERS, "open"])


def test_every_action_has_a_handler_of_its_own() -> None:
    assert HANDLERS.keys() == {*get_args(Name)}
    assert len({*HANDLERS.values()}) == len(HANDLERS)


@pytest.mark.parametrize(
    ("name", "value"), [*OWNERS.items(), *(("open", panel) for panel in OWNERS_PANELS if panel != "keypad")]
)
def test_an_owners_action_does_nothing_for_a_visitor(
    recognizer: Recognizer, tmp_path: Path, name: Name, value: Any
) -> None:
    pilot = busy(recognizer, tmp_path)
    value = str(picture_in(tmp_path)) if name == "file" else value
    del pilot.state.panels[{"entry": 1, "keypad": 2}.get(name, 3) :]  # where those are offered
    before, settings = everything(pilot, tmp_path), pilot.state.settings
    pilot.state.settings = replace(settings, kiosk=True)
    pilot.do(name, value)
    pilot.state.settings = settings
    assert everything(pilot, tmp_path) == before
    pilot.do(name, value)
    assert everything(pilot, tmp_path) != before


def test_the_window_does_not_offer_kiosk_as_a_setting(pilot: Pilot) -> None:
    pilot.key(pygame.K_s)
    rows: list[str] = []
    turn = True
    while turn:
        chosen = [widget.action.value for widget in pilot.widgets() if widget.action and widget.action.name == "set"]
        rows += [value[0] for value in chosen if isinstance(value, tuple)]
        turn = Action("turn", 1) in [widget.takes for widget in pilot.widgets()]
        pilot.key(pygame.K_PAGEDOWN)
    files_only = {"kiosk", "blank", "target_mm", "density"}
    assert sorted(rows) == sorted({*OPTIONS} - files_only - {"speak"})  # there is no voice here


@pytest.mark.parametrize("words", [["--kiosk", "--open", "7.json"], ["--open", "-"], ["--kiosk", "--open", "-"]])
def test_a_kiosk_opens_no_file_and_nothing_opens_standard_input(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert (
        capsys.readouterr().err.splitlines()[-1]
        == "digitpad: error: --open takes a file, and is not allowed in kiosk mode"
    )


def test_a_held_button_is_released_when_the_pointer_leaves_it(kiosk: Pilot) -> None:
    kiosk.key(pygame.K_q)
    area = kiosk.button("leave").area
    middle = (area.left + area.width / 2, area.top + area.height / 2)
    kiosk.handle(mouse(pygame.MOUSEBUTTONDOWN, middle))
    kiosk.wait(HOLD // 2)
    kiosk.handle(mouse(pygame.MOUSEMOTION, (middle[0] + 1, middle[1])))
    assert kiosk.state.held == pytest.approx(0.5, abs=0.05)
    kiosk.handle(mouse(pygame.MOUSEMOTION, (area.left - 1, middle[1])))
    assert (kiosk.state.held, kiosk.state.pressed) == (0, None)
    kiosk.handle(mouse(pygame.MOUSEMOTION, middle))
    kiosk.wait(2 * HOLD)
    kiosk.handle(mouse(pygame.MOUSEBUTTONUP, middle))
    assert (kiosk.state.running, names(kiosk), kiosk.state.held) == (True, ["quit"], 0)


# --- cards


@pytest.mark.parametrize("panel", PANELS)
def test_keys_do_nothing_beneath_a_card_and_escape_closes_it(pilot: Pilot, panel: str) -> None:
    pilot.write(0)
    pilot.do("open", panel)
    page = pilot.state.pad.page
    for key in (pygame.K_p, pygame.K_BACKSPACE, pygame.K_e, pygame.K_s, pygame.K_u, pygame.K_DELETE, pygame.K_F2):
        pilot.key(key)
    pilot.key(pygame.K_z, pygame.KMOD_CTRL)
    state = pilot.state
    assert (state.pad.page is page, state.exercise, state.erasing, state.comparing) == (True, None, False, False)
    assert names(pilot) == [panel]
    pilot.key(pygame.K_ESCAPE)
    assert (names(pilot), pilot.state.running) == ([], True)
    pilot.key(pygame.K_BACKSPACE)  # now they do
    assert state.pad.page is not page


KEYS = sorted({value for name, value in vars(pygame).items() if name.startswith("K_")})
MODIFIERS = (0, pygame.KMOD_CTRL, pygame.KMOD_ALT, pygame.KMOD_META, pygame.KMOD_SHIFT | pygame.KMOD_CTRL)


@pytest.mark.parametrize("modifier", MODIFIERS)
def test_no_key_combination_lets_a_visitor_out(kiosk: Pilot, modifier: int) -> None:
    """Every key that pygame knows, twice: on the pad, and on the panels that were opened."""
    assert len(KEYS) > 100
    settings = kiosk.state.settings
    for key in KEYS * 2:
        kiosk.app.handle(pygame.event.Event(pygame.KEYDOWN, key=key, mod=modifier), kiosk.now)
        assert kiosk.state.running
        assert set(names(kiosk)) <= VISITORS_PANELS
    assert kiosk.state.settings is settings
    assert (kiosk.settings_written, kiosk.state.picture, kiosk.state.comparing) == ([], None, False)


class Shown:
    """A display without a window; it has what `serve` calls."""

    def __init__(self, surface: pygame.Surface) -> None:
        self.surface = surface

    def upright(self, event: pygame.event.Event) -> pygame.event.Event:
        return event

    def __getattr__(self, name: str) -> Any:
        if name in ("show", "keep_awake", "switch", "refit", "change"):
            return lambda *_, **__: None
        raise AttributeError(name)


def served(pilot: Pilot, monkeypatch: pytest.MonkeyPatch, rounds: list[list[int]]) -> int:
    """Serve events of these kinds in rounds, and return after how many the app ended."""
    left = list(rounds)

    def wait(_: int | None) -> None:
        kinds = left.pop(0) if left else []
        for kind in kinds:
            pygame.event.post(pygame.event.Event(kind))
        pilot.state.running = bool(kinds)

    monkeypatch.setattr(loop, "make_waiter", lambda: wait)
    monkeypatch.setattr(loop, "on_lost_display", lambda _: None)
    monkeypatch.setattr(pygame, "quit", lambda: None)  # other tests go on
    pygame.event.clear()
    loop.serve(pilot.app, cast(Any, Shown(pilot.app.surface)))
    return len(rounds) - len(left)


CLOSED = [pygame.WINDOWCLOSE, pygame.QUIT]  # what SDL says for Alt+F4 and a window's own button


def test_only_the_system_and_not_a_visitor_can_close_a_kiosk(kiosk: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    move = [pygame.WINDOWEXPOSED]
    assert served(kiosk, monkeypatch, [CLOSED, CLOSED, move, [pygame.QUIT], move]) == 4


def test_an_ordinary_window_can_be_closed(pilot: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served(pilot, monkeypatch, [CLOSED, [pygame.WINDOWEXPOSED]]) == 1


def test_a_dropped_file_with_an_undecodable_name_is_survived(pilot: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    def get() -> list[pygame.event.Event]:
        monkeypatch.undo()
        raise SystemError("returned a result with an exception set")

    rounds = [[pygame.WINDOWEXPOSED], CLOSED]
    with pytest.MonkeyPatch.context() as patch:
        monkeypatch.setattr(pygame.event, "get", get)
        assert served(pilot, patch, rounds) == 2
    assert pilot.notes == ["events were lost: returned a result with an exception set"]


# --- the dark screen

BLANK = 60_000 * Settings().blank


def brightness(pilot: Pilot) -> float:
    return float(pilot.pixels().mean())


def test_screen_dims_goes_dark_and_the_touch_that_wakes_it_does_nothing_else(kiosk: Pilot) -> None:
    kiosk.write(0)
    kiosk.press("clear")
    kiosk.key(pygame.K_TAB)
    lit, area = kiosk.pixels(), kiosk.button("open", "menu").area
    on_menu = (area.left + area.width / 2, area.top + area.height / 2)
    kiosk.wait(BLANK - DIM - 1)
    assert brightness(kiosk) > 0.5 * lit.mean()
    kiosk.wait(1)
    assert 0 < brightness(kiosk) < 0.4 * lit.mean()
    kiosk.wait(DIM - 1)
    assert brightness(kiosk) > 0
    kiosk.wait(1)
    kiosk.handle(pygame.event.Event(pygame.WINDOWEXPOSED))
    assert (brightness(kiosk), kiosk.app.next_tick()) == (0, None)  # and nothing to do
    kiosk.tap(on_menu)
    assert (names(kiosk), kiosk.state.pressed, kiosk.state.pad.strokes) == ([], None, ())
    assert brightness(kiosk) > 0.5 * lit.mean()
    kiosk.tap(on_menu)
    assert names(kiosk) == ["menu"]
    kiosk.do("escape")
    kiosk.wait(BLANK)
    kiosk.write(0)  # a 7 of two strokes, the first of which wakes
    assert len(kiosk.state.pad.strokes) == 1
    kiosk.press("clear")
    kiosk.write(0)
    assert kiosk.state.reading.text == "7"


def test_key_that_wakes_the_screen_does_nothing_else(kiosk: Pilot) -> None:
    kiosk.key(pygame.K_TAB)
    kiosk.wait(BLANK - 1)  # dim
    kiosk.key(pygame.K_m)
    assert (names(kiosk), kiosk.state.light) == ([], "on")
    kiosk.wait(DIM)
    assert kiosk.state.light == "on"
    kiosk.key(pygame.K_m)
    assert names(kiosk) == ["menu"]


def test_stroke_that_lasts_until_the_screen_is_dark_can_be_lifted(kiosk: Pilot) -> None:
    kiosk.handle(mouse(pygame.MOUSEBUTTONDOWN, (300, 200)))
    kiosk.wait(BLANK)
    kiosk.handle(mouse(pygame.MOUSEBUTTONUP, (300, 200)))
    assert (kiosk.state.light, kiosk.state.pad.current) == ("on", [])
    kiosk.write(0)
    assert kiosk.state.reading.text == "7"


def test_screen_stays_lit_where_the_owner_wants_that_and_outside_a_kiosk(recognizer: Recognizer) -> None:
    for pilot in (Pilot(recognizer, kiosk=True, blank=0), Pilot(recognizer)):
        pilot.key(pygame.K_TAB)
        pilot.wait(10 * BLANK)
        assert (pilot.state.light, brightness(pilot) > 50) == ("on", True)


# --- the wait for a screen


class Boot:
    """What becomes of the screen's plug, a look after the other; None: no driver yet."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, states: list[str | None]) -> None:
        self.states, self.status, self.waits, self.rights = states, tmp_path / "card1-DSI-1" / "status", 0, 0
        monkeypatch.setattr(display, "CONNECTORS", tmp_path)
        monkeypatch.setattr(time, "sleep", self.turn)
        monkeypatch.setattr(pygame.display, "init", self.init)
        monkeypatch.setenv("SDL_VIDEODRIVER", "kmsdrm")
        monkeypatch.setattr(signal, "signal", lambda *given: self.signals.append(given))
        self.signals: list[object] = []
        self.turn()

    def turn(self, _: float = 0) -> None:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state is not None:
            self.status.parent.mkdir(exist_ok=True)
            self.status.write_text(f"{state}\n")

    def init(self) -> None:
        assert self.signals == [(signal.SIGINT, signal.SIG_DFL)]  # then SDL makes an event of Ctrl-C
        self.rights -= 1
        if self.rights >= 0:
            raise pygame.error("kmsdrm not available")

    def wait(self) -> None:
        self.waits += 1


def test_kiosk_waits_for_driver_screen_and_rights_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = Boot(tmp_path, monkeypatch, [None] * 3 + ["disconnected"] * 1000 + ["connected"])
    boot.rights = 2  # udev is late
    display.wait_for_screen(boot.wait)
    assert (boot.waits, boot.rights) == (3 + 1000 + 2, -1)
    assert capsys.readouterr().err == "digitpad: no screen is connected yet; waiting for one\n"


@pytest.mark.parametrize(("state", "rights"), [(None, 0), ("connected", 1000)])
def test_wait_for_a_missing_driver_or_missing_rights_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str | None, rights: int
) -> None:
    boot = Boot(tmp_path, monkeypatch, [state])
    boot.rights = rights
    display.wait_for_screen(boot.wait)
    assert boot.waits == display.DRIVER_TIMEOUT / display.PAUSE


def test_screen_that_is_there_and_other_drivers_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = Boot(tmp_path, monkeypatch, ["connected"])
    display.wait_for_screen(boot.wait)
    boot.status.write_text("disconnected\n")
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    display.wait_for_screen(boot.wait)
    assert (boot.waits, capsys.readouterr().err) == (0, "")
