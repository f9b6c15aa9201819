"""The compare view: two models on the same ink, their readings, times and agreement, side by side."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

import edge_app.window.app
from edge_app.cli import main
from edge_app.duel import Duel, Timed, Verdict, open_float
from edge_app.ink import make_ink
from edge_app.modelfile import CARD, FLOAT, INT8, models_folder
from edge_app.reading import Reading
from edge_app.recognizer import Recognizer
from edge_app.window.app import App, run
from edge_app.window.events import Command, Pen, Pointers
from edge_app.window.layout import BUTTONS, Area, Layout, arrange, fit_viewport
from edge_app.window.view import DESK, Scene, draw_scene, forget_fonts

from .fakes import Opener, fixed, reading_of
from .test_cli import digitpad
from .test_window import SAMPLES, mouse, press, strokes_on, write

SIZES = [(320, 240), (480, 320), (800, 480), (720, 1280), (1920, 1080)]
STROKE = make_ink([[[0, 0], [0, 100]]])
BAR: dict[str, object] = {"strokes": [[[0, 0], [1, 100], [2, 200]]]}


@pytest.fixture
def open_app() -> Iterator[Callable[..., App]]:
    pygame.display.init()
    pygame.font.init()

    def make(own: Recognizer, duel: Duel | None = None, size: tuple[int, int] = (800, 480)) -> App:
        app = App(pygame.display.set_mode(size), duel)
        app.recognizer = own
        app.draw()
        return app

    yield make
    pygame.quit()


def key(app: App, code: int, mod: int = 0) -> None:
    app.handle(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod), 0)


def texts(app: App) -> list[str]:
    """What each half says, float first."""
    assert app.verdict is not None
    assert app.verdict.reference is not None
    return [app.verdict.reference.reading.text, app.verdict.own.reading.text]


def verdict_of(app: App) -> Verdict:
    assert app.verdict is not None
    return app.verdict


# --- the window


def test_f2_toggles_the_view_and_only_f2() -> None:
    def meaning(code: int, mod: int = 0) -> Command | None:
        action = Pointers().translate(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod), (800, 480), 0)
        assert not isinstance(action, Pen)
        return action

    assert meaning(pygame.K_F2) == Command("compare")
    assert meaning(pygame.K_F2, pygame.KMOD_CTRL) is None
    assert meaning(pygame.K_F3) is None


def test_toggling_shows_two_readings_and_one_again(open_app: Callable[..., App]) -> None:
    app = open_app(fixed(7), Duel(Opener(fixed(4, np.float32))))
    write(app, BAR)
    app.draw()
    before = pygame.surfarray.array3d(app.surface).copy()
    assert (app.scene().verdict, app.scene().layout.split) == (None, None)
    key(app, pygame.K_F2)
    assert app.draw() is not None
    assert texts(app) == ["4", "7"]
    assert app.scene().layout.split is not None
    key(app, pygame.K_F2)
    app.draw()
    assert (app.scene().verdict, app.scene().layout.split) == (None, None)
    assert (pygame.surfarray.array3d(app.surface) == before).all()


def test_without_the_view_no_second_model_is_opened(open_app: Callable[..., App]) -> None:
    opener = Opener(fixed(4, np.float32))
    app = open_app(fixed(7), Duel(opener))
    write(app, BAR)
    press(app, "clear")
    press(app, "undo")
    assert (app.reading.text, opener.opened) == ("7", 0)
    for _ in range(4):
        key(app, pygame.K_F2)
        write(app, BAR)
    assert opener.opened == 1


def test_the_frames_on_the_pad_are_the_app_s_own(open_app: Callable[..., App]) -> None:
    app = open_app(fixed(7), Duel(Opener(fixed(4, np.float32))))
    key(app, pygame.K_F2)
    write(app, BAR)
    assert verdict_of(app).agree is False
    assert app.scene().reading == verdict_of(app).own.reading
    assert [digit.digit for digit in app.scene().reading.digits] == ["7"]


def test_undo_redo_and_clear_reach_both(open_app: Callable[..., App], recognizer: Recognizer) -> None:
    app = open_app(recognizer, Duel())
    key(app, pygame.K_F2)
    assert (texts(app), verdict_of(app).agree) == (["", ""], None)
    write(app, SAMPLES[4])
    assert (texts(app), verdict_of(app).agree) == (["2026", "2026"], True)
    key(app, pygame.K_BACKSPACE)
    assert texts(app) == ["202", "202"]
    key(app, pygame.K_y, pygame.KMOD_CTRL)
    assert texts(app) == ["2026", "2026"]
    press(app, "clear")
    assert (texts(app), verdict_of(app).agree) == (["", ""], None)
    press(app, "undo")
    assert texts(app) == ["2026", "2026"]


def test_without_a_float_model_int8_reads_on(
    open_app: Callable[..., App], recognizer: Recognizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / FLOAT
    app = open_app(recognizer, Duel(lambda: open_float(path)))
    write(app, SAMPLES[0])
    key(app, pygame.K_F2)
    press(app, "clear")
    write(app, SAMPLES[4])
    app.draw()
    assert (app.reading.text, app.message) == ("2026", None)
    assert verdict_of(app).reference is None
    assert verdict_of(app).fault == f"{path}: not found; to compare, start digitpad with --float FILE"
    assert capsys.readouterr().err == f"digitpad: {verdict_of(app).fault}\n"  # once, not at every stroke
    key(app, pygame.K_F2)
    for name in (FLOAT, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    key(app, pygame.K_F2)
    assert (texts(app), verdict_of(app).fault) == (["2026", "2026"], None)


def test_a_fault_of_the_app_s_own_model_comes_first(open_app: Callable[..., App]) -> None:
    opener = Opener(fixed(4, np.float32))
    app = open_app(None, Duel(opener))
    app.message = "models/digits_int8.tflite: not found. Reinstall digitpad"
    key(app, pygame.K_F2)
    write(app, BAR)
    app.draw()
    assert (app.scene().message, app.verdict, opener.opened) == (app.message, None, 0)


def test_toggling_in_mid_stroke_goes_on_where_the_pen_is(open_app: Callable[..., App]) -> None:
    app = open_app(fixed(7), Duel(Opener(fixed(7, np.float32))), (320, 240))
    stroke = strokes_on(app, BAR)[0]
    app.handle(mouse(pygame.MOUSEBUTTONDOWN, stroke[0]), 0)
    app.handle(mouse(pygame.MOUSEMOTION, stroke[1]), 0)
    app.draw()
    key(app, pygame.K_F2)
    app.draw()
    x, y = app.scene().viewport.to_window(*app.pad.current[-1])
    assert abs(y - stroke[1][1]) > 5  # the pad has moved under the pen
    app.handle(mouse(pygame.MOUSEMOTION, (round(x), round(y) + 20)), 0)
    app.draw()
    piecemeal = pygame.surfarray.array3d(app.surface).astype(int)
    whole = pygame.Surface((320, 240))
    draw_scene(whole, app.scene())
    assert (np.abs(piecemeal - pygame.surfarray.array3d(whole)).max(axis=2) > 100).sum() < 10
    assert len(app.pad.current) == 3


# --- where it is, and how it looks


@pytest.fixture
def fonts() -> Iterator[None]:
    pygame.font.init()
    forget_fonts()
    yield
    pygame.quit()


def overlaps(areas: list[pygame.Rect]) -> list[tuple[pygame.Rect, pygame.Rect]]:
    return [(one, other) for i, one in enumerate(areas) for other in areas[i + 1 :] if one.colliderect(other)]


def test_overlaps_are_found() -> None:
    one, other, apart = pygame.Rect(0, 0, 9, 9), pygame.Rect(8, 8, 9, 9), pygame.Rect(17, 0, 9, 9)
    assert overlaps([one, other, apart]) == [(one, other)]


@pytest.mark.parametrize("size", SIZES)
def test_the_strip_is_divided_and_leaves_the_pad_its_room(size: tuple[int, int]) -> None:
    layout = arrange(*size, comparing=True)
    split = layout.split
    assert split is not None
    parts = [pygame.Rect(area) for area in (*split, layout.pad, *(layout.buttons[name] for name in BUTTONS))]
    assert overlaps(parts) == []
    assert all(pygame.Rect((0, 0), size).contains(part) for part in parts)
    assert all(pygame.Rect(layout.reading).contains(part) for part in parts[:3])
    assert split.left.width == split.right.width
    assert layout.pad.width * layout.pad.height > 0.45 * size[0] * size[1]
    assert arrange(*size).split is None
    assert arrange(*size).buttons == layout.buttons


class Recording(pygame.Surface):
    """A surface that remembers where letters were put: the rectangles of what is seen of them."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(size)
        self.seen: list[pygame.Rect] = []

    def blit(self, source: pygame.Surface, dest: Any = (0, 0), area: Any = None, special_flags: int = 0) -> pygame.Rect:
        at = pygame.Rect(dest).topleft if len(dest) == 4 else (round(dest[0]), round(dest[1]))
        self.seen.append(source.get_bounding_rect().move(at))
        return super().blit(source, dest, area, special_flags)


