"""The question of `digitpad --ask`, and the pages that `digitpad --print` prints."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pygame
import pytest

from edge_app.gui.page_printer import MOST_WAITING, PagePrinter
from edge_app.gui.question import Question
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Digit, Reading
from edge_app.storage.history import HistoryStore

from ..support.pilot import NOW, Pilot, folders_in


def asked(recognizer: Recognizer, question: Question, **more: Any) -> Pilot:
    pilot = Pilot(recognizer, **more)
    pilot.state.question = question
    pilot.settle()
    return pilot


@pytest.mark.parametrize(
    ("question", "accepted", "rejected"),
    [
        (Question(), ["0", "007", "123456789"], ["", "?", "20?6"]),
        (Question(digits=(4, 4)), ["2026", "0000"], ["202", "20266", "202?"]),
        (Question(digits=(3, 6)), ["123", "123456"], ["12", "1234567"]),
        (Question(least=10, most=99), ["10", "99", "0042"], ["9", "100"]),
        (Question(least=10), ["10", "100"], ["09"]),
        (Question(digits=(1, 2), most=31), ["1", "31", "05"], ["32", "005"]),
    ],
)
def test_numbers_that_answer_a_question(question: Question, accepted: list[str], rejected: list[str]) -> None:
    assert [text for text in accepted + rejected if question.accepts(text)] == accepted


def test_enter_answers_with_a_number_that_fits(recognizer: Recognizer) -> None:
    pilot = asked(recognizer, Question(digits=(4, 4)))
    pilot.write(4)
    pilot.key(pygame.K_RETURN)
    assert (pilot.state.answer, pilot.state.running) == ("2026", False)


def test_ok_button_is_pressed_with_the_finger_and_only_when_the_number_fits(recognizer: Recognizer) -> None:
    pilot = asked(recognizer, Question(digits=(2, 4)))
    assert not [widget for widget in pilot.widgets() if widget.takes and widget.takes.name == "answer"]
    pilot.write(4)
    pilot.press("answer")
    assert (pilot.state.answer, pilot.state.running) == ("2026", False)


@pytest.mark.parametrize("question", [Question(digits=(3, 3)), Question(least=3000), Question(most=2025)])
def test_number_that_does_not_fit_is_not_taken(recognizer: Recognizer, question: Question) -> None:
    pilot = asked(recognizer, question)
    pilot.write(4)
    pilot.key(pygame.K_RETURN)
    assert (pilot.state.reading.text, pilot.state.answer, pilot.state.running) == ("2026", None, True)
    note = next(widget for widget in pilot.widgets() if widget.kind == "reading").note
    assert note == (question.range or "Digits: 3")


@pytest.mark.parametrize("key", [pygame.K_ESCAPE, pygame.K_q])
@pytest.mark.parametrize("kiosk", [True, False])
def test_escape_closes_without_an_answer(recognizer: Recognizer, key: int, kiosk: bool) -> None:
    pilot = asked(recognizer, Question(), kiosk=kiosk)
    pilot.write(4)
    pilot.key(key)
    assert (pilot.state.answer, pilot.state.running) == (None, False)


def test_escape_closes_only_the_panel_on_top(recognizer: Recognizer) -> None:
    pilot = asked(recognizer, Question())
    pilot.write(4)
    pilot.tap_digit(0)
    pilot.key(pygame.K_ESCAPE)
    assert (pilot.state.panels, pilot.state.running) == ([], True)


def test_settings_history_and_files_are_out_of_reach(recognizer: Recognizer) -> None:
    pilot = asked(recognizer, Question())
    for key in (pygame.K_m, pygame.K_h, pygame.K_s, pygame.K_F1, pygame.K_p):
        pilot.key(key)
    assert (pilot.state.panels, pilot.state.exercise) == ([], None)


def test_a_secret_is_not_shown(recognizer: Recognizer) -> None:
    pilot = asked(recognizer, Question(secret=True, prompt="PIN"))
    strip = pilot.widgets()[0]
    assert (strip.text, strip.note) == ("PIN", "")
    first, *others = pilot.strokes_of(4)
    at = round(first[0][0]), round(first[0][1])
    pilot.draw(first)
    written = pilot.app.surface.get_at(at)
    for stroke in others:
        pilot.draw(stroke)
    scene = pilot.app.ctx.view.scene()
    assert (scene.widgets[0].text, scene.frames) == ("••••", ())
    paper = pilot.app.surface.get_at((pilot.app.ctx.view.layout.pad.left + 3, 300))
    assert written != pilot.app.surface.get_at(at) == paper
    for name in ("copy", "speak", "look", "save"):
        pilot.do(name)
    pilot.do("digit_panel", 0)
    assert (pilot.copied, pilot.state.panels) == ([], [])
    pilot.key(pygame.K_RETURN)
    assert pilot.state.answer == "2026"


# Printed pages


class Output:
    """A printer on a pipe, and what was read from it."""

    def __init__(self) -> None:
        self.end, self.start = os.pipe()
        self.logged: list[str] = []
        self.closed = threading.Event()
        self.printer = PagePrinter(self.start, lambda: NOW, self.logged.append, self.closed.set)

    def lines(self) -> list[dict[str, Any]]:
        self.printer.close()
        os.close(self.start)
        with os.fdopen(self.end) as pipe:
            return [json.loads(line) for line in pipe]


SEVEN = Reading((Digit("7", 0.9, (("1", 0.1),), (0, 0, 9, 9), (0,)),))


@pytest.mark.parametrize("history", ["on", "off"])
def test_a_page_is_printed_once_when_it_rests_and_again_when_it_changed(
    recognizer: Recognizer, tmp_path: Path, history: str
) -> None:
    store = HistoryStore(tmp_path / "h.sqlite3") if history == "on" else None
    pilot, output = Pilot(recognizer, store=store, folders=folders_in(tmp_path), history=history), Output()
    pilot.services.recorder.on_page = output.printer.print_page
    pilot.write(4)
    pilot.wait(2000)
    pilot.do("undo")
    pilot.do("redo")
    pilot.wait(5000)
    expected = pilot.state.reading.to_json()
    pilot.do("digit_panel", 0)
    pilot.do("label", "1")
    pilot.wait(5000)
    pilot.do("clear")
    pilot.write(3)
    pilot.app.close()
    lines = output.lines()
    assert [line["text"] for line in lines] == ["2026", "1026", "10"]
    page, changed, other = (line["page"] for line in lines)
    assert page == changed != other
    assert lines[0] == {**expected, "when": NOW.isoformat(), "page": page}


def test_blank_pages_and_exercises_are_not_printed(recognizer: Recognizer) -> None:
    pilot, output = Pilot(recognizer), Output()
    pilot.services.recorder.on_page = output.printer.print_page
    pilot.do("clear")
    pilot.do("practice")
    pilot.write(4)
    pilot.wait(5000)
    pilot.app.close()
    assert output.lines() == []


def test_the_window_never_waits_for_a_program_that_does_not_read() -> None:
    output = Output()
    for sheet in range(3 * MOST_WAITING):  # far more than a pipe holds
        output.printer.print_page(sheet, SEVEN)
    assert output.logged[0].endswith("this one is not printed")
    output.printer.close()  # returns although nobody reads
    assert not output.closed.is_set()
    os.close(output.end)
    assert output.closed.wait(10)
    os.close(output.start)


def test_a_closed_pipe_ends_the_window() -> None:
    output = Output()
    os.close(output.end)
    output.printer.print_page(1, SEVEN)
    assert output.closed.wait(10)
    assert output.logged == ["standard output: Broken pipe"]
    os.close(output.start)
