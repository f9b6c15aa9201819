"""The kiosk on the virtual board: `make test-board`."""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .board import CLEAR, DATA, HOME, OUT, TEXTS, TOUCH, Board, copy, keep, pages, wait_for, write
from .image import DIGITPAD, ROOT, run

pytestmark = [pytest.mark.board, pytest.mark.timeout(3600)]

CUTS = int(os.environ.get("BOARD_CUTS", "20"))
UNIT = "digitpad-kiosk"
LOGITS = """
from edge_app.datasets.allographs import reference_digits
from edge_app.modelfiles.card import load_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import find_runtime
images = reference_digits()[0]
for image, row in zip(images, Classifier(load_model(), find_runtime("ai-edge-litert")).logits(images)):
    print(image.tobytes().hex(), row.tobytes().hex())
"""


@pytest.fixture(scope="module")
def started(plain: Path, figures: dict[str, Any]) -> Path:
    """A disk, and a state beside it, of a kiosk for pi with a history that was installed, rebooted and is ready."""
    path = copy(plain, "kiosk.img")
    with Board(path) as board:
        board.sh(f"{DIGITPAD} install-kiosk --user pi")
        board.sh(f"mkdir -p {HOME}/config; printf 'history = \"on\"\nblank = 1' > {HOME}/config/settings.toml")
        board.sh(f"chown -R pi:pi {HOME}; chmod 700 {HOME}; sync")
    with Board(path) as board:
        board.wait_for_picture()
        figures["start of the kernel to first picture, s"] = round(float(board.sh("cut -d' ' -f1 /proc/uptime")))
        board.rest(5)
        board.save(path.with_suffix(".state"))
    return path


@pytest.fixture
def lite(started: Path) -> Iterator[Board]:
    """A board without a desktop, its kiosk on the screen."""
    with Board(copy(started, "lite.img"), state=started.with_suffix(".state")) as board:
        yield board


def shown(board: Board, name: str) -> str:
    """Return a property of the kiosk's unit."""
    return board.sh(f"systemctl show -p {name} --value {UNIT}")


def doctor(board: Board) -> str:
    """Return what the doctor says to the kiosk's user."""
    return board.sh(f"su pi -c '{DIGITPAD} doctor'", check=False)


def test_five_digits_are_read_after_power_on(lite: Board, figures: dict[str, Any]) -> None:
    write(lite, "17417", 0.1)
    lite.rest(3)
    lite.screenshot(OUT / "lite.png")
    assert keep(lite) == "17417"
    assert shown(lite, "NRestarts") == "0"  # it started once, when the screen was there
    assert lite.sh("systemctl is-active getty@tty1", check=False) == "inactive"
    log = lite.sh(f"journalctl -b --no-pager -o cat _SYSTEMD_UNIT={UNIT}.service")
    assert [line for line in log.splitlines() if "shader" in line or "error" in line.lower()] == []
    pid = shown(lite, "MainPID")
    resident = lite.sh(f"awk '/^VmRSS/ {{print $2}}' /proc/{pid}/status")
    figures["resident memory, KMS/DRM, MB"] = round(int(resident) / 1024)
    count = "/^[0-9a-f]+-/ {own = /LLVM|gallium/} /^Rss/ && own {sum += $2} END {print int(sum / 1024)}"
    figures["of that, libraries of software GL, MB"] = int(lite.sh(f"awk '{count}' /proc/{pid}/smaps"))
    lite.rest(5)
    before = int(shown(lite, "CPUUsageNSec"))
    lite.rest(20)
    figures["idle processor, %"] = round((int(shown(lite, "CPUUsageNSec")) - before) / 2e8, 2)
    said = doctor(lite)
    assert "the kiosk is on the screen" in said
    assert "BAD" not in said