LONG = "31415926535897932384626433832795"
PATH = "/home/pi/.venv/lib/python3.11/site-packages/edge_app/models/digits_float.tflite"
VERDICTS = {
    "agree": Verdict(Timed("int8", reading_of("90210"), 0.0123), Timed("float32", reading_of("90210"), 0.0118)),
    "differ": Verdict(
        Timed("int8", reading_of("90210", 1.0), 0.0999), Timed("float32", reading_of("9??10", 1.0), 0.0999)
    ),
    "long": Verdict(Timed("int8", reading_of(LONG * 4), 12.345), Timed("float32", reading_of(LONG, 1.0), 1.345)),
    "blank": Verdict(Timed("int8", Reading(), 0.0), Timed("float32", Reading(), 0.0)),
    "missing": Verdict(
        Timed("int8", reading_of("90210", 1.0), 0.0999),
        fault=f"{PATH}: not found; to compare, start digitpad with --float FILE",
    ),
}


def scene_of(layout: Layout, verdict: Verdict) -> Scene:
    viewport = fit_viewport(layout.pad, (layout.pad.width, layout.pad.height))
    return Scene(layout, viewport, [], Reading(), verdict=verdict)


def letters_of(size: tuple[int, int], verdict: Verdict) -> tuple[Layout, list[pygame.Rect]]:
    """The layout, and where letters are in the strip."""
    layout = arrange(*size, comparing=True)
    surface = Recording(size)
    draw_scene(surface, scene_of(layout, verdict))
    outside = [pygame.Rect(area) for area in (layout.pad, *layout.buttons.values())]
    return layout, [seen for seen in surface.seen if seen.collidelist(outside) < 0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", VERDICTS)
def test_no_text_overlaps_or_leaves_its_half(fonts: None, size: tuple[int, int], name: str) -> None:
    layout, letters = letters_of(size, VERDICTS[name])
    assert layout.split is not None
    assert overlaps(letters) == []
    left, mark, right = map(pygame.Rect, layout.split)
    homes = [left.union(mark), right] if name == "missing" else [left, mark, right]
    assert all(sum(home.contains(seen) for home in homes) >= 1 for seen in letters)
    counts = [sum(home.contains(seen) for seen in letters) for home in homes]
    expected = {"agree": [4, 2, 4], "differ": [4, 2, 4], "long": [4, 2, 4], "blank": [1, 0, 1]}
    assert counts == expected[name] if name in expected else counts[0] >= 3 and counts[1] == 4


@pytest.mark.parametrize("size", SIZES)
def test_agreement_is_not_told_by_colour_alone(fonts: None, size: tuple[int, int]) -> None:
    def shape(name: str) -> Any:
        layout = arrange(*size, comparing=True)
        surface = pygame.Surface(size)
        draw_scene(surface, scene_of(layout, VERDICTS[name]))
        assert layout.split is not None
        area: Area = layout.split.mark
        pixels = pygame.surfarray.array3d(surface)[area.left : area.right, area.top : area.bottom]
        return (pixels != np.array(DESK)).any(axis=2)  # where there is ink of whatever colour

    agree, differ, long, blank = (shape(name) for name in ("agree", "differ", "long", "blank"))
    assert (differ == long).all()
    assert (agree != differ).sum() > 0.2 * agree.sum()
    assert not blank.any()


def test_the_picture_depends_on_the_scene_alone(fonts: None) -> None:
    layout = arrange(800, 480, comparing=True)
    pictures = []
    for name in ("agree", "agree", "differ"):
        surface = pygame.Surface((800, 480))
        surface.fill((1, 2, 3))
        draw_scene(surface, scene_of(layout, VERDICTS[name]))
        pictures.append(pygame.surfarray.array3d(surface).copy())
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()


# --- the command line


@pytest.mark.parametrize(
    "words",
    [
        ["--compare", "recognize", "-"],
        ["--compare", "demo"],
        ["--compare", "compare"],
        ["--float", "x.tflite", "recognize", "-"],
        ["--float", "x.tflite", "compare"],
        ["--float"],
        ["--compar"],
        ["--compare", "x.tflite"],
    ],
)
def test_the_view_s_options_are_for_the_window_alone(words: list[str]) -> None:
    done = digitpad(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr


def test_the_options_reach_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def note(model: Path | None, *, fullscreen: bool, compare: bool, float_model: Path | None) -> int:
        calls.append((model, fullscreen, compare, float_model))
        return 0

    monkeypatch.setattr(edge_app.window.app, "run", note)
    assert [main([]), main(["--compare"]), main(["--compare", "--float", "f.tflite"])] == [0, 0, 0]
    assert calls == [(None, False, False, None), (None, False, True, None), (None, False, True, Path("f.tflite"))]


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """What `run` shows until it waits for the first event, which is that the window is closed."""
    shown: list[Scene] = []
    show = edge_app.window.app.show

    def watch(app: App) -> None:
        shown.append(app.scene())
        show(app)

    monkeypatch.setattr(edge_app.window.app, "show", watch)
    monkeypatch.setattr(
        edge_app.window.app, "make_waiter", lambda: lambda: pygame.event.post(pygame.event.Event(pygame.QUIT))
    )
    return shown


def test_the_window_starts_in_the_view_before_any_model_is_there(scenes: list[Scene]) -> None:
    assert run(compare=True) == 0
    assert all(scene.layout.split for scene in scenes)
    assert scenes[0].verdict is None  # shown at once, the models come after
    last = scenes[-1].verdict
    assert last is not None
    assert last.reference is not None
    assert [last.reference.kind, last.own.kind] == ["float32", "int8"]


def test_the_ordinary_window_starts_without_the_second_model(
    scenes: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path | None) -> Recognizer:
        raise AssertionError("the float model was opened")

    monkeypatch.setattr(edge_app.window.app, "open_float", refuse)
    assert run() == 0
    assert not [scene for scene in scenes if scene.layout.split or scene.verdict]
    with pytest.raises(AssertionError, match="was opened"):
        run(compare=True)
    pygame.quit()


def test_a_float_model_that_was_named_and_is_missing_sets_the_exit_status(
    scenes: list[Scene], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(compare=True, float_model=tmp_path / FLOAT) == 1
    assert capsys.readouterr().err.count(f"digitpad: {tmp_path / FLOAT}: not found; to compare") == 1
    assert scenes[-1].message is None  # the strip is not taken from int8
    assert run(compare=True, float_model=models_folder() / FLOAT) == 0
    assert run(float_model=tmp_path / FLOAT) == 0  # not wanted, so not looked for


def test_the_installed_app_goes_on_without_the_float_model(
    scenes: list[Scene], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (INT8, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    assert FLOAT in json.loads((tmp_path / CARD).read_text())["files"]
    monkeypatch.setattr("edge_app.duel.models_folder", lambda: tmp_path)
    assert run(compare=True) == 0
    last = scenes[-1].verdict
    assert last is not None
    assert (last.own.kind, last.reference) == ("int8", None)
    assert last.fault == f"{tmp_path / FLOAT}: not found; to compare, start digitpad with --float FILE"
