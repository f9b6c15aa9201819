"""The menu entry: valid by the desktop's own tools, started as a desktop would, and taken away to the last folder."""

import configparser
import io
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

from edge_app.cli import make_parser
from edge_app.errors import SetupError
from edge_app.gui.drawing.theme import THEMES
from edge_app.storage.atomic_write import write_atomically
from edge_app.system.desktop import launcher
from edge_app.system.desktop.entry import RELEASES, desktop_entry, folders_made, metainfo
from edge_app.system.desktop.icon import ACCENT, INK, PAPER, icon, icon_svg
from edge_app.system.desktop.launcher import ENTRY, METAINFO, SIZES, data_home, file_names, launcher_command
from edge_app.version import __version__

from ..conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform in launcher.ELSEWHERE, reason="a launcher is for Linux's desktops")


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
    """A key's value as the Desktop Entry Specification reads it."""
    return re.sub(r"\\(.)", lambda found: {"s": " ", "n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), value)


def words_of(value: str, file: str = "") -> list[str]:
    """Exec's words, read character by character by the specification's rules: its quoting, then its field codes."""
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


def test_the_tools_of_desktops_find_nothing_wrong(tmp_path: Path) -> None:
    install(tmp_path)
    done = run_tool("desktop-file-validate", tmp_path / ENTRY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run_tool("appstreamcli", "validate", "--no-net", "--pedantic", tmp_path / METAINFO)
    found = set(re.findall(r"^[EWIP]: \S+ (.+)$", done.stdout, re.MULTILINE))
    # older than 1.0, it does not know <developer> yet; from 1.0 on it would like a homepage, which there is not
    assert found <= {"unknown-tag developer", "url-homepage-missing"}, done.stdout
    assert done.returncode == 0 or "url-homepage-missing" in found


def test_the_tools_do_find_what_is_wrong(tmp_path: Path) -> None:
    entry, data = tmp_path / "x.desktop", tmp_path / "x.metainfo.xml"
    entry.write_bytes(desktop_entry(["/bin/digitpad"], None, []).replace(b"Education", b"Handwriting"))
    data.write_bytes(metainfo().replace(b"desktop-id", b"desktop"))
    assert run_tool("desktop-file-validate", entry).returncode != 0
    assert run_tool("appstreamcli", "validate", "--no-net", data).returncode != 0


def test_the_entry_starts_what_is_running_without_help_of_the_environment(tmp_path: Path) -> None:
    install(tmp_path)
    entry = entry_of((tmp_path / ENTRY).read_bytes())
    words = words_of(entry["Exec"])
    assert Path(words[0]).is_absolute()
    assert words[0] == unescaped(entry["TryExec"])
    folder = unescaped(entry["Path"])  # of a checkout: from elsewhere, -m edge_app finds nothing
    done = subprocess.run([*words, "--version"], env={"PATH": ""}, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"digitpad {__version__}\n"), done.stderr


def test_an_installed_command_is_started_by_its_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "digitpad"), "install-launcher"])
    install(tmp_path)
    entry = entry_of((tmp_path / ENTRY).read_bytes())
    assert words_of(entry["Exec"]) == [str(tmp_path / "digitpad"), "--open="]
    assert "Path" not in entry


def test_a_file_that_is_dropped_on_it_is_opened_and_none_is_none() -> None:
    value = entry_of(desktop_entry(["/bin/digitpad"], None, []))["Exec"]
    parse = make_parser().parse_args
    assert parse(words_of(value, "/a b/-c.png")[1:]).file == "/a b/-c.png"
    assert parse(words_of(value)[1:]).file == ""


def test_no_kind_of_file_is_claimed() -> None:
    assert "MimeType" not in entry_of(desktop_entry(["/bin/digitpad"], None, []))


ODD = ["with space", "a$HOME", "50%f", 'say "it"', "it's", "back\\slash", "`id`", "ü~|&;*?#()<>", '\\$%"\\\\', "%%"]


@pytest.mark.parametrize("name", ODD)
def test_odd_paths_are_quoted_as_the_specification_says(name: str, tmp_path: Path) -> None:
    program = tmp_path / name / "digitpad"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
    program.chmod(0o755)
    content = desktop_entry([str(program)], program.parent, [])
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
def test_a_path_that_no_entry_can_hold_is_refused(path: str) -> None:
    with pytest.raises(SetupError, match="Install digitpad"):
        desktop_entry([path], None, [])


def test_every_language_has_its_words() -> None:
    entry = entry_of(desktop_entry(["/bin/digitpad"], None, []))
    for key in ("GenericName", "Comment", "Keywords"):
        assert len({entry[key], *(entry[f"{key}[{code}]"] for code in ("de", "fr", "es"))}) == 4
    assert entry["Name"] == "digitpad"  # a name is the same in all of them
    root = ElementTree.fromstring(metainfo())
    for tag in ("summary", "description/p"):
        assert {one.get("{http://www.w3.org/XML/1998/namespace}lang") for one in root.findall(tag)} == {
            None,
            "de",
            "fr",
            "es",
        }


