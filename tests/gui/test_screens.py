"""Screens against the golden pictures in tests/gui/screens; pytest --write-screens writes them again."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from PIL import Image

from edge_app.errors import ModelError
from edge_app.gui.drawing.painter import Painter
from edge_app.gui.layer_maps import Maps
from edge_app.gui.question import Question
from edge_app.gui.side_by_side import Comparison
from edge_app.gui.views.screen import Scene
from edge_app.gui.views.widgets import Widget
from edge_app.personal.practice import demonstration
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.results import Candidate
from edge_app.storage.history import HistoryStore

from ..conftest import DATA
from ..support import golden
from ..support.fakes import Opener, fixed
from ..support.pilot import NOW, SIZES, Pilot, folders_in, mouse

LONG = 20_000  # milliseconds: all notices are gone
MEGABYTE = 1 << 20


def read(pilot: Pilot) -> None:
    """A number with a rejected digit and a corrected one.

    The rejected one is so far from a digit that its percentage is the same with every interpreter.
    """
    pilot.write(4, width=0.62)
    pad = pilot.app.ctx.view.layout.pad
    side = min(0.14 * pad.width, 0.5 * pad.height)
    left, top = pad.left + 0.8 * pad.width, pad.top + 0.3 * pad.height
    waves = [(left + side * i / 40, top + side * (0.5 + 0.3 * math.sin(1.4 * i))) for i in range(41)]
    pilot.draw(waves)
    assert pilot.state.reading.text == "2026?"
    pilot.do("digit_panel", 1)
    pilot.do("label", "6")
    pilot.wait(LONG)


def mid_stroke(pilot: Pilot) -> None:
    *whole, last = pilot.strokes_of(4)
    for stroke in whole:
        pilot.draw(stroke)
    pilot.pen_down(last[: len(last) // 2])


def two_lines(pilot: Pilot) -> None:
    pad = pilot.app.ctx.view.layout.pad
    for sample, down in ((4, -0.2), (5, 0.25)):
        for stroke in pilot.strokes_of(sample, height=0.3):
            pilot.draw([(x, y + down * pad.height) for x, y in stroke])
    assert pilot.state.reading.text == "2026\n31415"


def blank(pilot: Pilot) -> None:
    """Nothing is written yet."""


def menu(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.do("open", "menu")


def digit(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.do("digit_panel", 1)


def occlusion(pilot: Pilot) -> None:
    """With an artificial map: the real one differs between interpreters, and is tested elsewhere."""
    digit(pilot)
    pilot.do("map", 1)
    assert pilot.state.heat[1]
    pilot.state.heat[1] = bytes(200 * (column >= 14) for _ in range(28) for column in range(28))
    pilot.settle()


def rejected_digit(pilot: Pilot) -> None:
    read(pilot)
    pilot.do("digit_panel", len(pilot.state.reading.digits) - 1)


def layers(pilot: Pilot) -> None:
    """With artificial maps, as those of another network would be others."""
    pilot.write(4)
    pilot.settle()  # the real ones have come
    shapes = ((1, 28, 28), (32, 12, 12), (48, 10, 10), (64, 4, 4), (96, 2, 2), (11, 1, 1))
    ramps = [(np.arange(math.prod(shape)) * 7 % 255).astype(np.uint8) for shape in shapes]
    image = np.minimum(np.array(pilot.state.reading.digits[-1].image), 254).tobytes()
    maps = [
        Maps(shape, own.tobytes(), own.tobytes(), own[::-1].tobytes(), 0.02)
        for shape, own in zip(shapes, ramps, strict=True)
    ]
    pilot.state.layers = (Maps((1, 28, 28), image), *maps[1:-1], replace(maps[-1], names="0123456789?"))
    pilot.settle()


def layer(pilot: Pilot) -> None:
    layers(pilot)
    pilot.do("layer", 2)


def panel(name: str) -> Callable[[Pilot], None]:
    def show(pilot: Pilot) -> None:
        pilot.do("open", name)

    return show


def history(pilot: Pilot) -> None:
    for sample in (0, 3, 4, 5, 7):
        pilot.write(sample)
        pilot.do("clear")
    pilot.do("open", "history")
    pilot.do("entry", pilot.state.pages[1].id)
    pilot.do("keypad")
    for typed in "31416":
        pilot.do("digit", typed)
    pilot.do("typed")
    pilot.do("escape")


def entry(pilot: Pilot) -> None:
    history(pilot)
    pilot.do("entry", pilot.state.pages[1].id)


def keypad(pilot: Pilot) -> None:
    entry(pilot)
    pilot.do("keypad")
    for typed in "314":
        pilot.do("digit", typed)


def hand(pilot: Pilot) -> None:
    """Examples of exercises, in use, and a correction that was set aside."""
    judged("")(pilot)
    for _ in range(6):
        pilot.do("next")
        write_target(pilot)
    pilot.do("practice")
    pilot.write(0)
    pilot.do("digit_panel", 0)
    pilot.do("label", "1")
    pilot.wait(LONG)
    pilot.do("open", "hand")


def files(pilot: Pilot) -> None:
    assert pilot.services.folders
    folder = pilot.services.folders.pictures
    for name in ("Exercises", "School"):
        (folder / name).mkdir(parents=True)
    for name in ("2026.png", "a very long name of a photograph, taken on a Sunday afternoon.jpg", "ink.jsonl"):
        (folder / name).touch()
    pilot.do("open", "files")


def leaving(pilot: Pilot) -> None:
    """The button that ends a kiosk, held for half its time."""
    pilot.do("quit")
    area = pilot.button("leave").area
    pilot.handle(mouse(pygame.MOUSEBUTTONDOWN, (area.left + area.width / 2, area.top + area.height / 2)))
    pilot.wait(1000)


def practice(pilot: Pilot) -> None:
    pilot.do("practice")


def demonstrated(pilot: Pilot) -> None:
    practice(pilot)
    pilot.do("show")
    pilot.wait(1200)


def write_target(pilot: Pilot, number: str = "") -> None:
    """Write the number that was asked, or another, and have it judged."""
    exercise, pad = pilot.state.exercise, pilot.app.ctx.view.layout.pad
    assert exercise
    target = exercise.practice.target
    for stroke in demonstration(number or target, pad.width, pad.height).strokes:
        pilot.draw([(x + pad.left, y + pad.top) for x, y in stroke.tolist()])
    pilot.wait(1500)
    assert exercise.judged
    assert exercise.judged.right == (number in ("", target))


def judged(number: str) -> Callable[[Pilot], None]:
    """An exercise in which the number that was asked, or another, is written."""

    def show(pilot: Pilot) -> None:
        practice(pilot)
        write_target(pilot, number)

    return show


def compare(pilot: Pilot) -> None:
    pilot.write(0)
    pilot.do("compare")


def picture(pilot: Pilot) -> None:
    pilot.do("file", str(DATA / "2026.png"))
    pilot.wait(LONG)


def toast(pilot: Pilot) -> None:
    pilot.write(4)
    pilot.do("copy")


def unsure(pilot: Pilot) -> None:
    """With made up candidates, which are the same with every network."""
    pilot.write(4)
    state = pilot.state
    digits = state.reading.digits
    shares = {"2025": 0.21, "2826": 0.08, "20226": 0.04}
    others = tuple(Candidate(digits, tuple(text), share) for text, share in shares.items())
    state.reading = replace(state.reading, grouping=0.64, candidates=others)
    pilot.settle()


def keep(pilot: Pilot) -> None:
    pilot.state.keep_question = "later"
    pilot.write(4)
    pilot.wait(LONG)


def ask(pilot: Pilot) -> None:
    """A script's question, before anything is written."""
    pilot.state.question = Question("PIN", digits=(4, 4))
    pilot.settle()


