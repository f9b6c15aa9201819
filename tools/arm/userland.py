"""A Debian userland of another architecture, without root: fetched and proven by apt, unpacked, run by QEMU."""

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

KEYRING = Path("usr/share/keyrings/debian-archive-keyring.gpg")
DEBIAN = "Debian|Debian|"  # origin and label of its archive; that of its security updates has another label
MIRROR = "http://deb.debian.org/debian"
EMULATOR_SUITE = "trixie"  # QEMU 10; that of bookworm, 7.2, breaks ai-edge-litert
COMMANDS = ("apt-get", "dpkg", "dpkg-deb", "tar")
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

# What python3 starts: the emulator with the userland's interpreter. A process that it starts in turn would be Arm
# code, which the kernel cannot run; so sys.executable is this script, which it can.
LAUNCHER = """#!/bin/sh
{variable}={launcher} exec {emulator} -cpu "${{{cpu_variable}:-{cpu}}}" -L {root} {root}/usr/bin/python{python} "$@"
"""
LAUNCHER_VARIABLE = "DIGITPAD_ARM_PYTHON"
CPU_VARIABLE = "DIGITPAD_ARM_CPU"
LAUNCHER_HOOK = f"import os, sys; sys.executable = os.environ.get({LAUNCHER_VARIABLE!r}, sys.executable)\n"


class UserlandError(Exception):
    """The userland cannot be made or does not run, in one sentence."""


@dataclass(frozen=True)
class Machine:
    """An architecture by the names that Debian, QEMU and the wheels have for it."""

    debian: str
    emulator: str
    cpu: str  # always named: QEMU's default has instructions that no Pi has
    wheels: str


ARM64 = Machine("arm64", "qemu-aarch64", "cortex-a72", "aarch64")
ARMHF = Machine("armhf", "qemu-arm", "cortex-a7", "armv7l")


@dataclass(frozen=True)
class Suite:
    """A release of Debian, with the Python and the minor version of glibc that it has."""

    name: str
    python: str
    glibc: int


SUITES = {suite.name: suite for suite in (Suite("bookworm", "3.11", 36), Suite("trixie", "3.13", 41))}
"""Those that Raspberry Pi OS is built on."""


@dataclass(frozen=True)
class Recipe:
    """What is in a userland; another recipe is another folder."""

    machine: Machine
    suite: Suite
    packages: tuple[str, ...]  # Debian's
    wheels: tuple[str, ...]  # as pip takes them
    complete: bool = True  # whether the wheels' own requirements come as wheels, too, and not from Debian

    @property
    def name(self) -> str:
        """The folder's name: the same recipe has the same."""
        digest = hashlib.sha256(json.dumps([asdict(self), APT_CONFIG, LAUNCHER, LAUNCHER_HOOK]).encode()).hexdigest()
        return f"{self.suite.name}-{self.machine.debian}-{digest[:10]}"


@dataclass(frozen=True)
class Userland:
    """A userland that is ready; `python` is started like any interpreter of this machine, by any process."""

    recipe: Recipe
    folder: Path

    @property
    def python(self) -> Path:
        """The launcher."""
        return self.folder / "python"


def prepare(cache: Path, recipe: Recipe, say: Callable[[str], None]) -> Userland:
    """Return the userland of a recipe, made anew unless the cache has it whole; raises UserlandError."""
    folder = cache.resolve() / recipe.name
    if not (folder / "ready").exists():
        missing = [name for name in COMMANDS if not shutil.which(name)]
        if missing:
            raise UserlandError(f"no {' or '.join(missing)} here: this needs Debian, Ubuntu or another system with apt")
        shutil.rmtree(folder, ignore_errors=True)  # the rest of one that was interrupted
        folder.mkdir(parents=True)
        _make(Userland(recipe, folder), say)
        (folder / "ready").touch()
    return Userland(recipe, folder)


