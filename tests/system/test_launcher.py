"""The launcher: valid by the desktop's own tools, started as a desktop would, and removed without a trace."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

from edge_app.cli import make_parser
from edge_app.errors import SetupError
from edge_app.gui.drawing.theme import THEMES
from edge_app.gui.platform.display import ICON
from edge_app.storage.atomic_write import write_atomically
from edge_app.system.desktop import launcher
from edge_app.system.desktop.launcher import DATA, ENTRY, NAMES, data_home, desktop_entry, launcher_command
from edge_app.version import __version__

from ..conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform in launcher.OTHER_SYSTEMS, reason="launchers are for Linux desktops")

METAINFO = "metainfo/arpa.home.digitpad.metainfo.xml"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
OTHER = "icons/hicolor/16x16/apps/other.png"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def run_tool(*command: object) -> subprocess.CompletedProcess[str]:
    if not shutil.which(str(command[0])):
        pytest.skip(f"needs {command[0]}: apt-get install desktop-file-utils appstream")
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)


def install(prefix: Path, *, remove: bool = False, dry_run: bool = False) -> None:
    assert launcher_command(prefix, remove=remove, dry_run=dry_run) == 0


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with the bytes of files."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def entry_of(content: bytes) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(content.decode())
    return parser["Desktop Entry"]


def unescaped(value: str) -> str:
    """Return a value as the Desktop Entry Specification reads it."""
    return re.sub(r"\\(.)", lambda found: {"s": " ", "n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), value)


def words_of(value: str, file: str = "") -> list[str]:
    """Return the words of Exec by the specification's rules for quoting and field codes."""
    words: list[str] = []
    word, quoted, begun = "", False, False
    characters = iter(unescaped(value))
    for character in characters:
        if quoted and character == "\\":
            escaped = next(characters)
            assert escaped in '"`$\\', "no other character may be escaped"
            word += escaped
        elif character == '"':
            quoted, begun = not quoted, True
        elif character == " " and not quoted:
            words, word, begun = [*words, word] if begun else words, "", False
        elif character == "%":
            code = next(characters)
            assert code == "%" or (code == "f" and not quoted)
            word, begun = word + (file if code == "f" else "%"), True
        else:
            assert quoted or character not in "\t\n'\\><~|&;$*?#()`", "reserved: to be quoted"
            word, begun = word + character, True
    assert not quoted
    return [*words, word] if begun else words


# The entry


def test_entry_and_metainfo_are_valid(tmp_path: Path) -> None:
    install(tmp_path)
    done = run_tool("desktop-file-validate", tmp_path / ENTRY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run_tool("appstreamcli", "validate", "--no-net", "--pedantic", tmp_path / METAINFO)
    found = set(re.findall(r"^[EWIP]: \S+ (.+)$", done.stdout, re.MULTILINE))
    # before 1.0 it does not know <developer>; from 1.0 on it wants a homepage, and there is none
    assert found <= {"unknown-tag developer", "url-homepage-missing"}, done.stdout
    assert done.returncode == 0 or "url-homepage-missing" in found


def test_validators_reject_broken_files(tmp_path: Path) -> None:
    entry, data = tmp_path / "x.desktop", tmp_path / "x.metainfo.xml"
    entry.write_bytes(desktop_entry(["/bin/digitpad"], None).replace(b"Education", b"Handwriting"))
    data.write_bytes((DATA / METAINFO).read_bytes().replace(b"desktop-id", b"desktop"))
    assert run_tool("desktop-file-validate", entry).returncode != 0
    assert run_tool("appstreamcli", "validate", "--no-net", data).returncode != 0


def test_entry_starts_digitpad_with_an_empty_environment(tmp_path: Path) -> None:
    install(tmp_path)
    entry = entry_of((tmp_path / ENTRY).read_bytes())
    words = words_of(entry["Exec"])
    assert Path(words[0]).is_absolute()
    assert words[0] == unescaped(entry["TryExec"])
    folder = unescaped(entry["Path"])  # of a checkout: from elsewhere, -m edge_app finds nothing
    done = subprocess.run([*words, "--version"], env={"PATH": ""}, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"digitpad {__version__}\n"), done.stderr


def test_installed_command_is_started_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "digitpad"), "install-launcher"])
    install(tmp_path)
    entry = entry_of((tmp_path / ENTRY).read_bytes())
    assert words_of(entry["Exec"]) == [str(tmp_path / "digitpad"), "--open="]
    assert "Path" not in entry


