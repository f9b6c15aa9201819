"""Settings: what is right holds, what is wrong is told with its line, and the owner's file stays the owner's."""

import dataclasses
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import settings as set_up
from hypothesis import strategies as st

from edge_app.errors import SettingsError
from edge_app.storage.settings import MAX_BYTES, MOST_UNKNOWN, OPTIONS, Settings, Value, read_settings, write_settings

DEFAULTS = {
    "theme": "light",
    "text_size": "normal",
    "language": "system",
    "live": True,
    "history": "ask",
    "learn": True,
    "speak": False,
    "left_handed": False,
    "rotate": 0,
    "fullscreen": False,
    "kiosk": False,
    "target_mm": 9.0,
    "density": 0,
}
OTHERS: dict[str, Value] = {
    "theme": "contrast",
    "text_size": "huge",
    "language": "pt_BR",
    "live": False,
    "history": "off",
    "learn": False,
    "speak": True,
    "left_handed": True,
    "rotate": 270,
    "fullscreen": True,
    "kiosk": True,
    "target_mm": 12.5,
    "density": 213,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def read(path: Path, text: str) -> tuple[Settings, list[str]]:
    path.write_bytes(text.encode())
    return read_settings(path)


def test_without_a_file_the_defaults_hold(path: Path) -> None:
    assert read_settings(path) == (Settings(), [])
    assert dataclasses.asdict(Settings()) == DEFAULTS
    assert not path.exists()


def test_every_setting_can_be_chosen(path: Path) -> None:
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in OTHERS.items())
    assert read(path, lines) == (Settings(**OTHERS), [])  # type: ignore[arg-type]
    assert OTHERS.keys() == OPTIONS.keys()


