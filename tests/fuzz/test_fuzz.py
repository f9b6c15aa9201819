"""The fuzzer: that it sees what there is to see, that a try can be made again, and a short run of each target."""

import json
import time
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pygame
import pytest

from edge_app.gui.app import App
from edge_app.gui.background import Worker
from edge_app.gui.drawing.painter import Painter
from edge_app.gui.handlers.ink import Writing
from edge_app.gui.pad import Pad, Page
from edge_app.gui.views.screen import Scene
from tools.bench.screen import ProcessError
from tools.fuzz import campaign
from tools.fuzz.__main__ import main
from tools.fuzz.campaign import Wanted, run_target
from tools.fuzz.hands import Step
from tools.fuzz.judge import MOST_SECONDS
from tools.fuzz.life import BrokenError, Spec, live
from tools.fuzz.run import Run
from tools.fuzz.shrink import shrink
from tools.fuzz.targets import TARGETS

SHORT = {
    "ink": 300,
    "images": 150,
    "models": 200,
    "texts": 100,
    "data": 100,
    "history": 100,
    "window": 1,
    "desktop": 1,
}  # tries


def test_crash_hang_bug_and_waste_are_found_and_the_rest_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "STUCK", 15.0)
    result = run_target("tests.support.hostile", Wanted(None, 12, 1), tmp_path)
    found = [(finding["kind"], finding["number"], finding["times"]) for finding in result["findings"]]
    assert found == [
        ("many lines", 2, 1),
        ("KeyError in hostile.py:act", 3, 2),
        ("crash (SIGSEGV)", 5, 1),
        ("hang", 6, 1),
        ("slow (well)", 7, 1),
        ("memory (well)", 8, 1),
        ("RuntimeWarning in hostile.py:act", 9, 1),
    ]
    assert result["tries"] == 12
    assert result["outcomes"] == {"well": 3, "refused": 1, "finding": 8}
    for ended in (2, 3):  # where it crashed, and where it hung
        assert "hostile.py" in result["findings"][ended]["said"]
    kept = [(tmp_path / finding["case"]).read_bytes() for finding in result["findings"]]
    assert [int(case.split()[0]) for case in kept] == [2, 3, 5, 6, 7, 8, 9]


def test_a_try_is_the_same_whatever_came_before_it(tmp_path: Path) -> None:
    cases = []
    for first, most in ((0, 12), (9, 1)):
        run = Run("tests.support.hostile", 5, tmp_path, most=most, number=first)
        cases.append([rng.random() for rng in run.tries() if run.attempt(b"", lambda: "well")])
    assert cases[1] == cases[0][9:10]
    assert Run("tests.support.hostile", 6, tmp_path).rng(9).random() != cases[1][0]


def test_a_target_that_fails_itself_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no_such_target"):
        run_target("tests.no_such_target", Wanted(None, 1, 1), tmp_path)


@pytest.mark.parametrize("name", SHORT)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fuzz.json"
    arguments = [name, "--tries", str(SHORT[name]), "--seed", "3", "--json", str(file), "--folder", str(tmp_path)]
    assert main(arguments) == 0, capfd.readouterr().err
    result = json.loads(file.read_text())[name]
    assert result["tries"] == SHORT[name]
    assert sum(result["outcomes"].values()) == SHORT[name]
    assert len(result["outcomes"]) > 1 or SHORT[name] == 1  # else it would try one thing alone
    assert result["findings"] == []


WRITE: Step = ["write", 1, "mouse", 0.5, 0.4]
LINE: Step = ["line", "mouse", [[0.2, 0.5], [0.4, 0.6], [0.3, 0.7]], 1]
DOWN: Step = ["mouse", "MOUSEBUTTONDOWN", 1, [0.3, 0.6], False]
UNDO: Step = ["key", pygame.K_u, 0]
REDO: Step = ["key", pygame.K_y, pygame.KMOD_CTRL]
QUIET = {"history": "off", "language": "en"}


def wipes_for_good(self: Writing, _: Any = None) -> None:
    self.state.pad.page = Page()
    self.app.changed()


