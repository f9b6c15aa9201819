"""`digitpad install-launcher`: digitpad in the desktop's menu, for this user, and all of it undone on request."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ...errors import SetupError
from ...escape import escape
from ...subprocesses import find_program
from ...version import __version__
from ..file_changes import Content, Draft, remove_if_empty
from ..launch_command import digitpad_command
from .entry import COMPONENT, MARKER, desktop_entry, folders_made, metainfo
from .icon import icon, icon_svg

ENTRY = "applications/digitpad.desktop"
METAINFO = f"metainfo/{COMPONENT}.metainfo.xml"
THEME = "icons/hicolor"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ELSEWHERE = {
    "win32": "a launcher is installed on Linux; on Windows, right-click digitpad.exe and choose Pin to Start",
    "darwin": "a launcher is installed on Linux; on macOS, make an application with Automator's Run Shell Script",
}
SYSTEM = "/usr/local/share:/usr/share"  # where desktops look when XDG_DATA_DIRS is not set
SAID = {  # by remove, dry_run
    (False, False): "wrote",
    (False, True): "would write",
    (True, False): "removed",
    (True, True): "would remove",
}


def launcher_command(prefix: Path | None, *, remove: bool, dry_run: bool) -> int:
    """Put digitpad into the menu below `prefix`, or take it away; says what it did with each file.

    Raises SetupError having changed nothing, unless the disk fails meanwhile: then --remove knows all that was made.
    """
    if sys.platform in ELSEWHERE:
        raise SetupError(ELSEWHERE[sys.platform])
    prefix = prefix.absolute() if prefix else data_home(os.environ)
    draft, folders = draft_removal(prefix) if remove else draft_installation(prefix)
    _check_rights(draft)
    sentences = _sentences(prefix, draft, SAID[remove, dry_run])
    if not dry_run:
        _make(prefix, draft, folders)
    print("\n".join(map(escape, sentences)) or f"nothing of digitpad is in {escape(prefix)}")
    if not remove and prefix not in searched(os.environ):
        print(f"desktops do not look in {escape(prefix)}: add it to XDG_DATA_DIRS")
    return 0


def data_home(environ: Mapping[str, str]) -> Path:
    """Return where this user's desktop looks for entries; raises SetupError where there is no home."""
    named, home = Path(environ.get("XDG_DATA_HOME", "")), Path(environ.get("HOME", ""))
    if named.is_absolute():  # a relative one does not count (XDG Base Directory Specification)
        return named
    if not home.is_absolute():
        raise SetupError("HOME names no folder, so there is no ~/.local/share. Name a folder: --prefix FOLDER")
    return home / ".local" / "share"


def searched(environ: Mapping[str, str]) -> list[Path]:
    """Return where desktops look for entries."""
    system = (environ.get("XDG_DATA_DIRS") or SYSTEM).split(":")
    with contextlib.suppress(SetupError):
        return [data_home(environ), *map(Path, system)]
    return [*map(Path, system)]


def draft_installation(prefix: Path) -> tuple[Draft, list[Path]]:
    """Return what is to be written below `prefix`, and the folders that are made for it, now or before.

    The entry comes first: it remembers the folders, for a removal after a disk that failed.
    """
    draft = Draft()
    before = _now(draft, prefix / ENTRY)
    if before is not None and not is_ours(before):
        raise SetupError(f"{prefix / ENTRY}: was not written by digitpad. Move it away and try again")
    draft.put(prefix / ENTRY, b"")
    for name, content in [*icon_files().items(), (METAINFO, metainfo())]:
        now = _now(draft, prefix / name)
        if now is None or is_ours(now):
            draft.put(prefix / name, content)
    folders = [*_folders_of(prefix, before), *draft.missing_folders()]
    made = [os.path.relpath(folder, prefix) for folder in dict.fromkeys(folders)]
    command = digitpad_command()
    draft.put(prefix / ENTRY, desktop_entry(command, _folder_for(command), made))
    return draft, folders


def draft_removal(prefix: Path) -> tuple[Draft, list[Path]]:
    """Return that everything of ours below `prefix` goes, and the folders that were made for it; the entry last."""
    draft = Draft()
    folders = _folders_of(prefix, _now(draft, prefix / ENTRY))
    for name in reversed(file_names()):
        if is_ours(_now(draft, prefix / name)):
            draft.put(prefix / name, None)
    return draft, folders


