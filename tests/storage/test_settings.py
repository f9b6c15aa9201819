"""Settings: wrong values are reported with their line, the rest is used, and the owner's file keeps its comments."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from edge_app.errors import SettingsError
from edge_app.storage.settings import MAX_BYTES, MAX_PROBLEMS, OPTIONS, Settings, Value, read_settings, write_settings

DEFAULTS = {
    "theme": "light",
    "text_size": "normal",
    "language": "system",
    "live": True,
    "layers": False,
    "history": "ask",
    "learn": True,
    "speak": False,
    "left_handed": False,
    "rotate": 0,
    "fullscreen": False,
    "kiosk": False,
    "blank": 10,
    "target_mm": 9.0,
    "density": 0,
}
OTHERS: dict[str, Value] = {
    "theme": "contrast",
    "text_size": "huge",
    "language": "pt_BR",
    "live": False,
    "layers": True,
    "history": "off",
    "learn": False,
    "speak": True,
    "left_handed": True,
    "rotate": 270,
    "fullscreen": True,
    "kiosk": True,
    "blank": 0,
    "target_mm": 12.5,
    "density": 213,
}
MINE = """\
# what my daughter likes
theme = "light"   # not dark!

future = [1, 2]  # of a newer digitpad
rotate = 90
[plugin]
theme = "their own"
live = 3
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def read(path: Path, text: str) -> tuple[Settings, list[str]]:
    path.write_bytes(text.encode())
    return read_settings(path)


def test_missing_file_means_defaults(path: Path) -> None:
    assert read_settings(path) == (Settings(), [])
    assert dataclasses.asdict(Settings()) == DEFAULTS
    assert not path.exists()


def test_every_setting_can_be_chosen(path: Path) -> None:
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in OTHERS.items())
    assert read(path, lines) == (Settings(**OTHERS), [])  # type: ignore[arg-type]
    assert OTHERS.keys() == OPTIONS.keys()


THEMES = 'expected "light", "dark" or "contrast"; the default "light" is used'
BOOLEAN = "expected true or false; the default"
ANGLE = "expected 0, 90, 180 or 270; the default 0 is used"
DENSITY = "expected 0 or a whole number from 50 to 600; the default 0 is used"
MILLIMETRES = "expected a number from 6 to 20; the default 9.0 is used"
LANGUAGE = 'expected "system" or a code such as "de" or "pt_BR"; the default "system" is used'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('theme = "drak"', f'theme is "drak", {THEMES}'),
        ("theme = 1", f"theme is 1, {THEMES}"),
        ("live = 1", f"live is 1, {BOOLEAN} true is used"),
        ("rotate = false", f"rotate is false, {ANGLE}"),
        ("rotate = 45", f"rotate is 45, {ANGLE}"),
        ("density = 49", f"density is 49, {DENSITY}"),
        ("density = 601", f"density is 601, {DENSITY}"),
        ("density = 96.5", f"density is 96.5, {DENSITY}"),
        ("target_mm = 5.99", f"target_mm is 5.99, {MILLIMETRES}"),
        ("target_mm = nan", f"target_mm is NaN, {MILLIMETRES}"),
        ("target_mm = true", f"target_mm is true, {MILLIMETRES}"),
        ("speak = [1, 2]", f"speak is [1, 2], {BOOLEAN} false is used"),
        ("speak = 2026-01-01", f'speak is "2026-01-01", {BOOLEAN} false is used'),
        ('"kiosk" = 3', f"kiosk is 3, {BOOLEAN} false is used"),
        ('learn = "\u2028"', f'learn is "\\u2028", {BOOLEAN} true is used'),
        ('language = "de/../x"', f'language is "de/../x", {LANGUAGE}'),
    ],
)
def test_wrong_value_is_reported_with_its_line_and_the_rest_is_used(path: Path, line: str, message: str) -> None:
    settings, problems = read(path, f'# mine\ntext_size = "large"\n{line}\n')
    assert problems == [f"{path}:3: {message}"]
    assert settings == Settings(text_size="large")


@pytest.mark.parametrize("number", [6, 20, 9, 6.5])
def test_range_includes_its_ends_and_whole_numbers(path: Path, number: float) -> None:
    settings, problems = read(path, f"target_mm = {number}\ndensity = 50\n")
    assert (settings.target_mm, settings.density, problems) == (number, 50, [])
    assert type(settings.target_mm) is float
    assert read(path, "density = 600")[0].density == 600


def test_unknown_setting_is_ignored_with_a_suggestion(path: Path) -> None:
    settings, problems = read(path, 'lefthanded = true\nTheme = "dark"\nspeak = true\nxyz = 1\n')
    assert problems[:2] == [
        f'{path}:1: unknown setting "lefthanded" is ignored; did you mean "left_handed"?',
        f'{path}:2: unknown setting "Theme" is ignored; did you mean "theme"?',
    ]
    assert problems[2].startswith(f'{path}:4: unknown setting "xyz" is ignored; the settings are theme, text_size,')
    assert settings == Settings(speak=True)


def test_many_and_long_problems_are_shortened(path: Path) -> None:
    _, problems = read(path, "".join(f"k{number} = 1\n" for number in range(500)))
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1] == f"{path}: {500 - MAX_PROBLEMS} more problems"
    _, problems = read(path, f'{"q" * 5000} = 1\ntheme = "{"w" * 5000}"\n')
    assert [len(problem) < len(str(path)) + 300 for problem in problems] == [True, True]


