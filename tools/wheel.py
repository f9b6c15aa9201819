"""`python -m tools.wheel WHEEL PYTHON...`: the wheel in an empty environment of each Python, tried as users do."""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_app.storage.atomic_write import readable_json, write_atomically

DEBIAN = "debian:"
# venv, what pip trusts, and the X11 that every desktop has; nothing that the wheels could miss unnoticed
PACKAGES = "python3-venv,ca-certificates,libx11-6,libxext6"
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
INTO = 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"'  # the mount ends with the process
TOOLS = ("Xvfb", "xdotool")
PATIENCE = 120  # seconds
STROKE = [(400, y) for y in range(120, 320, 20)]
NUMBER = "1"  # what that stroke says


class TrialError(Exception):
    """The wheel does not do what it should, in one sentence."""


@dataclass(frozen=True)
class Place:
    """A system's Python, the folder to work in, and the command that leads there."""

    name: str
    python: str
    folder: Path  # as this machine names it
    root: Path | None  # of the system, where it is another than this
    home: Path  # in `folder`, as the system names it

    def command(self, *words: str, **environ: str) -> list[str]:
        """Return a command there, with an environment that has nothing of ours but the ways to the network."""
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and not self.root}
        own = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **kept, **environ}
        own |= {"PIP_CERT": str(TRUSTED)} if self.root else {}
        into = ["unshare", "--mount", "sh", "-c", INTO, str(self.root)] if self.root else []
        return [*into, "/usr/bin/env", "-i", *(f"{name}={value}" for name, value in own.items()), *words]

    def run(self, *words: str, **environ: str) -> str:
        """Return what a command says; raises TrialError where it fails."""
        done = subprocess.run(
            self.command(*words, **environ), cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["nothing was said"]
            raise TrialError(f"{' '.join(words)}: status {done.returncode} ({said[-1]})")
        return done.stdout


@contextlib.contextmanager
def place_of(python: str) -> Iterator[Place]:
    """Give an empty folder of this system, or of a bare Debian, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="digitpad-wheel-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not python.startswith(DEBIAN):
            yield Place(python, python, folder, None, folder / "home")
            return
        suite, root = python.removeprefix(DEBIAN), folder / "root"
        command = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={PACKAGES}",
            *_trusting(),
            suite,
            str(root),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise TrialError(f"mmdebstrap {suite}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
        shutil.copy(TRUSTED, root / TRUSTED.relative_to("/"))
        (root / "trial").mkdir()
        yield Place(f"Debian {suite}", "/usr/bin/python3", root / "trial", root, Path("/trial/home"))


def _trusting() -> list[str]:
    """Return the option that lets mmdebstrap take an archive of an earlier day, where this machine's apt does."""
    option = "Acquire::Check-Valid-Until"
    said = subprocess.run(["apt-config", "dump", option], capture_output=True, text=True, check=False).stdout.strip()
    return [f"--aptopt={said}"] if said else []


def try_wheel(wheel: Path, python: str) -> dict[str, str | int]:
    """Return what the wheel did with one Python; raises TrialError where it is not what it should."""
    with place_of(python) as place:
        (place.folder / "home").mkdir()
        shutil.copy(wheel, place.folder)
        inside = place.home.parent
        place.run(place.python, "-m", "venv", str(inside / "env"))
        own = str(inside / "env/bin/python")
        place.run(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(inside / wheel.name))
        version = place.run(own, "-c", "import platform; print(platform.python_version())").strip()
        digitpad = str(inside / "env/bin/digitpad")
        found = {"python": version, "system": place.name if place.root else "", **_examined(place, digitpad)}
        written = _write(place, digitpad)
        if written != NUMBER:
            raise TrialError(f"a stroke in its window is read as {written!r}")
        return {**found, "written": written}


def _examined(place: Place, digitpad: str) -> dict[str, str | int]:
    """Return which interpreter was chosen and how the samples are read, as the doctor finds it."""
    command = place.command(digitpad, "doctor", "--json")
    done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False)
    try:
        findings = json.loads(done.stdout)["findings"]
    except ValueError:
        raise TrialError(f"doctor: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}") from None
    bad = [one for one in findings if one["state"] == "bad" and one["check"] != "display"]  # it has none until later
    if bad:
        raise TrialError(f"{bad[0]['check']}: {bad[0]['said']}")
    said = {one["check"]: one["said"] for one in findings}
    return {"runtime": said["runtime"], "reading": said["reading"]}


