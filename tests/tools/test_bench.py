"""The bench: its sums against known ones, and all of it once, quickly; how fast anything is asserts nobody."""

import json
import os
import random
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.bench.__main__ import main, make_parser
from tools.bench.figures import WANTED, measured, missing, slope, summary
from tools.bench.samples import numbers, placed
from tools.bench.screen import ProcessError
from tools.bench.steps import STEPS

from ..conftest import ROOT

KEYS = {"unit", "n", "best", "median", "p99", "goal", "judged", "ok"}
WITH_A_WINDOW = {"resident_memory", "peak_memory", "idle_cpu", "idle_wake_ups"}


def run_bench(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def is_sane(figure: dict[str, Any]) -> bool:
    numbers_of = [figure[key] for key in ("best", "median", "p99")]
    judged = figure["judged"]
    verdict = figure[judged] <= figure["goal"] if judged else None
    return figure.keys() >= KEYS and numbers_of == sorted(numbers_of) and figure["ok"] is verdict


def test_a_figure_is_judged_by_what_its_goal_is_for() -> None:
    slow_at_times = measured("event_to_pixel", [1.0] * 90 + [40.0] * 10)
    assert (slow_at_times["median"], slow_at_times["p99"], slow_at_times["ok"]) == (1.0, 40.0, False)
    assert measured("first_frame", [300.0, 310.0, 900.0])["ok"]  # by its median
    assert not measured("first_frame", [300.0, 410.0, 420.0])["ok"]
    assert measured("normalise", [1e9])["ok"] is None  # no goal to miss


def test_percentiles_are_those_of_the_sorted_values() -> None:
    found = measured("idle_cpu", [float(value) for value in range(101)][::-1])
    assert (found["n"], found["best"], found["median"], found["p99"]) == (101, 0.0, 50.0, 99.0)


def test_what_was_not_measured_says_why_and_is_no_success() -> None:
    figure = missing("growth", "this system has no /proc")
    assert figure.keys() == KEYS | {"reason"}
    assert (figure["n"], figure["ok"]) == (0, None)
    assert "growth              not measured: this system has no /proc" in summary({"growth": figure})
    assert measured("growth", [])["n"] == 0


def test_the_slope_is_that_of_a_line_and_of_none() -> None:
    assert slope([(x, 3 * x + 70) for x in (0.0, 1.0, 2.5, 4.0)]) == pytest.approx(3)
    assert slope([(0, 71), (1, 69), (2, 69), (3, 71)]) == pytest.approx(0)


def test_a_missed_goal_is_seen_in_the_table() -> None:
    table = summary({"lift_to_label": measured("lift_to_label", [99.0]), "idle_cpu": measured("idle_cpu", [0.1])})
    rows = [line.split() for line in table.splitlines()]
    assert rows[1] == ["lift_to_label", "99.00", "99.00", "1", "p99", "<=", "10", "MISSED", "ms"]
    assert "ok" in rows[2]


def test_numbers_to_write_lie_on_the_pad_and_differ() -> None:
    rng, (ink, *_) = random.Random(3), numbers()
    one, other = (placed(ink, (100, 50, 600, 300), rng) for _ in range(2))
    assert one != other
    high = [placed(ink, (100, 50, 200, 900), rng) for _ in range(20)]  # a slanted line must not leave it
    for strokes, end in ((one, (700, 350)), (other, (700, 350)), *((number, (300, 950)) for number in high)):
        points = np.array([at for stroke in strokes for at in stroke])
        assert (points >= (100, 50)).all()
        assert (points < end).all()
        assert all(a != b for stroke in strokes for a, b in pairwise(stroke))


@pytest.mark.parametrize("arguments", [["--size", "800"], ["--size", "ax5"], ["--only", "sleep"], ["--quik"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(arguments)
    assert ended.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


@pytest.mark.e2e
def test_all_of_it_without_a_screen(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    done = run_bench({**os.environ, "SDL_VIDEODRIVER": "dummy"}, "--quick", "--json", str(file))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert json.loads(file.read_text()) == report
    assert report["display"] == {"driver": "dummy", "virtual": False, "window": [800, 480]}
    assert report["faults"] == {}
    figures = report["figures"]
    assert figures.keys() == WANTED.keys()
    for name in WITH_A_WINDOW:
        assert "no display is there" in figures[name]["reason"]
    assert all(is_sane(figures[name]) for name in WANTED.keys() - WITH_A_WINDOW)
    pixels = figures["event_to_pixel"]
    assert pixels["n"] > 150
    assert (pixels["ignored"], pixels["unseen"]) == (0, 0)  # each point was taken and seen
    assert figures["lift_to_label"]["n"] == len(numbers()[0])
    assert len(figures["growth"]["minutes_and_mb"]) == 11
    assert "bench: 6/6" in done.stderr


@pytest.mark.e2e
def test_a_window_on_a_virtual_display_costs_memory_and_rests() -> None:
    if not shutil.which("Xvfb"):
        pytest.skip("needs Xvfb. Debian: sudo apt install xvfb")
    blind = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}
    environment = {name: value for name, value in os.environ.items() if name not in blind}
    arguments = ["--quick", "--only", "memory", "--only", "idle", "--size", "640x400"]
    done = run_bench(environment, *arguments)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["display"]["driver"], report["display"]["virtual"]) == ("x11", True)
    figures = report["figures"]
    assert figures.keys() == WITH_A_WINDOW
    assert all(is_sane(figure) for figure in figures.values())
    assert 20 < figures["resident_memory"]["median"] <= figures["peak_memory"]["median"] < 500
    assert figures["idle_cpu"]["median"] < 50  # it sleeps at least now and then


def test_a_goal_that_is_missed_fails_only_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "engine", ("a stub", lambda *_: {"idle_cpu": measured("idle_cpu", [80.0])}))
    assert main(["--only", "engine"]) == 0
    assert main(["--only", "engine", "--check"]) == 1


def test_a_step_that_fails_is_named_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise ProcessError("the model was not loaded")

    monkeypatch.setitem(STEPS, "start", ("a stub", fail))
    assert main(["--quick", "--only", "start", "--only", "engine"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["faults"] == {"start": "the model was not loaded"}
    assert report["figures"].keys() == {"normalise", "inference", "five_digit_number", "self_test"}
