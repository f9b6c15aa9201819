"""Releases: wheel, source archive, frozen program, Debian package."""

import csv
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from edge_app.version import __version__

from ..conftest import ROOT
from ..support.models import variant
from ..support.pilot import SAMPLES
from .test_real_window import screen, write_ten, xdotool

__all__ = ["screen"]  # a fixture, found by its name

LIMIT = 120e6  # bytes of the frozen program
NOT_OURS = {".git", "build", "dist", "runs", "shared"}
PACKAGED_MODELS = {"edge_app/models/digits_int8.tflite", "edge_app/models/digits.json"}


def run(*words: object, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run a command that must succeed."""
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done


def is_ours(folder: str, names: list[str]) -> set[str]:
    """Return the names that a copy of the checkout leaves out, as git would ignore them."""
    kept = {".gitignore", ".ci", ".github"}
    return {
        name
        for name in names
        if (name in NOT_OURS and Path(folder) == ROOT)  # tools/dist and tools/freeze/build are ours
        or name == "__pycache__"
        or name.endswith((".egg-info", ".pyc"))
        or (name.startswith(".") and name not in kept)
    }


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@home.arpa", "-c", "commit.gpgsign=false"]
    when = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
    run("git", "-C", folder, *who, *words, env={**os.environ, **when})


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout of the working tree."""
    if not shutil.which("git"):
        pytest.skip("needs git. Debian: sudo apt install git")
    folder = tmp_path_factory.mktemp("checkout") / "digitpad"
    shutil.copytree(ROOT, folder, ignore=is_ours)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it is here")
    return folder


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python of the environment that releases are made in."""
    lock = Path(tempfile.gettempdir()) / "digitpad-venv-freeze.lock"  # two pytest workers must not build it at once
    run("flock", lock, "make", "-C", ROOT, f"PYTHON={sys.executable}", ".venv-freeze/ready")
    return ROOT / ".venv-freeze" / "bin" / "python"


def make_release(python: Path, checkout: Path, folder: Path, **environment: str) -> Path:
    """Make wheel and source archive alone: the program is tested by itself."""
    environment = {**os.environ, "DIST_WITHOUT_PROGRAM": "1", **environment}
    run("sh", checkout / "tools" / "dist", python, folder, env=environment)
    return folder


@pytest.fixture(scope="module")
def release(python: Path, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_release(python, checkout, tmp_path_factory.mktemp("release") / "dist")


@pytest.fixture(scope="module")
def wheel(release: Path) -> Path:
    return release / f"digitpad-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def program(python: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen program's folder."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the frozen program is tested on Linux")
    folder = tmp_path_factory.mktemp("frozen") / "digitpad"
    run("sh", ROOT / "tools" / "freeze" / "build", python, folder, wheel)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing in it but an empty home."""
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": "/nonexistent", "LC_ALL": "C.UTF-8"}


def repository(folder: Path) -> set[str]:
    listed = run("git", "-C", folder, "ls-files").stdout.splitlines()
    return {name for name in listed if not name.startswith(".")}


# ---- wheel and source archive


def test_release_is_reproducible(python: Path, checkout: Path, release: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    run("git", "clone", "--quiet", checkout, again)
    for path in again.rglob("*"):  # another user's modes, and files of another day
        if ".git" not in path.parts:
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.utime(path, (1, 1))
    git(again, "config", "core.fileMode", "false")
    other = make_release(python, again, tmp_path / "dist", TZ="Pacific/Apia", LC_ALL="C")
    names = {f"digitpad-{__version__}{ending}" for ending in (".tar.gz", "-py3-none-any.whl", ".cdx.json")}
    names |= {"SHA256SUMS"}
    assert {path.name for path in other.iterdir()} == names
    for name in names:
        assert (release / name).read_bytes() == (other / name).read_bytes(), name


def test_another_commit_gives_another_release(python: Path, checkout: Path, release: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    run("git", "clone", "--quiet", checkout, again)
    with (again / "edge_app" / "version.py").open("a") as file:
        file.write("# another\n")
    git(again, "commit", "--quiet", "--all", "--message", "another")
    other = make_release(python, again, tmp_path / "dist")
    assert (release / "SHA256SUMS").read_text() != (other / "SHA256SUMS").read_text()


def test_checksums_match_the_files(release: Path) -> None:
    lines = [line.split() for line in (release / "SHA256SUMS").read_text().splitlines()]
    files = [path for path in release.iterdir() if path.name != "SHA256SUMS"]
    assert sorted((name, digest) for digest, name in lines) == sorted(
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
    )


def test_wheel_holds_the_app_and_nothing_else(wheel: Path, checkout: Path) -> None:
    expected = {name for name in repository(checkout) if name.startswith("edge_app/")} | PACKAGED_MODELS
    about = f"digitpad-{__version__}.dist-info"
    meta = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == expected | {f"{about}/{name}" for name in meta}
        record = csv.reader(io.StringIO(archive.read(f"{about}/RECORD").decode()))
        assert {row[0] for row in record} == set(archive.namelist())
        metadata = archive.read(f"{about}/METADATA").decode()
    assert f"\nVersion: {__version__}\n" in metadata


def test_source_archive_holds_the_whole_repository(release: Path, checkout: Path) -> None:
    made = {"PKG-INFO", "setup.cfg"}
    with tarfile.open(release / f"digitpad-{__version__}.tar.gz") as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
    names = {member.name.partition("/")[2] for member in members}
    assert {name for name in names if ".egg-info/" not in name} == repository(checkout) | made
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}
    assert {member.mode for member in members} <= {0o644, 0o755}


def test_installed_wheel_reads_and_opens_its_window(wheel: Path, screen: dict[str, str]) -> None:
    said = run("sh", ROOT / "tools" / "test-wheel", wheel, sys.executable, env=screen | {"RUN": sys.executable}).stdout
    assert said.startswith(f"{platform.python_version()}: ")
    everything = f"reads {len(SAMPLES)} of {len(SAMPLES)} samples correctly"
    assert everything in said
    assert said.endswith("; 1 written in its window\n")


def test_wheel_with_a_damaged_model_fails_the_trial(wheel: Path, screen: dict[str, str], tmp_path: Path) -> None:
    damaged = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(damaged, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, content[:-1] if name.endswith(".tflite") else content)
    command = ["sh", str(ROOT / "tools" / "test-wheel"), str(damaged), sys.executable]
    environment = screen | {"RUN": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "altered or truncated" in done.stdout


def test_uncommitted_changes_are_not_released(python: Path, checkout: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    run("git", "clone", "--quiet", checkout, again)
    (again / "edge_app" / "extra.py").write_text("")
    command = ["sh", str(again / "tools" / "dist"), str(python), str(tmp_path / "dist")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "dist").exists()) == (1, False)
    assert done.stderr == "dist: commit these changes first:\n?? edge_app/extra.py\n"


def test_version_missing_from_the_changelog_is_not_released(python: Path, checkout: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    run("git", "clone", "--quiet", checkout, again)
    (again / "edge_app" / "version.py").write_text('__version__ = "99.0"\n')
    git(again, "commit", "--quiet", "--all", "--message", "99")
    command = ["sh", str(again / "tools" / "dist"), str(python), str(tmp_path / "dist")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "dist").exists()) == (1, False)
    assert done.stderr == "dist: CHANGELOG.md has no section 99.0, the version in edge_app/version.py\n"


# ---- the frozen program

OPTIONS = """
import json, sys
from importlib.util import find_spec
from pathlib import Path
import setup
given = setup.options(Path("digitpad.ico"), Path("licences.txt"))
known = {name: Path(find_spec(f"cx_Freeze.command.{name}").origin).read_text() for name in given}
given["bdist_msi"]["no_such_option"] = ""
options = [(name, option) for name, options in given.items() for option in options]
print(json.dumps([words for words in options if f'"{words[1].replace("_", "-")}' not in known[words[0]]]))
for setup.MAC in (False, True):
    print(setup.icon_file(Path(sys.argv[1])).name)
"""


def test_options_for_other_systems_are_known_to_cx_freeze(python: Path, tmp_path: Path) -> None:
    folder = {**os.environ, "PYTHONPATH": str(ROOT / "tools" / "freeze"), "PYTHONDONTWRITEBYTECODE": "1"}
    unknown, *icons = run(python, "-c", OPTIONS, tmp_path, env=folder, cwd=tmp_path).stdout.splitlines()
    assert json.loads(unknown) == [["bdist_msi", "no_such_option"]]
    assert icons == ["digitpad.ico", "digitpad.icns"]
    with Image.open(tmp_path / "digitpad.ico") as windows, Image.open(tmp_path / "digitpad.icns") as mac:
        assert windows.info["sizes"] == {(size, size) for size in (16, 24, 32, 48, 64, 256)}
        assert (512, 512, 2) in mac.info["sizes"]


def test_appimage_starts_the_program(program: Path, python: Path, home: dict[str, str], tmp_path: Path) -> None:
    tool = tmp_path / "appimagetool"  # shows what the real one would pack
    tool.write_text('#!/bin/sh\ncp -R "$2" "$3"\n')
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run("sh", ROOT / "tools" / "freeze" / "appimage", python, program, tmp_path / "AppDir", env=environment)
    assert run(tmp_path / "AppDir" / "AppRun", "--version", env=home).stdout == f"digitpad {__version__}\n"
    assert (tmp_path / "AppDir" / "digitpad.png").stat().st_size > 1000
    run("desktop-file-validate", tmp_path / "AppDir" / "digitpad.desktop")


def test_frozen_program_is_complete_and_within_its_size_limit(program: Path, wheel: Path) -> None:
    files = [path for path in program.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LIMIT
    with zipfile.ZipFile(wheel) as archive:
        packaged = {name for name in archive.namelist() if name.startswith("edge_app/")} - {"edge_app/py.typed"}
    names = {str(path.relative_to(program / "lib")) for path in files if path.is_relative_to(program / "lib")}
    assert {f"{name}c" if name.endswith(".py") else name for name in packaged} <= names
    outsiders = ("tensorflow", "tkinter", "train", "convert", "tests", "pip")
    assert not [name for name in outsiders if (program / "lib" / name).exists()]
    licences = (program / "licences.txt").read_text()
    assert all(
        f"\n{name} " in licences for name in ("digitpad", "numpy", "pillow", "pygame-ce", "freeze-core", "Python")
    )


def test_frozen_program_reads_in_an_empty_environment(program: Path, home: dict[str, str]) -> None:
    digitpad = program / "digitpad"
    assert run(digitpad, "--version", env=home).stdout == f"digitpad {__version__}\n"
    files = [ROOT / "tests" / "data" / name for name in ("2026.png", "85673.jpg", "numbers.jsonl", "7.json")]
    assert run(digitpad, "recognize", *files, env=home).stdout.split()[:2] == ["2026", "85673"]
    shown = run(digitpad, "demo", env=home).stdout.split()
    assert [word for word in shown if word.isdecimal()] == [sample["label"] for sample in SAMPLES]
    assert run(digitpad, "history", env=home).stdout == ""


def test_doctor_finds_no_problem_in_the_frozen_program(program: Path, home: dict[str, str]) -> None:
    command = [str(program / "digitpad"), "doctor", "--json"]  # its status says whether there is a display, too
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert done.stderr == ""  # what libraries say goes to the processes that are asked
    states = {finding["check"]: finding["state"] for finding in report["findings"]}
    assert report["version"] == __version__
    assert {states[check] for check in ("python", "runtime", "reading", "model", "pygame", "fonts")} == {"good"}


def test_frozen_program_runs_compare_in_child_processes(program: Path, home: dict[str, str], tmp_path: Path) -> None:
    models = [ROOT / "models" / name for name in ("digits_float.tflite", "digits_int8.tflite")]
    labelled = ROOT / "edge_app" / "datasets" / "allographs.jsonl"
    figures, page = tmp_path / "figures.json", tmp_path / "page.html"
    words = [*models, "--data", labelled, "--spoilt", 1, "--json", figures, "--html", page]
    assert " more memory" in run(program / "digitpad", "compare", *words, env=home).stdout  # of a probe's process
    assert page.stat().st_size > 10_000
    assert json.loads(figures.read_text())


def test_frozen_program_validates_a_foreign_model_in_a_child_process(
    program: Path, home: dict[str, str], tmp_path: Path
) -> None:
    model, picture = tmp_path / "mine.tflite", ROOT / "tests" / "data" / "2026.png"
    command = [str(program / "digitpad"), "--model", str(model), "--unlisted", "recognize", str(picture)]
    model.write_bytes(variant("frozen"))
    assert run(*command, env=home).stdout == "2026\n"
    model.write_bytes(variant("frozen")[:-7000])
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(f"digitpad: {model}: ")
    assert done.stderr.endswith("It was not loaded. Get or make the file again\n")
    model.write_bytes(variant("frozen"))
    assert run(program / "digitpad", "use-model", model, "--unlisted", env=home).stdout.startswith("From the next")
    assert run(program / "digitpad", "recognize", picture, env=home).stdout == "2026\n"
    run(program / "digitpad", "use-model", "--bundled", env=home)


def test_sbom_of_the_program_lists_what_its_licences_list(program: Path, python: Path) -> None:
    listed = run(python, ROOT / "tools/freeze/licences.py", "--list").stdout.split()
    table = (program / "licences.txt").read_text().partition("\n" + "-" * 78)[0].splitlines()[2:]
    licensed = {line.partition(": ")[0].replace(" ", "==") for line in table if line}
    assert {name for name in licensed if not name.startswith(("Python", "digitpad"))} == set(listed)


def test_frozen_program_does_not_run_other_modules(program: Path, home: dict[str, str]) -> None:
    command = [str(program / "digitpad"), "-m", "this"]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")


def wait_until_idle(process: int) -> None:
    """Return when a process has used no time for a second: the window sleeps when all is read."""
    stat = Path(f"/proc/{process}/stat")
    before = ""
    for _ in range(60):
        used = " ".join(stat.read_text().rpartition(")")[2].split()[11:13])
        if used == before:
            return
        before = used
        time.sleep(1)
    raise AssertionError("the window does not come to rest")


@pytest.fixture
def window(program: Path, screen: dict[str, str], home: dict[str, str], tmp_path: Path) -> list[str]:
    """The frozen program's window in the corner of a virtual screen, and its command line."""
    settings = tmp_path / "settings.toml"
    settings.write_text('history = "on"\n')
    environment = {**home, "DISPLAY": screen["DISPLAY"]}
    command = [str(program / "digitpad"), "--settings", str(settings)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        found = xdotool(screen, "search", "--sync", "--onlyvisible", "--class", "digitpad").split()
        xdotool(screen, "windowmove", "--sync", found[0], "0", "0")
        wait_until_idle(process.pid)
        write_ten(screen)
        wait_until_idle(process.pid)
        xdotool(screen, "key", "q")
        said = process.communicate(timeout=20)[1]
        assert process.returncode == 0, said
    finally:
        process.kill()
        process.wait()
    return command


def test_digits_written_in_the_frozen_window_are_read(window: list[str], home: dict[str, str]) -> None:
    page = json.loads(run(window[0], "history", "--json", env=home).stdout)
    assert (page["text"], len(page["strokes"])) == ("10", 2)


# ---- the Debian package


@pytest.fixture(scope="module")
def package(program: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package, uncompressed: compression takes a minute."""
    for tool in ("dpkg", "dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}. Debian: sudo apt install dpkg-dev")
    output = tmp_path_factory.mktemp("package") / "digitpad.deb"
    made = {"SOURCE_DATE_EPOCH": "1767323045", "DPKG_DEB_COMPRESSOR_LEVEL": "0"}
    run("sh", ROOT / "tools" / "freeze" / "deb", python, program, output, env={**os.environ, **made})
    return output


def test_package_states_its_dependencies(package: Path) -> None:
    fields = dict(
        line.split(": ", 1) for line in run("dpkg-deb", "-f", package).stdout.splitlines() if not line.startswith(" ")
    )
    assert (fields["Package"], fields["Version"]) == ("digitpad", f"{__version__}-1")
    needed = {word.split()[0] for word in fields["Depends"].split(", ")}
    assert {"libc6", "libx11-6", "libxext6"} <= needed
    assert not {word for word in needed if "python" in word}
    assert 1000 * int(fields["Installed-Size"]) <= LIMIT


def test_package_has_no_maintainer_scripts(package: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "-e", package, tmp_path / "control")
    assert {path.name for path in (tmp_path / "control").iterdir()} == {"control", "md5sums"}


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_package_installs_runs_and_leaves_nothing_behind(package: Path, home: dict[str, str], tmp_path: Path) -> None:
    if os.geteuid() != 0 and not shutil.which("fakeroot"):
        pytest.skip("needs root's rights, or fakeroot. Debian: sudo apt install fakeroot")
    rights = [] if os.geteuid() == 0 else ["fakeroot"]
    system = tmp_path / "system"
    (system / "var/lib/dpkg/info").mkdir(parents=True)
    for name in ("status", "available"):
        (system / "var/lib/dpkg" / name).touch()
    for folder in ("usr/bin", "usr/lib", "usr/share"):  # dpkg removes folders that are nobody's and empty
        (system / folder).mkdir(parents=True)
        (system / folder / "another").touch()
    before = {name for name in everything(system) if not name.startswith("var/")}
    dpkg = [*rights, "dpkg", f"--root={system}", "--log=/dev/null", "--force-depends", "--force-not-root"]
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    run(*dpkg, "--install", package, env=environment)

    digitpad = system / "usr/bin/digitpad"
    assert run(digitpad, "recognize", ROOT / "tests/data/2026.png", env=home).stdout == "2026\n"
    entry = (system / "usr/share/applications/digitpad.desktop").read_text()
    assert "\nExec=/usr/bin/digitpad --open=%f\n" in entry
    run("desktop-file-validate", system / "usr/share/applications/digitpad.desktop")
    listed = (system / "var/lib/dpkg/info/digitpad.list").read_text().splitlines()
    installed = {name for name in everything(system) if not name.startswith("var/")} - before
    assert installed == {name.lstrip("/") for name in listed} - before - {".", ""}

    run(*dpkg, "--purge", "digitpad", env=environment)
    assert {name for name in everything(system) if not name.startswith("var/")} == before
