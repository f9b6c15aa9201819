"""Builds the virtual machine: QEMU, and a Debian with the app, in a cache. Needs root, mmdebstrap and e2fsprogs."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CACHE = Path(os.environ.get("DIGITPAD_BOARD_CACHE", "~/.cache/digitpad-board")).expanduser()
SUITE, PYTHON, SIZE = "trixie", "3.13", "2500M"
DIGITPAD = "/opt/digitpad/bin/digitpad"
ARCHITECTURE = os.environ.get("BOARD", "amd64")
# Nehalem is the x86-64-v2 that numpy needs; newer ones are slower to emulate. A Pi 4 has Cortex-A72.
EMULATOR, MACHINE, WHEELS = {
    "amd64": ("qemu-system-x86", "qemu-system-x86_64 -M q35,i8042=off,sata=off,smbus=off -cpu Nehalem", "x86_64"),
    "arm64": ("qemu-system-arm", "qemu-system-aarch64 -M virt -cpu cortex-a72", "aarch64"),
}[ARCHITECTURE]
LIBRARY = "usr/lib/x86_64-linux-gnu"
LEAN = [
    "--dpkgopt=force-unsafe-io",  # a build that is interrupted starts again
    *("--aptopt=Apt::Install-Recommends false", "--aptopt=Acquire::Languages none"),
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")),
]
# What a Raspberry Pi OS has of what the app and SDL (by dlopen) use.
PACKAGES = [
    "systemd", "systemd-sysv", "udev", "dbus", "dbus-user-session", "libpam-systemd", "initramfs-tools", "procps",
    "kmod", "python3", "e2fsprogs", "libegl1", "libgles2", "libgbm1", "libegl-mesa0", "libgl1-mesa-dri",
    "libxkbcommon0", "libxi6", "libxcursor1", "libxfixes3", "libxrandr2", "libxss1",
]  # fmt: skip

# Answers over a virtio-serial port: a line of JSON in, a command or seconds to wait; [status, output] out.
AGENT = """import json, os, subprocess, time
port, left = os.open("/dev/virtio-ports/board", os.O_RDWR), b""
while True:
    left += os.read(port, 65536)
    while b"\\n" in left:
        line, _, left = left.partition(b"\\n")
        asked, answer = json.loads(line), [0, ""]
        if isinstance(asked, str):
            done = subprocess.run(["bash", "-c", asked], stdin=-3, stdout=-1, stderr=-2)
            answer = [done.returncode, done.stdout.decode(errors="replace")]
        else:
            time.sleep(asked)
        answer = json.dumps(answer).encode() + b"\\n"
        while answer:
            answer = answer[os.write(port, answer):]
"""
FILES = {
    "usr/local/bin/board-agent": AGENT,
    "etc/systemd/system/board-agent.service": "[Unit]\nDefaultDependencies=no\n[Service]\nRestart=always\n"
    "ExecStart=/usr/bin/python3 /usr/local/bin/board-agent\n",
    "etc/udev/rules.d/99-board.rules": 'SUBSYSTEM=="virtio-ports", ATTR{name}=="board", TAG+="systemd", '
    'ENV{SYSTEMD_WANTS}+="board-agent.service"\n',
    "etc/hostname": "board\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "opt/digitpad/pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = false\n",
    "opt/digitpad/bin/digitpad": "#!/opt/digitpad/bin/python\nimport sys\nfrom edge_app.cli import main\n"
    "sys.exit(main())\n",
}


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a command that must succeed; what it prints is shown only if it fails."""
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:3]))} ...: {(done.stdout + done.stderr)[-2000:]}")


def qemu() -> Path:
    """Return a folder with QEMU 10; older releases have no virtio-multitouch device."""
    return _cached(f"qemu-{ARCHITECTURE}", lambda new: _bootstrap(new, [EMULATOR, "seabios"], "--variant=apt"))


def system(*more: str) -> Path:
    """Return the tree of a Debian with all that the app needs and more packages, but without the app."""
    packages = [*PACKAGES, *more, f"linux-image-{ARCHITECTURE}"]

    def make(new: Path) -> None:
        modules = (
            'mkdir -p "$1"/etc/initramfs-tools/conf.d; echo MODULES=list > "$1"/etc/initramfs-tools/conf.d/board; '
            'printf "virtio_blk\\nvirtio_pci\\next4\\n" > "$1"/etc/initramfs-tools/modules'
        )
        options = ["--variant=minbase", f"--architectures={ARCHITECTURE}", f"--essential-hook={modules}"]
        _bootstrap(new, packages, *options)
        for name, text in FILES.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text)
        (new / "opt/digitpad/bin/digitpad").chmod(0o755)
        (new / "opt/digitpad/bin/python").symlink_to("/usr/bin/python3")
        run("chroot", new, "useradd", "-mu1000", "-s/bin/bash", "-Gvideo,render,input,audio,tty", "pi")
        _install(new, "-r", str(ROOT / "requirements/lean.txt"))
        run("chroot", new, "python3", "-m", "compileall", "-q", "-j2", "/opt/digitpad/lib")

    what = repr((SUITE, packages, FILES, (ROOT / "requirements/lean.txt").read_text()))
    return _cached(f"{ARCHITECTURE}-{hashlib.sha256(what.encode()).hexdigest()[:8]}", make)


def disk(image: Path, *more: str) -> None:
    """Write a disk image of the system, and more packages, with the app of this checkout, not yet a kiosk."""
    base = system(*more)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        tree, wheels = Path(folder, "tree"), Path(folder, "wheels")
        run("cp", "-al", base, tree)  # hard links: files are only added to the copy and removed from it
        for wanted in tree.glob("etc/systemd/system/*.wants/*"):  # what would run in a board's first minutes
            if wanted.suffix == ".timer" or wanted.name.startswith("e2scrub"):
                wanted.unlink()
        run(sys.executable, "-m", "uv", "build", "-q", "--wheel", "-o", wheels, ROOT)
        _install(tree, "--no-deps", "--reinstall", str(next(wheels.glob("*.whl"))))
        image.unlink(missing_ok=True)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, image, SIZE)


def _install(tree: Path, *what: str) -> None:
    site = tree / f"opt/digitpad/lib/python{PYTHON}/site-packages"
    options = f"--target {site} --python-version {PYTHON} --python-platform {WHEELS}-manylinux_2_28 --link-mode copy"
    run(sys.executable, "-m", "uv", "pip", "install", "-q", *options.split(), *what)


def _bootstrap(new: Path, packages: list[str], *options: str) -> None:
    include = f"--include={','.join(packages)}"
    run("mmdebstrap", "-q", include, *LEAN, *options, SUITE, new, "http://deb.debian.org/debian")


def _cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return CACHE/name, which is renamed to that once complete: an interrupted build starts again."""
    path, new = CACHE / name, CACHE / f"{name}.new"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        make(new)
        new.rename(path)
    return path