def loses_the_line(self: App, surface: pygame.Surface, resize: Any = App.resize) -> None:
    self.state.pad.current.clear()
    resize(self, surface)


def takes_long(self: App, surface: pygame.Surface, resize: Any = App.resize) -> None:
    began = time.thread_time()
    while time.thread_time() < began + MOST_SECONDS + 0.05:
        pass
    resize(self, surface)


def forgets_the_way(self: Pad, redo: Any = Pad.redo) -> bool:
    done = redo(self)
    self._past.clear()
    return bool(done)


def fails(*_: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("place", "name", "instead", "steps", "said"),
    [
        (Writing, "clear", wipes_for_good, [WRITE, ["key", pygame.K_DELETE, 0]], "a page is gone that undo does not"),
        (App, "resize", loses_the_line, [DOWN, ["resize", 320, 240]], "the line under the pen is gone"),
        (App, "resize", takes_long, [["resize", 320, 240]], "an event took"),
        (Pad, "redo", forgets_the_way, [LINE, LINE, UNDO, UNDO, REDO], "a page is gone that undo does not"),
        (App, "tick", fails, [], "ZeroDivisionError"),
        (Worker, "close", lambda *_: None, [LINE], "a thread goes on"),
    ],
)
def test_what_is_planted_in_the_window_is_found(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, instead: Any, steps: list[Step], said: str
) -> None:
    spec = Spec(1, threaded=place is Worker, settings=QUIET)
    live(spec, steps=steps, every=1)  # nothing is found before it is planted
    monkeypatch.setattr(place, name, instead)
    with pytest.raises(BrokenError, match=said):
        live(spec, steps=steps, every=1)


def test_a_wrong_pixel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    draw, fresh = Painter.draw, WeakSet[Painter]()

    def smears(self: Painter, scene: Scene, *rest: Any) -> Any:
        changed = draw(self, scene, *rest)
        if scene.frames and self in fresh:  # what is drawn with one stroke of the brush is right
            self.surface.fill((255, 0, 0), (300, 300, 1, 1))
        fresh.add(self)
        return changed

    monkeypatch.setattr(Painter, "draw", smears)
    with pytest.raises(BrokenError, match=r"differs within \[\[300, 300\], \[300, 300\]\]"):
        live(Spec(1, settings=QUIET), steps=[WRITE], every=1)


@pytest.mark.parametrize(
    "steps",
    [
        [["resize", 64, 48], ["mouse", "MOUSEBUTTONDOWN", 1, [0.5946, 0.9481], False]],
        [["resize", 64, 48], ["press", 0.3373, "mouse", 0]],
        [["resize", 64, 48], LINE, WRITE, UNDO, ["key", pygame.K_p, 0], ["key", pygame.K_TAB, 0]],
    ],
)
def test_a_window_without_room_is_drawn_right(steps: list[Step]) -> None:
    live(Spec(1, (1024, 600), settings=QUIET), steps=steps, every=1)


def test_few_steps_are_left_of_many() -> None:
    steps = list(range(300))
    assert shrink(steps, lambda left: 17 in left and 203 in left, 10) == [17, 203]
    assert shrink(steps, lambda left: 299 in left, 10) == [299]
    assert len(shrink(steps, lambda left: len(left) >= 40, 10)) == 40


def test_a_life_is_the_same_again() -> None:
    lives = [live(Spec(7, settings=QUIET), events=300, every=50) for _ in range(2)]
    assert lives[0].events == lives[1].events
    assert lives[0].panels == lives[1].panels
    assert len(lives[0].events) > 15


def test_a_case_is_tried_again_by_its_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b'R0{"strokes": [[[0, 1]]]}')
    bad.write_bytes(b"R0{")
    assert main(["ink", "--case", str(good)]) == 0
    assert "read" in capfd.readouterr().out
    assert main(["ink", "--case", str(bad)]) == 0
    assert "refused" in capfd.readouterr().out


def test_each_target_is_tried_here_or_needs_more() -> None:
    assert [name for name in TARGETS if not name.endswith(("_guided", "_long"))] == list(SHORT)


@pytest.mark.parametrize("arguments", [["inc"], ["--try", "3"], ["ink", "--tris", "1"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
