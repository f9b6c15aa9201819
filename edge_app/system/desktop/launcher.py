"""`digitpad install-launcher`: adds digitpad to the desktop's menu, and removes it again."""

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from ...errors import SetupError
from ...escape import escape
from ...version import __version__
from ..file_changes import Content, apply, current, not_permitted, pending, remove_empty_folders
from ..launch_command import digitpad_command

DATA = Path(__file__).parent / "data"
ENTRY = "applications/digitpad.desktop"
NAMES = tuple(sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()))
"""The files of a launcher, below a folder like /usr/share; the entry is the first."""
MARKER = b"X-Digitpad"  # in every file of ours; others are never overwritten or removed
SYSTEM_DATA = "/usr/local/share:/usr/share"  # the default of XDG_DATA_DIRS
OTHER_SYSTEMS = {
    "win32": "a launcher is installed on Linux; on Windows, right-click digitpad.exe and choose Pin to Start",
    "darwin": "a launcher is installed on Linux; on macOS, make an application with Automator's Run Shell Script",
}


def launcher_command(prefix: Path | None, *, remove: bool, dry_run: bool) -> int:
    """Install or remove the launcher below `prefix`, and report each file; raises SetupError."""
    if sys.platform in OTHER_SYSTEMS:
        raise SetupError(OTHER_SYSTEMS[sys.platform])
    prefix = prefix.absolute() if prefix else data_home(os.environ)
    contents = dict.fromkeys(NAMES) if remove else launcher_files(digitpad_command(), _checkout())
    wanted: dict[Path, Content] = {prefix / name: content for name, content in contents.items()}
    foreign = [path for path in wanted if not _is_free(path)]
    if prefix / ENTRY in foreign and not remove:
        raise SetupError(f"{prefix / ENTRY}: was not written by digitpad. Move it away and try again")
    changes = pending({path: content for path, content in wanted.items() if path not in foreign})
    if path := not_permitted(changes):
        raise SetupError(f"{path}: permission denied, nothing was changed. Name a folder of yours: --prefix FOLDER")
    if not dry_run:
        _apply(prefix, changes)
    now, planned = ("removed", "would remove") if remove else ("wrote", "would write")
    unchanged = [] if remove else [path for path in wanted if path not in changes and path not in foreign]
    lines = [f"{planned if dry_run else now} {path}" for path in changes] + [f"unchanged {path}" for path in unchanged]
    lines += [f"kept {path}: was not written by digitpad" for path in foreign]
    print("\n".join(map(escape, lines)) or f"nothing of digitpad is in {escape(prefix)}")
    if not remove and prefix not in searched_folders(os.environ):
        print(f"desktops do not look in {escape(prefix)}: add it to XDG_DATA_DIRS")
    return 0


def data_home(environ: Mapping[str, str]) -> Path:
    """Return this user's data folder (XDG Base Directory Specification); raises SetupError without a home."""
    named, home = Path(environ.get("XDG_DATA_HOME", "")), Path(environ.get("HOME", ""))
    if named.is_absolute():
        return named
    if not home.is_absolute():
        raise SetupError("HOME is not set, so there is no ~/.local/share. Name a folder: --prefix FOLDER")
    return home / ".local" / "share"


def searched_folders(environ: Mapping[str, str]) -> list[Path]:
    """Return where desktops look for entries."""
    folders = [Path(name) for name in (environ.get("XDG_DATA_DIRS") or SYSTEM_DATA).split(":")]
    with contextlib.suppress(SetupError):
        folders.insert(0, data_home(environ))
    return folders


def launcher_files(command: Sequence[str], folder: Path | None) -> dict[str, bytes]:
    """Return the files of a launcher that starts `command` in `folder`, by NAMES."""
    return {ENTRY: desktop_entry(command, folder), **{name: (DATA / name).read_bytes() for name in NAMES[1:]}}


def desktop_entry(command: Sequence[str], folder: Path | None) -> bytes:
    """Return the desktop entry that starts `command` in `folder`; raises SetupError if an entry cannot hold it."""
    for part in (*command, str(folder or "")):
        if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", part):  # an entry is lines of UTF-8
            raise SetupError(f"{part!a}: not allowed in a menu entry. Install digitpad in another folder")
    if "=" in command[0]:
        raise SetupError(f"{command[0]}: a menu entry's program must not contain =. Install digitpad elsewhere")
    # GLib looks the program up before it turns %% into %, so env starts a program with % in its path.
    words = ["/usr/bin/env", *command] if "%" in command[0] else command
    values = {"exec": " ".join([*map(_quote, words), "--open=%f"]), "program": command[0], "folder": str(folder or "")}
    escaped = {name: value.replace("\\", "\\\\") for name, value in values.items()}  # on top of Exec's own quoting
    text = Template((DATA / ENTRY).read_text(encoding="utf-8")).substitute(escaped, version=__version__)
    return text.replace("\nPath=\n", "\n").encode()


def _quote(word: str) -> str:
    """Return a word of Exec, quoted by the Desktop Entry Specification."""
    word = word.replace("%", "%%")
    if re.fullmatch(r"[A-Za-z0-9_/.,:=+@%-]+", word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'


def _checkout() -> Path | None:
    """Return the folder in which `python -m edge_app` finds the package, unless it is installed."""
    folder = Path(__file__).resolve().parents[3]
    return folder if "-m" in digitpad_command() and folder.name not in ("site-packages", "dist-packages") else None


def _is_free(path: Path) -> bool:
    """Return whether there is no file, or one of ours; a link is never ours."""
    content = current(path)
    return content is None or (isinstance(content, bytes) and MARKER in content)


def _apply(prefix: Path, changes: Mapping[Path, Content]) -> None:
    try:
        apply(changes)
    finally:
        remove_empty_folders(changes, prefix)
        with contextlib.suppress(OSError):  # GTK ignores an icon cache that is older than its folder
            os.utime(prefix / "icons/hicolor")
