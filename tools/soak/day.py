"""A day at the window: its own program, loop, reader and files; only the clock and the hands are ours.

`python -m tools.soak.day '{"start": 0, "until": 12, "gap": 2000, "seed": 1}'` prints what it found as JSON. Time passes
when nothing is left to do: the loop's waiter, which sleeps for a person's window, goes on to the next input or timer.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from edge_app.errors import DigitpadError
from edge_app.gui import main as loop
from edge_app.storage.paths import Paths, find_paths

# isort: split
import pygame

from edge_app.gui.app import App
from edge_app.gui.platform.display import Display
from tools.bench.scenarios import PROCESS, _status

from .visitors import Input, Visitors

HOUR = 3_600_000
SIZE = (480, 320)
LOOKS = 30  # at the process in a part of the day
PATIENCE = 30.0  # seconds for a reading, after which the window hangs
START = datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC)  # what a Pi without a clock believes at first
JUMPS = [  # the hour of the day, and by how much the wall clock is set there
    (0.05, timedelta(days=20_500, hours=7)),  # the network tells the time
    (6.0, timedelta(hours=1)),  # summer time, on a system whose clock is local
    (9.0, -timedelta(hours=3)),  # somebody sets it, wrongly
    (10.0, timedelta(hours=3)),
    (18.0, -timedelta(hours=1)),
    (20.0, -timedelta(days=20_500)),  # the battery of the clock is empty
    (20.1, timedelta(days=20_500)),
]


@dataclass
class Clock:
    """Simulated time: milliseconds that only grow, and a wall clock that is set now and then."""

    now: int = 0
    wall: datetime = START
    jumps: list[tuple[float, timedelta]] = field(default_factory=lambda: list(JUMPS))

    def milliseconds(self) -> int:
        """Return the time for timers."""
        return self.now

    def datetime(self) -> datetime:
        """Return what the system believes the time to be."""
        return self.wall

    def go_on(self, by: int) -> None:
        """Let time pass."""
        self.now += by
        self.wall += timedelta(milliseconds=by)
        while self.jumps and self.now >= self.jumps[0][0] * HOUR:
            self.wall += self.jumps.pop(0)[1]


@dataclass
class Day:
    """What was seen in the course of a day."""

    every: float  # milliseconds
    clock: Clock = field(default_factory=Clock)
    looks: list[dict[str, float]] = field(default_factory=list)
    events: int = 0
    pages: int = 0
    complaints: list[str] = field(default_factory=list)

    def look(self, folders: Paths) -> None:
        """Note what the process holds; between two looks pass `every` milliseconds."""
        files = {
            "database": folders.store_file,
            "write_ahead_log": Path(f"{folders.store_file}-wal"),
            "log": folders.log_file,
        }
        self.looks.append(
            {
                "hour": round(self.clock.now / HOUR, 4),
                "resident": _status()["VmRSS"],
                "files": len(list((PROCESS / "fd").iterdir())),
                "threads": len(list((PROCESS / "task").iterdir())),
                **{name: path.stat().st_size / 1e6 if path.exists() else 0.0 for name, path in files.items()},
            }
        )


class Simulation:
    """Stands in for sleeping: hands over the next input, or lets time pass to the next timer."""

    def __init__(self, app: App, day: Day, visitors: Visitors, until: int) -> None:
        """Serve `app` until so many milliseconds of the day."""
        self.app, self.day, self.until = app, day, until
        self._visitors, self._inputs = visitors, visitors.inputs()
        self._next: Input = next(self._inputs)
        self._due = day.clock.now + self._next[0]

    def wait(self, most: int | None) -> None:
        """Return when an event is there, or after `most` simulated milliseconds."""
        if pygame.event.peek():
            return
        self._await_reading()
        clock = self.day.clock
        timer = self._due if most is None else min(self._due, clock.now + most)
        clock.go_on(max(0, timer - clock.now))
        folders = self.app.services.folders
        if folders and (not self.day.looks or clock.now >= self.day.looks[-1]["hour"] * HOUR + self.day.every):
            self.day.look(folders)
        if clock.now >= self.until:
            self.day.pages += self._visitors.pages
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        elif clock.now >= self._due:
            self._hand_over(self._next[1])
            self._next = next(self._inputs)
            self._due = clock.now + self._next[0]

    def _hand_over(self, thing: "pygame.event.Event | Callable[[], object]") -> None:
        self.day.events += 1
        if isinstance(thing, pygame.event.Event):
            pygame.event.post(thing)
            return
        try:
            thing()
        except DigitpadError as error:
            self.app.report(str(error))

    def _await_reading(self) -> None:
        """Let the reader finish what is on the pad: it works in real time."""
        end = time.monotonic() + PATIENCE
        state = self.app.state
        while (self.app.recognizer is None or not (state.is_read or state.pad.current)) and not pygame.event.peek():
            if time.monotonic() > end:
                raise TimeoutError(f"hour {self.day.clock.now / HOUR:.2f}: nothing was read in {PATIENCE:.0f} s")
            time.sleep(0.0005)


def live(day: Day, until: int, seed: int, gap: float, *, forget: bool = False, **settings: Any) -> None:
    """Open the window and let people use it until some time of the day."""
    serve = loop.serve

    def serve_simulated(app: App, display: Display) -> int:
        simulation = Simulation(app, day, Visitors(app, random.Random(seed), gap, forget=forget), until)
        app.services.now = day.clock.datetime
        app.services.note = partial(_listen, day, app.services.note)
        vars(loop)["make_waiter"] = lambda: simulation.wait
        return serve(app, display)

    real = dict(vars(loop))
    vars(loop).update(serve=serve_simulated, milliseconds=day.clock.milliseconds)
    try:
        loop.run(size=SIZE, changes=settings)
    finally:
        vars(loop).update(real)


def _listen(day: Day, note: Callable[[str], None], text: str) -> None:
    day.complaints.append(text)
    note(text)


def spend(start: float, until: float, gap: float, seed: int, *, kiosk: bool = False) -> dict[str, Any]:
    """Spend a part of a day in one window, from an hour until another."""
    folders, day = find_paths(), Day((until - start) * HOUR / LOOKS)
    folders.config.mkdir(parents=True, exist_ok=True)
    folders.settings_file.write_text('history = "on"\n')
    day.clock.go_on(round(start * HOUR))
    started = time.monotonic()
    live(day, round(until * HOUR), seed, gap, forget=start > 0 and not kiosk, kiosk=kiosk)
    return {
        "seconds": round(time.monotonic() - started),
        "events": day.events,
        "pages": day.pages,
        "complaints": sorted(set(day.complaints)),
        "looks": day.looks,
    }


def main(options: str) -> None:
    """Spend a part of a day and print what was seen."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    print(json.dumps(spend(**json.loads(options))))


if __name__ == "__main__":
    main(*sys.argv[1:])