def test_every_option_says_what_it_takes_and_takes_its_default() -> None:
    for name, option in OPTIONS.items():
        assert option.check(option.default) == DEFAULTS[name]
        assert all(option.check(choice) == choice for choice in option.choices)
        assert option.about
        assert option.expected
    assert OPTIONS["rotate"].expected == "0, 90, 180 or 270"
    assert OPTIONS["density"].expected == "0 or a whole number from 50 to 600"
    assert OPTIONS["target_mm"].expected == "a number from 6 to 20"
    assert OPTIONS["live"].expected == "true or false"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('theme = "drak"', 'theme is "drak", expected "light", "dark" or "contrast"; the default "light" is used'),
        ("theme = 1", 'theme is 1, expected "light", "dark" or "contrast"; the default "light" is used'),
        ('live = "yes"', 'live is "yes", expected true or false; the default true is used'),
        ("live = 1", "live is 1, expected true or false; the default true is used"),
        ("rotate = false", "rotate is false, expected 0, 90, 180 or 270; the default 0 is used"),
        ("rotate = 45", "rotate is 45, expected 0, 90, 180 or 270; the default 0 is used"),
        ("rotate = 90.0", "rotate is 90.0, expected 0, 90, 180 or 270; the default 0 is used"),
        ("density = 49", "density is 49, expected 0 or a whole number from 50 to 600; the default 0 is used"),
        ("density = 601", "density is 601, expected 0 or a whole number from 50 to 600; the default 0 is used"),
        ("density = 96.5", "density is 96.5, expected 0 or a whole number from 50 to 600; the default 0 is used"),
        ("target_mm = 5.99", "target_mm is 5.99, expected a number from 6 to 20; the default 9.0 is used"),
        ("target_mm = nan", "target_mm is NaN, expected a number from 6 to 20; the default 9.0 is used"),
        ("target_mm = inf", "target_mm is Infinity, expected a number from 6 to 20; the default 9.0 is used"),
        ("target_mm = true", "target_mm is true, expected a number from 6 to 20; the default 9.0 is used"),
        ("speak = [1, 2]", "speak is [1, 2], expected true or false; the default false is used"),
        ("speak = 2026-01-01", 'speak is "2026-01-01", expected true or false; the default false is used'),
        ('"kiosk" = 3', "kiosk is 3, expected true or false; the default false is used"),
        (
            'language = "de/../x"',
            'language is "de/../x", expected "system" or a code such as "de" or "pt_BR"; the default "system" is used',
        ),
        (
            'language = "../de"',
            'language is "../de", expected "system" or a code such as "de" or "pt_BR"; the default "system" is used',
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_line_and_the_rest_holds(path: Path, line: str, told: str) -> None:
    settings, problems = read(path, f'# mine\ntext_size = "large"\n{line}\n')
    assert problems == [f"{path}:3: {told}"]
    assert settings == Settings(text_size="large")


@pytest.mark.parametrize("number", [6, 20, 9, 6.5])
def test_the_ends_of_a_range_belong_to_it_and_whole_numbers_are_numbers(path: Path, number: float) -> None:
    settings, problems = read(path, f"target_mm = {number}\ndensity = 50\n")
    assert (settings.target_mm, settings.density, problems) == (number, 50, [])
    assert type(settings.target_mm) is float
    assert read(path, "density = 600")[0].density == 600


def test_an_unknown_key_gets_the_nearest_known_one(path: Path) -> None:
    settings, problems = read(path, 'lefthanded = true\nTheme = "dark"\nspeak = true\nxyz = 1\n')
    assert problems[:2] == [
        f'{path}:1: "lefthanded" is no setting and is passed over; did you mean "left_handed"?',
        f'{path}:2: "Theme" is no setting and is passed over; did you mean "theme"?',
    ]
    assert problems[2].startswith(
        f'{path}:4: "xyz" is no setting and is passed over; the settings are theme, text_size,'
    )
    assert settings == Settings(speak=True)


def test_many_unknown_keys_are_counted(path: Path) -> None:
    _, problems = read(path, "".join(f"k{number} = 1\n" for number in range(2000)))
    assert len(problems) == MOST_UNKNOWN + 1
    assert problems[-1] == f"{path}: {2000 - MOST_UNKNOWN} more keys that are no setting"


def test_a_long_key_and_value_are_shortened(path: Path) -> None:
    _, problems = read(path, f'{"q" * 20000} = 1\ntheme = "{"w" * 20000}"\n')
    assert [len(problem) < len(str(path)) + 300 for problem in problems] == [True, True]


NO_TOML = {
    "text": b"theme: dark\n",
    "twice": b"live = true\nlive = false\n",
    "latin": 'language = "\xe4"'.encode("latin-1"),
    "nested": b"x = " + b"[" * 30000,
    "huge": b"#" * (MAX_BYTES + 1),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("kind", NO_TOML)
def test_a_damaged_file_is_told_kept_and_not_overwritten(path: Path, kind: str) -> None:
    content = NO_TOML[kind]
    path.write_bytes(content)
    settings, problems = read_settings(path)
    assert settings == Settings()
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}: ")
    assert problems[0].endswith("; the defaults are used")
    assert path.read_bytes() == content

    notices = write_settings(path, {"speak": True})
    assert len(notices) == 1
    assert "It is kept as settings.damaged-1.toml" in notices[0]
    assert path.with_name("settings.damaged-1.toml").read_bytes() == content
    assert read_settings(path) == (Settings(speak=True), [])
    assert write_settings(path, {"speak": False}) == []


def test_a_second_damaged_file_gets_the_next_number(path: Path) -> None:
    for number in (1, 2):
        path.write_text(f"broken {number}")
        write_settings(path, {})
    found = [path.with_name(f"settings.damaged-{number}.toml").read_text() for number in (1, 2)]
    assert found == ["broken 1", "broken 2"]


@pytest.mark.parametrize("text", ["x = {y = 1,}\n", "x = {y = 1\n}\n"])
def test_what_only_one_of_the_two_readers_takes_is_written_so_that_it_can_be_read(path: Path, text: str) -> None:
    path.write_text(text)
    write_settings(path, {"speak": True})
    assert read_settings(path)[0] == Settings(speak=True)


def test_the_largest_file_and_the_mark_of_windows_editors_are_read(path: Path) -> None:
    text = 'theme = "dark"\r\n#'
    assert read(path, text + "x" * (MAX_BYTES - len(text))) == (Settings(theme="dark"), [])
    assert read(path, "\ufeff" + text) == (Settings(theme="dark"), [])
    write_settings(path, {"live": False})
    assert read_settings(path) == (Settings(theme="dark", live=False), [])


MINE = """\
# what my daughter likes
theme = "light"   # not dark!

future = [1, 2]  # of a newer digitpad
rotate = 90
[plugin]
theme = "their own"
live = 3
"""


def test_writing_changes_the_keys_alone(path: Path) -> None:
    path.write_text(MINE)
    assert write_settings(path, {"theme": "dark", "rotate": 180, "speak": True, "target_mm": 10}) == []
    text = path.read_text()
    rest = [line for line in text.splitlines() if not line.startswith(("speak", "target_mm"))]
    expected = MINE.replace('"light"', '"dark"').replace("90", "180")
    assert [line for line in rest if line] == [line for line in expected.splitlines() if line]
    settings, problems = read_settings(path)
    assert settings == Settings(theme="dark", rotate=180, speak=True, target_mm=10.0)
    assert [problem.split('"')[1] for problem in problems] == ["future", "plugin"]


@pytest.mark.parametrize(
    "text", ["[other]\nx = 1\n[live]\ny = 2\n", "[live]\ny = 2\n[other]\nx = 1\n", "live.y = 1\nother.x = 1\n"]
)
def test_a_table_in_the_place_of_a_setting_gives_way(path: Path, text: str) -> None:
    path.write_text(text)
    assert "live is {" in "".join(read_settings(path)[1])
    write_settings(path, {"live": False, "speak": True})
    assert read_settings(path)[0] == Settings(live=False, speak=True)
    assert tomlkit.parse(path.read_text())["other"] == {"x": 1}


@pytest.mark.parametrize("changes", [{"theme": "drak"}, {"live": 1}, {"density": 3}, {"themes": "dark"}])
def test_a_change_that_no_setting_takes_is_a_bug_and_writes_nothing(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(MINE)
    with pytest.raises((ValueError, KeyError)):
        write_settings(path, changes)
    assert path.read_text() == MINE


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX'")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    write_settings(path, {"speak": True})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names(path.parent) == ["settings.toml"]


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    settings, problems = read_settings(tmp_path / "settings.toml")
    assert (settings, problems) == (
        Settings(),
        [f"{tmp_path / 'settings.toml'}: cannot be read (Is a directory); the defaults are used"],
    )
    with pytest.raises(SettingsError, match="cannot be written"):
        write_settings(tmp_path / "settings.toml", {"live": False})
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        write_settings(tmp_path / "file" / "settings.toml", {"live": False})
    assert names(tmp_path) == ["file", "settings.toml"]


def test_a_fault_while_writing_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(MINE)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        write_settings(path, {"speak": True})
    assert path.read_text() == MINE
    assert names(path.parent) == ["settings.toml"]


@given(text=st.text(max_size=200))
def test_no_text_makes_reading_fail(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    settings, problems = read_settings(path)
    assert isinstance(settings, Settings)
    assert all("\n" not in problem for problem in problems)


chosen = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(option.choices) if option.choices else st.sampled_from([option.default, OTHERS[name]])
        for name, option in OPTIONS.items()
    },
)


@set_up(deadline=None)  # each is synced to the disk, which takes as long as that takes
@given(rounds=st.lists(chosen, min_size=1, max_size=4))
def test_what_was_written_is_read(rounds: list[dict[str, Value]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(MINE)
    expected: dict[str, Any] = {**DEFAULTS, "theme": "light", "rotate": 90}
    for changes in rounds:
        assert write_settings(path, changes) == []
        expected.update(changes)
        assert dataclasses.asdict(read_settings(path)[0]) == expected
    assert "# not dark!" in path.read_text()
    assert tomlkit.parse(path.read_text())["plugin"] == {"theme": "their own", "live": 3}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has tomlkit alone")
def test_tomlkit_is_not_loaded_for_reading(path: Path) -> None:
    import subprocess

    path.write_text(MINE)
    code = "import sys, pathlib; from edge_app.storage.settings import read_settings; "
    code += f"read_settings(pathlib.Path({str(path)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code + "; print('tomlkit' in sys.modules)"], capture_output=True, check=True
    )
    assert done.stdout.split() == [b"False"]


def test_a_key_of_thousands_of_dots_is_no_settings_and_takes_no_minutes(tmp_path: Path) -> None:
    """Found by fuzzing: 4 s for 8,000 of them."""
    path = tmp_path / "settings.toml"
    path.write_text("a." * 30_000 + "b = 1\n")
    settings, (problem,) = read_settings(path)
    assert settings == Settings()
    assert "nested too deep" in problem
    (notice,) = write_settings(path, {"theme": "dark"})
    assert "settings.damaged-1.toml" in notice


def test_what_turns_a_line_is_told_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('learn = "\u2028"\n')
    assert read_settings(path)[1] == [f'{path}:1: learn is "\\u2028", expected true or false; the default true is used']
