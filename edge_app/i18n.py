"""The window's texts in the user's language: `locales/<code>.toml`, one file per language, which anyone can add."""

import locale
import os
import re
import sys
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from .errors import Notice
from .storage.safe_open import open_regular

BUNDLED = Path(__file__).with_name("locales")
ENGLISH = "en"
SYSTEM = "system"  # in place of a code: the language of the system
MAX_BYTES = 30_000  # seven times the bundled ones
MAX_LINE = 1000  # characters; tomllib takes seconds for a key of thousands of dots
MAX_TEXT = 500  # characters; a surface of millions of pixels cannot be made


@dataclass(frozen=True)
class Language:
    """The texts of one language; missing ones are English."""

    code: str
    name: str  # as its speakers write it
    texts: Mapping[str, str] = field(repr=False)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text `key` with its placeholders filled in; KeyError for an unknown key or a missing value."""
        return (self.texts.get(key) or english_texts()[key]).format(**values)

    def fault(self, text: str) -> str:
        """Return an error with a translated summary above the English details; in English, the details alone."""
        key = text.key if isinstance(text, Notice) else ""
        short = self.texts.get(key)
        return str(text) if short is None or short == english_texts()[key] else f"{short}.\n{text}"

    def percent(self, share: float) -> str:
        """Return a share of 0 to 1 as whole percent: "98%", in German "98 %" with a no-break space."""
        return self("percent", number=f"{100 * share:.0f}")


def available_languages(extra: Path | None = None) -> dict[str, str]:
    """Return code and name of the bundled languages and of those in the folder `extra`, sorted by code."""
    return {code: load_language(code, extra)[0].name for code in _files(extra)}


def load_language(
    code: str, extra: Path | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Language, list[str]]:
    """Return a language, and a sentence for each problem in its files; the sound texts are used all the same.

    A file in `extra` overrides single texts of the bundled one. SYSTEM is looked up in `environ`.
    """
    files, problems = _files(extra), []
    if code == SYSTEM:
        code = system_language(environ, files)
    if code not in files:
        problems.append(f"There is no language {code!r}, so English is used. Choose one of: {', '.join(files)}")
        code = ENGLISH
    name, texts = code, dict[str, str]()
    for path in files[code]:
        try:
            document = _read_toml(path)
        except OSError as error:
            problems.append(f"{path}: not used, as it cannot be read ({error.strerror})")
        except (ValueError, RecursionError) as error:
            problems.append(f"{path}: not used, as it is not valid ({error})")
        else:
            own_name, own = document.pop("name", None), document.pop("texts", None)
            if document or not isinstance(own, dict) or not _is_line(own_name):
                problems.append(f'{path}: expected name = "...", then a line [texts] and all texts below it')
            name = own_name if _is_line(own_name) else name
            own = own if isinstance(own, dict) else {}
            faults = {key: _fault(key, text) for key, text in own.items()}
            problems += [f"{path}: {key}: {fault}" for key, fault in faults.items() if fault]
            texts.update((key, text) for key, text in own.items() if not faults[key])
    return Language(code, name, texts), problems


def system_language(environ: Mapping[str, str], known: Collection[str] | None = None) -> str:
    """Return the first language of `known` (None: the bundled) that the system asks for, else English."""
    known = _files(None) if known is None else known
    for name in _requested_locales(environ):
        word = _language_code(name)
        for code in (word, _language_code(locale.normalize(word))):  # Windows says German_Austria
            if code in known:
                return code
    return ENGLISH


def _requested_locales(environ: Mapping[str, str]) -> list[str]:
    """Return locale names in order of preference, as gettext does: LANGUAGE counts unless the locale is C."""
    chosen = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    if environ.get("LANGUAGE") and chosen not in ("C", "POSIX"):
        return environ["LANGUAGE"].split(":")
    if not chosen and sys.platform in ("darwin", "win32"):  # their desktops start apps without these variables
        chosen = locale.getlocale()[0] or ""
    return [chosen]


def _language_code(name: str) -> str:
    return re.split("[-_.@]", name.strip().lower())[0]


@cache
def english_texts() -> Mapping[str, str]:
    """Return the bundled English texts, which define the keys and placeholders of every language."""
    return dict(_read_toml(BUNDLED / f"{ENGLISH}.toml")["texts"])


def placeholders(text: str) -> set[tuple[str, str | None, str | None]]:
    """Return name, format and conversion of each placeholder; ValueError for unbalanced braces."""
    return {(name, form, conversion) for _, name, form, conversion in Formatter().parse(text) if name is not None}


def _files(extra: Path | None) -> dict[str, list[Path]]:
    """Return the files of each language, the bundled one first, sorted by code."""
    found: dict[str, list[Path]] = {}
    for folder in (BUNDLED, extra):
        for path in folder.glob("*.toml") if folder else ():
            if re.fullmatch("[a-z]{2,3}", path.stem):  # ISO 639
                found.setdefault(path.stem, []).append(path)
    return dict(sorted(found.items()))


def _read_toml(path: Path) -> dict[str, Any]:
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 1000} KB")
    text = content.decode("utf-8-sig")  # Windows editors write a byte order mark
    if any(len(line) > MAX_LINE for line in text.splitlines()):
        raise ValueError(f"a line is longer than {MAX_LINE} characters")
    return tomllib.loads(text)


def _fault(key: str, text: object) -> str | None:
    """Return what is wrong with a text of a language file, None if nothing is."""
    english = english_texts()
    if key not in english:
        near = get_close_matches(key, english, 1)
        return f"no such text, did you mean {near[0]}?" if near else "no such text, remove it"
    if not _is_line(text):
        return f"expected one line of 1 to {MAX_TEXT} characters in quotes"
    wanted = placeholders(english[key])
    try:
        same = placeholders(str(text)) == wanted
    except ValueError:
        same = False
    names = " ".join(sorted(f"{{{name}}}" for name, _, _ in wanted)) or "none"
    return None if same else f"expected the placeholders of the English text ({names})"


def _is_line(text: object) -> bool:
    """Return whether this is text that pygame can draw on one line."""
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        return False
    return not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", text)
