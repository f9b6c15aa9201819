"""`digitpad doctor` on privacy: who else on this system may read what is kept."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.systems import System, choose, only

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture
def open_way(tmp_path: Path) -> Iterator[None]:
    """Let others enter the test's own folder, which pytest keeps private."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, *tmp_path.parents)}
    closed = [(path, mode) for path, mode in modes.items() if not mode & 0o011]
    for path, mode in closed:
        path.chmod(mode | 0o011)
    yield
    for path, mode in closed:
        path.chmod(mode)


def privacy(system: System) -> list[tuple[str, str]]:
    return [(finding.state, finding.said) for finding in system.findings("privacy")]


def kept_in(system: System) -> Path:
    return Path(system.environ["DIGITPAD_HOME"]) / "config"


def test_private_folders_are_good_and_missing_ones_are_not_reported(x11: System) -> None:
    assert privacy(x11) == []
    choose(x11, "")
    kept_in(x11).parent.chmod(0o700)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert privacy(x11) == [("good", "no other user of this system may read what is saved")]


def test_open_folders_in_a_private_home_are_good(x11: System) -> None:
    choose(x11, "")
    kept_in(x11).chmod(0o755)
    kept_in(x11).parent.chmod(0o700)
    assert [state for state, _ in privacy(x11)] == ["good"]


@pytest.mark.usefixtures("open_way")
def test_folders_open_to_others_are_named(x11: System) -> None:
    choose(x11, "")
    folder = kept_in(x11)
    folder.chmod(0o755)
    (folder / "settings.toml").chmod(0o644)
    (folder / "other").touch(0o600)
    finding = only(x11.findings("privacy"))
    assert (finding.state, finding.said) == (
        "note",
        f"other users may open {folder}, and 1 of the files and folders in it",
    )
    assert finding.remedy.startswith(f"chmod -R go= {folder}")


def test_replaceable_folder_and_a_strangers_folder_are_reported(x11: System, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(x11, "")
    folder = kept_in(x11)
    for path in kept_in(x11).parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    folder.parent.chmod(0o777)
    finding = only(x11.findings("privacy"))
    assert finding.said == f"other users may write to {folder.parent}, and replace {folder}"
    folder.parent.chmod(0o1777)  # like /tmp: only the owner may rename there
    assert [state for state, _ in privacy(x11)] == ["good"]
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert "belongs to another user" in only(x11.findings("privacy")).said
