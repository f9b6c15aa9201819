"""Pages and lessons: what is saved when, undo, and disk errors, which lose no ink."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame
import pytest

from edge_app.errors import ModelError, Notice, StoreError
from edge_app.gui.history_recorder import MOST_UNSAVED, HistoryRecorder
from edge_app.gui.personalization import MOST_KEYS, Key, Personalization
from edge_app.gui.reader import KEPT_AFTER
from edge_app.personal.lessons import PersonalClassifier
from edge_app.recognition.ink import make_ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Candidate, Digit, Pin, Reading
from edge_app.storage.history import HistoryStore

from ..support.pilot import NOW, SAMPLES, Pilot, folders_in, mouse, picture_in
from .test_window import slow


def clock() -> float:
    return NOW.timestamp()


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return HistoryStore(tmp_path / "data" / "digitpad.sqlite3", clock)


@pytest.fixture
def pilot(recognizer: Recognizer, store: HistoryStore, tmp_path: Path) -> Pilot:
    return Pilot(recognizer, store=store, history="on", folders=folders_in(tmp_path))


def texts(store: HistoryStore) -> list[str]:
    return [page.text for page in store.pages(100)]


def labels(store: HistoryStore) -> list[str]:
    return [example.label for example in store.examples()]


def correct(pilot: Pilot, label: str, number: int = 0) -> None:
    pilot.do("digit_panel", number)
    pilot.key(getattr(pygame, f"K_{label}"))


def odd(pilot: Pilot) -> str:
    """Write something that the network rejects; returns its reading."""
    pad = pilot.app.ctx.view.layout.pad
    corners = [(0.3, 0.2), (0.2, 0.7), (0.45, 0.7), (0.3, 0.2), (0.3, 0.7)]
    pilot.draw([(pad.left + x * pad.width, pad.top + y * pad.height) for x, y in corners])
    return pilot.state.reading.text


def lessons(pilot: Pilot) -> list[str]:
    """The labels of the classifier's lessons."""
    classifier = pilot.services.personalization.classifier
    assert classifier is not None
    return [lesson.label for lesson in classifier.lessons]


# --- lessons


