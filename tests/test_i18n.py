"""The bundled languages are complete; a user's own file overrides them; a faulty one is reported and used in part."""

import errno
import locale
import re
import sqlite3
import sys
from pathlib import Path

import pytest
import tomlkit

from edge_app.errors import DigitpadError, ExportError, disk_full_or
from edge_app.i18n import (
    BUNDLED,
    Language,
    available_languages,
    english_texts,
    load_language,
    placeholders,
    system_language,
)
from edge_app.system.speech import KEY as SPEECH

BUTTONS = """
    undo redo clear erase menu close copy save open speak history practice settings network compare
    fullscreen quit help hand split join map next show no delete forget correct restore export keep done
"""
WIDTHS = dict.fromkeys(BUTTONS.split(), 14) | {"keep_not": 18}  # characters
SAME_AS_ENGLISH = {"de": {"done", "size_normal"}, "es": {"no", "size_normal"}, "fr": {"done", "menu"}}
TRANSLATED = ["de", "es", "fr"]


def texts_of(code: str) -> dict[str, str]:
    """The texts in the file, read by another TOML library than the app's."""
    return dict(tomlkit.parse((BUNDLED / f"{code}.toml").read_text(encoding="utf-8")).unwrap()["texts"])


def names_in_braces(text: str) -> list[str]:
    return sorted(set(re.findall(r"{(\w+)}", text)))