def file_names() -> list[str]:
    """Return the files of a launcher, relative to its prefix."""
    return [ENTRY, *map(_png_name, SIZES), _svg_name(), METAINFO]


def icon_files() -> dict[str, bytes]:
    """Return the icons by their names in the theme."""
    return {**{_png_name(size): _png(size) for size in SIZES}, _svg_name(): icon_svg(f"{MARKER} {__version__}")}


def _png_name(size: int) -> str:
    return f"{THEME}/{size}x{size}/apps/digitpad.png"


def _svg_name() -> str:
    return f"{THEME}/scalable/apps/digitpad.svg"


def _png(size: int) -> bytes:
    from PIL import Image  # not at import: a removal needs no Pillow
    from PIL.PngImagePlugin import PngInfo

    notes, file = PngInfo(), io.BytesIO()
    notes.add_text(MARKER, __version__)
    Image.fromarray(icon(size)).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def is_ours(content: Content) -> bool:
    """Tell whether a file carries our marker; a link does not, wherever it leads."""
    return isinstance(content, bytes) and MARKER.encode() in content


def _now(draft: Draft, path: Path) -> Content:
    """Return what is there; raises SetupError where a file stands in the place of a folder."""
    nearest = next(folder for folder in path.parents if os.path.lexists(folder))
    if not nearest.is_dir():
        raise SetupError(f"{nearest}: is no folder, so nothing can be put below it. Name another: --prefix FOLDER")
    return draft.get(path)


def _folders_of(prefix: Path, entry: Content) -> list[Path]:
    """Return the folders that our entry remembers, of those that could ever have been made for it."""
    could = {os.path.relpath(folder, prefix): folder for name in file_names() for folder in (prefix / name).parents}
    made = folders_made(entry) if isinstance(entry, bytes) and is_ours(entry) else []
    return [could[name] for name in made if name in could]


def _folder_for(command: tuple[str, ...]) -> Path | None:
    """Return the folder to start in: a checkout's, where Python finds the package in no other way."""
    place = Path(__file__).resolve().parents[3]
    return place if "-m" in command and place.name not in ("site-packages", "dist-packages") else None


def _check_rights(draft: Draft) -> None:
    forbidden = draft.forbidden()
    if forbidden:
        raise SetupError(
            f"{forbidden[0]}: you may not change it, and nothing was changed. Name a folder of yours: --prefix FOLDER"
        )


def _sentences(prefix: Path, draft: Draft, said: str) -> list[str]:
    changes, sentences = dict(draft.changes()), []
    for path in [prefix / name for name in file_names()]:
        now = draft.get(path)
        if path in changes:
            sentences.append(f"{said} {path}")
        elif now is not None:
            sentences.append(f"unchanged {path}" if is_ours(now) else f"kept {path}: was not written by digitpad")
    return sentences


def _make(prefix: Path, draft: Draft, folders: list[Path]) -> None:
    """Make the changes; a removal, or a disk that failed, leaves no empty folders of ours."""
    changed = bool(draft.changes())
    try:
        try:
            draft.make()
        finally:
            remove_if_empty(folders)
    except OSError as error:
        raise SetupError(
            f"{error.filename or prefix}: {error.strerror}. Make room or rights, or name a folder: --prefix FOLDER"
        ) from None
    if changed:
        refresh_icons(prefix / THEME)


def refresh_icons(theme: Path) -> None:
    """Have desktops look at the icons again; a theme without a cache gets none, which would hide later icons.

    No database of file types is told anything, as the entry names none. A failing tool is no fault: GTK ignores a
    cache that is older than its folder.
    """
    if not theme.is_dir():
        return
    with contextlib.suppress(OSError):  # the folder may be another's, with ours in it
        os.utime(theme)
    tool = find_program("gtk-update-icon-cache") or find_program("gtk4-update-icon-cache")
    if tool and (theme / "icon-theme.cache").exists():
        done = subprocess.run([tool, "-q", "-f", "-t", str(theme)], capture_output=True, check=False)
        print(f"refreshed {theme}/icon-theme.cache" if done.returncode == 0 else f"{tool} failed, which does no harm")
