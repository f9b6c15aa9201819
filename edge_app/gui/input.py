"""Translates pygame events: pointers to one pen at a time, keys to actions."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pygame

from .actions import Action

Pointer: TypeAlias = tuple[int, int] | Literal["mouse", "eraser"]

NEAR = 24.0  # pixels: a mouse press this close to a finger is its echo, made by the system
ECHO = 500  # milliseconds for which an echo may follow a finger
SILENT = 1500  # milliseconds without an event, after which another finger takes over: it rests, or was lost
MOST_NEAR = 32  # points remembered of a second finger until it is known to write
PALM = 500  # milliseconds after a pen event, in which fingers are the hand that holds it


@dataclass(frozen=True)
class Pen:
    """What the writing pointer did, in window pixels; `drop` undoes everything since its `down`."""

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
    pygame.K_F3: Action("layers"),
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
    """Return the action of a pressed key."""
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
    """Follows one pointer at a time, the first that comes down, and ignores mouse events that echo a finger.

    A pen, which systems report as a mouse, takes precedence over fingers, which then are the hand that holds it. Of two
    touches, the one that moves is a finger, and the one that rests is the palm: SDL 2 does not report a touch's size.
    """

    writing: Pointer | None = None
    _heard: int = -(10**9)  # time of the writing pointer's last event
    _down_at: tuple[float, float] = (0.0, 0.0)
    _moved: bool = False  # from there, by more than NEAR
    _second: Pointer | None = None  # a finger that came down beside the one that writes
    _second_way: list[tuple[float, float]] = field(default_factory=list)  # its points so far
    _finger_at: tuple[float, float] = (-1e9, -1e9)
    _finger_down_at: tuple[float, float] = (-1e9, -1e9)
    _finger_time: int = -(10**9)
    _pen_time: int = -(10**9)
    _position: tuple[float, float] = (0.0, 0.0)

    def translate(self, event: pygame.event.Event, size: tuple[int, int], now: int) -> list[Pen]:
        """Return what a pointer's event does to the pen, in a window of `size` at `now` milliseconds."""
        if event.type in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
            return self._finger(event, size, now)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP):
            return self._mouse(event, now)
        if event.type == pygame.WINDOWFOCUSLOST and self.writing in ("mouse", "eraser"):
            return [self._end("lost", *self._position)]  # another window gets its release
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
        if echoed:  # SDL may send the echo before the finger: the finger continues its line
            self.writing = pointer
            return [self._go("move", x, y, now)]
        ended: list[Pen] = []
        if self.writing is not None:
            # the same finger again, or a silent one: its end was lost, or it is a resting palm
            if pointer != self.writing and now - self._heard < SILENT:
                self._second, self._second_way = pointer, [(x, y)]
                return []
            ended = [self._end("lost" if self._moved else "drop", *self._position)]
        self.writing = pointer
        return [*ended, self._go("down", x, y, now)]

    def _beside(self, pointer: Pointer, x: float, y: float, now: int) -> list[Pen]:
        """Handle a finger beside the writing one: it takes over if it moves and the other does not."""
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
        dropped = [Pen("drop", *self._position)] if self.writing else []  # it was the palm: here is the pen
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
