"""The kiosk, in trees like Raspberry Pi OS: valid by systemd's own tools, and removed without a trace."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

if not sys.platform.startswith("linux"):
    pytest.skip("systemd is Linux'", allow_module_level=True)

from edge_app import cli
from edge_app.errors import SetupError
from edge_app.system.file_changes import acting_as
from edge_app.system.kiosk.install import kiosk_command
from edge_app.system.kiosk.units import system_unit, user_unit, with_block, without_block
from edge_app.system.launch_command import Start
from edge_app.system.os_info import find_account, touch_settings

from ..support.systems import TOUCHSCREEN

PROGRAM = "/home/pi/pad/bin/digitpad"
SYSTEM_UNIT = "etc/systemd/system/digitpad-kiosk.service"
WANTED = "etc/systemd/system/multi-user.target.wants/digitpad-kiosk.service"
USER_UNIT = "home/pi/.config/systemd/user/digitpad-kiosk.service"
ENTRY = "home/pi/.config/autostart/digitpad-kiosk.desktop"
LABWC = "home/pi/.config/labwc/autostart"
RC_XML = "home/pi/.config/labwc/rc.xml"
MANAGER = "etc/systemd/system/display-manager.service"

PI = 1000 if os.getuid() == 0 else os.getuid()  # tests that run as root give the home to this user
LIGHTDM = "[LightDM]\n[Seat:*]\n#user-session=default\nuser-session={0}\nautologin-user=pi\nautologin-session={0}\n"
XDG = "/usr/bin/lwrespawn /usr/bin/wf-panel-pi &\n/usr/bin/lxsession-xdg-autostart\n"

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="needs systemd-analyze: apt install systemd"
)


def write(root: Path, path: str, content: str | bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def lite(root: Path) -> None:
    """Raspberry Pi OS Lite: no display manager, a login on the first terminal."""
    root.chmod(0o755)
    (root / "home/pi/.config").mkdir(parents=True)
    people = f"root:x:0:0:root:/root:/bin/sh\npi:x:{PI}:{os.getgid() or PI}:,,,:/home/pi:/bin/bash\n"
    write(root, "etc/passwd", people + "nobody:x:65534:65534::/nonexistent:/bin/false\n")
    write(root, "etc/group", "root:x:0:\ntty:x:5:\naudio:x:29:pi\nvideo:x:44:pi\ninput:x:105:pi\nrender:x:106:pi\n")
    (root / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    (root / "etc/systemd/system/getty.target.wants").mkdir()
    (root / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    write(root, PROGRAM[1:], "#!/bin/sh\n").chmod(0o755)
    give_home(root)


def system(root: Path, session: str) -> None:
    """Raspberry Pi OS with a desktop and automatic login; Lite for "console"."""
    lite(root)
    if session == "console":
        return
    target = root / "etc/systemd/system/default.target"
    target.unlink()
    target.symlink_to("/lib/systemd/system/graphical.target")
    (root / MANAGER).symlink_to("/lib/systemd/system/lightdm.service")
    write(root, "etc/lightdm/lightdm.conf", LIGHTDM.format(session))
    write(root, "etc/xdg/labwc/autostart", XDG)
    write(root, "usr/bin/labwc-pi", "#!/bin/sh\nexec labwc -m\n")


def give_home(root: Path) -> None:
    if os.getuid() == 0:
        for path in [root / "home/pi", *(root / "home/pi").rglob("*")]:
            os.chown(path, PI, PI, follow_symlinks=False)


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that other users may enter, unlike pytest's."""
    monkeypatch.setattr(sys, "argv", [PROGRAM])
    monkeypatch.delenv("SUDO_USER", raising=False)
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def install(root: Path, **options: object) -> int:
    given: dict[str, object] = {"kind": "auto", "user": "pi", "rotate": None, "remove": False, "dry_run": False}
    return kiosk_command(root, **{**given, **options})  # type: ignore[arg-type]


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Names, modes, owners, contents and links of a tree."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        about = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (oct(about.st_mode), about.st_uid, about.st_gid, content)
    return found


