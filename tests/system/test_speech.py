"""Speech: what is said, with which arguments, and that no process is left behind."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.system.speech import Speaker, find_speaker, spoken

posix = pytest.mark.skipif(sys.platform == "win32", reason="the fake commands are scripts")

FAKE = """#!{python}
import json, os, sys, time
with open({log!r}, "a") as file:
    file.write(json.dumps([os.getpid(), *sys.argv[1:]]) + "\\n")
{then}
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "said.jsonl"


Install = Callable[..., Speaker]


@pytest.fixture
def install(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that puts a fake speech command on the path and returns the speaker that is found then."""
    speakers = []
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, then: str = "", platform: str = "linux") -> Speaker:
        path = tmp_path / name
        path.write_text(FAKE.format(python=sys.executable, log=str(log), then=then))
        path.chmod(0o755)
        speaker = find_speaker(platform=platform)
        assert speaker is not None
        assert (speaker.name, speaker.path) == (name, str(path))
        speakers.append(speaker)
        return speaker

    yield put
    for speaker in speakers:
        speaker.close()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for another process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timeout"
        time.sleep(0.005)


def said(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # reaches zombies, too
    except ProcessLookupError:
        return False
    return True


SPOKEN = {"7": "7", "1995": "1995", "123456": "123456", "1234567": "1 2 3 4 5 6 7", "007": "0 0 7", "0": "0"}
SPOKEN |= {"71\n17": "71, 17", "07\n?\n7": "0 7, 7", "1?5": "1 5", "??": "", "": "", "-f /etc/passwd; 1": "1"}


def test_spoken_text() -> None:
    assert {text: spoken(text) for text in SPOKEN} == SPOKEN


@given(st.text())
def test_only_digits_single_spaces_and_commas_are_spoken(text: str) -> None:
    words = spoken(text)
    assert words.replace(",", "").replace(" ", "") == "".join(letter for letter in text if letter in "0123456789")
    assert words == words.strip()
    assert "  " not in words


@pytest.mark.parametrize(
    ("platform", "present", "expected"),
    [
        ("linux", {"spd-say", "espeak-ng", "espeak"}, "spd-say"),
        ("linux", {"espeak-ng", "espeak"}, "espeak-ng"),
        ("freebsd14", {"espeak"}, "espeak"),
        ("linux", {"say", "powershell"}, None),
        ("darwin", {"say", "espeak"}, "say"),
        ("darwin", {"espeak"}, None),
        ("win32", {"powershell", "say"}, "powershell"),
        ("win32", set(), None),
    ],
)
def test_first_command_of_the_platform_is_used(platform: str, present: set[str], expected: str | None) -> None:
    speaker = find_speaker(lambda name: f"/bin/{name}" if name in present else None, platform)
    assert (speaker and (speaker.name, speaker.path)) == (expected and (expected, f"/bin/{expected}"))


@posix
@pytest.mark.parametrize(
    ("name", "platform", "language", "expected"),
    [
        ("spd-say", "linux", "de", ["--wait", "--language", "de", "42"]),
        ("espeak-ng", "linux", "de_AT.UTF-8", ["-v", "de", "42"]),
        ("espeak", "linux", "", ["-v", "en", "42"]),
        ("espeak", "linux", "; rm -rf", ["-v", "en", "42"]),
        ("say", "darwin", "de", ["-v", "Anna", "42"]),
        ("say", "darwin", "uk", ["42"]),
    ],
)
def test_arguments(install: Install, log: Path, name: str, platform: str, language: str, expected: list[str]) -> None:
    speaker = install(name, platform=platform)
    assert speaker.say("42", language)
    until(lambda: not speaker.is_speaking())
    assert [line[1:] for line in said(log)] == [expected]
    assert speaker.problem == ""


@posix
def test_arguments_of_powershell(install: Install, log: Path) -> None:
    speaker = install("powershell", platform="win32")
    assert speaker.say("0?7'", "fr-CA")
    until(lambda: not speaker.is_speaking())
    ((_, *flags, script),) = said(log)
    assert flags == ["-NoProfile", "-NonInteractive", "-Command"]
    assert 'xml:lang="fr">0 7</speak>\')' in script
    assert script.count("'") == 2


@posix
def test_nothing_to_say_starts_no_process(install: Install, log: Path) -> None:
    speaker = install("espeak")
    assert not speaker.say("?", "en")
    assert not speaker.say("", "en")
    assert (speaker.problem, said(log)) == ("", [])


@posix
@pytest.mark.parametrize("name", ["spd-say", "espeak"])
def test_new_number_cuts_off_the_last_and_close_leaves_no_process(install: Install, log: Path, name: str) -> None:
    speaker = install(name, then="time.sleep(100)")
    for count, text in enumerate(["1", "2", "3"], 1):
        assert speaker.say(text, "en")
        assert speaker.is_speaking()
        until(lambda count=count: len(said(log)) == count)  # type: ignore[misc]
    pids = [int(line[0]) for line in said(log)]
    assert [line[-1] for line in said(log)] == ["1", "2", "3"]
    assert [("--cancel" in line) for line in said(log)] == [False, *[name == "spd-say"] * 2]
    assert speaker.is_speaking()
    assert [exists(pid) for pid in pids] == [False, False, True]
    speaker.close()
    assert not exists(pids[-1])
    assert (speaker.is_speaking(), speaker.problem) == (False, "")


@posix
def test_command_that_cannot_be_started_is_reported_and_tried_again(install: Install) -> None:
    speaker = install("espeak-ng")
    Path(speaker.path).write_text("no program")
    assert not speaker.say("2", "en")
    assert "cannot be started" in speaker.problem
    shutil.copy(shutil.which("true", path=os.defpath) or "/bin/true", speaker.path)
    assert speaker.say("3", "en")
    assert speaker.problem == ""
