"""The owner's settings: what there is to choose, read from settings.toml, written back without touching the rest."""

import dataclasses
import difflib
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..errors import Notice, SettingsError, disk_full_or
from ..escape import escape
from .atomic_write import write_atomically
from .dots import refuse_many_dots
from .paths import PRIVATE_FILE, make_private_folder, set_aside
from .safe_open import open_regular

MAX_BYTES = 64 << 10  # fifteen hundred lines; more is no settings file
MOST_UNKNOWN = 10  # unknown keys told one by one
SHOWN = 40  # characters of a wrong key or value

Value: TypeAlias = str | bool | int | float


@dataclass(frozen=True)
class Rule:
    """What a setting is about, in words, and which numbers or texts it takes beyond its type."""

    about: str
    low: float | None = None
    high: float | None = None
    also: float | None = None  # a number outside the range with a meaning of its own
    pattern: str | None = None
    words: str | None = None  # the pattern in words


def _setting(default: Any, about: str, **limits: Any) -> Any:
    return dataclasses.field(default=default, metadata={"rule": Rule(about, **limits)})


@dataclass(frozen=True)
class Settings:
    """What the owner chose; the one list of settings, their types, defaults and limits."""

    theme: Literal["light", "dark", "contrast"] = _setting("light", "colours of the window")
    text_size: Literal["normal", "large", "huge"] = _setting("normal", "size of the letters")
    language: str = _setting(
        "system",
        "language of the window",
        pattern=r"system|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*",
        words='"system" or a code such as "de" or "pt_BR"',
    )
    live: bool = _setting(True, "read while you write")
    history: Literal["ask", "on", "off"] = _setting("ask", "keep what was written")
    learn: bool = _setting(True, "learn from your corrections")
    speak: bool = _setting(False, "say what was read")
    left_handed: bool = _setting(False, "buttons where a left hand does not cover them")
    rotate: Literal[0, 90, 180, 270] = _setting(0, "turn the picture, in degrees")
    fullscreen: bool = _setting(False, "use the whole screen")
    kiosk: bool = _setting(False, "run as the only program, without a way out")
    target_mm: float = _setting(9.0, "smallest side of what a finger must hit, in millimetres", low=6, high=20)
    density: int = _setting(0, "dots an inch of the screen; 0 asks the system", low=50, high=600, also=0)


@dataclass(frozen=True)
class Option:
    """One setting as a window or a help text lists it."""

    name: str
    default: Value
    choices: tuple[Value, ...]  # empty for a number in a range, or a text with a pattern
    rule: Rule

    @property
    def about(self) -> str:
        """What the setting is about, in a few words."""
        return self.rule.about

    @property
    def expected(self) -> str:
        """The values it takes, in words."""
        if self.choices:
            return _either([toml_value(choice) for choice in self.choices])
        if self.rule.words:
            return self.rule.words
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        span = f"{kind} from {self.rule.low:g} to {self.rule.high:g}"
        return span if self.rule.also is None else f"{self.rule.also:g} or {span}"

    def check(self, value: object) -> Value:
        """Return a value as its setting has it; raises ValueError saying what was expected.

        A whole number will do for a fraction; no other type is taken for another, so true is no 1.
        """
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is kind and self._allows(value):
            return value
        raise ValueError(f"{self.name} is {_short(toml_value(value))}, expected {self.expected}")

    def _allows(self, value: Any) -> bool:
        rule = self.rule
        if self.choices:
            return value in self.choices
        if rule.pattern:
            return re.fullmatch(rule.pattern, value) is not None
        assert rule.low is not None  # a number has both ends
        assert rule.high is not None
        return bool(rule.low <= value <= rule.high) or value == rule.also  # false for NaN


def _option(field: "dataclasses.Field[Any]") -> Option:
    choices: tuple[Value, ...] = (True, False) if field.type is bool else get_args(field.type)
    default: Any = field.default  # every setting has one
    return Option(field.name, default, choices, field.metadata["rule"])


OPTIONS: dict[str, Option] = {field.name: _option(field) for field in dataclasses.fields(Settings)}


