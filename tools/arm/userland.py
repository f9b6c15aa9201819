"""A Debian userland of another architecture, without root: apt fetches and verifies its packages, QEMU runs it."""

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

KEYRING = Path("usr/share/keyrings/debian-archive-keyring.gpg")
DEBIAN = "Debian|Debian|"  # origin and label of its archive; security updates have another label
MIRROR = "http://deb.debian.org/debian"
EMULATOR_SUITE = "trixie"  # QEMU 10; that of bookworm, 7.2, breaks ai-edge-litert
COMMANDS = ("apt-get", "dpkg", "dpkg-deb")
OLDEST_GLIBC = 17  # 2.17, of the wheels' tags

# Its own state, architecture and archive, and none of the host's hooks; the host's proxies and certificates stay.
APT_CONFIG = """
#clear APT::Architectures;
#clear APT::Update;
#clear DPkg;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/empty";
Dir::Etc::preferences "{folder}/none";
Dir::Etc::preferencesparts "{folder}/empty";
Dir::Etc::trusted "{folder}/none";
Dir::Etc::trustedparts "{folder}/empty";
"""

# Runs the userland's Python in the emulator. The kernel cannot run Arm programs, so child processes are started by
# this script, too: sys.executable names it.
LAUNCHER = """#!/bin/sh
DIGITPAD_ARM_PYTHON={launcher} exec {folder}/qemu -cpu "${{DIGITPAD_ARM_CPU:-{cpu}}}" -L {folder}/root \
{folder}/root/usr/bin/python{python} "$@"
"""
CPU_VARIABLE = "DIGITPAD_ARM_CPU"
LAUNCHER_HOOK = "import os, sys; sys.executable = os.environ.get('DIGITPAD_ARM_PYTHON', sys.executable)\n"


class UserlandError(Exception):
    """The userland cannot be prepared, in one sentence."""


class Machine(NamedTuple):
    """An architecture by the names that Debian, QEMU and the wheels have for it."""

    debian: str
    emulator: str
    cpu: str  # always named: QEMU's default has instructions that no Pi has
    wheels: str


ARM64 = Machine("arm64", "qemu-aarch64", "cortex-a72", "aarch64")
ARMHF = Machine("armhf", "qemu-arm", "cortex-a7", "armv7l")


class Suite(NamedTuple):
    """A release of Debian with its Python and its minor version of glibc."""

    name: str
    python: str
    glibc: int


SUITES = {suite.name: suite for suite in (Suite("bookworm", "3.11", 36), Suite("trixie", "3.13", 41))}
"""Those of Raspberry Pi OS."""


class Recipe(NamedTuple):
    """What a userland holds."""

    machine: Machine
    suite: Suite
    packages: tuple[str, ...]  # Debian's
    wheels: tuple[str, ...]  # as pip takes them
    complete: bool = True  # whether the wheels' own requirements are wheels, too, and not Debian's packages

    @property
    def folder(self) -> str:
        """The name of its folder; another recipe has another."""
        digest = hashlib.sha256(repr((self, APT_CONFIG, LAUNCHER, LAUNCHER_HOOK)).encode()).hexdigest()
        return f"{self.suite.name}-{self.machine.debian}-{digest[:10]}"


def prepare(cache: Path, recipe: Recipe, log: Callable[[str], None]) -> Path:
    """Return the folder of a userland, with `python` and `qemu`; raises UserlandError."""
    folder = cache / recipe.folder
    if not (folder / "ready").exists():
        if missing := [name for name in COMMANDS if not shutil.which(name)]:
            raise UserlandError(f"{' and '.join(missing)} not found: needs a system with apt, such as Debian or Ubuntu")
        shutil.rmtree(folder, ignore_errors=True)  # an interrupted one
        folder.mkdir(parents=True)
        _make(folder, recipe, log)
        (folder / "ready").touch()
    return folder


def _make(folder: Path, recipe: Recipe, log: Callable[[str], None]) -> None:
    mirror = find_mirror()
    log(f"Debian {recipe.suite.name} for {recipe.machine.debian} from {mirror}")
    _unpack_system(folder / "root", recipe, mirror)
    log(f"QEMU from Debian {EMULATOR_SUITE}")
    _unpack_emulator(folder, recipe.machine, mirror)
    site = folder / "root" / "usr" / "local" / "lib" / f"python{recipe.suite.python}" / "dist-packages"
    site.mkdir(parents=True)
    log(f"wheels for {recipe.machine.wheels}")
    _install_wheels(site, recipe)
    (site / "digitpad-arm.pth").write_text(LAUNCHER_HOOK)
    _write_launcher(folder, recipe)