def ask_written(pilot: Pilot) -> None:
    ask(pilot)
    pilot.write(4)


def ask_unfit(pilot: Pilot) -> None:
    ask(pilot)
    pilot.write(0)


def ask_secret(pilot: Pilot) -> None:
    pilot.state.question = Question("PIN", secret=True)
    pilot.write(4)


def fault(pilot: Pilot) -> None:
    def fail() -> None:
        raise ModelError("models/digits_int8.tflite: expected int8 input, found float32. Run: python -m convert")

    pilot.services.worker.submit("load", fail)
    pilot.settle()


SCENES: dict[str, Callable[[Pilot], None]] = {
    "main": read,
    "two-lines": two_lines,
    "mid-stroke": mid_stroke,
    "blank": blank,
    "menu": menu,
    "digit": digit,
    "rejected-digit": rejected_digit,
    "occlusion": occlusion,
    "layers": layers,
    "layer": layer,
    "settings": panel("settings"),
    "history": history,
    "history-empty": panel("history"),
    "entry": entry,
    "keypad": keypad,
    "hand": hand,
    "hand-empty": panel("hand"),
    "files": files,
    "keys": panel("keys"),
    "ask": ask,
    "ask-written": ask_written,
    "ask-unfit": ask_unfit,
    "ask-secret": ask_secret,
    "keep": keep,
    "unsure": unsure,
    "forget": panel("forget"),
    "quit": leaving,
    "practice": practice,
    "demonstration": demonstrated,
    "right": judged(""),
    "wrong": judged("4"),
    "agree": compare,
    "differ": compare,
    "picture": picture,
    "toast": toast,
    "fault": fault,
}
SETTINGS: dict[str, dict[str, Any]] = {
    **{scene: {"history": "on"} for scene in ("history", "history-empty", "entry", "keypad")},
    "quit": {"kiosk": True},
    "layers": {"layers": True},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    **{theme: {"theme": theme} for theme in ("dark", "contrast")},
    **{language: {"language": language} for language in ("de", "fr", "es")},
    **{size: {"text_size": size} for size in ("large", "huge")},
    "left": {"left_handed": True},
}