def test_a_correction_is_stored_undone_and_redone(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    correct(pilot, "2")
    assert (pilot.state.reading.text, labels(store), lessons(pilot)) == ("2", ["2"], ["2"])
    found = store.examples()[0]
    assert (found.source, len(found.ink), bool(found.image.any())) == ("correction", 2, True)
    pilot.key(pygame.K_BACKSPACE)
    assert (pilot.state.reading.text, labels(store), lessons(pilot)) == ("7", [], [])
    pilot.key(pygame.K_y, pygame.KMOD_CTRL)
    assert (pilot.state.reading.text, labels(store), lessons(pilot)) == ("2", ["2"], ["2"])


def test_confirming_a_reading_teaches_nothing(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    correct(pilot, "7")
    assert (pilot.state.reading.digits[0].pinned, labels(store)) == (True, [])


def offer(pilot: Pilot, digits: Sequence[Digit], text: str) -> None:
    """Give the reading one candidate."""
    pilot.state.reading = replace(pilot.state.reading, candidates=(Candidate(tuple(digits), tuple(text), 0.2),))
    pilot.settle()


def test_a_candidate_that_is_tapped_corrects_the_number_and_teaches_what_was_misread(
    pilot: Pilot, store: HistoryStore
) -> None:
    pilot.write(4)
    pad = pilot.app.ctx.view.layout.pad
    offer(pilot, pilot.state.reading.digits, "2825")
    assert pilot.app.ctx.view.layout.pad == pad
    pilot.press("take", 0)
    assert (pilot.state.reading.text, sorted(labels(store))) == ("2825", ["5", "8"])
    assert not [widget for widget in pilot.widgets() if widget.takes and widget.takes.name == "take"]
    pilot.press("undo")
    assert (pilot.state.reading.text, labels(store)) == ("2026", [])
    pilot.press("redo")
    assert (pilot.state.reading.text, sorted(labels(store))) == ("2825", ["5", "8"])


def test_a_candidate_may_group_the_strokes_otherwise(pilot: Pilot, recognizer: Recognizer, store: HistoryStore) -> None:
    pilot.write(3)
    assert (pilot.state.reading.text, len(pilot.state.pad.strokes)) == ("10", 2)
    whole = recognizer.read(pilot.state.pad.ink(), pins=[Pin((0, 1))])
    offer(pilot, whole.digits, "4")
    pilot.press("take", 0)
    assert (pilot.state.reading.text, labels(store)) == ("4", ["4"])
    pilot.press("undo")
    assert (pilot.state.reading.text, labels(store)) == ("10", [])


def test_candidates_give_way_while_a_stroke_is_written(pilot: Pilot) -> None:
    pilot.write(4)
    offer(pilot, pilot.state.reading.digits, "2025")
    button = pilot.button("take", 0)
    pad = pilot.app.ctx.view.layout.pad
    pilot.pen_down([(pad.right - 60, pad.bottom - 60), (pad.right - 60, pad.bottom - 10)])
    assert button not in pilot.widgets()


def test_a_second_correction_replaces_the_first(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    correct(pilot, "2")
    correct(pilot, "3")
    assert (labels(store), lessons(pilot)) == (["3"], ["3"])
    pilot.key(pygame.K_BACKSPACE)
    assert (pilot.state.reading.text, labels(store), lessons(pilot)) == ("2", ["2"], ["2"])
    pilot.key(pygame.K_y, pygame.KMOD_CTRL)
    assert (pilot.state.reading.text, labels(store), lessons(pilot)) == ("3", ["3"], ["3"])


def test_clearing_keeps_lessons_and_undo_does_not_repeat_them(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    correct(pilot, "2")
    pilot.press("clear")
    pilot.press("undo")
    pilot.press("redo")
    assert (labels(store), lessons(pilot)) == (["2"], ["2"])


def test_learning_switched_off_neither_uses_nor_adds_lessons(pilot: Pilot, store: HistoryStore) -> None:
    read = odd(pilot)
    correct(pilot, "4")
    pilot.press("clear")
    assert (read, odd(pilot)) == ("?", "4")  # what was learned is used
    pilot.do("set", ("learn", False))
    assert (pilot.state.reading.text, labels(store)) == ("?", ["4"])
    correct(pilot, "3")
    assert labels(store) == ["4"]
    pilot.key(pygame.K_BACKSPACE)
    pilot.do("set", ("learn", True))
    assert pilot.state.reading.text == "4"


def test_a_tapped_example_is_removed_for_good(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    correct(pilot, "2")
    pilot.do("open", "hand")
    pilot.press("unlearn", 0)
    assert (labels(store), lessons(pilot), pilot.state.examples) == ([], [], [])
    pilot.key(pygame.K_ESCAPE)
    pilot.press("clear")
    pilot.press("undo")
    assert (labels(store), lessons(pilot)) == ([], [])


def test_lessons_survive_a_restart(pilot: Pilot, store: HistoryStore, recognizer: Recognizer) -> None:
    odd(pilot)
    correct(pilot, "4")
    pilot.app.close()
    again = Pilot(recognizer, store=HistoryStore(store.path, clock), history="on")
    assert (odd(again), lessons(again)) == ("4", ["4"])


# --- pages


def test_a_page_is_saved_once_after_a_pause(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(4)
    assert texts(store) == []
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["2026"]
    pilot.press("undo")
    pilot.wait(KEPT_AFTER)
    assert texts(store) == [pilot.state.reading.text]
    assert len(store.pages()[0].ink) == len(pilot.state.pad.strokes)


def test_clearing_saves_at_once_and_undo_continues_the_page(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    pilot.press("clear")
    assert texts(store) == ["7"]
    pilot.press("undo")
    correct(pilot, "2")
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["2"]
    pilot.press("clear")
    pilot.write(1)
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["4", "2"]


def test_a_deleted_page_is_not_saved_again_from_the_pad(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    pilot.press("clear")
    pilot.write(1)
    pilot.do("open", "history")
    assert [page.text for page in pilot.state.pages] == ["4", "7"]
    pilot.press("entry", pilot.state.pages[0].id)
    pilot.press("delete", pilot.state.pages[0].id)
    assert [page.text for page in pilot.state.pages] == texts(store) == ["7"]
    pilot.do("set", ("learn", False))  # reads the pad again
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["7"]
    pilot.key(pygame.K_ESCAPE)
    odd(pilot)  # beside what was deleted
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["7"]
    pilot.press("clear")
    pilot.write(0)
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["7", "7"]


def test_deleting_one_page_keeps_another_that_is_pending(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    pilot.press("clear")
    pilot.write(1)
    pilot.services.recorder.deleted(store.pages()[0].id)
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["4", "7"]


def test_closing_saves_what_is_on_the_pad(pilot: Pilot, store: HistoryStore) -> None:
    assert store.path is not None
    pilot.write(4)
    pilot.app.close()
    assert texts(HistoryStore(store.path)) == ["2026"]


def test_exercises_are_not_saved(pilot: Pilot, store: HistoryStore) -> None:
    pilot.do("practice")
    pilot.write(0)
    pilot.wait(2 * KEPT_AFTER)
    pilot.do("practice")
    pilot.wait(2 * KEPT_AFTER)
    assert texts(store) == []


def test_a_page_is_opened_again_and_corrected(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(4)
    pilot.press("clear")
    pilot.do("open", "history")
    number = pilot.state.pages[0].id
    pilot.press("entry", number)
    pilot.press("keypad", number)
    for key in (pygame.K_1, pygame.K_9, pygame.K_8, pygame.K_BACKSPACE, pygame.K_9):
        pilot.key(key)
    pilot.press("typed")
    assert store.pages()[0].correction == "199"
    assert pilot.state.pad.strokes == ()
    pilot.press("restore", number)
    assert (pilot.state.reading.text, pilot.state.panels) == ("2026", [])


# --- history on and off


def test_history_switched_on_saves_what_is_on_the_pad_once(recognizer: Recognizer, tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    pilot = Pilot(recognizer, folders=folders)
    pilot.write(0)
    correct(pilot, "2")
    pilot.do("set", ("history", "on"))
    pilot.wait(KEPT_AFTER)
    disk = pilot.services.personalization.store
    assert (disk.path, texts(disk), labels(disk)) == (folders.store_file, ["2"], ["2"])
    pilot.key(pygame.K_BACKSPACE)
    pilot.wait(KEPT_AFTER)
    assert (texts(disk), labels(disk), lessons(pilot)) == (["7"], [], [])


def test_history_switched_off_saves_nothing_more(pilot: Pilot, store: HistoryStore) -> None:
    assert store.path is not None
    pilot.write(0)
    pilot.do("set", ("history", "off"))
    pilot.press("clear")
    pilot.write(1)
    correct(pilot, "9")
    pilot.wait(KEPT_AFTER)
    assert pilot.services.personalization.store.path is None
    assert (texts(HistoryStore(store.path)), labels(HistoryStore(store.path))) == (["7"], [])


# --- faults


class Broken(HistoryStore):
    """A store on a disk that is full while `full` is true."""

    full = True

    def _say(self) -> None:
        if self.full:
            raise StoreError("digitpad.sqlite3: the disk is full")

    def save_page(self, *values: Any, **rest: Any) -> int:
        self._say()
        return super().save_page(*values, **rest)

    def add_example(self, *values: Any, **rest: Any) -> int:
        self._say()
        return super().add_example(*values, **rest)

    def remove_example(self, example_id: int) -> bool:
        self._say()
        return super().remove_example(example_id)

    def forget_everything(self) -> list[Path]:
        self._say()
        return super().forget_everything()


def test_a_full_disk_is_reported_once_and_loses_no_ink(recognizer: Recognizer, tmp_path: Path) -> None:
    store = Broken(tmp_path / "digitpad.sqlite3", clock)
    pilot = Pilot(recognizer, store=store, history="on")
    pilot.write(0)
    pilot.wait(KEPT_AFTER)
    assert pilot.notes == [pilot.state.toast] == ["digitpad.sqlite3: the disk is full"]
    pilot.write(1, width=0.3)
    pilot.wait(KEPT_AFTER)
    assert len(pilot.notes) == 1
    assert len(pilot.state.pad.strokes) == 4
    store.full = False
    pilot.app.services.recorder.flush()
    assert len(store.pages()[0].ink) == 4


def test_pages_rejected_by_a_full_disk_are_saved_later_in_order(recognizer: Recognizer, tmp_path: Path) -> None:
    store = Broken(tmp_path / "digitpad.sqlite3", clock)
    pilot = Pilot(recognizer, store=store, history="on")
    for sample in (0, 1, 0):
        pilot.write(sample)
        pilot.press("clear")
    assert pilot.notes == ["digitpad.sqlite3: the disk is full"] * 3  # once for each page
    store.full = False
    pilot.write(1)
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["4", "7", "4", "7"]  # in their order


def test_only_the_newest_unsaved_pages_are_remembered(tmp_path: Path) -> None:
    recorder = HistoryRecorder(store := Broken(tmp_path / "digitpad.sqlite3", clock))
    for sheet in range(MOST_UNSAVED + 5):
        recorder.record(sheet, make_ink([[[sheet, 0]]]), Reading(), "")
        recorder.flush()
    recorder.exclude(range(20))  # forgotten
    store.full = False
    recorder.flush()
    assert [page.ink[0][0, 0] for page in reversed(store.pages(limit=100))] == list(range(20, MOST_UNSAVED + 5))


@pytest.mark.parametrize("anew", [False, True])
def test_a_history_deleted_while_open_is_replaced_and_reported(
    pilot: Pilot, store: HistoryStore, tmp_path: Path, anew: bool
) -> None:
    """What is on the pad is saved in the new file, and no id of the old one is used."""
    assert store.path
    for sample in (0, 4):
        pilot.write(sample)
        correct(pilot, "2")
        pilot.do("clear")
    pilot.wait(KEPT_AFTER + 10_000)
    assert (texts(store), labels(store), pilot.notes) == (["2026", "2"], ["2"], [])  # the 2 of 2026 was no news
    shutil.rmtree(store.path.parent)
    if anew:  # somebody else has begun one there
        other = HistoryStore(store.path, clock)
        for number in range(3):
            other.save_page(None, make_ink([[[0, 0], [0, number + 9]]]), f"{number}", 0.9)
        other.close()
    pilot.write(4)
    pilot.wait(KEPT_AFTER)
    others = ["2", "1", "0"] if anew else []
    assert texts(HistoryStore(store.path, clock)) == ["2026", *others]
    said = "the one that is there now is used" if anew else "a new history was started"
    assert pilot.notes == [f"{store.path}: was deleted or moved away while it was open; {said}"]
    assert pilot.state.toast == pilot.notes[0]
    correct(pilot, "7", 1)
    pilot.do("undo")
    pilot.do("redo")
    pilot.do("clear")
    pilot.do("clear")
    assert texts(HistoryStore(store.path, clock)) == ["2726", *others]
    assert labels(HistoryStore(store.path, clock)) == ["7"]
    assert len(pilot.notes) == 1
    pilot.do("open", "history")
    assert [page.text for page in pilot.state.pages] == ["2726", *others]


def test_the_list_of_a_deleted_history_is_empty(pilot: Pilot, store: HistoryStore) -> None:
    assert store.path
    pilot.write(4)
    pilot.do("clear")
    shutil.rmtree(store.path.parent)
    pilot.do("open", "history")
    assert (pilot.state.pages, pilot.state.page_count, len(pilot.notes)) == ([], 0, 1)


def test_a_correction_is_stored_in_the_file_that_replaces_a_deleted_one(pilot: Pilot, store: HistoryStore) -> None:
    assert store.path
    pilot.write(0)
    correct(pilot, "2")
    pilot.do("undo")
    shutil.rmtree(store.path.parent)
    pilot.do("redo")
    assert (labels(HistoryStore(store.path, clock)), lessons(pilot), len(pilot.notes)) == (["2"], ["2"], 1)
    pilot.do("undo")
    assert (labels(HistoryStore(store.path, clock)), lessons(pilot)) == ([], [])


class Vanishing(HistoryStore):
    """A store whose file vanishes at every write."""

    def save_page(self, *_: Any, **__: Any) -> int:
        self.notices.append(Notice("gone", ""))
        raise StoreError("gone")

    add_example = save_page


def test_a_history_that_keeps_vanishing_is_replaced_once_a_write(recognizer: Recognizer, tmp_path: Path) -> None:
    store = Vanishing(tmp_path / "digitpad.sqlite3", clock)
    pilot = Pilot(recognizer, store=store, history="on")
    pilot.write(0)
    correct(pilot, "2")
    assert len(store.notices) == 2
    pilot.app.services.recorder.flush()
    assert len(store.notices) == 4
    assert (pilot.state.reading.text, lessons(pilot)) == ("2", ["2"])
    store.close()


def test_a_lesson_that_cannot_be_stored_is_used(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, store=Broken(None, clock), history="on")
    pilot.write(0)
    correct(pilot, "2")
    assert (pilot.state.reading.text, lessons(pilot)) == ("2", ["2"])
    assert pilot.notes == [pilot.state.toast] == ["digitpad.sqlite3: the disk is full"]  # and not that it was learned
    pilot.key(pygame.K_BACKSPACE)
    assert (pilot.state.reading.text, lessons(pilot)) == ("7", [])


def test_only_the_newest_lessons_are_remembered_for_undo(recognizer: Recognizer) -> None:
    learner = Personalization(HistoryStore.in_memory(clock))
    learner.attach(PersonalClassifier(recognizer.classifier))
    image = recognizer.read(make_ink([[[0, 0], [0, 100]]])).digits[0].image
    assert image is not None
    keys: list[Key] = [((((number, 0.0),),), "1") for number in range(MOST_KEYS + 3)]
    for key in keys:
        learner.teach(key, image, "1", (), "practice")
        assert learner.take_back(key)
    assert [learner.teach_again(key) for key in (keys[2], keys[3], keys[-1])] == [False, True, True]


def test_corrections_work_with_a_model_that_cannot_learn(store: HistoryStore) -> None:
    from ..support.fakes import fixed

    pilot = Pilot(fixed(7), store=store, history="on")
    pilot.write(0)
    correct(pilot, "2")
    assert (pilot.state.reading.text, labels(store), pilot.services.personalization.classifier) == ("2", [], None)


# --- forgotten means forgotten


def forget(pilot: Pilot) -> None:
    pilot.do("open", "history")
    pilot.press("open", "forget")
    pilot.press("forget")


def test_forgetting_with_the_history_off_also_empties_the_disk(pilot: Pilot, store: HistoryStore) -> None:
    assert store.path is not None
    pilot.write(0)
    correct(pilot, "2")
    pilot.do("set", ("history", "off"))
    kept = HistoryStore(store.path)
    assert (texts(kept), labels(kept)) == (["2"], ["2"])
    forget(pilot)
    assert (texts(kept), labels(kept), pilot.state.toast) == ([], [], "Everything was deleted")


@pytest.mark.parametrize("history", ["on", "off"])
def test_a_failure_to_forget_is_reported(recognizer: Recognizer, tmp_path: Path, history: str) -> None:
    folders = folders_in(tmp_path)
    store = Broken(folders.store_file if history == "on" else None, clock)
    store.full = False
    pilot = Pilot(recognizer, store=store, history=history, folders=folders)
    pilot.write(0)
    correct(pilot, "2")
    if history == "off":
        folders.data.mkdir()
        newer = sqlite3.connect(folders.store_file)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
    store.full = True
    forget(pilot)
    fault = "the disk is full" if history == "on" else "written by a newer digitpad"
    assert pilot.state.toast == pilot.notes[-1]
    assert fault in pilot.notes[-1]
    assert (labels(store), lessons(pilot), pilot.state.reading.text) == (["2"], ["2"], "2")


def test_forgetting_leaves_nothing_and_undo_brings_back_ink_but_no_page(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    first = pilot.state.pad.page
    pilot.press("clear")
    pilot.write(0)
    correct(pilot, "2")
    pilot.wait(KEPT_AFTER)
    forget(pilot)
    assert (texts(store), labels(store), lessons(pilot)) == ([], [], [])
    while pilot.state.pad.page != first:
        pilot.press("undo")
        pilot.wait(KEPT_AFTER)
    while pilot.state.pad.can_redo:
        pilot.press("redo")
        pilot.wait(KEPT_AFTER)
    pilot.press("clear")
    pilot.wait(KEPT_AFTER)
    assert (texts(store), labels(store)) == ([], [])
    pilot.write(1)
    pilot.press("clear")
    assert texts(store) == ["4"]


@pytest.mark.parametrize("history", ["on", "off"])
def test_forgetting_names_damaged_files_that_are_left(pilot: Pilot, store: HistoryStore, history: str) -> None:
    assert store.path is not None
    aside = store.path.with_name("digitpad.damaged-1.sqlite3")
    aside.write_bytes(b"7")
    pilot.do("set", ("history", history))
    forget(pilot)
    assert pilot.state.toast == "Everything was deleted (digitpad.damaged-1.sqlite3)"
    assert aside.read_bytes() == b"7"
    assert pilot.notes == []  # file names are not logged


# --- one page a sheet


@pytest.mark.parametrize("loaded", [True, False])
def test_clear_before_the_reading_is_done_saves_the_page(
    recognizer: Recognizer, store: HistoryStore, loaded: bool
) -> None:
    pilot = Pilot(recognizer if loaded else None, store=store, history="on")
    later = slow(pilot)
    pilot.write(4)
    strokes = len(pilot.state.pad.strokes)
    pilot.press("clear")
    later.go()
    pilot.wait(KEPT_AFTER)
    assert [(page.text, len(page.ink)) for page in store.pages()] == [("2026" if loaded else "", strokes)]
    assert (pilot.state.reading.text, pilot.state.pad.is_empty) == ("", True)


def test_clear_while_the_pen_is_down_saves_that_stroke(pilot: Pilot, store: HistoryStore) -> None:
    stroke = pilot.strokes_of(0)[0]
    pilot.pen_down(stroke)
    pilot.key(pygame.K_DELETE)
    pilot.handle(mouse(pygame.MOUSEMOTION, stroke[0]))
    pilot.handle(mouse(pygame.MOUSEBUTTONUP, stroke[0]))
    assert (pilot.state.pad.is_empty, pilot.state.reading.text) == (True, "")
    pilot.wait(KEPT_AFTER)
    assert [(page.text, len(page.ink)) for page in store.pages()] == [("7", 1)]


def test_undo_and_redo_across_clear_keep_one_page_a_sheet(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    first = pilot.state.pad.page
    pilot.press("clear")
    pilot.write(1)
    pilot.wait(KEPT_AFTER)
    before = [(page.id, page.text, page.ink_json) for page in store.pages()]
    assert [text for _, text, _ in before] == ["4", "7"]
    while pilot.state.pad.page != first:
        pilot.press("undo")
        pilot.wait(KEPT_AFTER)
    while pilot.state.pad.can_redo:
        pilot.press("redo")
        pilot.wait(KEPT_AFTER)
    assert [(page.id, page.text, page.ink_json) for page in store.pages()] == before


def test_ink_written_after_everything_was_erased_is_another_page(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(0)
    pilot.wait(KEPT_AFTER)
    middles = [stroke[len(stroke) // 2] for stroke in pilot.strokes_of(0)]
    pilot.press("erase")
    for at in middles:
        pilot.tap(at)
    assert pilot.state.pad.is_empty
    pilot.press("erase")
    pilot.write(1)
    pilot.wait(KEPT_AFTER)
    assert texts(store) == ["4", "7"]


def test_a_page_restored_twice_stays_one_page(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(4)
    pilot.press("clear")
    number = store.pages()[0].id
    for _ in range(2):
        pilot.do("open", "history")
        pilot.press("entry", number)
        pilot.press("restore", number)
        assert pilot.state.reading.text == "2026"
        pilot.wait(KEPT_AFTER)
    for name in ("undo", "undo", "clear"):  # the first of the two, again
        pilot.press(name)
    assert [(page.id, page.text) for page in store.pages()] == [(number, "2026")]


def test_restoring_a_page_keeps_its_correction(pilot: Pilot, store: HistoryStore) -> None:
    pilot.write(4)
    pilot.press("clear")
    number = store.pages()[0].id
    store.correct_page(number, "1995")
    pilot.do("open", "history")
    pilot.press("entry", number)
    pilot.press("restore", number)
    pilot.press("clear")
    assert [page.correction for page in store.pages()] == ["1995"]


def test_an_opened_file_is_not_saved(pilot: Pilot, store: HistoryStore, tmp_path: Path) -> None:
    path = tmp_path / "number.json"
    path.write_text(json.dumps({"strokes": SAMPLES[4]["strokes"]}))
    pilot.write(0)
    pilot.do("file", str(path))
    assert (pilot.state.reading.text, texts(store)) == ("2026", ["7"])
    pilot.wait(KEPT_AFTER)
    pilot.press("clear")
    pilot.press("undo")
    pilot.app.close()
    assert store.path is not None
    assert texts(HistoryStore(store.path)) == ["7"]


def test_a_page_is_saved_on_closing_even_if_it_cannot_be_read(
    pilot: Pilot, store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ModelError("digits_int8.tflite: cannot be run")

    slow(pilot)
    pilot.write(0)
    monkeypatch.setattr(pilot.app.reader.recognizer, "read", fail)
    pilot.app.close()
    assert store.path is not None
    assert [(page.text, len(page.ink)) for page in HistoryStore(store.path).pages()] == [("", 2)]
    assert pilot.notes == ["digits_int8.tflite: cannot be run"]


# --- pictures, and readings that lessons have changed


def test_each_digit_of_a_picture_teaches_once_and_undo_removes_it(
    pilot: Pilot, store: HistoryStore, tmp_path: Path
) -> None:
    pilot.do("file", str(picture_in(tmp_path)))
    seen = []
    for number, label in ((1, "7"), (0, "2"), (1, "4")):
        correct(pilot, label, number)
        seen.append((pilot.state.reading.text, labels(store)))
    assert seen == [("17", ["7"]), ("27", ["7", "2"]), ("24", ["2", "4"])]
    back = []
    for _ in range(2):
        pilot.key(pygame.K_BACKSPACE)
        back.append((pilot.state.reading.text, labels(store), lessons(pilot)))
    assert pilot.state.picture is not None
    assert back == [("21", ["2"], ["2"]), ("11", [], [])]
    assert pilot.state.picture.labels == {}


def test_the_undo_button_removes_a_correction_of_a_picture(pilot: Pilot, tmp_path: Path) -> None:
    pilot.do("file", str(picture_in(tmp_path)))
    assert not pilot.state.pad.can_undo
    correct(pilot, "7")
    pilot.press("undo")
    assert pilot.state.reading.text == "11"


def test_lessons_of_the_history_are_not_used_while_it_is_off(pilot: Pilot) -> None:
    odd(pilot)
    correct(pilot, "4")
    pilot.press("clear")
    seen = [odd(pilot)]
    for value in ("off", "on"):
        pilot.do("set", ("history", value))
        seen.append(pilot.state.reading.text)
    assert seen == ["4", "?", "4"]