def added(before: dict[str, tuple[object, ...]], root: Path) -> set[str]:
    after = snapshot(root)
    assert {name: after.get(name) for name in before} == before  # what was there is unchanged
    return {name for name in after if name not in before and not (root / name).is_dir()}


def values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


# -- Which files, on which system


def test_lite_gets_a_service_started_at_boot(tree: Path) -> None:
    lite(tree)
    before = snapshot(tree)
    assert install(tree, rotate=90) == 0
    assert added(before, tree) == {SYSTEM_UNIT, WANTED}
    assert str((tree / WANTED).readlink()) == "/" + SYSTEM_UNIT
    unit = tree / SYSTEM_UNIT
    assert values(unit, "ExecStart") == [f"{PROGRAM} --kiosk --rotate 90"]
    assert values(unit, "User") == ["pi"]
    assert values(unit, "SupplementaryGroups") == ["video render input audio tty"]
    assert values(unit, "ProtectHome") == ["read-only"]  # the program lies there
    assert (values(unit, "StartLimitBurst"), values(unit, "WatchdogSec")) == (["5"], ["30"])


def test_restart_shows_no_login_where_systemd_can_do_that(tree: Path) -> None:
    lite(tree)
    install(tree)
    assert values(tree / SYSTEM_UNIT, "RestartMode") == []  # systemd 252 would complain
    write(tree, "usr/lib/systemd/systemd-executor", "")
    install(tree)
    assert values(tree / SYSTEM_UNIT, "RestartMode") == ["direct"]


def test_unit_names_only_existing_groups(tree: Path) -> None:
    lite(tree)
    write(tree, "etc/group", "video:x:44:\nusers:x:100:render\n")
    install(tree)
    assert values(tree / SYSTEM_UNIT, "SupplementaryGroups") == ["video"]