@dataclass(frozen=True)
class Shot:
    """A scene in a size and a variant."""

    scene: str
    size: tuple[int, int] = (800, 480)
    variant: str = ""

    @property
    def name(self) -> str:
        """What its picture is called."""
        return f"{self.scene}-{self.size[0]}x{self.size[1]}" + (f"-{self.variant}" if self.variant else "")

    def take(self, recognizer: Recognizer, path: Path) -> Pilot:
        """Return the app as it shows the scene."""
        pilot = Pilot(
            recognizer,
            self.size,
            folders=folders_in(path / "home"),
            store=HistoryStore(path / "history.sqlite3", NOW.timestamp),
            comparison=comparison_with(7 if self.scene == "agree" else 4),
            **{**SETTINGS.get(self.scene, {}), **VARIANTS[self.variant]},
        )
        SCENES[self.scene](pilot)
        return pilot


SMALL, COMMON = (320, 240), (480, 320)
SHOTS = list(
    dict.fromkeys(
        (
            *(Shot(scene) for scene in SCENES),
            *(Shot(scene, size) for scene in ("main", "menu", "digit") for size in SIZES),
            *(
                Shot(scene, COMMON, theme)
                for scene in ("main", "menu", "digit", "practice")
                for theme in ("dark", "contrast")
            ),
            *(Shot(scene, SMALL, words) for scene in ("main", "menu", "settings") for words in ("de", "fr", "es")),
            *(Shot(scene, COMMON, text) for scene in ("main", "menu", "digit") for text in ("large", "huge")),
            *(Shot(scene, COMMON, "left") for scene in ("main", "differ")),
            *(Shot(scene, (480, 800)) for scene in ("main", "hand", "settings", "right", "differ")),
            Shot("main", (480, 800), "left"),
            *(Shot("two-lines", size) for size in (SMALL, (1920, 1080))),
            *(Shot("layers", variant=theme) for theme in ("dark", "contrast")),
            *(Shot("layers", size) for size in ((480, 800), (1920, 1080))),
            *(Shot("layer", SMALL, words) for words in ("", "de", "fr", "es")),
            *(Shot(scene, SMALL, words) for scene in ("fault", "keep") for words in ("de", "fr", "es")),
            *(Shot("ask-written", size) for size in (SMALL, (1920, 1080))),
            *(Shot("unsure", size) for size in (SMALL, (1920, 1080))),
            *(Shot("unsure", COMMON, variant) for variant in ("dark", "contrast")),
            *(Shot("keep", size) for size in (SMALL, (480, 800), (1920, 1080))),
            *(Shot("keep", COMMON, variant) for variant in ("dark", "contrast", "huge")),
        )
    )
)


def comparison_with(answer: int) -> Comparison:
    """A comparison with a network that always gives one answer, in which each run takes 4.2 ms."""
    ticks = count()
    return Comparison(Opener(fixed(answer, np.float32)), lambda: 0.0042 * next(ticks))


def picture_of(surface: pygame.Surface) -> golden.Picture:
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


pytestmark = pytest.mark.skipif(
    not getattr(pygame, "IS_CE", False), reason="classic pygame sets type otherwise: the pictures are pygame-ce's"
)


@pytest.fixture(autouse=True)
def _pygame() -> Iterator[None]:
    yield
    pygame.quit()