def test_images_and_logits_are_bit_for_bit_those_of_this_machine(lite: Board, figures: dict[str, Any]) -> None:
    here = subprocess.run([sys.executable, "-c", LOGITS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    there = lite.sh(f"cd /; /opt/digitpad/bin/python - <<'END'\n{LOGITS}END")
    same = [one == other for one, other in zip(here.splitlines(), there.splitlines(), strict=True)]
    figures["drawn digits with the image and int8 logits of this machine, of"] = [sum(same), len(same)]
    assert all(same)


def test_a_palm_that_lies_first_writes_nothing(lite: Board) -> None:
    lite.touch("begin", (0.75, 0.85))
    lite.rest(0.5)
    write(lite, "7", finger=1)
    lite.touch("end")
    lite.rest(1)
    lite.screenshot(OUT / "palm.png")
    assert not lite.is_dark((0.75, 0.85))
    assert keep(lite) == "7"


def test_a_touchscreen_unplugged_in_mid_stroke_writes_again_when_it_is_back(lite: Board) -> None:
    write(lite, "1", 0.2)
    lite.touch("begin", (0.5, 0.4))
    lite.touch("update", (0.5, 0.5))
    lite.unplug()
    lite.rest(5)
    lite.plug_in()
    lite.rest(8)
    write(lite, "7", 0.75)
    lite.rest(1)
    lite.screenshot(OUT / "unplugged.png")
    assert keep(lite).endswith("7")


def test_a_clock_set_back_by_a_day_loses_nothing(lite: Board) -> None:
    keep(lite, "7")
    lite.sh("date -s '1 day ago'")
    keep(lite, "1")
    assert pages(lite) == ["7", "1"]


def test_a_stopped_loop_is_restarted_and_too_many_crashes_end_in_a_login(lite: Board) -> None:
    pid = shown(lite, "MainPID")
    lite.sh(f"kill -STOP {pid}")
    wait_for(lambda: shown(lite, "MainPID") not in ("0", pid), 900, "another process", 1)
    wait_for(lambda: shown(lite, "ActiveState") == "active", 900, "a start", 1)
    assert keep(lite, "1") == "1"
    for _ in range(6):
        wait_for(lambda: shown(lite, "ActiveState") in ("active", "failed"), 600, "a start", 0.5)
        lite.sh(f"systemctl kill -s KILL {UNIT}; sleep 3", check=False)
    wait_for(lambda: shown(lite, "ActiveState") == "failed", 60, "the limit of restarts", 1)
    wait_for(lambda: lite.sh("systemctl is-active getty@tty1", check=False) == "active", 60, "a login", 1)


def test_screen_and_touchscreen_that_come_after_boot(started: Path) -> None:
    image = copy(started, "late.img")
    with Board(image, "modprobe.blacklist=virtio_gpu", devices="") as board:
        wait_for(lambda: shown(board, "MainPID") != "0", 1800, "the kiosk's process", 1)
        board.rest(15)
        assert "waiting for one" in board.sh(f"journalctl -b -o cat -u {UNIT}")
        assert board.sh("systemctl is-active getty@tty1", check=False) == "inactive"
        board.sh("modprobe virtio_gpu")
        board.wait_for_picture()
        assert shown(board, "NRestarts") == "0"
        board.plug_in()
        board.rest(5)
        assert keep(board, "1") == "1"


def test_the_touch_that_wakes_the_screen_does_nothing_else(lite: Board) -> None:
    write(lite, "1")
    lite.rest(50)
    lite.screenshot(OUT / "dim.png")
    assert lite.light() < 100  # of 255
    lite.tap(CLEAR)
    lite.wait_for_picture()
    assert lite.is_dark((0.3, 0.55))
    lite.rest(62)
    assert lite.light() < 5
    assert lite.sh("cat /sys/class/drm/card*-*/dpms") == "Off"
    lite.stroke((0.6, 0.4), (0.6, 0.7))
    lite.wait_for_picture()
    assert not lite.is_dark((0.6, 0.55))
    assert keep(lite, "7", 0.45) == "17"
    assert pages(lite) == ["17"]


def test_a_full_disk_loses_nothing(lite: Board) -> None:
    fill = "for size in 100M 1M 4K; do while fallocate -l $size /var/fill-$RANDOM$RANDOM; do :; done; done"
    keep(lite, "1")
    lite.sh(fill, check=False)
    write(lite, "7")
    lite.rest(2)
    lite.tap(CLEAR)
    lite.rest(1)
    lite.screenshot(OUT / "full.png")
    assert lite.is_dark((0.03, 0.93))  # the window says so
    assert pages(lite) == ["1"]
    assert f"history and log cannot be saved: {DATA}: No space left on device" in doctor(lite)
    lite.sh("rm /var/fill-*")
    keep(lite, "4")
    assert pages(lite) == ["1", "7", "4"]


def test_a_read_only_root_with_its_data_on_another_disk(started: Path) -> None:
    image, files, data = copy(started, "read-only.img"), OUT / "files", OUT / "data.img"
    (files / "config").mkdir(parents=True, exist_ok=True)
    (files / "config" / "settings.toml").write_text('history = "on"')
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", files, data, "32M")
    append = f"ro systemd.mask=systemd-remount-fs.service systemd.mount-extra=/dev/vdb:{HOME}:ext4"
    devices = f"{TOUCH} -drive file={data},if=virtio,format=raw"
    with Board(image, append, devices=devices) as board:
        board.wait_for_picture()
        board.rest(5)
        assert keep(board, "7") == "7"
    with Board(image, append, devices=devices) as board:
        wait_for(lambda: pages(board) == ["7"], 900, "the page after a power cut", 2)
        board.sh(f"systemctl stop {UNIT}; umount {HOME}")  # as without the other disk
        assert f"history and log cannot be saved: {DATA}: Read-only file system" in doctor(board)


def test_touch_turns_with_the_picture(lite: Board) -> None:
    for degrees in (90, 180, 270):
        lite.sh(f"cd {HOME}/config; sed -i /rotate/d settings.toml; printf '\\nrotate = {degrees}' >> settings.toml")
        lite.sh(f"systemctl restart {UNIT}")
        lite.rest(5)
        x = 0.3 + degrees / 1000  # the kernel does not repeat a coordinate, and SDL in a new process takes it for 0
        lite.stroke((x, 0.4), (x, 0.7))
        lite.rest(2)
        lite.screenshot(OUT / f"turned-{degrees}.png")
        assert lite.is_dark((x, 0.55)), degrees


def test_an_upgrade_under_the_running_kiosk_then_its_removal(lite: Board) -> None:
    pid = shown(lite, "MainPID")
    keep(lite, "1")
    lite.sh(  # as pip does: the old files are removed, and new ones come in their place
        "cd /opt/digitpad/lib/*/site-packages; cp -a edge_app digitpad-* /tmp; rm -r edge_app digitpad-*;"
        " cp -a /tmp/digitpad-* digitpad-99.0.dist-info; cp -a /tmp/edge_app .;"
        " sed -i 's/^__version__.*/__version__ = \"99.0\"/' edge_app/version.py"
    )
    assert keep(lite, "7") == "7"
    assert shown(lite, "MainPID") == pid
    lite.sh(f"systemctl restart {UNIT}")
    assert "99.0" in lite.sh(f"{DIGITPAD} --version")
    lite.rest(3)
    keep(lite, "4")
    lite.sh(f"{DIGITPAD} install-kiosk --remove --user pi")
    assert lite.sh(f"systemctl is-active {UNIT}", check=False) == "inactive"
    assert lite.sh("find /etc /home -name '*digitpad*'") == ""
    assert pages(lite) == ["1", "7", "4"]


def test_what_was_confirmed_survives_power_cuts(started: Path, figures: dict[str, Any]) -> None:
    rng, kept = random.Random(1), []
    confirmed = copy(started, "confirmed.img")
    with Board(confirmed, state=started.with_suffix(".state")) as board:
        assert keep(board, "7") == "7"
        write(board, "1")
        board.rest(2)
        board.save(confirmed.with_suffix(".state"))
    for _ in range(CUTS):
        image = copy(confirmed, "power.img")
        with Board(image, state=confirmed.with_suffix(".state")) as board:
            board.tap(CLEAR)
            board.rest(rng.uniform(0, 0.1))  # while the next page is stored
        kept.append(stored(image))
    figures["power cuts, with the page being stored, without"] = [CUTS, kept.count(["7", "1"]), kept.count(["7"])]
    assert all(texts in (["7"], ["7", "1"]) for texts in kept), kept
    with Board(image) as board:  # the last of these disks boots
        board.wait_for_picture()


def test_without_syncs_a_power_cut_loses_a_page(started: Path) -> None:
    """The control: were the disk's cache not lost, the test above would show nothing."""
    image = copy(started, "unsynced.img")
    with Board(image, state=started.with_suffix(".state")) as board:
        keep(board, "1")
        board.sh(f"systemctl stop {UNIT}")
        board.sh("sed -i 's/PRAGMA synchronous = .*\"/PRAGMA synchronous = OFF\"/' $(find /opt -name history.py)")
        board.sh(f"grep -q 'synchronous = OFF' $(find /opt -name history.py); sync; systemctl start {UNIT}")
        board.rest(5)
        keep(board, "7")
    assert stored(image) == ["1"]


def stored(image: Path) -> list[str]:
    """Return the pages on a disk whose machine has lost its power, after the checks that a boot makes."""
    copied = copy(image, "checked.img")
    run("sh", "-c", f"e2fsck -fy {copied} || [ $? -le 2 ]")
    with tempfile.TemporaryDirectory() as folder:
        run("debugfs", "-R", f"rdump {DATA} {folder}", copied)
        with sqlite3.connect(f"{folder}/data/digitpad.sqlite3") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return [text for (text,) in database.execute(TEXTS)]
