"""Panels and what they do: corrections, files, practice, settings."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from edge_app.errors import SettingsError
from edge_app.gui.actions import Action
from edge_app.gui.handlers.practice import JUDGED_AFTER
from edge_app.gui.reader import KEPT_AFTER
from edge_app.personal.practice import Practice
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.history import HistoryStore

from ..support.pilot import SAMPLES, Pilot, folders_in, mouse, picture_in
from .test_window import slow


@pytest.fixture
def pilot(recognizer: Recognizer, tmp_path: Path) -> Pilot:
    return Pilot(recognizer, folders=folders_in(tmp_path))


def names(pilot: Pilot) -> list[str]:
    return [panel.name for panel in pilot.state.panels]


def test_a_digit_is_corrected_by_a_tap_and_that_is_undone(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.tap_digit(1)
    pilot.press("label", "8")
    assert (pilot.state.reading.text, names(pilot)) == ("2826", [])
    assert [frame.pinned for frame in pilot.app.ctx.view.scene().frames] == [False, True, False, False]
    pilot.press("undo")
    assert pilot.state.reading.text == "2026"


def test_a_digit_is_split_and_joined_again(pilot: Pilot) -> None:
    pilot.write(4)
    count = len(pilot.state.reading.digits)
    pilot.tap_digit(1)
    pilot.press("split", 1)
    assert (len(pilot.state.reading.digits), names(pilot)) == (count + 1, [])
    pilot.tap_digit(1)
    pilot.press("join", 1)
    assert len(pilot.state.reading.digits) == count
    pilot.tap_digit(count - 1)
    assert Action("join", count - 1) not in [widget.takes for widget in pilot.widgets()]  # it is the last


def test_the_map_is_shown_and_hidden_and_gone_with_the_ink(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.tap_digit(0)
    before = pilot.pixels()
    pilot.press("map", 0)
    assert len(pilot.state.heat[0]) == 28 * 28
    assert (pilot.pixels() != before).any()
    pilot.press("map", 0)
    assert (pilot.state.heat, (pilot.pixels() != before).any()) == ({}, False)
    pilot.press("map", 0)
    pilot.do("undo")
    assert pilot.state.heat == {}


def test_neighbouring_digits_are_shown_in_turn(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.key(pygame.K_i)
    seen = []
    for step in (1, 1, 1, 1, -1):
        pilot.do("neighbour", step)
        assert pilot.state.panel is not None
        seen.append(pilot.state.panel.value)
    assert seen == [1, 2, 3, 3, 2]


# --- pictures and files


def test_a_dropped_picture_is_read_and_corrected(pilot: Pilot, tmp_path: Path) -> None:
    pilot.write(0)
    pilot.handle(pygame.event.Event(pygame.DROPFILE, file=str(picture_in(tmp_path))))
    assert (pilot.state.reading.text, pilot.state.toast) == ("11", "Opened two bars.png")
    pilot.tap_digit(1)
    assert names(pilot) == ["digit"]
    pilot.key(pygame.K_7)
    assert pilot.state.reading.text == "17"
    pad = pilot.app.ctx.view.layout.pad
    pilot.draw([(pad.left + 5, pad.top + 5), (pad.left + 5, pad.top + 60)])  # writing puts it away
    assert (pilot.state.picture, len(pilot.state.pad.strokes)) == (None, 1)


def test_dropped_ink_fills_the_pad(pilot: Pilot, tmp_path: Path) -> None:
    path = tmp_path / "number.json"
    strokes = [(np.array(stroke) * 50 - 3000).tolist() for stroke in SAMPLES[4]["strokes"]]  # of any scale
    path.write_text(json.dumps({"strokes": strokes}))
    pilot.handle(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    assert pilot.state.reading.text == "2026"
    viewport, pad = pilot.app.ctx.view.viewport, pilot.app.ctx.view.layout.pad
    assert all(pad.holds(*viewport.to_window(*point)) for line in pilot.state.pad.strokes for point in line)


@pytest.mark.parametrize("content", [b"", b"no json", b'{"strokes": []}', b'{"strokes": [[["a", 1]]]}'])
def test_a_file_that_cannot_be_read_is_reported_and_changes_nothing(
    pilot: Pilot, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    pilot.write(0)
    pilot.handle(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    assert pilot.state.reading.text == "7"
    assert pilot.state.toast
    assert "bad.json" in pilot.state.toast


def test_a_picture_cleared_before_it_is_read_leaves_no_reading(pilot: Pilot, tmp_path: Path) -> None:
    later = slow(pilot)
    pilot.do("file", str(picture_in(tmp_path)))
    pilot.press("clear")
    later.go()
    pilot.settle()
    assert (pilot.state.picture, pilot.state.reading.text, pilot.app.ctx.view.scene().frames) == (None, "", ())


def test_undo_brings_back_the_ink_that_a_picture_replaced(pilot: Pilot, tmp_path: Path) -> None:
    pilot.write(0)
    pilot.do("file", str(picture_in(tmp_path)))
    pilot.press("undo")
    assert (pilot.state.picture, pilot.state.reading.text) == (None, "7")


# --- practice


def practise(pilot: Pilot, target: str) -> Practice:
    pilot.do("practice")
    assert pilot.state.exercise is not None
    pilot.state.exercise.practice.target = target
    pilot.settle()
    return pilot.state.exercise.practice


@pytest.mark.parametrize(("target", "right"), [("7", True), ("4", False)])
def test_an_answer_is_judged_after_a_moment(pilot: Pilot, target: str, right: bool) -> None:
    practice = practise(pilot, target)
    assert pilot.app.ctx.view.scene().widgets[0].text == f"Write {target}"
    pilot.write(0)
    pilot.wait(JUDGED_AFTER - 610)
    assert practice.score.total == 0
    pilot.wait(620)
    assert (practice.score.total, practice.score.right) == (1, int(right))
    assert pilot.app.ctx.view.scene().widgets[0].tone == ("good" if right else "bad")
    assert [example.label for example in pilot.services.personalization.store.examples()] == (["7"] if right else [])
    pilot.write(1)  # the next number comes first
    assert len(pilot.state.pad.strokes) == 2
    pilot.press("next")
    assert (len(pilot.state.pad.strokes), practice.verdict) == (0, None)
    assert practice.score.total == 1


def test_an_answer_is_not_judged_while_the_pen_is_down(pilot: Pilot) -> None:
    practice = practise(pilot, "7")
    first, second = pilot.strokes_of(0)
    pilot.draw(first)
    pilot.now -= 600
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, second[0]))
    pilot.wait(2 * JUDGED_AFTER)
    assert practice.score.total == 0
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, second[-1]))
    pilot.wait(JUDGED_AFTER)
    assert practice.score.total == 1


def test_a_demonstration_is_animated_and_ends(pilot: Pilot) -> None:
    practise(pilot, "2026")
    pilot.press("show")
    pictures = []
    for _ in range(6):
        pilot.wait(300)
        pictures.append(pilot.pixels())
    assert all((one != other).any() for one, other in pairwise(pictures))
    pilot.wait(20_000)
    assert pilot.state.exercise is not None
    assert pilot.state.exercise.shown is None
    assert pilot.app.next_tick() is None
    pilot.press("show")
    pilot.write(0)
    assert pilot.state.exercise.shown is None  # writing ends it


@pytest.mark.parametrize("what", ["picture", "page"])
def test_an_opened_picture_or_page_ends_the_exercise(recognizer: Recognizer, tmp_path: Path, what: str) -> None:
    pilot = Pilot(recognizer, store=HistoryStore(tmp_path / "history.sqlite3"), history="on")
    pilot.write(0)
    pilot.press("clear")
    practise(pilot, "11" if what == "picture" else "7")
    if what == "picture":
        pilot.do("file", str(picture_in(tmp_path)))
    else:
        pilot.key(pygame.K_h)
        pilot.do("restore", pilot.state.pages[0].id)
    pilot.wait(3 * JUDGED_AFTER)
    assert (pilot.state.exercise, pilot.services.personalization.store.count_examples()) == (None, 0)
    assert pilot.state.reading.text in ("11", "7")


# --- settings


def test_settings_apply_at_once_and_are_written(pilot: Pilot) -> None:
    before = pilot.pixels()
    pilot.key(pygame.K_s)
    pilot.press("set", ("theme", "dark"))
    assert pilot.state.settings.theme == "dark"
    pilot.press("set", ("theme", "contrast"))
    pilot.key(pygame.K_ESCAPE)
    assert pilot.settings_written == [{"theme": "dark"}, {"theme": "contrast"}]
    assert (pilot.pixels() != before).mean() > 0.5


def test_another_language_applies_at_once(pilot: Pilot) -> None:
    pilot.do("set", ("language", "de"))
    assert (pilot.state.tr.code, pilot.app.ctx.view.scene().hint) == ("de", pilot.state.tr("hint"))
    assert pilot.app.ctx.view.scene().hint != "Write a number here"


def test_settings_that_cannot_be_written_apply_and_the_error_is_shown(pilot: Pilot) -> None:
    def refuse(changes: Any) -> list[str]:
        raise SettingsError("settings.toml: cannot be written (read-only)")

    pilot.services.write_settings = refuse
    pilot.do("set", ("theme", "dark"))
    assert pilot.state.settings.theme == "dark"
    assert pilot.notes == ["Settings could not be saved: settings.toml: cannot be written (read-only)"]


def asking(recognizer: Recognizer, folder: Path, size: tuple[int, int] = (800, 480)) -> Pilot:
    """An app that was never asked whether to keep pages."""
    pilot = Pilot(recognizer, size, folders=folders_in(folder), history="ask")
    pilot.state.keep_question = "later"
    return pilot


def asks(pilot: Pilot) -> bool:
    return Action("set", ("history", "on")) in [widget.takes for widget in pilot.widgets()]


@pytest.mark.parametrize("answer", ["on", "off"])
@pytest.mark.parametrize("cleared", [False, True])
def test_nothing_is_kept_before_the_question_after_the_first_page_is_answered(
    recognizer: Recognizer, tmp_path: Path, answer: str, cleared: bool
) -> None:
    pilot = asking(recognizer, tmp_path)
    assert not asks(pilot)
    pilot.write(0)
    assert not asks(pilot)
    pilot.press("clear") if cleared else pilot.wait(KEPT_AFTER)
    assert asks(pilot)
    pilot.do("clear")
    pilot.write(4)
    pilot.wait(KEPT_AFTER)
    assert not folders_in(tmp_path).data.exists()
    pilot.press("set", ("history", answer))
    pilot.wait(KEPT_AFTER)
    assert (asks(pilot), pilot.settings_written) == (False, [{"history": answer}])
    assert folders_in(tmp_path).store_file.exists() == (answer == "on")
    assert [page.text for page in pilot.services.recorder.store.pages()] == (["2026"] if answer == "on" else [])


def test_question_waits_for_a_pause_and_never_moves_a_stroke_under_the_pen(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    pilot = asking(recognizer, tmp_path)
    pilot.write(0)
    pilot.pen_down(pilot.strokes_of(0)[0])
    pad = pilot.app.ctx.view.layout.pad
    pilot.wait(2 * KEPT_AFTER)
    assert pilot.app.ctx.view.layout.pad == pad
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, (pad.left + 5, pad.top + 5)))
    pilot.wait(KEPT_AFTER)
    assert pilot.app.ctx.view.layout.pad.bottom < pad.bottom
    scene = pilot.app.ctx.view.scene()
    assert all(frame.area.bottom <= scene.layout.pad.bottom for frame in scene.frames)


@pytest.mark.parametrize("what", ["practice", "picture"])
def test_an_exercise_and_a_picture_are_no_first_page(recognizer: Recognizer, tmp_path: Path, what: str) -> None:
    pilot = asking(recognizer, tmp_path)
    if what == "practice":
        pilot.do("practice")
        pilot.write(0)
    else:
        pilot.do("file", str(picture_in(tmp_path)))
    pilot.wait(2 * KEPT_AFTER)
    assert not asks(pilot)


def test_the_settings_answer_the_question_too(recognizer: Recognizer, tmp_path: Path) -> None:
    pilot = asking(recognizer, tmp_path)
    pilot.write(0)
    pilot.wait(KEPT_AFTER)
    pilot.do("open", "settings")
    pilot.press("set", ("history", "on"))
    pilot.key(pygame.K_ESCAPE)
    assert (names(pilot), asks(pilot), pilot.settings_written) == ([], False, [{"history": "on"}])


# --- the eraser


@pytest.mark.parametrize("what", ["practice", "picture", "ink"])
def test_the_eraser_is_off_after_something_else_is_opened(pilot: Pilot, tmp_path: Path, what: str) -> None:
    pilot.write(0)
    pilot.press("erase")
    pilot.key(pygame.K_i)
    pilot.key(pygame.K_ESCAPE)
    before = pilot.state.erasing
    if what == "practice":
        pilot.press("practice")
    else:
        path = tmp_path / "7.json"
        path.write_text(json.dumps({"strokes": SAMPLES[0]["strokes"]}))
        pilot.do("file", str(picture_in(tmp_path) if what == "picture" else path))
    assert (before, pilot.state.erasing) == (True, False)  # a look at a digit is no reason
    count = len(pilot.state.pad.strokes)
    pad = pilot.app.ctx.view.layout.pad
    pilot.draw([(pad.left + 5, pad.top + y) for y in (5, 15, 25, 35)])
    assert len(pilot.state.pad.strokes) == count + 1