@pytest.mark.parametrize("session", ["LXDE-pi-labwc", "LXDE-pi-x", "rpd-labwc", "rpd-x"])
def test_desktop_gets_a_user_unit_and_an_autostart_entry(
    tree: Path, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    system(tree, session)
    before = snapshot(tree)
    assert install(tree) == 0
    assert added(before, tree) == {USER_UNIT, ENTRY}
    assert "do_boot_behaviour" not in capsys.readouterr().out  # pi is logged in automatically
    assert {(tree / name).stat().st_uid for name in (USER_UNIT, ENTRY, "home/pi/.config/systemd")} == {PI}


def test_missing_automatic_login_is_reported(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system(tree, "rpd-labwc")
    write(tree, "etc/lightdm/lightdm.conf", "[Seat:*]\nuser-session=rpd-labwc\nautologin-user=guest\n")
    install(tree)
    assert "guest is logged in automatically" in capsys.readouterr().out


def test_autostart_entry_starts_the_unit_on_the_sessions_display(tree: Path) -> None:
    system(tree, "LXDE-pi-labwc")
    install(tree)
    entry = ConfigParser(interpolation=None)
    entry.read(tree / ENTRY)
    log = tree / "log"
    write(tree, "fake/systemctl", f'#!/bin/sh\necho "$@" >> {log}\nexit 1\n').chmod(0o755)  # each command fails
    command = shlex.split(entry["Desktop Entry"]["Exec"])
    subprocess.run(command, env={"PATH": f"{tree}/fake:/usr/bin:/bin"}, check=False)
    assert log.read_text().splitlines() == [
        "--user import-environment WAYLAND_DISPLAY DISPLAY XAUTHORITY",
        "--user daemon-reload",
        "--user reset-failed digitpad-kiosk.service",
        "--user start digitpad-kiosk.service",
    ]
    assert values(tree / USER_UNIT, "ExecStart") == [f"{PROGRAM} --kiosk"]
    assert "SDL_VIDEODRIVER=wayland,x11" in values(tree / USER_UNIT, "Environment")


def test_labwc_autostart_is_edited_where_xdg_autostart_is_not_run(tree: Path) -> None:
    system(tree, "labwc")
    write(tree, "etc/xdg/labwc/autostart", "# lxsession-xdg-autostart\nswaybg &\n")
    (tree / "usr/bin/labwc-pi").unlink()  # labwc itself, without -m
    before = snapshot(tree)
    install(tree)
    assert added(before, tree) == {USER_UNIT, LABWC}
    assert ". /etc/xdg/labwc/autostart\n" in (tree / LABWC).read_text()
    assert subprocess.run(["sh", "-n", tree / LABWC], check=False).returncode == 0
    install(tree, remove=True)
    assert snapshot(tree) == before

    write(tree, "usr/bin/labwc-pi", "exec labwc -m\n")  # then the system's is read as well
    install(tree)
    assert ". /etc/xdg" not in (tree / LABWC).read_text()


def board(root: Path, screens: dict[str, str], touchscreen: str = TOUCHSCREEN) -> None:
    write(root, "proc/bus/input/devices", touchscreen)
    for name, state in screens.items():
        write(root, f"sys/class/drm/card1-{name}/status", f"{state}\n")


TOUCH = '  <touch deviceName="10-0038 generic ft5x06 (79)" mapToOutput="DSI-1"/>\n'


@pytest.mark.parametrize("root", ["labwc", "openbox"])
def test_touch_is_mapped_to_the_screen_and_back(tree: Path, root: str) -> None:
    system(tree, "rpd-labwc")
    board(tree, {"DSI-1": "connected", "HDMI-A-1": "connected", "HDMI-A-2": "disconnected"})
    before = snapshot(tree)
    install(tree)
    assert added(before, tree) == {USER_UNIT, ENTRY, RC_XML}
    text = (tree / RC_XML).read_text()
    assert touch_settings(text, "10-0038 GENERIC ft5x06 (79)")["mapToOutput"] == "DSI-1"
    assert [touch.attrib["mapToOutput"] for touch in ElementTree.fromstring(text)] == ["DSI-1"]
    install(tree, remove=True)
    assert snapshot(tree) == before

    own = f"<?xml version='1.0'?>\n<{root}_config>\n  <theme/>\n</{root}_config>\n"
    write(tree, RC_XML, own)
    give_home(tree)
    before = snapshot(tree)
    install(tree)
    install(tree)
    assert (tree / RC_XML).read_text().count(TOUCH) == 1
    install(tree, remove=True)
    assert snapshot(tree) == before


@pytest.mark.parametrize(
    ("screens", "rc_xml", "note"),
    [
        ({"HDMI-A-1": "connected", "HDMI-A-2": "connected"}, None, "HDMI-A-1 or HDMI-A-2"),
        ({}, None, "DSI-1"),
        ({"DSI-1": "connected"}, "<theme/>\n", "DSI-1"),
        ({"DSI-1": "connected"}, '<labwc_config><touch deviceName="" mapToOutput="DSI-1"/></labwc_config>\n', None),
    ],
)
def test_touch_that_cannot_be_mapped_is_a_note(
    tree: Path, capsys: pytest.CaptureFixture[str], screens: dict[str, str], rc_xml: str | None, note: str | None
) -> None:
    system(tree, "rpd-labwc")
    board(tree, screens)
    if rc_xml:
        write(tree, RC_XML, rc_xml)
    give_home(tree)
    before = snapshot(tree)
    install(tree)
    assert added(before, tree) == {USER_UNIT, ENTRY}
    assert (f'mapToOutput="{note}"' in capsys.readouterr().out) == (note is not None)


def test_users_rc_xml_does_not_hide_the_systems(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system(tree, "rpd-labwc")
    board(tree, {"DSI-1": "connected"})
    write(tree, "etc/xdg/labwc/rc.xml", "<labwc_config/>\n")
    install(tree)
    assert (tree / RC_XML).exists()  # labwc-pi reads both
    install(tree, remove=True)
    (tree / "usr/bin/labwc-pi").unlink()
    capsys.readouterr()
    install(tree)
    assert not (tree / RC_XML).exists()
    assert "mapToOutput" in capsys.readouterr().out


# -- What systemd says about the units


def systems_units(tree: Path) -> None:
    """Copy this system's own units, which ours refers to."""
    shutil.copytree("/lib/systemd/system", tree / "usr/lib/systemd/system", symlinks=True)
    (tree / "lib").symlink_to("usr/lib")


def analyze(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@needs_systemd
def test_systemd_accepts_the_sandboxed_service_and_rejects_a_broken_one(tree: Path) -> None:
    lite(tree)
    systems_units(tree)
    install(tree, rotate=270)
    verify = ("verify", f"--root={tree}", "digitpad-kiosk.service")
    assert analyze(*verify) == (0, "")
    judge = ("security", "--offline=true", "--no-pager", f"--root={tree}", "digitpad-kiosk.service")
    status, text = analyze(*judge, "--threshold=14")  # of 100; Debian's getty@.service has 96
    assert status == 0, text
    assert analyze(*judge, "--threshold=5")[0] != 0  # the threshold matters
    unit = tree / SYSTEM_UNIT
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=strictly"))
    assert "strictly" in analyze(*verify)[1]


@needs_systemd
def test_systemd_verifies_the_user_unit(tmp_path: Path) -> None:
    root = tmp_path / "root"  # its own manager reads a path of this system
    unit = root / "digitpad-kiosk.service"
    root.mkdir()
    unit.write_bytes(user_unit(Start(("/bin/sh", "--kiosk"), Path("/"), False), "labwc"))
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    command = ["systemd-analyze", "--user", "verify", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert [line for line in done.stderr.splitlines() if "digitpad" in line] == []
    assert done.returncode == 0


@needs_systemd
def test_user_unit_allows_the_call_that_mesa_needs_on_wayland() -> None:
    unit = user_unit(Start(("/bin/sh", "--kiosk"), Path("/"), False), "labwc").decode()
    filters = [
        line.removeprefix("SystemCallFilter=") for line in unit.splitlines() if line.startswith("SystemCallFilter=")
    ]
    allowed: set[str] = set()
    for line in filters:
        calls = expand(line.removeprefix("~").split())
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    assert "mincore" in allowed
    assert "mount" not in allowed


def expand(names: list[str]) -> set[str]:
    """Return the system calls behind names, and behind systemd's groups of them."""
    calls = {name for name in names if not name.startswith("@")}
    for group in set(names) - calls:
        _, text = analyze("syscall-filter", "--no-pager", group)
        calls |= expand([line.strip() for line in text.splitlines()[1:] if line.strip() and "#" not in line])
    return calls


@needs_systemd
def test_special_characters_in_paths_are_quoted(tree: Path) -> None:
    place = "/opt/50% of $HOME/digitpad"
    lite(tree)
    systems_units(tree)
    write(tree, place[1:], "#!/bin/sh\n").chmod(0o755)
    write(tree, SYSTEM_UNIT, system_unit(Start((place, "--kiosk"), Path("/"), False), "pi", ["video"]))
    assert analyze("verify", f"--root={tree}", "digitpad-kiosk.service") == (0, "")
    (tree / place[1:]).unlink()  # systemd names the path as it understood it
    assert place in analyze("verify", f"--root={tree}", "digitpad-kiosk.service")[1].replace('\\"', '"')


# -- Removal, and files of others


@pytest.mark.parametrize("session", ["console", "LXDE-pi-labwc", "rpd-labwc", "rpd-x"])
def test_removal_undoes_installation(tree: Path, session: str, capsys: pytest.CaptureFixture[str]) -> None:
    system(tree, session)
    before = snapshot(tree)
    install(tree)
    once = snapshot(tree)
    install(tree)  # a second time changes nothing
    assert snapshot(tree) == once
    assert "nothing to change" in capsys.readouterr().out
    install(tree, rotate=180)
    install(tree, remove=True)
    assert snapshot(tree) == before
    capsys.readouterr()
    assert install(tree, remove=True) == 0
    assert capsys.readouterr().out == "nothing to remove\n"
    assert snapshot(tree) == before


def test_folders_with_files_of_others_stay(tree: Path) -> None:
    system(tree, "rpd-labwc")
    write(tree, "home/pi/.config/systemd/user/mine.service", "")
    give_home(tree)
    before = snapshot(tree)
    install(tree)
    install(tree, remove=True)
    assert snapshot(tree) == before


def test_reinstalling_without_a_desktop_changes_the_kind(tree: Path) -> None:
    system(tree, "rpd-labwc")
    before = snapshot(tree)
    install(tree)
    (tree / MANAGER).unlink()
    install(tree)
    assert (tree / SYSTEM_UNIT).exists()
    assert not (tree / ENTRY).exists()
    install(tree, remove=True)
    (tree / MANAGER).symlink_to("/lib/systemd/system/lightdm.service")
    assert snapshot(tree) == before


@given(st.none() | st.text().map(str.encode).filter(lambda content: content and b"digitpad" not in content))
def test_removing_a_block_restores_the_file(content: bytes | None) -> None:
    written = with_block(content, "line")
    before = content if content is None or content.endswith(b"\n") else content + b"\n"
    assert without_block(written, Path("f")) == before
    assert without_block(written + b"mine\n", Path("f")) == (before or b"") + b"mine\n"
    assert content is None or without_block(content, Path("f")) == content


def test_half_a_block_is_an_error() -> None:
    broken = with_block(b"a\n", "line").rsplit(b"#", 1)[0]
    with pytest.raises(SetupError, match="by hand"):
        without_block(broken, Path("autostart"))


def test_foreign_unit_is_an_error(tree: Path) -> None:
    lite(tree)
    write(tree, SYSTEM_UNIT, "[Service]\nExecStart=/bin/mine\n")
    before = snapshot(tree)
    for remove in (False, True):
        with pytest.raises(SetupError, match="was not written by digitpad"):
            install(tree, remove=remove)
    assert snapshot(tree) == before


def test_link_in_the_home_is_not_followed(tree: Path) -> None:
    system(tree, "labwc")
    write(tree, "etc/xdg/labwc/autostart", "")
    (tree / LABWC).parent.mkdir(parents=True)
    (tree / LABWC).symlink_to("/etc/shadow")
    before = snapshot(tree)
    with pytest.raises(SetupError, match="is a link to /etc/shadow"):
        install(tree)
    assert snapshot(tree) == before


@pytest.mark.parametrize("session", ["console", "rpd-labwc"])
def test_dry_run_shows_everything_and_writes_nothing(
    tree: Path, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    system(tree, session)
    before = snapshot(tree)
    assert install(tree, dry_run=True) == 0
    assert snapshot(tree) == before
    shown = capsys.readouterr().out
    install(tree)
    for name in added(before, tree):
        path = tree / name
        assert path.is_symlink() or f"--- {path}\n{path.read_text()}" in shown
        assert re.search(f"^(wrote|linked) {re.escape(str(path))}", shown, re.MULTILINE)
    once = snapshot(tree)
    install(tree, remove=True, dry_run=True)
    assert snapshot(tree) == once


# -- Permissions and errors


def test_missing_permission_names_the_sudo_command(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lite(tree)
    (tree / "etc/systemd/system").chmod(0o555)
    before = snapshot(tree)
    words = ["install-kiosk", "--root", str(tree), "--user", "pi"]
    monkeypatch.setattr(sys, "argv", [PROGRAM, *words])
    with acting_as(find_account(tree, "pi")):
        status = cli.main(words)
    error = capsys.readouterr().err
    assert status == 1
    assert f"Run: sudo {PROGRAM} install-kiosk --root {tree} --user pi\n" in error
    assert error.count("\n") == 1
    assert snapshot(tree) == before
    (tree / "etc/systemd/system").chmod(0o755)


def test_desktop_kiosk_needs_no_root(tree: Path) -> None:
    system(tree, "rpd-labwc")
    with acting_as(find_account(tree, "pi")):
        assert install(tree) == 0
    assert (tree / ENTRY).exists()


def test_sudo_user_is_the_default_account(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lite(tree)
    monkeypatch.setenv("SUDO_USER", "pi")
    install(tree, user=None)
    assert values(tree / SYSTEM_UNIT, "User") == ["pi"]
    monkeypatch.setenv("SUDO_USER", "stranger")
    install(tree, user=None, remove=True)  # the service is removed, whoever asks
    assert not (tree / SYSTEM_UNIT).exists()


@pytest.mark.parametrize(
    ("user", "message"), [("anna", r"no user anna.*--user NAME \(pi\)"), ("root", "must not run as root")]
)
def test_unknown_user_and_root_are_errors(tree: Path, user: str, message: str) -> None:
    lite(tree)
    write(tree, "etc/passwd", "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n")
    with pytest.raises(SetupError, match=message):
        install(tree, user=user)


def test_folder_without_a_system_is_an_error(tree: Path) -> None:
    with pytest.raises(SetupError, match="no etc/passwd"):
        install(tree)


def test_unsupported_desktop_is_an_error(tree: Path) -> None:
    system(tree, "plasma")
    with pytest.raises(SetupError, match="plasma is not labwc"):
        install(tree)


def test_service_beside_a_desktop_is_an_error(tree: Path) -> None:
    system(tree, "rpd-labwc")
    with pytest.raises(SetupError, match=r"set-default multi-user\.target"):
        install(tree, kind="systemd")


def test_greetd_login_is_found(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system(tree, "")
    (tree / MANAGER).unlink()
    (tree / MANAGER).symlink_to("/lib/systemd/system/greetd.service")
    write(tree, "etc/greetd/config.toml", '[terminal]\nvt = 7\n[initial_session]\ncommand = "labwc-pi"\nuser = "pi"\n')
    install(tree)
    assert (tree / ENTRY).exists()
    assert "logged in automatically" not in capsys.readouterr().out


def test_program_missing_in_the_tree_is_an_error(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lite(tree)
    monkeypatch.setattr(sys, "argv", ["/opt/elsewhere/digitpad"])
    with pytest.raises(SetupError, match="not an executable file"):
        install(tree)
    monkeypatch.setattr(sys, "argv", ["/root/pad/bin/digitpad"])
    with pytest.raises(SetupError, match="below /root"):
        install(tree)


def test_overlay_is_reported(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lite(tree)
    write(tree, "boot/firmware/cmdline.txt", "console=tty1 overlayroot=tmpfs rootwait\n")
    install(tree, dry_run=True)
    assert "disable_overlayfs" in capsys.readouterr().out
    write(tree, "boot/firmware/cmdline.txt", "console=tty1 rootwait\n")
    install(tree, dry_run=True)
    assert "disable_overlayfs" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["/opt/a\nExecStartPre=rm", "/opt/a\rb", "/opt/\udcff"])
def test_line_break_in_a_path_is_an_error(name: str) -> None:
    for start in (Start((f"{name}/digitpad", "--kiosk"), Path("/"), False), Start(("/digitpad",), Path(name), False)):
        with pytest.raises(SetupError, match="not allowed in a systemd unit"):
            system_unit(start, "pi", [])
        with pytest.raises(SetupError, match="not allowed in a systemd unit"):
            user_unit(start, "labwc")