def _make(made: Userland, say: Callable[[str], None]) -> None:
    recipe, root = made.recipe, made.folder / "root"
    mirror = find_mirror()
    say(f"Debian {recipe.suite.name} for {recipe.machine.debian} from {mirror}")
    _unpack_system(root, recipe, mirror)
    say(f"QEMU from Debian {EMULATOR_SUITE}")
    _unpack_emulator(made.folder, recipe.machine, mirror, root / KEYRING)
    site = root / "usr" / "local" / "lib" / f"python{recipe.suite.python}" / "dist-packages"
    site.mkdir(parents=True)
    say(f"wheels for {recipe.machine.wheels}")
    _install_wheels(site, recipe)
    (site / "digitpad-arm.pth").write_text(LAUNCHER_HOOK)
    _write_launcher(made)


def find_mirror() -> str:
    """Return the Debian archive that this machine's apt uses, or the one that serves everybody."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    own = [line.removeprefix(DEBIAN) for line in done.stdout.splitlines() if line.startswith(DEBIAN)]
    return own[0].rstrip("/") if done.returncode == 0 and own else MIRROR


def _unpack_system(root: Path, recipe: Recipe, mirror: str) -> None:
    keyring = Path("/") / KEYRING
    if not keyring.exists():
        raise UserlandError(f"no {keyring}, which proves Debian's packages. Run: sudo apt install {keyring.stem}")
    root.mkdir()
    with _apt(recipe.machine.debian, recipe.suite.name, mirror, keyring) as (apt, folder):
        apt("install", "--yes", "--download-only", keyring.stem, *recipe.packages)
        for package in sorted((folder / "cache" / "archives").glob("*.deb")):
            _run("dpkg-deb", "--extract", str(package), str(root))
    for library in [*root.glob("usr/lib/*/blas/*.so.3"), *root.glob("usr/lib/*/lapack/*.so.3")]:
        (library.parents[1] / library.name).symlink_to(Path(library.parent.name) / library.name)  # as installing does
    for name in ("bin", "lib", "sbin"):  # in newer releases the base system links them
        if not (root / name).exists():
            (root / name).symlink_to(Path("usr") / name)


def _unpack_emulator(folder: Path, machine: Machine, mirror: str, keyring: Path) -> None:
    host = _run("dpkg", "--print-architecture").strip()
    with _apt(host, EMULATOR_SUITE, mirror, keyring) as (apt, scratch):
        apt("download", "qemu-user")
        (package,) = scratch.glob("qemu-user_*.deb")
        _run("dpkg-deb", "--extract", str(package), str(scratch / "unpacked"))
        shutil.copy2(scratch / "unpacked" / "usr" / "bin" / machine.emulator, folder / machine.emulator)


@contextlib.contextmanager
def _apt(architecture: str, suite: str, mirror: str, keyring: Path) -> Iterator[tuple[Callable[..., str], Path]]:
    """Give an apt with state, architecture and archive of its own, and its folder; the host's stays as it is."""
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
    number = recipe.suite.python.replace(".", "")
    tags = [f"cp{number}", "abi3", "none"]
    options = [word for tag in tags for word in ("--abi", tag)]
    options += [word for tag in _platforms(recipe.machine.wheels, recipe.suite.glibc) for word in ("--platform", tag)]
    options += ["--only-binary=:all:", "--implementation", "cp", "--python-version", recipe.suite.python]
    options += [] if recipe.complete else ["--no-deps"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    _run(*pip, "--target", str(site), *options, *recipe.wheels)


def _platforms(machine: str, glibc: int) -> Iterator[str]:
    yield from (f"manylinux_2_{minor}_{machine}" for minor in range(glibc, OLDEST_GLIBC - 1, -1))
    yield f"manylinux2014_{machine}"
    yield f"linux_{machine}"


def _write_launcher(made: Userland) -> None:
    machine = made.recipe.machine
    text = LAUNCHER.format(
        variable=LAUNCHER_VARIABLE,
        cpu_variable=CPU_VARIABLE,
        launcher=shlex.quote(str(made.python)),
        emulator=shlex.quote(str(made.folder / machine.emulator)),
        cpu=machine.cpu,
        root=shlex.quote(str(made.folder / "root")),
        python=made.recipe.suite.python,
    )
    made.python.write_text(text)
    made.python.chmod(0o755)


def _run(*command: str, folder: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        faults = [line for line in said if line.startswith(("E:", "ERROR"))]
        raise UserlandError(f"{Path(command[0]).name}: {(faults or said)[-1]}")
    return done.stdout
