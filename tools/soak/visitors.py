"""What people do at a window in a day, as events with the time between them."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import pygame

from edge_app.gui.actions import Action, Name
from edge_app.gui.app import App
from edge_app.recognition.ink import Ink
from edge_app.storage.settings import OPTIONS
from tools.bench.hand import on_window
from tools.bench.samples import Place, numbers, placed

Input: TypeAlias = "tuple[int, pygame.event.Event | Callable[[], object]]"
"""Milliseconds since the one before, and an event, or a deed that buttons would need many taps for."""

MINUTE = 60_000
LONG, FORGET = 0.003, 0.01  # of all that is done: a long rest after it; forgetting everything
BEAT = 16  # milliseconds between two points
EACH = 4  # of a stroke's points are left out but one: what is read is the same, and the day is shorter
SWITCHES = [
    name for name, option in OPTIONS.items() if option.choices and name not in ("kiosk", "fullscreen", "history")
]
PANELS = ("menu", "keys", "settings", "history", "hand", "privacy", "forget")
KEYS = [pygame.K_TAB, pygame.K_RETURN, pygame.K_ESCAPE, pygame.K_BACKSPACE, pygame.K_UP, pygame.K_e, pygame.K_e]


class Visitors:
    """People at one window, one after the other, by chance."""

    def __init__(self, app: App, rng: random.Random, gap: float, *, forget: bool) -> None:
        """Let them rest `gap` milliseconds between two things on the mean, and forget everything at times, or never."""
        self.app, self.rng, self.gap = app, rng, gap
        self._forgetful = forget
        self.pages = 0  # that were written

    def inputs(self) -> Iterator[Input]:
        """Do things for ever."""
        often = [self.write] * 30
        rare = [self.correct, self.practise, self.look, self.keys, self.palm, self.lost, self.erase, self.undo]
        rarer = [self.switch, self.history, self.files, self.resize, self.picture]
        while True:
            yield from self.rng.choice([*often, *rare, *rare, *rarer])()
            yield self._rest()
            if self.rng.random() < LONG:
                yield round(self.rng.uniform(6, 20) * MINUTE), _nothing  # in a kiosk, the next one starts afresh
            if self._forgetful and self.rng.random() < FORGET:
                yield self._do("forget")

    def write(self) -> Iterator[Input]:
        """Write a page, let it lie for a while or not, and wipe the pad."""
        self.pages += 1
        yield from self._ink()
        if self.rng.random() < 0.2:
            yield 4000, _nothing  # it is stored meanwhile
        yield self._do("clear")

    def correct(self) -> Iterator[Input]:
        """Say what the first digit is; at times that is taken back."""
        yield from self._ink()
        yield self._do("digit_panel", 0)
        yield self._do("map", 0)
        yield self._do("label", self.rng.choice("0123456789?"))
        again: tuple[Name, ...] = ("undo", "redo")
        yield from (self._do(name) for name in again[: self.rng.choice([0, 1, 2])])
        yield self._do("clear")

    def practise(self) -> Iterator[Input]:
        """Do two exercises, with a demonstration."""
        yield self._do("practice")
        yield self._do("show")
        yield 6000, _nothing
        for _ in range(2):
            yield from self._ink()
            yield 2000, _nothing
            yield self._do("next")
        yield 100, self._pen_again

    def look(self) -> Iterator[Input]:
        """Open panels, turn their pages, close them."""
        for name in self.rng.sample(PANELS, 3):
            yield self._do("open", name)
            yield self._do("turn", 1)
            yield self._do("focus", 1)
            yield self._do("escape")

    def keys(self) -> Iterator[Input]:
        """Press keys."""
        for key in self.rng.choices(KEYS, k=12):
            yield 100, pygame.event.Event(pygame.KEYDOWN, key=key, mod=0)
        yield self._do("escape")
        yield 100, self._pen_again

    def palm(self) -> Iterator[Input]:
        """Write with a finger while a palm lies on the glass."""
        yield 30, _finger(pygame.FINGERDOWN, 2, (0.9, 0.9))
        for step in range(10):
            yield BEAT, _finger(pygame.FINGERMOTION if step else pygame.FINGERDOWN, 1, (0.3 + step / 50, 0.5))
        for number in (1, 2):
            yield 30, _finger(pygame.FINGERUP, number, (0.5, 0.5))
        yield self._do("clear")

    def lost(self) -> Iterator[Input]:
        """Lose the window's focus in mid stroke."""
        events = list(self._ink())
        yield from events[: len(events) // 2]
        yield 30, pygame.event.Event(pygame.WINDOWFOCUSLOST)
        yield 30, pygame.event.Event(pygame.WINDOWEXPOSED)
        yield self._do("clear")

    def erase(self) -> Iterator[Input]:
        """Write, take strokes away, bring them back."""
        yield from self._ink()
        yield self._do("erase")
        yield from self._ink()
        yield self._do("erase")
        yield self._do("undo")
        yield self._do("clear")

    def undo(self) -> Iterator[Input]:
        """Go back a long way, and forth."""
        yield from [(50, partial(self.app.do, Action("undo")))] * 20
        yield from [(50, partial(self.app.do, Action("redo")))] * 20

    def switch(self) -> Iterator[Input]:
        """Change settings: theme, language, rotation and all the others."""
        for name in self.rng.sample(SWITCHES, 2):
            yield self._do("set", (name, self.rng.choice(OPTIONS[name].choices)))

    def history(self) -> Iterator[Input]:
        """Look at the history, correct one page, delete another."""
        yield self._do("open", "history")
        for _ in range(self.rng.randrange(3)):
            yield self._do("turn", 1)
        yield 300, self._correct_a_page
        yield 300, self._delete_a_page
        yield self._do("escape")
        yield self._do("escape")

    def files(self) -> Iterator[Input]:
        """Save the pad, export what was labelled, and take the files away, as their owner would."""
        yield from self._ink()
        yield self._do("save")
        yield self._do("export")
        yield self._do("clear")
        yield 100, self._take_files_away

    def picture(self) -> Iterator[Input]:
        """Save a picture, open it, and wipe it away."""
        yield from self._ink()
        yield self._do("save")
        yield 300, self._open_a_picture
        yield 2000, _nothing
        yield self._do("clear")
        yield 100, self._take_files_away

    def resize(self) -> Iterator[Input]:
        """Change the window's size in mid stroke, and back again."""
        events = list(self._ink())
        size = pygame.display.get_window_size()
        for number, one in enumerate(events):
            yield one
            if number in (len(events) // 3, len(events) // 2):
                yield 30, partial(pygame.display.set_mode, (size[0] + 40, size[1]), pygame.RESIZABLE)
        yield 30, lambda: pygame.display.set_mode(size, pygame.RESIZABLE)
        yield self._do("clear")

    def _ink(self) -> Iterator[Input]:
        """Write one to three digits with a mouse."""
        for stroke in placed(self._digits(), self.app.layout().pad, self.rng):
            points = [*stroke[:-1:EACH], stroke[-1]]
            for number, at in enumerate(points):
                yield BEAT, _mouse(pygame.MOUSEMOTION if number else pygame.MOUSEBUTTONDOWN, on_window(self.app, at))
            yield BEAT, _mouse(pygame.MOUSEBUTTONUP, on_window(self.app, points[-1]))
            yield 200, _nothing

    def _digits(self) -> Ink:
        ink = self.rng.choice(NUMBERS)
        count = min(self.rng.randint(1, 3), len(ink))
        first = self.rng.randrange(len(ink) - count + 1)
        return ink[first : first + count]

    def _rest(self) -> Input:
        return round(self.rng.expovariate(1 / self.gap)), _nothing

    def _do(self, name: Name, value: Any = None) -> Input:
        return 300, lambda: self.app.do(Action(name, value))

    def _pen_again(self) -> None:
        """Leave no eraser for the next one."""
        self.app.state.panels.clear()
        if self.app.state.erasing:
            self.app.do(Action("erase"))
        if self.app.state.exercise:
            self.app.do(Action("practice"))

    def _correct_a_page(self) -> None:
        if self.app.state.pages and self.app.state.panel:
            self.app.do(Action("entry", self.rng.choice(self.app.state.pages).id))
            self.app.do(Action("keypad"))
            for digit in str(self.rng.randrange(1000)):
                self.app.do(Action("digit", digit))
            self.app.do(Action("typed"))

    def _delete_a_page(self) -> None:
        if self.app.state.pages and self.app.state.panel:
            self.app.do(Action("delete", self.rng.choice(self.app.state.pages).id))

    def _open_a_picture(self) -> None:
        folders = self.app.services.folders
        assert folders
        for file in list(folders.pictures.glob("*.png"))[:1]:
            self.app.do(Action("file", str(file)))

    def _take_files_away(self) -> None:
        folders = self.app.services.folders
        assert folders
        for file in folders.pictures.glob("*"):
            file.unlink()


NUMBERS = numbers()


def _nothing() -> None:
    """Let time pass."""


def _mouse(kind: int, at: Place) -> pygame.event.Event:
    buttons = (int(kind == pygame.MOUSEMOTION), 0, 0)
    return pygame.event.Event(kind, pos=at, button=1, rel=(0, 0), buttons=buttons, touch=False)


def _finger(kind: int, number: int, at: tuple[float, float]) -> pygame.event.Event:
    return pygame.event.Event(kind, touch_id=5, finger_id=number, x=at[0], y=at[1], dx=0.0, dy=0.0)
