"""`digitpad --ask` and `--print` in shell scripts, with a real window on a virtual screen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import ROOT
from ..support.pilot import folders_in
from .test_real_window import keep_history, kept, screen, write_ten, xdotool

__all__ = ["screen"]
pytestmark = pytest.mark.e2e


def shell(environment: dict[str, str], script: str) -> "subprocess.Popen[str]":
    """Start a shell script in which `digitpad` is the checkout's, and put its window in the corner."""
    function = f'digitpad() {{ "{sys.executable}" -m edge_app "$@"; }}\n'
    process = subprocess.Popen(
        ["sh", "-c", function + script], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    window = xdotool(environment, "search", "--sync", "--onlyvisible", "--class", "digitpad").split()[0]
    xdotool(environment, "windowmove", "--sync", window, "0", "0", "sleep", "3")
    return process


def finished(process: "subprocess.Popen[str]") -> tuple[str, int]:
    try:
        return process.communicate(timeout=60)[0], process.returncode
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("options", "kept_pages"), [("--digits 2", [("10", 2)]), ("--digits 2 --secret", None)])
def test_shell_script_gets_the_number(
    screen: dict[str, str], tmp_path: Path, options: str, kept_pages: list[tuple[str, int]] | None
) -> None:
    keep_history(tmp_path, "on")
    process = shell(screen, f'pin=$(digitpad --ask {options}) && echo "got $pin"')
    write_ten(screen)
    xdotool(screen, "sleep", "1", "key", "Return")
    assert finished(process) == ("got 10\n", 0)
    assert (kept(tmp_path) if folders_in(tmp_path).store_file.exists() else None) == kept_pages


def test_escape_and_timeout_give_nothing(screen: dict[str, str], tmp_path: Path) -> None:
    keep_history(tmp_path, "off")
    for options, key in (("", "Escape"), ("--timeout 8", "F1")):
        process = shell(screen, f"digitpad --ask {options}; echo $?")
        xdotool(screen, "key", key)
        assert finished(process) == ("1\n", 0)


@pytest.mark.parametrize(("options", "variable"), [(["--display", "3"], "0"), ([], "3")])
def test_screen_that_is_not_there_is_reported_in_one_line(
    screen: dict[str, str], options: list[str], variable: str
) -> None:
    command, environment = [sys.executable, "-m", "edge_app", *options], {**screen, "PYGAME_DISPLAY": variable}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no display 3, only 0 to 0" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_pages_are_piped_as_they_are_finished(screen: dict[str, str], tmp_path: Path) -> None:
    keep_history(tmp_path, "on")
    process = shell(screen, 'digitpad --print | { read -r page; echo "$page"; }; echo ended')
    write_ten(screen)
    assert process.stdout is not None
    page = json.loads(process.stdout.readline())
    assert (page["text"], len(page["digits"])) == ("10", 2)
    xdotool(screen, "key", "Delete")
    write_ten(screen)  # nobody reads this page: the window ends
    assert finished(process) == ("ended\n", 0)
    assert kept(tmp_path) == [("10", 2), ("10", 2)]
