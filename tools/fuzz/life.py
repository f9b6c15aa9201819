"""One life of the window: the program's own loop, store, settings and files, and a hand that does what its steps say.

Only the world is played: events come from the hand, the clocks are its own, and the window has SDL's dummy driver.
"""

import contextlib
import gzip
import json
import os
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pygame
from PIL import Image

from edge_app.datasets.readers import bundled_samples
from edge_app.gui import main as loop
from edge_app.gui.app import WAKE, App
from edge_app.gui.background import Immediate, Worker
from edge_app.gui.pad import Pad
from edge_app.gui.platform.display import Display
from edge_app.storage.history import HistoryStore, open_history
from edge_app.storage.settings import read_settings
from tools.bench.samples import placed

from .hands import Step, next_step
from .judge import Judge

START = 1_700_000_000.0
BEAT = 10  # events between two signs of life: a page of a thousand strokes takes its time
LOOK = 500  # events between two looks at the process
FRESH = 16  # milliseconds between two events of a hand that hurries


@dataclass(frozen=True)
class Spec:
    """What a life begins with."""

    seed: int
    size: tuple[int, int] = (800, 480)
    threaded: bool = False  # the reader's own thread, as users have it: then no two runs are the same
    speaks: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Lived:
    """What came of a life."""

    events: Counter[str]
    panels: Counter[str]
    times: Counter[int]  # events by milliseconds of the processor, with all that follows from each and is drawn
    process: list[dict[str, float]]  # what it cost, every LOOK events


class BrokenError(Exception):
    """Something that must hold did not."""

    def __init__(self, kind: str, said: str, steps: list[Step]) -> None:
        """Note what, and the steps until then."""
        super().__init__(f"{kind}: {said}")
        self.kind, self.said, self.steps = kind, said, steps


def random_spec(rng: random.Random, sizes: Sequence[tuple[int, int]]) -> Spec:
    """Return what somebody may have chosen."""
    settings = {
        "theme": rng.choice(("light", "dark", "contrast")),
        "text_size": rng.choice(("normal", "normal", "large", "huge")),
        "language": rng.choice(("en", "de", "fr", "es")),
        "history": rng.choice(("on", "on", "ask", "off")),
        "live": bool(rng.randrange(4)),
        "left_handed": not rng.randrange(3),
        "rotate": rng.choice((0, 0, 0, 90, 180, 270)),
        "kiosk": not rng.randrange(5),
    }
    return Spec(rng.randrange(2**32), rng.choice(sizes), not rng.randrange(4), not rng.randrange(4), settings)


def live(
    spec: Spec,
    *,
    steps: Sequence[Step] | None = None,
    events: int = 0,
    every: int = 50,
    beat: Callable[[], None] = lambda: None,
) -> Lived:
    """Live: take `steps`, or random ones until so many events were sent; raises BrokenError.

    Every so many events the costly things are looked at as well.
    """
    with tempfile.TemporaryDirectory(prefix="digitpad-life-") as folder:
        home = Path(folder)
        furnish(home, spec)
        hand = Hand(spec, home, steps, events, every, beat)
        threads = set(threading.enumerate())
        with _world(hand, home, spec):
            try:
                status = loop.run(size=spec.size)
                hand.judge.after(status)
                _look_back(home)
                left = set(threading.enumerate()) - threads
                assert not left, f"a thread goes on: {left}"
            except Exception as error:
                raise hand.broken(error) from error
        return Lived(hand.sent, hand.judge.panels, hand.judge.times, hand.process)


@contextlib.contextmanager
def _world(hand: "Hand", home: Path, spec: Spec) -> Iterator[None]:
    """Put the hand in the place of events and clocks, and the life's own folder in that of the user's."""
    environment = {"DIGITPAD_HOME": str(home), "HOME": str(home), "PATH": str(home / "bin"), "SDL_VIDEODRIVER": "dummy"}
    serve = loop.serve
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(loop, "make_waiter", return_value=hand.wait),
        mock.patch.object(loop, "milliseconds", hand.clock),
        mock.patch.object(loop, "Worker", Worker if spec.threaded else AtOnce),
        mock.patch.object(loop, "serve", lambda app, display: serve(hand.meet(app), hand.watch(display))),
        mock.patch("edge_app.gui.services.open_history", partial(open_history, clock=lambda: hand.wall)),
        mock.patch("edge_app.gui.platform.display._quit_on_hangup"),  # a thread for as long as the process lives
        mock.patch.object(Pad, "drop", hand.judge.watched_drop(Pad.drop)),
    ):
        yield