def test_the_releases_are_those_of_the_changelog() -> None:
    headings = re.findall(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert [version for version, _ in RELEASES] == headings
    assert headings[0] == __version__


def test_the_window_has_the_class_that_the_entry_names() -> None:
    entry = entry_of(desktop_entry(["/bin/digitpad"], None, []))
    source = (ROOT / "edge_app" / "window" / "display.py").read_text()
    assert f'"SDL_VIDEO_X11_WMCLASS", "{entry["StartupWMClass"]}"' in source


# Writing and taking away


def test_everything_is_written_and_everything_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prefix = tmp_path / "new" / "share"
    install(prefix)
    assert {name for name, content in tree(prefix).items() if content is not None} == set(file_names())
    assert capsys.readouterr().out.count("wrote") == len(file_names())
    install(prefix, remove=True)
    assert tree(tmp_path) == {}
    assert capsys.readouterr().out.count("removed") == len(file_names())
    install(prefix, remove=True)
    assert capsys.readouterr().out == f"nothing of digitpad is in {prefix}\n"


def test_folders_that_were_there_stay_empty_or_not(tmp_path: Path) -> None:
    (tmp_path / "applications").mkdir()
    (tmp_path / "icons" / "hicolor" / "48x48" / "apps").mkdir(parents=True)
    before = tree(tmp_path)
    install(tmp_path)
    install(tmp_path)  # the second run must not forget what the first one made
    other = tmp_path / "icons" / "hicolor" / "16x16" / "apps" / "other.png"
    other.write_bytes(b"another program's")
    install(tmp_path, remove=True)
    assert tree(tmp_path) == {
        **before,
        **{str(path): None for path in other.relative_to(tmp_path).parents[:-3]},
        str(other.relative_to(tmp_path)): b"another program's",
    }


def test_a_second_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(tmp_path)
    before, times = tree(tmp_path), [(tmp_path / name).stat().st_mtime_ns for name in file_names()]
    capsys.readouterr()
    install(tmp_path)
    assert tree(tmp_path) == before
    assert [(tmp_path / name).stat().st_mtime_ns for name in file_names()] == times
    assert capsys.readouterr().out.count("unchanged") == len(file_names())


def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(tmp_path, dry_run=True)
    assert tree(tmp_path) == {}
    assert capsys.readouterr().out.count("would write") == len(file_names())
    install(tmp_path)
    before = tree(tmp_path)
    capsys.readouterr()
    install(tmp_path, remove=True, dry_run=True)
    assert tree(tmp_path) == before
    assert capsys.readouterr().out.count("would remove") == len(file_names())


def test_an_older_file_of_ours_is_replaced_and_an_edited_one_goes(tmp_path: Path) -> None:
    install(tmp_path)
    before, entry = tree(tmp_path), tmp_path / ENTRY
    entry.write_text(entry.read_text().replace("Icon=digitpad", "Icon=pencil"))
    install(tmp_path)
    assert tree(tmp_path) == before
    entry.write_text(entry.read_text() + "NoDisplay=true\n")
    install(tmp_path, remove=True)
    assert tree(tmp_path) == {}


def test_a_foreign_file_and_a_link_survive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, link = tmp_path / file_names()[1], tmp_path / file_names()[2]
    install(tmp_path / "elsewhere")
    for path in (mine, link):
        path.parent.mkdir(parents=True)
    mine.write_bytes(b"my own drawing")
    link.symlink_to(tmp_path / "elsewhere" / file_names()[2])
    before = tree(tmp_path)
    install(tmp_path)
    assert capsys.readouterr().out.count("kept") == 2
    install(tmp_path, remove=True)
    assert capsys.readouterr().out.count("kept") == 2
    assert tree(tmp_path) == before
    assert link.is_symlink()


def test_a_foreign_entry_stops_it_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / ENTRY).parent.mkdir()
    (tmp_path / ENTRY).write_text("[Desktop Entry]\nType=Application\nName=digitpad\nExec=my-digitpad\n")
    before = tree(tmp_path)
    with pytest.raises(SetupError, match="was not written by digitpad"):
        install(tmp_path)
    install(tmp_path, remove=True)
    assert tree(tmp_path) == before


def test_an_entry_cannot_name_folders_that_were_never_ours(tmp_path: Path) -> None:
    for name in ("empty", "applications"):
        (tmp_path / name).mkdir()
    (tmp_path / ENTRY).write_bytes(desktop_entry(["/bin/digitpad"], None, ["empty", "../x", "applications"]))
    install(tmp_path, remove=True)
    assert tree(tmp_path) == {"empty": None}


