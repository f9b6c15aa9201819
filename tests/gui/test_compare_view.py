"""The compare view: readings, times and agreement of two models, side by side."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from edge_app.cli import main
from edge_app.gui import main as loop
from edge_app.gui.app import App
from edge_app.gui.drawing.theme import THEMES
from edge_app.gui.side_by_side import Comparison, Timed, Verdict, open_float
from edge_app.gui.views.screen import duration
from edge_app.modelfiles.card import CARD, FLOAT, INT8, ModelOption, models_folder
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Reading

from ..support.command import digitpad
from ..support.fakes import Opener, fixed, reading_of
from ..support.pilot import SIZES, Immediate, Pilot, mouse
from .test_window import BAR, inside, line


def against(answer: int = 4) -> Comparison:
    return Comparison(Opener(fixed(answer, np.float32)))


def texts(pilot: Pilot) -> list[str]:
    """The two readings, float first."""
    verdict = pilot.state.verdict
    assert verdict is not None
    assert verdict.reference is not None
    return [verdict.reference.reading.text, verdict.own.reading.text]


def strip(pilot: Pilot) -> list[tuple[str, str, str]]:
    """The strip's widgets: kind, text and tone."""
    return [(w.kind, w.text, w.tone) for w in pilot.app.ctx.view.scene().widgets if w.kind not in ("tool",)]


# --- the window


def test_toggling_shows_two_readings_and_one_again() -> None:
    pilot = Pilot(fixed(7), comparison=against(4))
    line(pilot, *BAR)
    before = pilot.pixels()
    assert strip(pilot) == [("reading", "7", "normal")]
    pilot.key(pygame.K_F2)
    assert strip(pilot) == [("timed", "4", "normal"), ("timed", "7", "normal"), ("sign", "≠", "rejected")]
    assert [frame.text for frame in pilot.app.ctx.view.scene().frames] == ["7"]  # the app's own
    pilot.key(pygame.K_F2)
    assert (strip(pilot), pilot.state.verdict) == ([("reading", "7", "normal")], None)
    assert (pilot.pixels() == before).all()


def test_the_second_model_is_opened_only_for_the_view() -> None:
    opener = Opener(fixed(4, np.float32))
    pilot = Pilot(fixed(7), comparison=Comparison(opener))
    line(pilot, *BAR)
    pilot.press("clear")
    pilot.press("undo")
    assert (pilot.state.reading.text, opener.opened) == ("7", 0)
    for _ in range(4):
        pilot.key(pygame.K_F2)
        line(pilot, *((x + 0.3, y) for x, y in BAR))
        pilot.press("undo")
    assert opener.opened == 1


def test_undo_redo_and_clear_apply_to_both(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer)
    pilot.key(pygame.K_F2)
    assert [widget[1] for widget in strip(pilot)] == ["", ""]
    pilot.write(4)
    assert (texts(pilot), strip(pilot)[2]) == (["2026", "2026"], ("sign", "=", "accent"))
    pilot.press("undo")
    assert texts(pilot) == ["202", "202"]
    pilot.press("redo")
    assert texts(pilot) == ["2026", "2026"]
    pilot.press("clear")
    assert (pilot.state.verdict, [widget[1] for widget in strip(pilot)]) == (None, ["", ""])
    pilot.press("undo")
    assert texts(pilot) == ["2026", "2026"]


def test_int8_works_without_a_float_model(
    recognizer: Recognizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / FLOAT
    pilot = Pilot(recognizer, comparison=Comparison(lambda: open_float(path)))
    pilot.write(0)
    pilot.key(pygame.K_F2)
    pilot.press("clear")
    pilot.write(4)
    fault = f"{path}: not found; to compare, start digitpad with --float FILE"
    assert (pilot.state.reading.text, pilot.state.message) == ("2026", None)
    assert strip(pilot) == [("text", fault, "normal"), ("timed", "2026", "normal")]
    assert capsys.readouterr().err == f"digitpad: {fault}\n"  # once, not at every stroke
    pilot.key(pygame.K_F2)
    for name in (FLOAT, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    pilot.key(pygame.K_F2)
    assert texts(pilot) == ["2026", "2026"]


def test_an_error_of_the_app_s_own_model_comes_first() -> None:
    opener = Opener(fixed(4, np.float32))
    pilot = Pilot(None, comparison=Comparison(opener))
    pilot.state.message = "models/digits_int8.tflite: not found. Reinstall digitpad"
    pilot.key(pygame.K_F2)
    line(pilot, *BAR)
    assert (strip(pilot)[0][1], pilot.state.verdict, opener.opened) == (pilot.state.message, None, 0)


def test_toggling_in_mid_stroke_goes_on_where_the_pen_is() -> None:
    pilot = Pilot(fixed(7), (320, 240), comparison=against(7))
    places = [inside(pilot.app, *place) for place in BAR]
    pilot.pen_down(places[:2])
    pilot.key(pygame.K_F2)
    x, y = pilot.app.ctx.view.viewport.to_window(*pilot.state.pad.current[-1])
    assert abs(y - places[1][1]) > 5  # the pad has moved under the pen
    pilot.handle(mouse(pygame.MOUSEMOTION, (x, y + 20)))
    assert len(pilot.state.pad.current) == 3
    assert pilot.app.ctx.view.viewport.to_window(*pilot.state.pad.current[-1]) == pytest.approx((x, y + 20))


def test_live_readings_are_not_compared() -> None:
    opener = Opener(fixed(4, np.float32))
    pilot = Pilot(fixed(7), comparison=Comparison(opener))
    pilot.key(pygame.K_F2)
    places = [inside(pilot.app, *place) for place in BAR]
    pilot.pen_down(places)
    assert opener.opened == 0
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, places[-1]))
    assert (opener.opened, texts(pilot)) == (1, ["4", "7"])