def _write(place: Place, digitpad: str) -> str:
    """Write a stroke in the window with a virtual screen's pointer; returns what the history says of it."""
    settings = place.folder / "settings.toml"
    settings.write_text('history = "on"\n')
    with _screen() as display:
        inside = str(place.home.parent / settings.name)
        process = subprocess.Popen(
            place.command(digitpad, "--settings", inside, DISPLAY=display),
            cwd=place.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _draw(display, process)
            _, said = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise TrialError("the window does not end by the key q") from None
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise TrialError(f"the window ends with status {process.returncode} ({said.strip()[-200:]})")
    pages = place.run(digitpad, "history", "--json").splitlines()
    return json.loads(pages[-1])["text"] if pages else ""


@contextlib.contextmanager
def _screen() -> Iterator[str]:
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def _draw(display: str, process: "subprocess.Popen[str]") -> None:
    def xdotool(*words: object) -> str:
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(
            command,
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.stdout

    until = time.monotonic() + PATIENCE
    while not (found := xdotool("search", "--onlyvisible", "--class", "digitpad").split()):
        if process.poll() is not None or time.monotonic() > until:
            raise TrialError(f"no window opens ({(process.stderr.read() if process.stderr else '')[-200:].strip()})")
        time.sleep(0.1)
    xdotool("windowmove", "--sync", found[0], 0, 0)
    _rest(process.pid)
    xdotool("mousemove", *STROKE[0], "mousedown", 1)
    for x, y in STROKE[1:]:
        xdotool("mousemove", x, y, "sleep", 0.01)
    xdotool("mouseup", 1)
    _rest(process.pid)
    xdotool("key", "q")


def _rest(process: int) -> None:
    """Return when a process has used no time for a second: the window sleeps when all is read."""
    stat, before = Path(f"/proc/{process}/stat"), ""
    for _ in range(PATIENCE):
        used = " ".join(stat.read_text().rpartition(")")[2].split()[11:13])
        if used == before:
            return
        before = used
        time.sleep(1)
    raise TrialError("the window does not come to rest")


def sentence(found: dict[str, str | int]) -> str:
    """Return one line of what was found."""
    where = f" of {found['system']}" if found["system"] else ""
    return f"{found['python']}{where}: {found['runtime']}; {found['reading']}; {found['written']} written in its window"


def main(argv: Sequence[str] | None = None) -> int:
    """Try each; returns 1 where one failed."""
    parser = argparse.ArgumentParser(
        prog="tools/test-wheel",
        allow_abbrev=False,
        description="Installs the wheel in an empty environment of each Python, away from the checkout, has the doctor "
        "examine it, and writes a stroke in its window; one line each. Exit status 1 when one of them fails.",
    )
    parser.add_argument("wheel", type=Path, metavar="WHEEL")
    bare = f"an interpreter, or {DEBIAN}SUITE, that of a bare Debian (needs root and mmdebstrap)"
    parser.add_argument("pythons", nargs="+", metavar="PYTHON", help=bare)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there")
    args = parser.parse_args(argv)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"test-wheel: no {' or '.join(missing)}. Debian: sudo apt install xvfb xdotool", file=sys.stderr)
        return 1
    found, failed = [], False
    for python in args.pythons:
        try:
            found.append(try_wheel(args.wheel.resolve(), python))
            print(sentence(found[-1]), flush=True)
        except (TrialError, OSError, subprocess.TimeoutExpired) as error:
            failed = True
            print(f"{python}: failed: {error}", flush=True)
    if args.json and not failed:
        write_atomically(args.json, readable_json(found))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
