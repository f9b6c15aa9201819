"""From pygame's events to what they mean: one pen at a time, and never the same touch twice."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pygame

Pointer: TypeAlias = tuple[int, int] | Literal["mouse"]

NEAR = 24.0  # pixels: a mouse press this close to a finger is that finger again, reported by the system
ECHO = 500  # milliseconds after a finger for which such an echo may still come


@dataclass(frozen=True)
class Pen:
    """What the writing pointer did, in window pixels."""

    kind: Literal["down", "move", "up", "lost"]
    x: float
    y: float


@dataclass(frozen=True)
class Command:
    """A key that stands for a button."""

    name: str


Action: TypeAlias = Pen | Command

KEYS = {
    pygame.K_BACKSPACE: "undo",
    pygame.K_u: "undo",
    pygame.K_DELETE: "clear",
    pygame.K_c: "clear",
    pygame.K_ESCAPE: "quit",
    pygame.K_q: "quit",
    pygame.K_F2: "compare",
    pygame.K_F11: "fullscreen",
}
CONTROL_KEYS = {pygame.K_z: "undo", pygame.K_y: "redo", pygame.K_q: "quit"}


@dataclass
class Pointers:
    """Tells fingers from the mouse events that systems make of them; the first pointer down writes alone."""

    writing: Pointer | None = None
    _finger_at: tuple[float, float] = (-1e9, -1e9)
    _finger_time: int = -(10**9)
    _position: tuple[float, float] = (0.0, 0.0)

    def translate(self, event: pygame.event.Event, size: tuple[int, int], now: int) -> Action | None:
        """Return what `event` means in a window of `size` at `now` milliseconds; None for nothing."""
        if event.type == pygame.KEYDOWN:
            control = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
            name = (CONTROL_KEYS if control else KEYS).get(event.key)
            return Command(name) if name else None
        if event.type in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
            return self._finger(event, size, now)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP):
            return self._mouse(event, now)
        if event.type == pygame.WINDOWFOCUSLOST and self.writing == "mouse":
            x, y = self._position
            self.writing = None
            return Pen("lost", x, y)  # its release will go to another window
        return None

    def _finger(self, event: pygame.event.Event, size: tuple[int, int], now: int) -> Pen | None:
        pointer: Pointer = (event.touch_id, event.finger_id)
        x, y = event.x * size[0], event.y * size[1]
        if event.type == pygame.FINGERDOWN:
            echoed = self.writing == "mouse" and self._is_near(x, y, self._position)
            self._finger_at, self._finger_time = (x, y), now
            if echoed:  # SDL sends the mouse event it makes of a finger first: the line goes on as the finger's
                self.writing = pointer
                return self._go("move", x, y)
            if self.writing is None:
                self.writing = pointer
                return self._go("down", x, y)
            return None
        if pointer != self.writing:
            return None
        self._finger_at, self._finger_time = (x, y), now
        return self._go("move", x, y) if event.type == pygame.FINGERMOTION else self._end(x, y)

    def _mouse(self, event: pygame.event.Event, now: int) -> Pen | None:
        x, y = event.pos
        if getattr(event, "touch", False):
            return None
        if event.type == pygame.MOUSEBUTTONDOWN:
            echo = now - self._finger_time < ECHO and self._is_near(x, y, self._finger_at)
            if event.button != 1 or self.writing is not None or echo:
                return None
            self.writing = "mouse"
            return self._go("down", x, y)
        if self.writing != "mouse":
            return None
        if event.type == pygame.MOUSEMOTION:
            return self._go("move", x, y)
        return self._end(x, y) if event.button == 1 else None

    def _go(self, kind: Literal["down", "move"], x: float, y: float) -> Pen:
        self._position = (x, y)
        return Pen(kind, x, y)

    def _end(self, x: float, y: float) -> Pen:
        self.writing = None
        self._position = (x, y)
        return Pen("up", x, y)

    @staticmethod
    def _is_near(x: float, y: float, other: tuple[float, float]) -> bool:
        return abs(x - other[0]) <= NEAR and abs(y - other[1]) <= NEAR