class AtOnce(Immediate):
    """Does each job when it is asked for, and wakes the loop as the reader's thread would."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Start with nothing done."""
        super().__init__()
        self._wake = wake

    def submit(self, name: str, job: Callable[[], Any]) -> None:
        """Do a job."""
        super().submit(name, job)
        self._wake()


class Hand:
    """Sends one event after the other whenever the loop waits for one; has each effect judged when it is shown."""

    def __init__(
        self, spec: Spec, home: Path, steps: Sequence[Step] | None, events: int, every: int, beat: Callable[[], None]
    ) -> None:
        """Take `steps`, or random ones."""
        self.spec, self.home, self.beat = spec, home, beat
        self.now, self.wall = 1000, START
        self.rng = random.Random(spec.seed)
        self.taken = 0
        self.process: list[dict[str, float]] = []
        self.sent: Counter[str] = Counter()
        self.judge = Judge(every, spec.threaded)
        self._steps = steps if steps is None else list(steps)
        self._most = events
        self._waiting: list[pygame.event.Event] = []  # of the step that is being taken
        self.app: App
        self.display: Display

    def meet(self, app: App) -> App:
        """Take over an app whose loop is about to begin."""
        self.app = app
        app.services.rng = random.Random(self.spec.seed)
        app.services.now = lambda: datetime.fromtimestamp(self.wall, UTC)
        self.judge.begin(app)
        return app

    def watch(self, display: Display) -> Any:
        """Return the display, seen by the judge."""
        self.display = display
        return _Watched(display, self)

    def broken(self, error: Exception) -> BrokenError:
        """Return what went wrong with the steps until then."""
        rng = random.Random(self.spec.seed)
        steps = [next_step(rng) for _ in range(self.taken)] if self._steps is None else self._steps[: self.taken]
        return BrokenError(self.judge.kind(error), self.judge.said(error), steps)

    @property
    def over(self) -> bool:
        """Whether all was done."""
        return self.sent.total() >= self._most if self._steps is None else self.taken == len(self._steps)

    def wait(self, _: int | None) -> None:
        """Send the next event."""
        self.judge.before()
        if pygame.event.peek():
            return
        while not self._waiting:
            if self.over:
                self.judge.leaving = True
                pygame.event.post(pygame.event.Event(pygame.QUIT))
                return
            step = next_step(self.rng) if self._steps is None else self._steps[self.taken]
            self.taken += 1
            self._waiting = self._events(step)
        self._send(self._waiting.pop(0))

    def _send(self, event: pygame.event.Event) -> None:
        self.sent[pygame.event.event_name(event.type)] += 1
        if self.sent.total() % LOOK == 0:
            self.process.append(process())
        if self.sent.total() % BEAT == 0:
            self.beat()
        self.now += FRESH
        self.wall += FRESH / 1000
        pygame.event.post(event)

    def clock(self) -> int:
        """Return the time in milliseconds."""
        return self.now

    # What a step is in events

    def _events(self, step: Step) -> list[pygame.event.Event]:
        return getattr(self, f"_step_{step[0]}")(*step[1:])

    def _at(self, place: Sequence[float]) -> tuple[int, int]:
        width, height = pygame.display.get_window_size()
        return round(place[0] * width), round(place[1] * height)

    def _from_surface(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the window, in shares of it, of a place on the upright surface."""
        width, height = self.app.surface.get_size()
        x, y = x / width, y / height
        turned = {0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}
        return turned[self.display.rotate]

    def _pointer(self, how: str, phase: int, place: Sequence[float]) -> list[pygame.event.Event]:
        found = []
        if how in ("mouse", "both", "eraser"):
            kind = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP)[phase]
            button = 3 if how == "eraser" else 1
            found.append(pygame.event.Event(kind, pos=self._at(place), button=button, rel=(0, 0), touch=False))
        if how in ("finger", "both"):
            kind = (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP)[phase]
            named = {"touch_id": 5, "finger_id": 1, "x": place[0], "y": place[1], "dx": 0.0, "dy": 0.0}
            found.append(pygame.event.Event(kind, named))
        return found

    def _stroke(self, how: str, places: Sequence[Sequence[float]]) -> list[pygame.event.Event]:
        middle = [event for place in places[1:] for event in self._pointer(how, 1, place)]
        return [*self._pointer(how, 0, places[0]), *middle, *self._pointer(how, 2, places[-1])]

    def _step_press(self, share: float, how: str, lasts: int) -> list[pygame.event.Event]:
        scene = self.app.scene()
        takers = [widget for widget in scene.card or scene.widgets if widget.takes]
        if not takers:
            return []
        area = takers[int(share * len(takers))].area
        place = self._from_surface(area.left + area.width / 2, area.top + area.height / 2)
        down, up = self._pointer(how, 0, place), self._pointer(how, 2, place)
        return [*down, *([pygame.event.Event(WAITS, lasts=lasts)] if lasts else []), *up]

    def _step_tap(self, share: float) -> list[pygame.event.Event]:
        frames = self.app.scene().frames
        if not frames:
            return []
        area = frames[int(share * len(frames))].area
        place = self._from_surface(area.left + area.width / 2, area.top + area.height / 2)
        return [*self._pointer("mouse", 0, place), *self._pointer("mouse", 2, place)]

    def _step_write(self, sample: int, how: str, width: float, height: float) -> list[pygame.event.Event]:
        pad = self.app.layout().pad
        room = (pad.left, pad.top, max(2, round(width * pad.width)), max(2, round(height * pad.height)))
        strokes = placed(_inks()[sample % len(_inks())], room, random.Random(sample))
        return [
            event for stroke in strokes for event in self._stroke(how, [self._from_surface(x, y) for x, y in stroke])
        ]

    def _step_line(self, how: str, points: list[list[float]], times: int) -> list[pygame.event.Event]:
        return self._stroke(how, points * times)

    def _step_finger(self, kind: str, finger: int, touch: int, place: list[float]) -> list[pygame.event.Event]:
        named = {"touch_id": touch, "finger_id": finger, "x": place[0], "y": place[1], "dx": 0.0, "dy": 0.0}
        return [pygame.event.Event(getattr(pygame, kind), named)]

    def _step_mouse(self, kind: str, button: int, place: list[float], touch: bool) -> list[pygame.event.Event]:
        named = {"pos": self._at(place), "button": button, "rel": (0, 0), "buttons": (1, 0, 0), "touch": touch}
        return [pygame.event.Event(getattr(pygame, kind), named)]

    def _step_key(self, key: int, mod: int) -> list[pygame.event.Event]:
        named = {"key": key, "mod": mod, "unicode": "", "scancode": 0}
        return [pygame.event.Event(kind, named) for kind in (pygame.KEYDOWN, pygame.KEYUP)]

    def _step_event(self, kind: str, named: dict[str, Any]) -> list[pygame.event.Event]:
        return [pygame.event.Event(getattr(pygame, kind), named)] if hasattr(pygame, kind) else []

    def _step_unknown(self, number: int) -> list[pygame.event.Event]:
        return [pygame.event.Event(number)] if number not in (WAITS, WAKE) else []

    def _step_drop(self, number: int) -> list[pygame.event.Event]:
        files = sorted((self.home / "pictures").iterdir())
        return [pygame.event.Event(pygame.DROPFILE, file=str(files[number % len(files)]))]

    def _step_resize(self, width: int, height: int) -> list[pygame.event.Event]:
        """Be the window system: the window has another size, and then it is told."""
        full = pygame.FULLSCREEN if self.display.fullscreen else 0
        pygame.display.set_mode((width, height), pygame.RESIZABLE | full)
        return [pygame.event.Event(pygame.VIDEORESIZE, size=(width, height), w=width, h=height)]

    def _step_wait(self, milliseconds: int) -> list[pygame.event.Event]:
        self.now += milliseconds
        return [pygame.event.Event(WAITS, lasts=0)]

    def _step_wall(self, seconds: float) -> list[pygame.event.Event]:
        self.wall = seconds
        return []


WAITS = pygame.USEREVENT + 77  # nothing but time


class _Watched:
    """The display, but for what its loop shows."""

    def __init__(self, display: Display, hand: Hand) -> None:
        self._display, self._hand = display, hand

    def show(self, changed: Sequence[pygame.Rect]) -> None:
        self._display.show(changed)
        self._hand.judge.see(self._hand.sent.total())

    def upright(self, event: pygame.event.Event) -> pygame.event.Event:
        if event.type == WAITS:
            self._hand.now += event.lasts
        return self._display.upright(event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._display, name)


def _inks() -> list[Any]:
    return [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)]


def furnish(home: Path, spec: Spec) -> None:
    """Put settings, files to open and a speech command into a home."""
    (home / "config").mkdir()
    lines = [f"{name} = {json.dumps(value)}" for name, value in spec.settings.items()]
    (home / "config" / "settings.toml").write_text("# mine\n" + "\n".join(lines) + "\n")
    (home / "bin").mkdir()
    if spec.speaks:
        speaker = home / "bin" / "espeak"
        speaker.write_text("#!/bin/sh\nexit 0\n")
        speaker.chmod(0o755)
    pictures = home / "pictures"
    (pictures / "a folder").mkdir(parents=True)
    line = json.dumps({"strokes": [[[0, 30], [25, 0], [25, 100]], [[60, 0], [60, 90]]]}).encode()
    (pictures / "ink.json").write_bytes(line)
    (pictures / "lines.jsonl.gz").write_bytes(gzip.compress(line + b"\n" + line))
    (pictures / "wide.json").write_text(json.dumps({"strokes": [[[1e-9 * i, 1e9 * (i % 2)] for i in range(50)]]}))
    (pictures / "broken.json").write_bytes(line[:30])
    (pictures / "empty.jsonl").write_bytes(b"")
    (pictures / "odd \x07 \udce4 name.png").write_bytes(b"no picture")
    picture = np.full((60, 90), 255, np.uint8)
    picture[10:50, 20:26] = picture[10:50, 60:66] = 0
    Image.fromarray(picture).save(pictures / "picture.png")
    y, x = np.mgrid[0:300, 0:300]
    Image.fromarray((np.maximum(abs(x - 150), abs(y - 150)) // 3 % 2 * 255).astype(np.uint8)).save(
        pictures / "rings.bmp"
    )


def _look_back(home: Path) -> None:
    """Raise unless what a life has left on the disk can be read."""
    _, problems = read_settings(home / "config" / "settings.toml")
    assert not problems, problems
    path = home / "data" / "digitpad.sqlite3"
    if path.exists():
        store = HistoryStore(path)
        try:
            assert not store.notices, store.notices
            for page in store.pages(10_000):
                assert page.ink, page.id
                page.to_json()
            store.examples()
        finally:
            store.close()


def process() -> dict[str, float]:
    """Return MB resident, open files and threads of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    resident = round(int(status["VmRSS"].split()[0]) / 1024, 1)
    files = len(list(Path("/proc/self/fd").iterdir()))
    return {"resident_mb": resident, "files": files, "threads": int(status["Threads"])}


def to_case(spec: Spec, steps: Sequence[Step] | None) -> bytes:
    """Return a life as JSON: what it begins with, and its steps where they are known."""
    return json.dumps({"spec": asdict(spec), "steps": steps}).encode()


def from_case(case: bytes) -> tuple[Spec, list[Step] | None]:
    """Return a life from JSON."""
    content = json.loads(case)
    spec = content["spec"]
    return Spec(**{**spec, "size": tuple(spec["size"])}), content["steps"]
