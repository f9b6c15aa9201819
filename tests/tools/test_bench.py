"""The bench: its statistics, and all of it once, quickly; no test asserts how fast anything is."""

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

from tools.bench.__main__ import GOALS, STEPS, NotMeasurableError, figure, main, make_parser, table
from tools.bench.hand import numbers, placed
from tools.bench.process import ProcessError
from tools.bench.scenarios import slope

from ..conftest import ROOT

WITH_A_DISPLAY = {"resident_memory", "peak_memory", "idle_cpu", "idle_wake_ups"}


def run_bench(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tools.bench", "--quick", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_figure_is_compared_with_its_goal() -> None:
    slow_at_times = figure("event_to_pixel", [1.0] * 90 + [40.0] * 10)
    assert (slow_at_times["median"], slow_at_times["p99"], slow_at_times["ok"]) == (1.0, 40.0, False)
    assert figure("first_frame", [300.0, 310.0, 900.0])["ok"]  # by its median
    assert not figure("first_frame", [300.0, 410.0, 420.0])["ok"]
    assert figure("normalise", [1e9])["ok"] is None  # no goal to miss
    found = figure("idle_cpu", [float(value) for value in range(101)][::-1])
    assert (found["n"], found["best"], found["median"], found["p99"]) == (101, 0.0, 50.0, 99.0)


def test_slope_is_that_of_a_line() -> None:
    assert slope([70.0, 73.0, 76.0, 79.0]) == pytest.approx(3)
    assert slope([71.0, 69.0, 69.0, 71.0]) == pytest.approx(0)


def test_missed_goal_is_in_the_table() -> None:
    rows = table({"lift_to_label": figure("lift_to_label", [99.0]), "idle_cpu": figure("idle_cpu", [0.1])})
    first, second = [row.split() for row in rows.splitlines()[1:]]
    assert first == ["lift_to_label", "99.00", "99.00", "1", "ms", "p99", "<=", "10", "MISSED"]
    assert second[-1] == "ok"


def test_placed_numbers_lie_on_the_pad_and_differ() -> None:
    rng, (ink, *_) = random.Random(3), numbers()
    assert placed(ink, (100, 50, 600, 300), rng) != placed(ink, (100, 50, 600, 300), rng)
    for width, height in [(600, 300), (200, 900)] * 10:
        strokes = placed(ink, (100, 50, width, height), rng)
        points = np.array([at for stroke in strokes for at in stroke])
        assert (points >= (100, 50)).all()
        assert (points < (100 + width, 50 + height)).all()
        assert all(a != b for stroke in strokes for a, b in pairwise(stroke))


@pytest.mark.parametrize("arguments", [["--size", "800"], ["--size", "ax5"], ["--only", "sleep"], ["--quik"]])
def test_wrong_usage_is_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(arguments)
    assert ended.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


@pytest.mark.e2e
def test_bench_without_a_display(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    report = run_bench({**os.environ, "SDL_VIDEODRIVER": "dummy"}, "--json", str(file))
    assert json.loads(file.read_text()) == report
    assert report["display"] == {"driver": "dummy", "virtual": False, "window": [800, 480]}
    assert (report["faults"], report["skipped"].keys()) == ({}, {"memory", "idle"})
    assert report["figures"].keys() == GOALS.keys() - WITH_A_DISPLAY
    ink = numbers()[0]
    assert report["figures"]["lift_to_label"]["n"] == len(ink)
    assert 100 < report["figures"]["event_to_pixel"]["n"] <= sum(map(len, ink))  # each point once


@pytest.mark.e2e
def test_bench_on_a_virtual_display() -> None:
    if not shutil.which("Xvfb"):
        pytest.skip("needs Xvfb. Debian: sudo apt install xvfb")
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    report = run_bench(environment, "--only", "memory", "--only", "idle", "--size", "640x400")
    assert (report["display"]["driver"], report["display"]["virtual"]) == ("x11", True)
    figures = report["figures"]
    assert figures.keys() == WITH_A_DISPLAY
    assert 20 < figures["resident_memory"]["median"] <= figures["peak_memory"]["median"] < 500
    assert figures["idle_cpu"]["median"] < 50  # it sleeps at least now and then


def test_exit_status_and_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> dict[str, list[float]]:
        raise ProcessError("the model was not loaded")

    def skip(*_: object) -> dict[str, list[float]]:
        raise NotMeasurableError("no display")

    monkeypatch.setitem(STEPS, "idle", lambda *_: {"idle_cpu": [80.0]})
    monkeypatch.setitem(STEPS, "memory", skip)
    monkeypatch.setitem(STEPS, "start", fail)
    only = ["--only", "idle", "--only", "memory"]
    assert main(only) == 0
    assert main([*only, "--check"]) == 1  # a missed goal fails only a check
    capsys.readouterr()
    assert main(["--quick", "--only", "start", *only]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["faults"] == {"start": "the model was not loaded"}
    assert report["skipped"] == {"memory": "no display"}
    assert report["figures"].keys() == {"idle_cpu"}
