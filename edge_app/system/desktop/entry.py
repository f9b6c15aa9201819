"""The texts of a menu entry: the desktop entry, which starts digitpad, and AppStream's metadata, which presents it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from ...errors import SetupError
from ...version import __version__

MARKER = "X-Digitpad"  # every file that is written carries it: what does not is somebody else's
# home.arpa belongs to everybody's own network (RFC 8375), so this reversed name claims no domain of others.
COMPONENT = "arpa.home.digitpad"
RELEASES = (("0.1.0", "2026-11-22"),)  # the newest first, with the days of CHANGELOG's sections


class Texts(NamedTuple):
    """What a language says of digitpad."""

    generic: str
    comment: str
    keywords: tuple[str, ...]
    description: str


TEXTS = {
    "": Texts(
        "Handwritten number reader",
        "Write numbers by hand and have them read",
        ("handwriting", "digits", "numbers", "recognition", "touch", "pen"),
        "Write a number with finger, pen or mouse, and it is read while you write. Tap a digit to see how sure the "
        "answer is and to correct it: corrections teach the program your hand. Nothing leaves the device.",
    ),
    "de": Texts(
        "Leser für handgeschriebene Zahlen",
        "Zahlen von Hand schreiben und lesen lassen",
        ("Handschrift", "Ziffern", "Zahlen", "Erkennung", "Touchscreen", "Stift"),
        "Schreiben Sie eine Zahl mit Finger, Stift oder Maus: Sie wird schon beim Schreiben gelesen. Tippen Sie auf "
        "eine Ziffer, um zu sehen, wie sicher die Antwort ist, und um sie zu korrigieren: Korrekturen lehren das "
        "Programm Ihre Handschrift. Nichts verlässt das Gerät.",
    ),
    "es": Texts(
        "Lector de números manuscritos",
        "Escribir números a mano y hacer que se lean",
        ("escritura", "dígitos", "números", "reconocimiento", "táctil", "lápiz"),
        "Escriba un número con el dedo, el lápiz o el ratón y se leerá mientras escribe. Toque una cifra para ver la "
        "seguridad de la respuesta y para corregirla: las correcciones enseñan su letra al programa. Nada sale del "
        "dispositivo.",
    ),
    "fr": Texts(
        "Lecteur de nombres manuscrits",
        "Écrire des nombres à la main et les faire lire",
        ("écriture", "chiffres", "nombres", "reconnaissance", "tactile", "stylet"),
        "Écrivez un nombre avec le doigt, le stylet ou la souris : il est lu pendant que vous écrivez. Touchez un "
        "chiffre pour voir à quel point la réponse est sûre et pour la corriger : les corrections apprennent votre "
        "écriture au programme. Rien ne quitte l’appareil.",
    ),
}


def desktop_entry(command: Sequence[str], folder: Path | None, made: Sequence[str]) -> bytes:
    """Return the desktop entry that starts `command` in `folder` and remembers the folders that were `made` for it.

    It names no MimeType: without a list of defaults, GLib opens a picture with what the user installed last for
    himself, and nobody wants all pictures in a reader of numbers. Files reach it by --open all the same. Raises
    SetupError for a command that such an entry cannot hold.
    """
    _check_command(command, folder)
    lines = ["[Desktop Entry]", "Type=Application", "Name=digitpad"]
    for code, texts in TEXTS.items():
        tail = f"[{code}]" if code else ""
        lines += [f"GenericName{tail}={texts.generic}", f"Comment{tail}={texts.comment}"]
        lines += [f"Keywords{tail}={';'.join(texts.keywords)};"]
    lines += [f"Exec={_as_value(_exec_words(command))}", f"TryExec={_as_value(command[0])}"]
    lines += [f"Path={_as_value(str(folder))}"] if folder else []
    # a second main category would be a second place in the menu
    lines += ["Icon=digitpad", "Terminal=false", "Categories=Education;", "StartupWMClass=digitpad"]
    lines += [f"{MARKER}={__version__}", f"{MARKER}-Folders={';'.join(made)}"]
    return ("\n".join(lines) + "\n").encode()


def folders_made(entry: bytes) -> list[str]:
    """Return the folders that an entry remembers."""
    found = re.search(rf"^{MARKER}-Folders=(.+)$".encode(), entry, re.MULTILINE)
    return found[1].decode(errors="replace").split(";") if found else []


def _check_command(command: Sequence[str], folder: Path | None) -> None:
    for part in (*command, str(folder or "")):
        # a key file is lines of UTF-8, and what is no UTF-8 in a path comes as a surrogate
        if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", part):
            raise SetupError(f"{part!a}: no menu entry can hold such a name. Install digitpad in another folder")
    if "=" in command[0]:
        raise SetupError(f"{command[0]}: a menu entry's program may have no = in it. Install digitpad elsewhere")


def _exec_words(command: Sequence[str]) -> str:
    """Return Exec's words, the file to open among them: attached, so that without one no option lacks its value."""
    # GLib looks the program up before it reads %% as %, so a program with one is left to env
    words = ["/usr/bin/env", *command] if "%" in command[0] else command
    return " ".join([*map(_quoted, words), "--open=%f"])


def _quoted(word: str) -> str:
    """Return a word of Exec, by the Desktop Entry Specification's own quoting, not a shell's."""
    word = word.replace("%", "%%")
    if re.fullmatch(r"[A-Za-z0-9_/.,:=+@%-]+", word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'


def _as_value(text: str) -> str:
    """Return text as a key's value, in which a backslash is written twice, whatever quoting it holds already."""
    return text.replace("\\", "\\\\")


def metainfo() -> bytes:
    """Return AppStream's metadata; there is no homepage in it, as the project has none to name."""
    releases = [f'<release version="{version}" date="{date}"/>' for version, date in RELEASES]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<component type="desktop-application">',
        f"<id>{COMPONENT}</id>",
        "<metadata_license>MIT</metadata_license>",
        "<project_license>MIT</project_license>",
        "<name>digitpad</name>",
        *[f"<summary{_language(code)}>{escape(texts.comment)}</summary>" for code, texts in TEXTS.items()],
        f'<developer id="{COMPONENT}"><name>The digitpad authors</name></developer>',
        "<description>",
        *[f"<p{_language(code)}>{escape(texts.description)}</p>" for code, texts in TEXTS.items()],
        "</description>",
        '<launchable type="desktop-id">digitpad.desktop</launchable>',
        '<icon type="stock">digitpad</icon>',
        "<categories><category>Education</category></categories>",
        "<provides><binary>digitpad</binary></provides>",
        "<recommends><control>touch</control><control>pointing</control></recommends>",
        '<content_rating type="oars-1.1"/>',  # empty: nothing in it that OARS asks for
        "<releases>",
        *releases,
        "</releases>",
        f'<custom><value key="{MARKER}">{__version__}</value></custom>',
        "</component>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _language(code: str) -> str:
    return f' xml:lang="{code}"' if code else ""