def test_dropped_file_is_opened() -> None:
    entry = entry_of(desktop_entry(["/bin/digitpad"], None))
    value, parse = entry["Exec"], make_parser().parse_args
    assert parse(words_of(value, "/a b/-c.png")[1:]).file == "/a b/-c.png"
    assert parse(words_of(value)[1:]).file == ""
    assert "MimeType" not in entry  # a program for pictures is not replaced by this one


ODD = ["with space", "a$HOME", "50%f", 'say "it"', "it's", "back\\slash", "`id`", "ü~|&;*?#()<>", '\\$%"\\\\', "%%"]


@pytest.mark.parametrize("name", ODD)
def test_special_characters_in_paths_are_quoted(name: str, tmp_path: Path) -> None:
    program = tmp_path / name / "digitpad"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
    program.chmod(0o755)
    content = desktop_entry([str(program)], program.parent)
    entry = entry_of(content)
    assert unescaped(entry["TryExec"]) == str(program)
    assert unescaped(entry["Path"]) == str(program.parent)
    done = subprocess.run(words_of(entry["Exec"], "a b"), capture_output=True, text=True, check=True)
    assert done.stdout == f"{program}\n--open=a b\n"
    (tmp_path / "x.desktop").write_bytes(content)
    assert run_tool("desktop-file-validate", tmp_path / "x.desktop").returncode == 0
    if shutil.which("gio"):  # GLib itself, where it is there
        done = run_tool("gio", "launch", tmp_path / "x.desktop")
        assert done.stdout == f"{program}\n--open=\n", done.stderr


@pytest.mark.parametrize("path", ["/new\nline/digitpad", "/a=b/digitpad", "/\udcff/digitpad"])
def test_path_that_an_entry_cannot_hold_is_an_error(path: str) -> None:
    with pytest.raises(SetupError, match="Install digitpad"):
        desktop_entry([path], None)


def test_every_language_is_translated() -> None:
    entry = entry_of(desktop_entry(["/bin/digitpad"], None))
    for key in ("GenericName", "Comment", "Keywords"):
        assert len({entry[key], *(entry[f"{key}[{code}]"] for code in ("de", "fr", "es"))}) == 4
    root = ElementTree.parse(DATA / METAINFO)
    for tag in ("summary", "description/p"):
        assert {one.get(LANGUAGE) for one in root.findall(tag)} == {None, "de", "fr", "es"}


def test_releases_match_the_changelog() -> None:
    headings = re.findall(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    releases = ElementTree.parse(DATA / METAINFO).findall("releases/release")
    assert [release.get("version") for release in releases] == headings
    assert headings[0] == __version__


def test_window_class_matches_the_entry() -> None:
    entry = entry_of(desktop_entry(["/bin/digitpad"], None))
    source = (ROOT / "edge_app" / "gui" / "platform" / "display.py").read_text()
    assert f'"SDL_VIDEO_X11_WMCLASS", "{entry["StartupWMClass"]}"' in source


# Installation and removal


def test_installation_is_repeatable_and_removed_without_a_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / OTHER
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another program's")
    empty = tree(tmp_path)

    def lines(**options: bool) -> Counter[str]:
        capsys.readouterr()
        install(tmp_path, **options)
        return Counter(line.partition(" ")[0] for line in capsys.readouterr().out.splitlines() if "/" in line)

    assert lines(dry_run=True)["would"] == len(NAMES)
    assert tree(tmp_path) == empty
    assert lines()["wrote"] == len(NAMES)
    installed, times = tree(tmp_path), [(tmp_path / name).stat().st_mtime_ns for name in NAMES]
    assert {name for name, content in installed.items() if content is not None} == {*NAMES, OTHER}
    assert lines()["unchanged"] == len(NAMES)
    assert lines(remove=True, dry_run=True)["would"] == len(NAMES)
    assert [(tmp_path / name).stat().st_mtime_ns for name in NAMES] == times
    assert tree(tmp_path) == installed
    assert lines(remove=True)["removed"] == len(NAMES)
    assert tree(tmp_path) == empty
    assert lines(remove=True) == {"nothing": 1}


def test_edited_entry_is_replaced_and_removed(tmp_path: Path) -> None:
    install(tmp_path)
    before, entry = tree(tmp_path), tmp_path / ENTRY
    entry.write_text(entry.read_text().replace("Icon=digitpad", "Icon=pencil"))
    install(tmp_path)
    assert tree(tmp_path) == before
    entry.write_text(entry.read_text() + "NoDisplay=true\n")
    install(tmp_path, remove=True)
    assert tree(tmp_path) == {}


def test_foreign_files_and_links_survive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, link = tmp_path / NAMES[1], tmp_path / NAMES[2]
    install(tmp_path / "elsewhere")
    for path in (mine, link):
        path.parent.mkdir(parents=True)
    mine.write_bytes(b"my own drawing")
    link.symlink_to(tmp_path / "elsewhere" / NAMES[2])
    before = tree(tmp_path)
    install(tmp_path)
    assert capsys.readouterr().out.count("kept") == 2
    install(tmp_path, remove=True)
    assert capsys.readouterr().out.count("kept") == 2
    assert tree(tmp_path) == before
    assert link.is_symlink()


def test_foreign_entry_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / ENTRY).parent.mkdir()
    (tmp_path / ENTRY).write_text("[Desktop Entry]\nType=Application\nName=digitpad\nExec=my-digitpad\n")
    before = tree(tmp_path)
    with pytest.raises(SetupError, match="was not written by digitpad"):
        install(tmp_path)
    install(tmp_path, remove=True)
    assert tree(tmp_path) == before