@pytest.mark.parametrize(
    "shot",
    [pytest.param(shot, marks=[pytest.mark.slow] if max(shot.size) > 1280 else [], id=shot.name) for shot in SHOTS],
)
def test_screen_matches_its_golden_picture(
    shot: Shot, recognizer: Recognizer, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    picture = picture_of(shot.take(recognizer, tmp_path).app.surface)
    if pytestconfig.getoption(golden.OPTION):
        golden.keep(shot.name, picture)
    said = golden.fault(shot.name, picture, tmp_path)
    assert said is None, said


def test_there_is_a_picture_of_each_scene_and_no_other_and_all_are_small() -> None:
    found = list(golden.FOLDER.glob("*"))
    assert {path.name for path in found} == {f"{shot.name}.png" for shot in SHOTS}
    assert sum(path.stat().st_size for path in found) <= 1.25 * MEGABYTE


# What must be detected, and what tolerated


def painted(pilot: Pilot, scene: Scene) -> golden.Picture:
    """Another scene with the same ink, drawn at once."""
    surface = pygame.Surface(pilot.app.surface.get_size(), depth=32)
    Painter(surface, pilot.app.painter.fonts).draw(scene, pilot.state.pad.strokes)
    return picture_of(surface)


def with_widget(scene: Scene, old: Widget, new: Widget) -> Scene:
    def exchanged(widgets: tuple[Widget, ...]) -> tuple[Widget, ...]:
        return tuple(new if widget is old else widget for widget in widgets)

    return replace(scene, widgets=exchanged(scene.widgets), card=exchanged(scene.card))


ALTERED = [
    *(Shot(scene, COMMON) for scene in ("main", "digit")),
    *(Shot(scene, SMALL, "de") for scene in ("menu", "settings")),
    *(Shot(scene) for scene in ("practice", "keypad", "quit", "differ")),
]


@pytest.mark.slow
@pytest.mark.parametrize("shot", ALTERED, ids=lambda shot: shot.name)
def test_each_alteration_is_detected(shot: Shot, recognizer: Recognizer, tmp_path: Path) -> None:
    """A moved widget, a missing word, another colour, a missing frame."""
    pilot, expected = shot.take(recognizer, tmp_path), golden.kept(shot.name)
    scene = pilot.app.ctx.view.scene()
    unaltered = painted(pilot, scene)
    assert golden.is_like(expected, unaltered)
    for widget in [widget for widget in scene.card or scene.widgets if widget.kind != "card"]:
        for dx, dy in ((-6, 0), (0, 6)):
            area = widget.area._replace(left=widget.area.left + dx, top=widget.area.top + dy)
            assert not golden.is_like(expected, painted(pilot, with_widget(scene, widget, replace(widget, area=area))))
        without = painted(pilot, with_widget(scene, widget, replace(widget, text=" ")))
        is_drawn = (without != unaltered).any()  # not on buttons that are too small for it
        assert golden.is_like(expected, without) == (not is_drawn), widget
        if widget.kind in ("tool", "button", "cell"):
            other = with_widget(scene, widget, replace(widget, on=not widget.on))
            assert not golden.is_like(expected, painted(pilot, other)), widget
    for theme in ("dark", "contrast"):
        assert not golden.is_like(expected, painted(pilot, replace(scene, theme=theme)))
    for frame in scene.frames if not scene.card else ():
        rest = tuple(other for other in scene.frames if other is not frame)
        assert not golden.is_like(expected, painted(pilot, replace(scene, frames=rest)))


@pytest.mark.parametrize("shot", ALTERED, ids=lambda shot: shot.name)
def test_noise_is_tolerated(shot: Shot) -> None:
    expected = golden.kept(shot.name)
    noise = np.random.default_rng(1).integers(-12, 13, expected.shape)
    assert golden.is_like(expected, np.clip(expected + noise, 0, 255).astype(np.uint8))


def test_a_difference_is_shown_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path / "screens")
    expected = np.full((40, 64, 3), 255, np.uint8)
    got = expected.copy()
    got[8:24, 8:24] = 0
    assert "no picture to compare with" in str(golden.fault("some", expected, tmp_path))
    golden.keep("some", expected)
    assert golden.fault("some", expected, tmp_path) is None
    said = str(golden.fault("some", got, tmp_path))
    assert str(tmp_path / "some.png") in said
    assert golden.OPTION in said
    with Image.open(tmp_path / "some.png") as image:
        shown = np.array(image)
    assert shown.shape == (40, 3 * 64 + 2 * golden.BLOCK, 3)
    assert (shown[:, :64] == expected).all()
    assert (shown[:, 72:136] == got).all()
    assert (shown[8:24, 152:168] == (127, 0, 0)).all()
    assert (shown[24:, 144:] == 255).all()
    assert "some" in str(golden.fault("some", got[:, :60], tmp_path))  # another size


def test_a_wide_picture_is_reduced_by_a_whole_factor() -> None:
    wide = np.zeros((216, 3840, 3), np.uint8)
    wide[:, 2::4] = 200
    assert golden.reduced(wide).shape == (54, 960, 3)
    assert (golden.reduced(wide) == 50).all()
    assert golden.reduced(wide[:, :1024]).shape == (216, 1024, 3)