def test_a_disk_that_fails_leaves_what_a_removal_can_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [3]

    def full(path: Path, content: bytes, mode: int = 0o644) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(path))
        write_atomically(path, content, mode)

    monkeypatch.setattr("edge_app.system.file_changes.write_atomically", full)
    with pytest.raises(SetupError, match="No space left on device"):
        install(tmp_path / "share")
    assert (tmp_path / "share" / ENTRY).exists()  # the first: it remembers the folders
    install(tmp_path / "share", remove=True)
    assert tree(tmp_path) == {}
    left[0] = 0
    with pytest.raises(SetupError, match="No space left on device"):
        install(tmp_path / "share")
    assert tree(tmp_path) == {}


def test_a_cache_of_icons_is_refreshed_and_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, told = tmp_path / "gtk-update-icon-cache", tmp_path / "told"
    tool.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexit 1\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    install(tmp_path / "a")
    assert not told.exists()
    cache = tmp_path / "b" / launcher.THEME / "icon-theme.cache"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"")
    install(tmp_path / "b")  # the tool fails, which is no fault
    assert told.read_text() == f"-q -f -t {cache.parent}\n"
    assert cache.parent.stat().st_mtime_ns >= cache.stat().st_mtime_ns  # GTK ignores the older cache


# Where


def test_the_default_is_where_this_users_desktop_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_home({"XDG_DATA_HOME": "/x/y", "HOME": "/home/a"}) == Path("/x/y")
    assert data_home({"XDG_DATA_HOME": "x", "HOME": "/home/a"}) == Path("/home/a/.local/share")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert launcher_command(None, remove=False, dry_run=False) == 0
    assert (tmp_path / ENTRY).exists()


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "home"}])
def test_without_a_home_a_folder_is_asked_for(environ: dict[str, str]) -> None:
    with pytest.raises(SetupError, match="--prefix FOLDER"):
        data_home(environ)


def test_a_folder_in_which_no_desktop_looks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path)
    assert "XDG_DATA_DIRS" in capsys.readouterr().out
    monkeypatch.setenv("XDG_DATA_DIRS", f"/usr/share:{tmp_path}")
    install(tmp_path)
    assert "XDG_DATA_DIRS" not in capsys.readouterr().out


def test_what_cannot_be_written_to_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    for prefix in (tmp_path / "file", tmp_path / "file" / "below"):
        for remove in (False, True):
            with pytest.raises(SetupError, match="is no folder"):
                install(prefix, remove=remove)
    with pytest.raises(SetupError, match="--prefix FOLDER"):
        install(Path("/proc/digitpad"))  # not even root makes a folder there
    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)
    with pytest.raises(SetupError, match="you may not change it"):
        install(tmp_path)
    assert tree(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_it_says_what_to_do(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SetupError, match="installed on Linux; on"):
        install(tmp_path)


# The icon


@pytest.mark.parametrize("size", SIZES)
def test_an_icon_is_paper_with_ink_and_transparent_corners(size: int, tmp_path: Path) -> None:
    content = launcher.icon_files()[f"icons/hicolor/{size}x{size}/apps/digitpad.png"]
    picture = Image.open(io.BytesIO(content))
    assert (picture.size, picture.mode, picture.info["X-Digitpad"]) == ((size, size), "RGBA", __version__)
    pixels = np.asarray(picture)
    assert np.array_equal(pixels, icon(size))
    assert pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    for colour, share in ((PAPER, 0.25), (ACCENT, 0.1), (INK, 0.03)):
        near = (np.abs(pixels[..., :3].astype(int) - colour).max(axis=-1) < 40) & (pixels[..., 3] > 200)
        assert near.mean() > share
    top = pixels[:, size // 2, 3]
    assert set(np.unique(top)) <= {0, 255}  # the sheet's sides lie on whole pixels


def test_the_colours_are_those_of_the_light_theme() -> None:
    theme = THEMES["light"]
    assert (theme.ink, theme.paper, theme.accent) == (INK, PAPER, ACCENT)


def test_the_svg_is_the_same_picture_to_another_renderer() -> None:
    surface = pygame.image.load(io.BytesIO(icon_svg("X-Digitpad")), "icon.svg")  # by SDL_image's own
    assert surface.get_size() == (64, 64)
    drawn = np.frombuffer(pygame.image.tobytes(surface, "RGBA"), np.uint8).reshape(64, 64, 4).astype(int)
    ours = icon(64).astype(int)
    for pixels in (drawn, ours):
        pixels[..., :3] *= pixels[..., 3:]
        pixels[..., :3] //= 255
    assert np.abs(drawn - ours).mean() < 4
    assert np.abs(drawn - ours[:, ::-1]).mean() > 8  # another picture is told apart


def test_the_entry_remembers_folders_and_a_foreign_one_none() -> None:
    assert folders_made(desktop_entry(["/bin/digitpad"], None, [".", "icons/hicolor"])) == [".", "icons/hicolor"]
    assert folders_made(b"[Desktop Entry]\n") == []
