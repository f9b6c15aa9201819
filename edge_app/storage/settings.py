"""The owner's settings: read from settings.toml, and written back without touching comments or other keys."""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..errors import Notice, SettingsError, disk_full_or
from ..escape import escape
from .atomic_write import write_atomically
from .paths import PRIVATE_FILE, make_private_folder, set_aside
from .safe_open import open_regular

MAX_BYTES = 16 << 10  # tomllib takes a second for 16 KiB of dots in one key, and four times that for twice as many
MAX_PROBLEMS = 10  # reported one by one
SHOWN = 40  # characters of a wrong key or value

Value: TypeAlias = str | bool | int | float


def _limited(default: Any, expected: str, accepts: Callable[[Any], object]) -> Any:
    return field(default=default, metadata={"expected": expected, "accepts": accepts})


@dataclass(frozen=True)
class Settings:
    """What the owner chose: the one list of settings with their types, defaults and limits."""

    theme: Literal["light", "dark", "contrast"] = "light"
    text_size: Literal["normal", "large", "huge"] = "normal"
    language: str = _limited(
        "system",
        '"system" or a code such as "de" or "pt_BR"',
        re.compile(r"system|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*").fullmatch,
    )
    live: bool = True  # read while you write
    layers: bool = False  # the network's, beside the pad
    history: Literal["ask", "on", "off"] = "ask"
    learn: bool = True  # from corrections
    speak: bool = False  # what was read
    left_handed: bool = False  # buttons where a left hand does not cover them
    rotate: Literal[0, 90, 180, 270] = 0  # the picture, in degrees
    fullscreen: bool = False
    kiosk: bool = False  # run as the only program, without a way out
    blank: int = _limited(  # minutes after the last touch, until a kiosk's screen goes dark; 0: never
        10, "a whole number from 0 to 240", lambda minutes: 0 <= minutes <= 240
    )
    target_mm: float = _limited(9.0, "a number from 6 to 20", lambda mm: 6 <= mm <= 20)  # of a touch target's side
    density: int = _limited(  # dots per inch of the screen; 0 asks the system
        0, "0 or a whole number from 50 to 600", lambda dpi: dpi == 0 or 50 <= dpi <= 600
    )


OPTIONS = {option.name: option for option in fields(Settings)}


def choices_of(name: str) -> tuple[Value, ...]:
    """Return the values that a setting takes; empty if it takes a range or a pattern."""
    kind = OPTIONS[name].type
    return (True, False) if kind is bool else get_args(kind)


def check(name: str, value: Any) -> Value:
    """Return a value with its setting's type; raises ValueError saying what was expected, KeyError if unknown.

    A whole number is converted to a float setting; no other type is, so true is not 1.
    """
    option, choices = OPTIONS[name], choices_of(name)
    kind: type[Any] = type(option.default)
    if kind is float and type(value) is int:
        value = float(value)
    accepts = option.metadata.get("accepts", choices.__contains__)
    if type(value) is kind and accepts(value):
        return value
    words = [toml_value(choice) for choice in choices]
    expected = option.metadata.get("expected") or f"{', '.join(words[:-1])} or {words[-1]}"
    raise ValueError(f"{name} is {_short(toml_value(value))}, expected {expected}")


def toml_value(value: object) -> str:
    """Return a value as TOML writes it, or nearly so for dates and tables."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deep"


def _short(text: str) -> str:
    text = escape(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def read_settings(path: Path) -> tuple[Settings, list[str]]:
    """Return the settings of a file and a message for each problem in it; without a file, the defaults.

    A wrong value is replaced by its default, and the rest is used. Never raises for a damaged or unreadable file.
    """
    try:
        text = _read_text(path)
        table = _parse(text)
    except OSError as error:
        return Settings(), [f"{path}: cannot be read ({error.strerror}); the defaults are used"]
    except ValueError as error:
        return Settings(), [f"{path}: {error}; the defaults are used"]
    chosen: dict[str, Any] = {}
    problems = []
    for name, value in table.items():
        try:
            if name in OPTIONS:
                chosen[name] = check(name, value)
            else:
                problems.append((_line_of(text, name), _unknown(name)))
        except ValueError as error:
            default = toml_value(OPTIONS[name].default)
            problems.append((_line_of(text, name), f"{error}; the default {default} is used"))
    problems.sort()
    messages = [f"{path}{f':{line}' if line else ''}: {message}" for line, message in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        messages.append(f"{path}: {len(problems) - MAX_PROBLEMS} more problems")
    return Settings(**chosen), messages


def write_settings(path: Path, changes: Mapping[str, Value]) -> list[str]:
    """Write changed settings into the file, keeping comments, order and other keys; returns notices for the owner.

    A file that is not TOML is set aside first, with a notice. Raises SettingsError if the file cannot be written (the
    old one is intact then), ValueError for a value that its setting does not take, KeyError for an unknown setting.
    """
    checked = {name: check(name, value) for name, value in changes.items()}
    notices: list[str] = []
    try:
        make_private_folder(path.parent)
        document, damage = _document(path)
        for name, value in checked.items():
            if isinstance(document.get(name), dict):  # tomlkit 0.12 would move the value into the table before
                del document[name]
            document[name] = value
        if damage:
            message = f"{path}: {damage}. It is kept as {set_aside(path).name}; a new file was started"
            notices.append(Notice(message, SettingsError.key))
        write_atomically(path, document.as_string().encode(), PRIVATE_FILE)
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be written ({error.strerror or error}). Check the folder's permissions",
            disk_full_or("fault_settings", error),
        ) from None
    return notices


def _document(path: Path) -> tuple[Any, str]:
    """Return the file as tomlkit's document, or an empty one and the reason why the file cannot be edited."""
    import tomlkit  # imported late: it would delay the window's first frame
    from tomlkit.exceptions import TOMLKitError

    try:
        text = _read_text(path)
        _parse(text)  # tomlkit accepts some TOML 1.1, which tomllib would reject at the next start
        return tomlkit.parse(text), ""
    except (ValueError, RecursionError, TOMLKitError) as error:
        return tomlkit.document(), str(error)


def _read_text(path: Path) -> str:
    """Return the file's text, "" if there is no file; raises OSError, or ValueError if it is not text."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ""
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 10} KiB, so not a settings file")
    try:
        return content.decode("utf-8-sig")  # Windows editors write a byte order mark
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start})") from None


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("not TOML (nested too deep)") from None
    except ValueError as error:
        raise ValueError(f"not TOML ({error})") from None


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key[:SHOWN].lower(), OPTIONS, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"the settings are {', '.join(OPTIONS)}."
    return f"unknown setting {_short(toml_value(key))} is ignored; {hint}"


def _line_of(text: str, key: str) -> int:
    """Return the number of the line that seems to set `key` or open its table, 0 if none does."""
    pattern = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 0)