def read_settings(path: Path) -> tuple[Settings, list[str]]:
    """Return the settings of a file, and a sentence for each fault in it; without a file the defaults.

    What is wrong keeps its default, the rest holds. Never raises for what a file says, or for one that cannot be read.
    """
    try:
        text = _read_text(path)
        table = {} if text is None else _parse(text)
    except OSError as error:
        return Settings(), [f"{path}: cannot be read ({error.strerror}); the defaults are used"]
    except ValueError as error:
        return Settings(), [f"{path}: {error}; the defaults are used"]
    chosen: dict[str, Any] = {}
    problems = []
    for name in [name for name in table if name in OPTIONS]:
        try:
            chosen[name] = OPTIONS[name].check(table[name])
        except ValueError as error:
            default = toml_value(OPTIONS[name].default)
            problems.append((_line_of(text, name), f"{error}; the default {default} is used"))
    problems += [(_line_of(text, name), reason) for name, reason in _unknown(table)]
    # the order of the file, what has no line last
    problems.sort(key=lambda problem: problem[0] or sys.maxsize)
    return Settings(**chosen), [f"{path}:{line}: {said}" if line else f"{path}: {said}" for line, said in problems]


def write_settings(path: Path, changes: Mapping[str, Value]) -> list[str]:
    """Write changed settings into the file; comments, order and keys of others stay. Returns sentences for the owner.

    A file that is no TOML is set aside under a numbered name first, and that is one of the sentences. Raises
    SettingsError when the file cannot be written (the old one is whole then), ValueError for a value that its setting
    does not take, KeyError for no setting.
    """
    checked = {name: OPTIONS[name].check(value) for name, value in changes.items()}
    try:
        make_private_folder(path.parent)
        document, damaged = _document(path)
        notices: list[str] = []
        for name, value in checked.items():
            _put(document, name, value)
        if damaged:
            aside = set_aside(path)
            said = f"{path}: {damaged}. It is kept as {aside.name}; the settings were started anew"
            notices.append(Notice(said, SettingsError.key))
        write_atomically(path, document.as_string().encode(), PRIVATE_FILE)
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be written ({error.strerror or error}). Check the folder's rights",
            disk_full_or("fault_settings", error),
        ) from None
    return notices


def _document(path: Path) -> tuple[Any, str]:
    """Return the file as tomlkit's document, or an empty one with the reason why the file cannot be edited."""
    import tomlkit  # not at import: it takes longer than the window's first frame leaves
    from tomlkit.exceptions import TOMLKitError

    try:
        text = _read_text(path)
        if text is None:
            return tomlkit.document(), ""
        _parse(text)  # first: tomlkit takes some TOML 1.1, which Python's own reader would refuse at the next start
        return tomlkit.parse(text), ""
    except (ValueError, RecursionError, TOMLKitError) as error:
        return tomlkit.document(), str(error)


def _put(document: Any, name: str, value: Value) -> None:
    if isinstance(document.get(name), dict):
        del document[name]  # tomlkit 0.12 puts a value in a table's place, where it falls into the table before
    document[name] = value


def _read_text(path: Path) -> str | None:
    """Return the text of the file, None without one; raises OSError, or ValueError for what is no text."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 10} KiB, so no settings")
    try:
        return content.decode("utf-8-sig")  # Windows' editors put a mark before the text
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start})") from None


def _parse(text: str) -> dict[str, Any]:
    """Return the keys and values of TOML; raises ValueError saying where it is none."""
    try:
        refuse_many_dots(text)
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("no TOML (nested too deep)") from None
    except ValueError as error:
        raise ValueError(f"no TOML ({error})") from None


def _unknown(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return keys that are no setting with what to say of each; the first few, then how many more."""
    keys = [key for key in table if key not in OPTIONS]
    found = []
    for key in keys[:MOST_UNKNOWN]:
        near = difflib.get_close_matches(key[:SHOWN].lower(), OPTIONS, 1)
        hint = f'did you mean "{near[0]}"?' if near else f"the settings are {', '.join(OPTIONS)}."
        found.append((key, f"{_short(toml_value(key))} is no setting and is passed over; {hint}"))
    if len(keys) > MOST_UNKNOWN:
        found.append(("", f"{len(keys) - MOST_UNKNOWN} more keys that are no setting"))
    return found


def _line_of(text: str | None, key: str) -> int | None:
    """Return the number of the line that sets `key` or opens its table, where one looks so."""
    pattern = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    lines = (text or "").splitlines() if key else []
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), None)


def toml_value(value: object) -> str:
    """Return a value as TOML writes it, or nearly so for dates and tables."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    text = escape(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
