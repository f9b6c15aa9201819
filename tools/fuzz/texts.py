"""Settings and language files as owners, editors and disks leave them."""

import dataclasses
import random
import re
from functools import cache
from pathlib import Path

from edge_app.errors import SettingsError
from edge_app.i18n import BUNDLED, available_languages, english_texts, load_language, placeholders
from edge_app.storage.settings import OPTIONS, Settings, read_settings, write_settings

from .mutation import NUMBERS, TEXTS, mutate_bytes
from .run import Run

SETTINGS = b"""# mine
theme = "dark"  # at night
text_size = 'large'
history = "on"
target_mm = 9.5
density = 0
[window]
rotate = 90
"""
ODD = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"[", b"[[a]]\n", b"a.b.c = 1\n", b"theme.x = 1\n", b"[theme]\n", b"[[theme]]\n"),
    *(b'"""', b"'''", b"x = 1979-05-27T07:32:00Z\n", b"x = inf\n", b"x = nan\n", b"x = 0x7fffffffffffffffffff\n"),
    *(b"x = 1e999\n", b"\r", b"\0", b'theme = "\\uD800"\n', b'theme = "\\u0000"\n', b"# \x1b[2J\n", b"x = [" * 3000),
    *(b"x = {a = " * 500, b"a." * 2000 + b"b = 1\n", b"theme = 1_000\n", b'"" = 1\n', b'"th\\u0065me" = "light"\n'),
    *(b"theme = ''\n", b"target_mm = -0.0\n", b"rotate = 90.0\n"),
)
BRACES = ("{", "}", "{}", "{0}", "{digit.x}", "{digit!r}", "{digit:>999999999}", "x" * 5000)


def fuzz(run: Run) -> None:
    """Try files; a case is a letter for what it is, and the file."""
    run.limits.seconds, run.limits.megabytes = 2.0, 100.0
    for rng in run.tries():
        case = make(rng)
        run.attempt(case, lambda case=case, rng=rng: check(case, run.folder, rng))  # type: ignore[misc]


@cache
def languages() -> list[bytes]:
    """Return the bundled languages' files."""
    return [path.read_bytes() for path in sorted(BUNDLED.glob("*.toml"))]


def make(rng: random.Random) -> bytes:
    """Return a case."""
    kind = rng.choice((b"S", b"L"))
    content = SETTINGS if kind == b"S" else rng.choice(languages())
    lines = content.splitlines(keepends=True)
    for _ in range(rng.randint(0, 3)):
        at, way = rng.randrange(len(lines) + 1), rng.randrange(4)
        if way == 0:
            lines.insert(at, rng.choice(ODD))
        elif way == 1 and kind == b"S":
            name = rng.choice((*OPTIONS, "them", ""))
            value = rng.choice((*map(_toml, TEXTS), *(str(n) for n in NUMBERS), "true", "[]", "{}", '"on"', '"de"'))
            lines.insert(at, f"{name} = {value}\n".encode("utf-8", "replace"))
        elif way == 2 and kind == b"L":
            key = rng.choice(list(english_texts()))
            text = rng.choice((*TEXTS, *BRACES))
            lines.append(f"{key} = {_toml(text)}\n".encode("utf-8", "replace"))
        elif at < len(lines):
            del lines[at]
    content = b"".join(lines)
    return kind + (mutate_bytes(rng, content, list(ODD)) if rng.randrange(2) else content)


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def check(case: bytes, folder: Path, rng: random.Random | None = None) -> str:
    """Read a case and write to it, or speak it."""
    return _settings(case[1:], folder, rng or random.Random(0)) if case[:1] == b"S" else _language(case[1:], folder)


def _settings(content: bytes, folder: Path, rng: random.Random) -> str:
    home = folder / "texts"
    home.mkdir(exist_ok=True)
    for left in home.iterdir():
        left.unlink()
    path = home / "settings.toml"
    path.write_bytes(content)
    before, problems = read_settings(path)
    _are_sound(before, problems)
    name = rng.choice(list(OPTIONS))
    choices = OPTIONS[name].choices or (OPTIONS[name].default,)
    value = rng.choice(choices)
    try:
        notices = write_settings(path, {name: value})
    except SettingsError as error:
        _line(str(error))
        return "cannot be written"
    after, _ = read_settings(path)
    _are_sound(after, notices)
    assert getattr(after, name) == value
    aside = [file for file in home.iterdir() if "damaged" in file.name]
    if aside:
        assert aside[0].read_bytes() == content
        assert any(aside[0].name in notice for notice in notices)
        return "set aside"
    others = {other: was for other, was in dataclasses.asdict(before).items() if other != name}
    assert {other: getattr(after, other) for other in others} == others, "another setting was changed"
    if re.search(rb"\[+\s*%s\b|%s\." % ((name.encode(),) * 2), content):
        return "written in a table's place"  # which goes, with what was said in it
    assert len(re.findall(rb"#", path.read_bytes())) == len(re.findall(rb"#", content)), "a comment is gone"
    return "written"


def _are_sound(settings: Settings, said: list[str]) -> None:
    for name, option in OPTIONS.items():
        option.check(getattr(settings, name))  # raises ValueError
    for sentence in said:
        _line(sentence)


def _line(sentence: str) -> None:
    assert len(sentence.splitlines()) == 1, sentence
    assert len(sentence) < 1000, sentence[:200]


def _language(content: bytes, folder: Path) -> str:
    extra = folder / "languages"
    extra.mkdir(exist_ok=True)
    (extra / "de.toml").write_bytes(content)
    (extra / "xx.toml").write_bytes(content)
    names = available_languages(extra)
    assert all(name.strip() and len(name) <= 500 for name in names.values())
    for code in ("de", "xx"):
        say, problems = load_language(code, extra)
        for problem in problems:
            _line(problem)
        for key, text in english_texts().items():
            said = say(key, **{str(name): "7" for name, _, _ in placeholders(text)})
            assert len(said.splitlines()) == 1, (key, said)
            assert len(said) <= 1000
    return "spoken with faults told" if problems else "spoken"