DAMAGED = {
    "text": b"theme: dark\n",
    "twice": b"live = true\nlive = false\n",
    "latin": 'language = "\xe4"'.encode("latin-1"),
    "nested": b"x = " + b"[" * 10_000,
    "huge": b"#" * (MAX_BYTES + 1),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_file_is_reported_and_set_aside_before_writing(path: Path, kind: str) -> None:
    for number in (1, 2):
        path.write_bytes(DAMAGED[kind])
        settings, (problem,) = read_settings(path)
        assert settings == Settings()
        assert problem.startswith(f"{path}: ")
        assert problem.endswith("; the defaults are used")
        assert path.read_bytes() == DAMAGED[kind]

        (notice,) = write_settings(path, {"speak": True})
        aside = path.with_name(f"settings.damaged-{number}.toml")
        assert f"It is kept as {aside.name}" in notice
        assert aside.read_bytes() == DAMAGED[kind]
        assert read_settings(path) == (Settings(speak=True), [])


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("key", ["a", "live"])
def test_key_with_thousands_of_dots_is_rejected_quickly(path: Path, key: str) -> None:
    text = f"{key}." + "a." * (MAX_BYTES // 2 - 10) + "b = 1\n"
    settings, (problem,) = read(path, text)
    assert settings == Settings()
    assert problem.startswith(f"{path}:1: ")
    write_settings(path, {"theme": "dark"})
    assert read_settings(path)[0] == Settings(theme="dark")


@pytest.mark.parametrize("text", ["x = {y = 1,}\n", "x = {y = 1\n}\n"])
def test_toml_that_only_one_of_the_parsers_accepts_is_replaced(path: Path, text: str) -> None:
    path.write_text(text)
    write_settings(path, {"speak": True})
    assert read_settings(path)[0] == Settings(speak=True)


def test_largest_file_and_byte_order_mark_are_read(path: Path) -> None:
    text = 'theme = "dark"\r\n#'
    assert read(path, text + "x" * (MAX_BYTES - len(text))) == (Settings(theme="dark"), [])
    assert read(path, "\ufeff" + text) == (Settings(theme="dark"), [])
    write_settings(path, {"live": False})
    assert read_settings(path) == (Settings(theme="dark", live=False), [])


def test_writing_keeps_comments_order_and_other_keys(path: Path) -> None:
    path.write_text(MINE)
    assert write_settings(path, {"theme": "dark", "rotate": 180, "speak": True, "target_mm": 10}) == []
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith(("speak", "target_mm"))]
    expected = MINE.replace('"light"', '"dark"').replace("90", "180")
    assert lines == [line for line in expected.splitlines() if line]
    settings, problems = read_settings(path)
    assert settings == Settings(theme="dark", rotate=180, speak=True, target_mm=10.0)
    assert [problem.split('"')[1] for problem in problems] == ["future", "plugin"]


@pytest.mark.parametrize(
    "text", ["[other]\nx = 1\n[live]\ny = 2\n", "[live]\ny = 2\n[other]\nx = 1\n", "live.y = 1\nother.x = 1\n"]
)
def test_table_named_like_a_setting_is_replaced(path: Path, text: str) -> None:
    path.write_text(text)
    assert "live is {" in "".join(read_settings(path)[1])
    write_settings(path, {"live": False, "speak": True})
    assert read_settings(path)[0] == Settings(live=False, speak=True)
    assert tomlkit.parse(path.read_text())["other"] == {"x": 1}


@pytest.mark.parametrize("changes", [{"theme": "drak"}, {"live": 1}, {"density": 3}, {"themes": "dark"}])
def test_writing_an_invalid_value_is_a_bug_and_changes_nothing(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(MINE)
    with pytest.raises((ValueError, KeyError)):
        write_settings(path, changes)
    assert path.read_text() == MINE


def test_unreadable_or_unwritable_file_is_reported(path: Path, tmp_path: Path) -> None:
    path.mkdir()
    assert read_settings(path) == (
        Settings(),
        [f"{path}: cannot be read (Is a directory); the defaults are used"],
    )
    (tmp_path / "file").touch()
    for bad in (path, tmp_path / "file" / "settings.toml"):
        with pytest.raises(SettingsError, match="cannot be written"):
            write_settings(bad, {"live": False})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "settings.toml"]


def test_full_disk_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(MINE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left") as caught:
        write_settings(path, {"speak": True})
    assert (path.read_text(), caught.value.key) == (MINE, "fault_full")
    assert list(path.parent.iterdir()) == [path]


CHOSEN = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from([option.default, OTHERS[name]]) for name, option in OPTIONS.items()},
)


@given(rounds=st.lists(CHOSEN, min_size=1, max_size=4))
def test_written_settings_are_read_back(
    rounds: list[dict[str, Value]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(MINE)
    expected: dict[str, Any] = {**DEFAULTS, "theme": "light", "rotate": 90}
    for changes in rounds:
        assert write_settings(path, changes) == []
        expected.update(changes)
        assert dataclasses.asdict(read_settings(path)[0]) == expected
    assert "# not dark!" in path.read_text()
    assert tomlkit.parse(path.read_text())["plugin"] == {"theme": "their own", "live": 3}


def test_reading_does_not_import_tomlkit(path: Path) -> None:
    path.write_text(MINE)
    code = "import sys, pathlib; from edge_app.storage.settings import read_settings; "
    code += f"read_settings(pathlib.Path({str(path)!r})); print('tomlkit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]
