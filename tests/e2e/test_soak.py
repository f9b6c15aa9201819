"""Long runs: a short part of `make soak`, and that it would notice what grows, hangs or ends wrongly."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tools.soak.__main__ import main
from tools.soak.day import HOUR, JUMPS, Clock
from tools.soak.display import is_possible
from tools.soak.steps import DAY, STEPS, growth, judge, summary


def looks(**grows: float) -> list[dict[str, float]]:
    """Return a day's looks at a process in which some figures grow each hour."""
    names = {"resident": 100.0, "files": 20, "threads": 3, "database": 41.0, "write_ahead_log": 1.0, "log": 0.0}
    return [
        {"hour": hour, **{name: value + hour * grows.get(name, 0) for name, value in names.items()}}
        for hour in range(24)
    ]


def test_what_is_bounded_is_no_finding() -> None:
    assert (judge(looks()), growth(looks())) == ([], [])


@pytest.mark.parametrize(
    ("grows", "said"),
    [
        ({"resident": 0.5}, "memory grows by 12.0 MB a day"),
        ({"files": 1}, "files 41 at hour 21, more than 40"),
        ({"threads": 0.2}, "threads 6.2 at hour 16, more than 6"),
        ({"write_ahead_log": 0.2}, "write_ahead_log 5.2 at hour 21, more than 5"),
        ({"log": 0.05}, "log 0.45 at hour 9, more than 0.41"),
        ({"database": 1.0}, "the database grew from 41.0 to 64.0 MB"),
    ],
)
def test_what_grows_is_noticed(grows: dict[str, float], said: str) -> None:
    assert said in [*judge(looks(**grows)), *growth(looks(**grows))]


def test_memory_that_grows_at_first_alone_is_warming_up() -> None:
    warming = [{**look, "resident": min(100.0, 60 + 10 * look["hour"])} for look in looks()]
    assert growth(warming) == []
    assert summary(warming)["growth_mb_a_day"] == 0.0
    assert summary(warming)["most"]["resident"] == 100.0


def test_a_days_clock_goes_on_for_timers_whatever_the_wall_says() -> None:
    clock, walls = Clock(), []
    for _ in range(int(DAY)):
        clock.go_on(HOUR)
        walls.append(clock.datetime())
    assert clock.milliseconds() == DAY * HOUR
    assert walls[0].year > 2025
    assert [later - earlier for earlier, later in pairwise(walls)].count(walls[1] - walls[0]) < 22
    assert clock.jumps == []
    assert len(JUMPS) > 5


def test_a_short_part_of_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if reason := is_possible():
        pytest.skip(reason)
    status = main(["--share", "0.01", "--seed", "3", "--json", str(tmp_path / "soak.json")])
    said = capsys.readouterr()
    assert status == 0, said.err
    steps = json.loads(said.out)["steps"]
    assert steps.keys() == STEPS.keys()
    assert [name for name, found in steps.items() if found["broken"]] == []
    assert steps["day"]["events"] > 300
    assert steps["day"]["pages"] > 5
    assert steps["clock"]["slowest_timer_s"] > 2  # by its timer, and not at once
    assert (steps["display"]["losses"], steps["hang"]["hangs"]) == (2, 2)


def test_a_window_that_loses_what_was_on_the_pad_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without our own handler Xlib ends the process, and stores nothing."""
    from tools.soak import display

    if reason := is_possible():
        pytest.skip(reason)
    careless = tmp_path / "careless.py"
    careless.write_text(
        "import sys\n"
        "from edge_app.gui import loop\n"
        "loop.on_lost_display = lambda _: None\n"
        "from tools.soak.display import run_with, write_and_rest\n"
        "run_with(lambda hand: write_and_rest(hand, 1), None)\n"
    )
    monkeypatch.setattr(display, "WINDOW", [str(careless)])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    broken = display.lose_displays(1).broken
    assert "loss 1: 0 pages are kept" in broken