def write(folder: Path, code: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{code}.toml"
    path.write_text(content, encoding="utf-8")
    return path


# The bundled languages


def test_four_languages_are_bundled() -> None:
    expected = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français"}
    assert available_languages() == expected
    assert list(available_languages()) == list(expected)


@pytest.mark.parametrize("code", ["en", *TRANSLATED])
def test_bundled_language_has_no_problems(code: str) -> None:
    spoken, problems = load_language(code, None)
    assert problems == []
    assert spoken.code == code
    assert dict(spoken.texts) == texts_of(code)


@pytest.mark.parametrize("code", TRANSLATED)
def test_bundled_language_is_complete(code: str) -> None:
    english, texts = texts_of("en"), texts_of(code)
    assert sorted(texts) == sorted(english)
    assert {key: names_in_braces(text) for key, text in texts.items()} == {
        key: names_in_braces(text) for key, text in english.items()
    }
    assert {key for key in texts if texts[key] == english[key]} == SAME_AS_ENGLISH[code]


@pytest.mark.parametrize("code", ["en", *TRANSLATED])
def test_typography(code: str) -> None:
    texts = texts_of(code)
    assert not [key for key, text in texts.items() if text != text.strip() or "  " in text or not text]
    assert not [key for key, text in texts.items() if re.search("""['"]|\\.\\.\\.""", text)]  # ’ “ … are meant
    assert not [key for key, text in texts.items() if text.endswith(".") and text.count(". ") == 0]


def test_french_spacing_and_spanish_inverted_marks() -> None:
    french, spanish = texts_of("fr"), texts_of("es")
    assert not [key for key, text in french.items() if re.search("[^\u00a0][:;?!%»]|«[^\u00a0]", text)]
    assert not [
        key for key, text in spanish.items() if ("?" in text) != ("¿" in text) or ("!" in text) != ("¡" in text)
    ]


@pytest.mark.parametrize("code", ["en", *TRANSLATED])
def test_button_texts_are_short(code: str) -> None:
    texts = texts_of(code)
    assert {key: texts[key] for key, width in WIDTHS.items() if len(texts[key]) > width} == {}


@pytest.mark.parametrize(
    ("code", "texts"),
    [("en", ["98%", "0%", "100%"])] + [(code, ["98\u00a0%", "0\u00a0%", "100\u00a0%"]) for code in TRANSLATED],
)
def test_percent(code: str, texts: list[str]) -> None:
    spoken, _ = load_language(code)
    assert [spoken.percent(share) for share in (0.976, 0.0, 1)] == texts


# Texts and their placeholders


def test_placeholders_are_filled_in() -> None:
    spoken, _ = load_language("de")
    assert spoken("read_as", digit=7) == "Gelesen als 7"
    assert spoken("page_of", page=2, pages=3) == "2 von 3"
    assert spoken("saved", path="{reason}") == "Gespeichert: {reason}"


def test_missing_text_falls_back_to_english() -> None:
    spoken = Language("nl", "Nederlands", {"undo": "Ongedaan"})
    assert (spoken("undo"), spoken("redo"), spoken.percent(0.5)) == ("Ongedaan", "Redo", "50%")


def test_unknown_key_or_missing_value_raises_key_error() -> None:
    spoken, _ = load_language("fr")
    with pytest.raises(KeyError, match="undoo"):
        spoken("undoo")
    with pytest.raises(KeyError, match="digit"):
        spoken("read_as", number=7)


def test_placeholders_are_read_with_their_format() -> None:
    assert placeholders("{a} {b} {a} {{c}}") == {("a", "", None), ("b", "", None)}
    assert placeholders("{a.b} {a!r} {a:>9}") == {("a.b", "", None), ("a", "", "r"), ("a", ">9", None)}
    for text in ("{a", "a}"):
        with pytest.raises(ValueError):  # noqa: PT011 - the caller words it
            placeholders(text)


# Faults


def kinds(error: type[DigitpadError] = DigitpadError) -> set[type[DigitpadError]]:
    return {error}.union(*map(kinds, error.__subclasses__()))


def test_each_error_class_has_a_translated_summary() -> None:
    keys = {kind.key for kind in kinds()} | {SPEECH}
    assert keys <= {key for key in english_texts() if key.startswith("fault")}
    assert len(kinds()) > 10


def test_fault_has_a_translated_summary_and_english_details() -> None:
    german, english = (load_language(code)[0] for code in ("de", "en"))
    full = disk_full_or("fault_save", OSError(errno.ENOSPC, "No space left on device"))
    fault = ExportError("/pictures: cannot save there (No space left on device). Free some space", full).notice
    assert german.fault(fault) == f"Der Datenträger ist voll.\n{fault}"
    assert german.fault(ExportError("x").notice) == "Die Seite lässt sich nicht speichern.\nx"
    assert english.fault(fault) == fault  # which says it all
    assert german.fault("no notice") == "no notice"
    dutch = Language("nl", "Nederlands", {"undo": "Ongedaan"})
    assert dutch.fault(fault) == fault  # what a language does not say is English


def test_disk_full_or_recognises_a_full_disk() -> None:
    assert disk_full_or("x", OSError(errno.EACCES, "Permission denied")) == "x"
    assert disk_full_or("x", sqlite3.OperationalError("database or disk is full")) == "fault_full"


# A user's own files


def test_user_language_is_found(tmp_path: Path) -> None:
    write(tmp_path, "nl", '\ufeffname = "Nederlands"\r\n[texts]\r\nundo = "Ongedaan"\r\n')
    assert list(available_languages(tmp_path)) == ["de", "en", "es", "fr", "nl"]
    assert available_languages(tmp_path)["nl"] == "Nederlands"
    spoken, problems = load_language("nl", tmp_path)
    assert (spoken.code, spoken.name, spoken("undo"), spoken("redo"), problems) == (
        *("nl", "Nederlands", "Ongedaan", "Redo"),
        [],
    )


def test_user_file_overrides_single_texts(tmp_path: Path) -> None:
    write(tmp_path, "de", 'name = "Platt"\n[texts]\nundo = "Trüch"\n')
    spoken, problems = load_language("de", tmp_path)
    assert (spoken.name, spoken("undo"), spoken("redo"), problems) == ("Platt", "Trüch", "Wiederholen", [])
    assert load_language("de", None)[0]("undo") == "Rückgängig"


def test_only_language_codes_are_accepted(tmp_path: Path) -> None:
    for stem in ("system", "x", "DE", "n1", "pt_BR", ".nl", "häh"):
        write(tmp_path / "languages", stem, 'name = "No"\n[texts]\n')
    write(tmp_path, "nl", 'name = "Nederlands"\n[texts]\n')
    for name in ("nl.txt", "toml"):
        (tmp_path / "languages" / name).write_text('name = "No"\n[texts]\n')
    assert list(available_languages(tmp_path / "languages")) == ["de", "en", "es", "fr"]
    for code in ("../nl", "nl", str(tmp_path / "nl"), "", "EN"):
        spoken, problems = load_language(code, tmp_path / "languages")
        assert (spoken.code, spoken("undo")) == ("en", "Undo")
        assert problems == [
            f"There is no language {code!r}, so English is used. Choose one of: de, en, es, fr",
        ]


# Damaged files

FAULTS = [
    ('undoo = "Weg"', "undoo", "no such text, did you mean undo?"),
    ('qqqqqq = "Weg"', "qqqqqq", "no such text, remove it"),
    ("undo = 5", "undo", "expected one line of 1 to 500 characters in quotes"),
    ('undo = " "', "undo", "expected one line of 1 to 500 characters in quotes"),
    (f'undo = "{"a" * 501}"', "undo", "expected one line of 1 to 500 characters in quotes"),
    ('undo = "a\\nb"', "undo", "expected one line of 1 to 500 characters in quotes"),
    ('read_as = "Gelezen"', "read_as", "expected the placeholders of the English text ({digit})"),
    ('undo = "{digit} weg"', "undo", "expected the placeholders of the English text (none)"),
    ('score = "{recht} van {total}"', "score", "expected the placeholders of the English text ({right} {total})"),
    ('read_as = "{digit:>999999999}"', "read_as", "expected the placeholders of the English text ({digit})"),
    ('undo = "weg }"', "undo", "expected the placeholders of the English text (none)"),
]


@pytest.mark.parametrize(("line", "key", "fault"), FAULTS, ids=lambda value: value[:20])
def test_faulty_text_is_reported_and_the_rest_used(tmp_path: Path, line: str, key: str, fault: str) -> None:
    path = write(tmp_path, "nl", f'name = "Nederlands"\n[texts]\nredo = "Opnieuw"\n{line}\nclear = "Leeg"\n')
    spoken, problems = load_language("nl", tmp_path)
    assert problems == [f"{path}: {key}: {fault}"]
    assert dict(spoken.texts) == {"redo": "Opnieuw", "clear": "Leeg"}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('undo = "Ongedaan"\n', "nl"),
        ('name = "Nederlands"\n', "Nederlands"),
        ('name = "Nederlands"\ntexts = 5\n', "Nederlands"),
        ('name = "Nederlands"\nredo = "Opnieuw"\n[texts]\n', "Nederlands"),
        ("name = 7\n[texts]\n", "nl"),
    ],
)
def test_wrong_structure_is_reported(tmp_path: Path, content: str, name: str) -> None:
    path = write(tmp_path, "nl", content)
    spoken, problems = load_language("nl", tmp_path)
    assert problems == [f'{path}: expected name = "...", then a line [texts] and all texts below it']
    assert (spoken.name, spoken("undo")) == (name, "Undo")