def test_removal_cleans_up_after_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [3]

    def write_until_full(path: Path, content: bytes, mode: int = 0o644) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(path))
        write_atomically(path, content, mode)

    monkeypatch.setattr("edge_app.system.file_changes.write_atomically", write_until_full)
    with pytest.raises(SetupError, match="No space left on device"):
        install(tmp_path)
    assert (tmp_path / ENTRY).exists()
    install(tmp_path, remove=True)
    assert tree(tmp_path) == {}


def test_icon_cache_becomes_older_than_its_folder(tmp_path: Path) -> None:
    theme = tmp_path / "icons" / "hicolor"
    theme.mkdir(parents=True)
    (theme / "icon-theme.cache").write_bytes(b"")
    os.utime(theme, (0, 0))
    install(tmp_path)
    assert theme.stat().st_mtime_ns >= (theme / "icon-theme.cache").stat().st_mtime_ns


# Where


def test_default_prefix_is_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_home({"XDG_DATA_HOME": "/x/y", "HOME": "/home/a"}) == Path("/x/y")
    assert data_home({"XDG_DATA_HOME": "x", "HOME": "/home/a"}) == Path("/home/a/.local/share")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert launcher_command(None, remove=False, dry_run=False) == 0
    assert (tmp_path / ENTRY).exists()


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "home"}])
def test_no_home_is_an_error(environ: dict[str, str]) -> None:
    with pytest.raises(SetupError, match="--prefix FOLDER"):
        data_home(environ)


def test_prefix_outside_xdg_data_dirs_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path)
    assert "XDG_DATA_DIRS" in capsys.readouterr().out
    monkeypatch.setenv("XDG_DATA_DIRS", f"/usr/share:{tmp_path}")
    install(tmp_path)
    assert "XDG_DATA_DIRS" not in capsys.readouterr().out


def test_unwritable_prefix_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    for prefix in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/digitpad")):
        with pytest.raises(SetupError, match=r"permission denied|Free some space"):  # even root cannot write to /proc
            install(prefix)
    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)
    with pytest.raises(SetupError, match="permission denied"):
        install(tmp_path)
    assert tree(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_get_advice(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SetupError, match="installed on Linux; on"):
        install(tmp_path)


# The icon


def read_rgba(file: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    surface = pygame.image.load(file)
    width, height = surface.get_size()
    return np.frombuffer(pygame.image.tobytes(surface, "RGBA"), np.uint8).reshape(height, width, 4)


@pytest.mark.parametrize("size", SIZES)
def test_icon_has_its_size_colours_and_transparent_corners(size: int) -> None:
    file = DATA / f"icons/hicolor/{size}x{size}/apps/digitpad.png"
    assert "X-Digitpad" in Image.open(file).info
    pixels = read_rgba(file)
    assert pixels.shape == (size, size, 4)
    assert pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    theme = THEMES["light"]
    for colour, share in ((theme.paper, 0.25), (theme.accent, 0.1), (theme.ink, 0.03)):
        near = (np.abs(pixels[..., :3].astype(int) - colour).max(axis=-1) < 40) & (pixels[..., 3] > 200)
        assert near.mean() > share


def test_svg_and_png_show_the_same_picture() -> None:
    drawn = read_rgba(DATA / "icons/hicolor/scalable/apps/digitpad.svg").astype(int)
    png = read_rgba(DATA / "icons/hicolor/64x64/apps/digitpad.png").astype(int)
    for pixels in (drawn, png):
        pixels[..., :3] *= pixels[..., 3:]
        pixels[..., :3] //= 255
    assert np.abs(drawn - png).mean() < 4
    assert np.abs(drawn - png[:, ::-1]).mean() > 8  # the comparison notices another picture


def test_window_icon_is_the_png() -> None:
    assert np.array_equal(read_rgba(ICON), read_rgba(DATA / "icons/hicolor/64x64/apps/digitpad.png"))
