"""The window's texts in its user's language: `locales/<code>.toml`, one file a language, which anyone can add."""

import locale
import os
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from .errors import Notice
from .storage.dots import refuse_many_dots
from .storage.safe_open import open_regular

BUNDLED = Path(__file__).with_name("locales")
ENGLISH = "en"
SYSTEM = "system"  # as a code: the language that the system speaks
CODE = re.compile("[a-z]{2,3}")  # ISO 639; SYSTEM is none, nor is a path
ALSO_ASK = {"darwin", "win32"}  # whose desktops start apps without LANG and the like
MAX_BYTES = 1_000_000
MAX_TEXT = 500  # characters; a surface of millions of pixels cannot be made


@dataclass(frozen=True)
class Language:
    """The texts of one language; what it does not say is said in English."""

    code: str
    name: str  # as its speakers write it
    texts: Mapping[str, str] = field(repr=False)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text `key` with its placeholders filled in; KeyError for a key or a value that is not there."""
        text = self.texts[key] if key in self.texts else english_texts()[key]
        return text.format(**values)

    def fault(self, text: str) -> str:
        """Return a fault as its user reads it best: said short in this language, then the details, which are English.

        English itself, and what a language does not say, have the details alone.
        """
        key = text.key if isinstance(text, Notice) else ""
        short = self.texts.get(key)
        return str(text) if short is None or short == english_texts()[key] else f"{short}.\n{text}"

    def percent(self, share: float) -> str:
        """Return a share of 0 to 1 as whole percent: "98%", in German "98 %" with a space that does not break."""
        return self("percent", number=f"{100 * share:.0f}")


def available_languages(extra: Path | None = None) -> dict[str, str]:
    """Return the names of the bundled languages and of those in the folder `extra`, by code, in the codes' order."""
    return {code: load_language(code, extra)[0].name for code in _files(extra)}


def load_language(
    code: str, extra: Path | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Language, list[str]]:
    """Return the language `code` and what is wrong with its files, one sentence a fault; the rest of them is used.

    A file in `extra` wins over the bundled one text by text. SYSTEM stands for the language that `environ` asks for.
    """
    files, problems = _files(extra), []
    if code == SYSTEM:
        code = system_language(environ, files)
    if code not in files:
        problems.append(f"There is no language {code!r}, so English is used. Choose one of: {', '.join(files)}")
        code = ENGLISH
    name, texts = code, dict[str, str]()
    for path in files[code]:
        own_name, own_texts, faults = _read_language(path)
        name, texts = own_name or name, {**texts, **own_texts}
        problems += faults
    return Language(code, name, texts), problems


def system_language(environ: Mapping[str, str], known: Collection[str] | None = None) -> str:
    """Return the first of `known` (the bundled, where it is None) that the system asks for, else English."""
    known = _files(None) if known is None else known
    for name in _asked(environ):
        word = _first_part(name)
        # normalize() also knows what Windows says: German_Austria
        for code in (word, _first_part(locale.normalize(word))):
            if code in known:
                return code
    return ENGLISH


def _asked(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the locales asked for, as gettext does: the list LANGUAGE counts unless the locale is C."""
    place = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    if environ.get("LANGUAGE") and place not in ("C", "POSIX"):
        return environ["LANGUAGE"].split(":")
    if place or sys.platform not in ALSO_ASK:
        return [place]
    try:
        return [locale.getlocale()[0] or ""]
    except ValueError:  # Python to 3.10 does not know macOS's locale "UTF-8", which names no language
        return []


def _first_part(name: str) -> str:
    return re.split("[-_.@]", name.strip().lower())[0]


@cache
def english_texts() -> Mapping[str, str]:
    """Return the bundled English texts: their keys and placeholders are those that every language has."""
    content = (BUNDLED / f"{ENGLISH}.toml").read_text(encoding="utf-8")
    return dict(_parse_toml(content)["texts"])


def placeholders(text: str) -> set[str]:
    """Return the names in braces; ValueError where braces hold anything but a plain name, such as {x.y} or {x:9}."""
    found = [tuple(rest) for _, *rest in Formatter().parse(text) if rest[0] is not None]
    if not all(str(name).isidentifier() and not form and not conversion for name, form, conversion in found):
        raise ValueError(text)
    return {str(name) for name, _, _ in found}


def _files(extra: Path | None) -> dict[str, list[Path]]:
    """Return the files of each language, the bundled one first, in the order of the codes."""
    found: dict[str, list[Path]] = {}
    for folder in (BUNDLED, extra):
        for path in folder.glob("*.toml") if folder else ():
            if CODE.fullmatch(path.stem):
                found.setdefault(path.stem, []).append(path)
    return dict(sorted(found.items()))


def _read_language(path: Path) -> tuple[str | None, dict[str, str], list[str]]:
    """Return the name, the sound texts and the faults of a language file."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return None, {}, [f"{path}: not used, as it is larger than {MAX_BYTES // 1_000_000} MB"]
        document = _parse_toml(content.decode("utf-8-sig"))  # Windows' editors begin a file with a mark
    except OSError as error:
        return None, {}, [f"{path}: not used, as it cannot be read ({error.strerror})"]
    except (ValueError, RecursionError) as error:
        return None, {}, [f"{path}: not used, as it is not TOML ({error})"]
    return _check_language(path, document)


def _parse_toml(text: str) -> dict[str, Any]:
    """Return decoded TOML; raises ValueError, whichever library reads it."""
    refuse_many_dots(text)
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10; tomlkit takes long to import, so only there
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            return tomlkit.parse(text).unwrap()
        except TOMLKitError as error:
            raise ValueError(str(error)) from None
    return tomllib.loads(text)


def _check_language(path: Path, document: dict[str, Any]) -> tuple[str | None, dict[str, str], list[str]]:
    name, table = document.get("name"), document.get("texts")
    faults = {key: "move it below the line [texts]" for key in document if key not in ("name", "texts")}
    if not _is_line(name):
        name, faults["name"] = None, 'expected what the language calls itself, as in name = "English"'
    if not isinstance(table, dict):
        table, faults["texts"] = {}, "expected a line [texts] and the texts below it"
    found = {key: _fault(key, text) for key, text in table.items()}
    faults.update({key: fault for key, fault in found.items() if fault})
    sound = {key: text for key, text in table.items() if not found[key]}
    return name, sound, [f"{path}: {key}: {fault}" for key, fault in faults.items()]


def _fault(key: str, text: object) -> str | None:
    """Return what is wrong with a text of a language file, None if nothing is."""
    english = english_texts()
    if key not in english:
        near = get_close_matches(key, english, 1)
        return f"no such text, did you mean {near[0]}?" if near else "no such text, remove it"
    if not isinstance(text, str) or not _is_line(text):
        return f"expected one line of 1 to {MAX_TEXT} characters in quotes"
    try:
        found, wanted = placeholders(text), placeholders(english[key])
    except ValueError:
        return "expected braces around nothing but a name; write {{ and }} for braces that are shown"
    missing, unknown = sorted(wanted - found), sorted(found - wanted)
    faults = [f"{{{name}}} is missing" for name in missing] + [f"{{{name}}} is unknown, remove it" for name in unknown]
    return "; ".join(faults) or None


def _is_line(text: object) -> bool:
    """Tell whether this is text that can be drawn: pygame refuses the character NUL."""
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        return False
    return not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", text)