NOT_TOML = [b'undo = "', b"[texts]\na = '1'\na = '2'\n", b"\xff\xfe", b"\x00", b"a = " + b"[\n" * 9_000]


@pytest.mark.parametrize("content", NOT_TOML, ids=lambda content: repr(content[:12]))
def test_invalid_toml_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "de.toml"
    path.write_bytes(content)
    spoken, problems = load_language("de", tmp_path)
    assert (spoken.name, spoken("undo")) == ("Deutsch", "Rückgängig")
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}: not used, as it is not valid (")
    assert "\n" not in problems[0]


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    (tmp_path / "it.toml").mkdir()
    large = write(tmp_path, "nl", "#\n" * 15_001)
    assert load_language("nl", tmp_path)[1] == [f"{large}: not used, as it is not valid (larger than 30 KB)"]
    (problem,) = load_language("it", tmp_path)[1]
    assert problem.startswith(f"{tmp_path / 'it.toml'}: not used, as it cannot be read (")
    assert available_languages(tmp_path)["it"] == "it"


# The system's language


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "fr_CA"}, "fr"),
        ({"LANG": "de@euro"}, "de"),
        ({"LANG": "german"}, "de"),
        ({"LANG": "nl_NL.UTF-8"}, "en"),
        ({"LANG": "../../de"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8", "LC_ALL": "es_ES.UTF-8"}, "es"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "", "LC_ALL": ""}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "nl:fr:es"}, "fr"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "en_GB:de"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "nl"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": ""}, "de"),
        ({"LANGUAGE": "es"}, "es"),
        ({"LANGUAGE": "es", "LC_ALL": "C"}, "en"),
    ],
)
def test_system_language(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], code: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(locale, "getlocale", lambda: ("fr_FR", "UTF-8"))  # on Linux the variables have said it all
    assert system_language(environ) == code
    assert load_language("system", None, environ)[0].code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("German_Austria", "de"), ("Spanish_Mexico", "es"), ("fr_FR", "fr"), ("English_United States", "en")],
)
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_locale_of_macos_and_windows(monkeypatch: pytest.MonkeyPatch, platform: str, name: str, code: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "cp1252"))
    assert system_language({}) == code
    assert system_language({"LANG": "fr_FR.UTF-8"}) == "fr"  # what was set by hand comes first
    assert system_language({"LANG": "C"}) == "en"


def test_without_any_locale_english_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(locale, "getlocale", lambda: (None, None))
    assert system_language({}) == "en"


def test_system_language_may_be_a_user_language(tmp_path: Path) -> None:
    write(tmp_path, "nl", 'name = "Nederlands"\n[texts]\nundo = "Ongedaan"\n')
    spoken, problems = load_language("system", tmp_path, {"LANG": "nl_BE.UTF-8"})
    assert (spoken.code, spoken("undo"), problems) == ("nl", "Ongedaan", [])
    assert load_language("system", None, {"LANG": "nl_BE.UTF-8"})[0].code == "en"


def test_a_key_of_thousands_of_dots_is_rejected_at_once(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text('name = "D"\n[texts]\n' + "a." * 10_000 + 'b = "1"\n')
    spoken, (problem,) = load_language("de", tmp_path)
    assert spoken("undo") == load_language("de")[0]("undo")
    assert "a line is longer than 1000 characters" in problem