def find_mirror() -> str:
    """Return the Debian archive that this machine's apt uses, or the public one."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    own = [line.removeprefix(DEBIAN) for line in done.stdout.splitlines() if line.startswith(DEBIAN)]
    return own[0].rstrip("/") if own else MIRROR


def _unpack_system(root: Path, recipe: Recipe, mirror: str) -> None:
    keyring = Path("/") / KEYRING
    if not keyring.exists():
        raise UserlandError(f"no {keyring} to verify Debian's packages. Run: sudo apt install {keyring.stem}")
    root.mkdir()
    with _apt(recipe.machine.debian, recipe.suite.name, mirror, keyring) as (apt, folder):
        apt("install", "--yes", "--download-only", keyring.stem, *recipe.packages)
        for package in sorted((folder / "cache" / "archives").glob("*.deb")):
            _run("dpkg-deb", "--extract", str(package), str(root))
    for library in [*root.glob("usr/lib/*/blas/*.so.3"), *root.glob("usr/lib/*/lapack/*.so.3")]:
        # as the package's maintainer script would
        (library.parents[1] / library.name).symlink_to(Path(library.parent.name) / library.name)
    for name in ("bin", "lib", "sbin"):  # in newer releases the base system links them
        if not (root / name).exists():
            (root / name).symlink_to(Path("usr") / name)


def _unpack_emulator(folder: Path, machine: Machine, mirror: str) -> None:
    host = _run("dpkg", "--print-architecture").strip()
    with _apt(host, EMULATOR_SUITE, mirror, folder / "root" / KEYRING) as (apt, scratch):
        apt("download", "qemu-user")
        (package,) = scratch.glob("qemu-user_*.deb")
        _run("dpkg-deb", "--extract", str(package), str(scratch / "unpacked"))
        shutil.copy2(scratch / "unpacked" / "usr" / "bin" / machine.emulator, folder / "qemu")


@contextlib.contextmanager
def _apt(architecture: str, suite: str, mirror: str, keyring: Path) -> Iterator[tuple[Callable[..., str], Path]]:
    """Yield an apt-get with state, architecture and archive of its own, and its folder; the host's stays unchanged."""
    with TemporaryDirectory(prefix="digitpad-apt-") as name:
        folder = Path(name)
        for part in ("lists/partial", "cache/archives/partial", "empty"):
            (folder / part).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {suite} main\n")
        (folder / "apt.conf").write_text(APT_CONFIG.format(architecture=architecture, folder=folder))
        apt = partial(_run, "apt-get", "-c", str(folder / "apt.conf"), "--quiet", "--quiet", folder=folder)
        apt("update")
        yield apt, folder


def _install_wheels(site: Path, recipe: Recipe) -> None:
    python, machine = recipe.suite.python, recipe.machine.wheels
    platforms = [f"manylinux_2_{minor}" for minor in range(recipe.suite.glibc, OLDEST_GLIBC - 1, -1)]
    options = [f"--abi={tag}" for tag in (f"cp{python.replace('.', '')}", "abi3", "none")]
    options += [f"--platform={name}_{machine}" for name in (*platforms, "manylinux2014", "linux")]
    options += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    options += [] if recipe.complete else ["--no-deps"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    _run(*pip, f"--target={site}", *options, *recipe.wheels)


def _write_launcher(folder: Path, recipe: Recipe) -> None:
    launcher, quoted = folder / "python", shlex.quote(str(folder))
    text = LAUNCHER.format(
        launcher=shlex.quote(str(launcher)), folder=quoted, cpu=recipe.machine.cpu, python=recipe.suite.python
    )
    launcher.write_text(text)
    launcher.chmod(0o755)


def _run(*command: str, folder: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        errors = [line for line in lines if line.startswith(("E:", "ERROR"))]
        raise UserlandError(f"{Path(command[0]).name}: {(errors or lines)[-1]}")
    return done.stdout
