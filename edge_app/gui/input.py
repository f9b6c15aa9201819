"""From pygame's events to what they mean: one pen at a time, and never the same touch twice."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pygame

from .actions import Action

Pointer: TypeAlias = tuple[int, int] | Literal["mouse", "eraser"]

NEAR = 24.0  # pixels: a mouse press this close to a finger is that finger again, reported by the system
ECHO = 500  # milliseconds after a finger for which such an echo may still come
SILENT = 1500  # milliseconds: a finger that says nothing for so long while another comes down rests, or was lost
MOST_NEAR = 32  # places of a second finger that are remembered while it is not known to write
PALM = 500  # milliseconds after a pen was near, in which fingers are the hand that holds it


@dataclass(frozen=True)
class Pen:
    """What the writing pointer did, in window pixels; `drop` undoes what it has done since it came down."""

    kind: Literal["down", "move", "up", "lost", "drop"]
    x: float
    y: float
    erasing: bool = False


KEYS = {
    pygame.K_BACKSPACE: Action("undo"),
    pygame.K_DELETE: Action("clear"),
    pygame.K_ESCAPE: Action("escape"),
    pygame.K_TAB: Action("focus", 1),
    pygame.K_DOWN: Action("focus", 1),
    pygame.K_RIGHT: Action("focus", 1),
    pygame.K_UP: Action("focus", -1),
    pygame.K_LEFT: Action("focus", -1),
    pygame.K_PAGEDOWN: Action("turn", 1),
    pygame.K_PAGEUP: Action("turn", -1),
    pygame.K_RETURN: Action("press"),
    pygame.K_KP_ENTER: Action("press"),
    pygame.K_SPACE: Action("press"),
    pygame.K_F1: Action("open", "keys"),
    pygame.K_F2: Action("compare"),
    pygame.K_F10: Action("open", "menu"),
    pygame.K_F11: Action("fullscreen"),
    pygame.K_u: Action("undo"),
    pygame.K_e: Action("erase"),
    pygame.K_h: Action("open", "history"),
    pygame.K_i: Action("look"),
    pygame.K_m: Action("open", "menu"),
    pygame.K_p: Action("practice"),
    pygame.K_r: Action("speak"),
    pygame.K_s: Action("open", "settings"),
    pygame.K_q: Action("quit"),
}
CONTROL_KEYS = {
    pygame.K_z: Action("undo"),
    pygame.K_y: Action("redo"),
    pygame.K_c: Action("copy"),
    pygame.K_s: Action("save"),
    pygame.K_o: Action("open", "files"),
    pygame.K_q: Action("quit"),
}
DIGIT_KEYS = {getattr(pygame, f"K_{prefix}{digit}"): digit for prefix in ("", "KP") for digit in "0123456789"}
BUTTON_POINTERS: dict[int, Literal["mouse", "eraser"]] = {1: "mouse", 3: "eraser"}

FAR = 1e6  # pixels, or windows


def is_sound(event: pygame.event.Event) -> bool:
    """Return whether the event's coordinates are numbers within reach.

    A faulty touchscreen, or a window of no size, makes SDL report NaN or enormous values.
    """
    x, y = getattr(event, "pos", (getattr(event, "x", 0), getattr(event, "y", 0)))
    return abs(x) <= FAR and abs(y) <= FAR  # false for NaN


def key_meaning(event: pygame.event.Event) -> Action | None:
    """Return what a pressed key asks for; digits go to the panel that is open."""
    if event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META):
        if event.key == pygame.K_z and event.mod & pygame.KMOD_SHIFT:
            return Action("redo")
        return CONTROL_KEYS.get(event.key)
    if event.key == pygame.K_TAB and event.mod & pygame.KMOD_SHIFT:
        return Action("focus", -1)
    if event.key in DIGIT_KEYS:
        return Action("digit", DIGIT_KEYS[event.key])
    return KEYS.get(event.key)


@dataclass
class Pointers:
    """Tells fingers from the mouse events that systems make of them; the first pointer down writes alone.

    A pen, which systems report as a mouse, goes before fingers: those are then the hand that rests beside it. Of two
    touches, the one that moves is the finger, and the one that has lain still is the palm (SDL 2 tells no size of a
    touch, which would say it at once).
    """

    writing: Pointer | None = None
    _heard: int = -(10**9)  # when the writing pointer last said something
    _down_at: tuple[float, float] = (0.0, 0.0)
    _moved: bool = False  # from there: what lies still is no writing
    _second: Pointer | None = None  # a finger that came down beside the one that writes
    _second_way: list[tuple[float, float]] = field(default_factory=list)  # where it has been since
    _finger_at: tuple[float, float] = (-1e9, -1e9)
    _finger_down_at: tuple[float, float] = (-1e9, -1e9)
    _finger_time: int = -(10**9)
    _pen_time: int = -(10**9)
    _position: tuple[float, float] = (0.0, 0.0)

    def translate(self, event: pygame.event.Event, size: tuple[int, int], now: int) -> list[Pen]:
        """Return what a pointer's event means in a window of `size` at `now` milliseconds."""
        if event.type in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
            return self._finger(event, size, now)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP):
            return self._mouse(event, now)
        if event.type == pygame.WINDOWFOCUSLOST and self.writing in ("mouse", "eraser"):
            return [self._end("lost", *self._position)]  # its release will go to another window
        return []

    def _finger(self, event: pygame.event.Event, size: tuple[int, int], now: int) -> list[Pen]:
        pointer: Pointer = (event.touch_id, event.finger_id)
        x, y = event.x * size[0], event.y * size[1]
        if event.type == pygame.FINGERDOWN:
            return self._finger_down(pointer, x, y, now)
        if pointer != self.writing:
            return self._beside(pointer, x, y, now) if event.type == pygame.FINGERMOTION else self._forget(pointer)
        self._finger_at, self._finger_time = (x, y), now
        return [self._go("move", x, y, now) if event.type == pygame.FINGERMOTION else self._end("up", x, y)]

    def _finger_down(self, pointer: Pointer, x: float, y: float, now: int) -> list[Pen]:
        echoed = self.writing == "mouse" and self._is_near(x, y, self._position)
        if not echoed and (self.writing in ("mouse", "eraser") or now - self._pen_time < PALM):
            return []
        self._finger_at = self._finger_down_at = (x, y)
        self._finger_time = now
        if echoed:  # SDL sends the mouse event it makes of a finger first: the line goes on as the finger's
            self.writing = pointer
            return [self._go("move", x, y, now)]
        ended: list[Pen] = []
        if self.writing is not None:
            # the same finger again, or one that has been silent: its end was lost, or it is a palm that lies still
            if pointer != self.writing and now - self._heard < SILENT:
                self._second, self._second_way = pointer, [(x, y)]
                return []
            ended = [self._end("lost" if self._moved else "drop", *self._position)]
        self.writing = pointer
        return [*ended, self._go("down", x, y, now)]

    def _beside(self, pointer: Pointer, x: float, y: float, now: int) -> list[Pen]:
        """Take the move of a finger beside the one that writes: it takes over where only it moves."""
        if pointer != self._second:
            return []
        self._second_way.append((x, y))
        if self._is_near(x, y, self._second_way[0]):
            del self._second_way[1:-MOST_NEAR]
            return []
        way = self._second_way
        self._forget(pointer)
        if self._moved or not isinstance(self.writing, tuple):
            return []
        dropped = self._end("drop", *self._position)
        self.writing, self._finger_at, self._finger_down_at, self._finger_time = pointer, (x, y), way[0], now
        return [dropped, self._go("down", *way[0], now), *(self._go("move", *at, now) for at in way[1:])]

    def _forget(self, pointer: Pointer) -> list[Pen]:
        if pointer == self._second:
            self._second, self._second_way = None, []
        return []

    def _mouse(self, event: pygame.event.Event, now: int) -> list[Pen]:
        x, y = event.pos
        if getattr(event, "touch", False):
            return []
        if event.type == pygame.MOUSEBUTTONDOWN:
            return self._mouse_down(BUTTON_POINTERS.get(event.button), x, y, now)
        if self.writing not in ("mouse", "eraser"):
            return []
        if event.type == pygame.MOUSEMOTION:
            return [self._go("move", x, y, now)]
        return [self._end("up", x, y)] if BUTTON_POINTERS.get(event.button) == self.writing else []

    def _mouse_down(self, pointer: Literal["mouse", "eraser"] | None, x: float, y: float, now: int) -> list[Pen]:
        if pointer is None or self.writing in ("mouse", "eraser"):
            return []
        near = any(self._is_near(x, y, at) for at in (self._finger_at, self._finger_down_at))
        if near and (self.writing is not None or now - self._finger_time < ECHO):
            return []
        dropped = [Pen("drop", *self._position)] if self.writing else []  # what wrote was the palm: now comes the pen
        self.writing = pointer
        return [*dropped, self._go("down", x, y, now)]

    def _go(self, kind: Literal["down", "move"], x: float, y: float, now: int) -> Pen:
        self._moved = kind == "move" and (self._moved or not self._is_near(x, y, self._down_at))
        self._position, self._heard = (x, y), now
        if kind == "down":
            self._down_at = (x, y)
        if self.writing in ("mouse", "eraser"):
            self._pen_time = now
        return Pen(kind, x, y, self.writing == "eraser")

    def _end(self, kind: Literal["up", "lost", "drop"], x: float, y: float) -> Pen:
        erasing, self.writing = self.writing == "eraser", None
        self._position = (x, y)
        return Pen(kind, x, y, erasing)

    @staticmethod
    def _is_near(x: float, y: float, other: tuple[float, float]) -> bool:
        return abs(x - other[0]) <= NEAR and abs(y - other[1]) <= NEAR