# --- how it looks


LONG = "31415926535897932384626433832795"
VERDICTS = {
    "agree": Verdict(Timed("int8", reading_of("90210"), 0.0123), Timed("float32", reading_of("90210"), 0.0118)),
    "differ": Verdict(
        Timed("int8", reading_of("90210", 1.0), 0.0999), Timed("float32", reading_of("9??10", 1.0), 0.0999)
    ),
    "long": Verdict(Timed("int8", reading_of(LONG * 4), 12.345), Timed("float32", reading_of(LONG, 1.0), 1.345)),
    "blank": Verdict(Timed("int8", Reading(), 0.0), Timed("float32", Reading(), 0.0)),
}


@pytest.mark.parametrize("size", SIZES)
def test_agreement_is_not_told_by_colour_alone(size: tuple[int, int]) -> None:
    pilot = Pilot(fixed(7), size, comparison=against())
    pilot.key(pygame.K_F2)

    def shape(name: str) -> Any:
        pilot.state.verdict = VERDICTS[name]
        pilot.app.draw()
        left, right = (w.area for w in pilot.app.ctx.view.scene().widgets if w.kind == "timed")
        pixels = pilot.pixels()[left.right : right.left, left.top : left.bottom]
        return (pixels != np.array(THEMES["light"].desk)).any(axis=2)  # where there is ink of whatever colour

    agree, differ, long, blank = (shape(name) for name in ("agree", "differ", "long", "blank"))
    assert (differ == long).all()
    assert (agree != differ).sum() > 0.2 * agree.sum()
    assert not blank.any()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0012, "1.2 ms"), (0.0999, "99.9 ms"), (0.1004, "100 ms"), (1.345, "1.3 s")]
)
def test_times_are_shown_in_a_suitable_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# --- the command line


@pytest.mark.parametrize(
    "words",
    [
        ["--compare", "recognize", "-"],
        ["--float", "x.tflite", "compare"],
        ["--float"],
        ["--compar"],
        ["--compare", "x"],
    ],
)
def test_the_view_s_options_are_only_for_the_window(words: list[str]) -> None:
    done = digitpad(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr


def test_the_options_reach_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def note(wanted: ModelOption, **options: Any) -> int:
        calls.append((wanted.path, options.get("compare", False), options.get("float_model")))
        return 0

    monkeypatch.setattr(loop, "run", note)
    assert [main([]), main(["--compare"]), main(["--compare", "--float", "f.tflite"])] == [0, 0, 0]
    assert calls == [(None, False, None), (None, True, None), (None, True, Path("f.tflite"))]


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[App]:
    """The apps that `run` makes; each has a bar on its pad, and is closed once that is read."""
    made: list[App] = []

    def waiter() -> Callable[[int | None], None]:
        steps = iter(range(9))

        def wait(most: int | None) -> None:
            if next(steps) == 0:
                made[-1].state.pad.begin((100, 10))
                made[-1].state.pad.extend((100, 120))
                made[-1].state.pad.lift()
                made[-1].reader.submit()
            elif not pygame.event.peek():
                pygame.event.post(pygame.event.Event(pygame.QUIT))

        return wait

    def make(*parts: Any) -> App:
        made.append(make_app(*parts))
        return made[-1]

    make_app = loop.make_app
    monkeypatch.setattr(loop, "make_app", make)
    monkeypatch.setattr(loop, "Worker", Immediate)
    monkeypatch.setattr(loop, "make_waiter", waiter)
    monkeypatch.setenv("DIGITPAD_HOME", str(tmp_path / "home"))
    return made


def test_the_window_starts_in_the_view(apps: list[App]) -> None:
    assert loop.run(compare=True) == 0
    verdict = apps[-1].state.verdict
    assert verdict is not None
    assert verdict.reference is not None
    assert [verdict.reference.kind, verdict.own.kind, verdict.own.reading.text] == ["float32", "int8", "1"]


def test_a_float_model_that_was_named_and_is_missing_sets_the_exit_status(
    apps: list[App], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loop.run(compare=True, float_model=tmp_path / FLOAT) == 1
    assert capsys.readouterr().err.count(f"digitpad: {tmp_path / FLOAT}: not found; to compare") == 1
    assert apps[-1].state.message is None  # the strip is not taken from int8
    assert loop.run(compare=True, float_model=models_folder() / FLOAT) == 0
    assert loop.run(float_model=tmp_path / FLOAT) == 0  # not wanted, so not looked for


def test_a_model_that_cannot_be_opened_is_shown_and_sets_the_exit_status(apps: list[App], tmp_path: Path) -> None:
    assert loop.run(ModelOption(tmp_path / "none.tflite")) == 1
    assert str(tmp_path / "none.tflite") in (apps[-1].state.message or "")


def test_the_installed_app_works_without_the_float_model(
    apps: list[App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (INT8, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    assert FLOAT in json.loads((tmp_path / CARD).read_text())["files"]
    monkeypatch.setattr("edge_app.gui.side_by_side.models_folder", lambda: tmp_path)
    assert loop.run(compare=True) == 0
    last = apps[-1].state.verdict
    assert last is not None
    assert (last.own.kind, last.reference) == ("int8", None)
    assert last.fault == f"{tmp_path / FLOAT}: not found; to compare, start digitpad with --float FILE"
