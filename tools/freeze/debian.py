"""`python debian.py FOLDER CHANGELOG OUTPUT`: make a Debian package of the frozen program in FOLDER.

The program goes to /usr/lib/digitpad whole, and /usr/bin/digitpad leads there. Nothing is run at installation or
removal, so nothing can be left behind. SOURCE_DATE_EPOCH is the day of its changelog.
"""

import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

from prune import is_elf

from edge_app.cli import make_parser
from edge_app.system.desktop.launcher import DATA, launcher_files
from edge_app.version import __version__

NAME = "digitpad"
VERSION = f"{__version__}-1"
# Debian wants an address, and the project has none: home.arpa is everybody's own network (RFC 8375).
MAINTAINER = "The digitpad authors <digitpad@home.arpa>"
# What SDL loads by name: the X11 that every desktop has, then what Wayland, the bare screen and touch on X11 want.
WINDOW = ["libx11-6", "libxext6"]
SCREENS = [
    *("libxcursor1", "libxi6", "libxfixes3", "libxrandr2", "libxss1"),
    *("libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "libxkbcommon0", "libdecor-0-0"),
    *("libegl1", "libgbm1", "libdrm2", "libudev1"),
]
OPTIONAL = ["speech-dispatcher | espeak-ng", "zenity | kdialog"]  # numbers read aloud, choosing files
# What lintian finds in every frozen program: bytecode, and the wheels' own libraries and font.
LINTIAN = [
    *("package-installs-python-bytecode", "embedded-library", "unstripped-binary-or-object", "duplicate-font-file"),
    *("custom-library-search-path", "shared-library-lacks-prerequisites", "library-not-linked-against-libc"),
    *("hardening-no-pie", "initial-upload-closes-no-bugs"),
]


def date() -> datetime:
    """Return the day of the release."""
    return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)


def architecture() -> str:
    """Return Debian's name of this machine's kind."""
    return _said("dpkg", "--print-architecture")


def _said(*command: str, folder: Path | None = None) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder).stdout.strip()


def dependencies(tree: Path) -> str:
    """Return what the ELF files need from the system, as dpkg-shlibdeps finds it, and what the window needs."""
    library = tree / "usr/lib" / NAME
    programs = [f"-e{path}" for path in library.rglob("*") if path.is_file() and is_elf(path)]
    own = [f"-l{folder}" for folder in (library / "lib", *library.glob("lib/*.libs"))]
    with tempfile.TemporaryDirectory() as name:
        control = Path(name) / "debian" / "control"  # it works beside one, and looks for DEBIAN/ above the files
        control.parent.mkdir()
        control.write_text(f"Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n")
        # our own libraries belong to no package, and it would stop there
        command = ["dpkg-shlibdeps", "-O", "--warnings=0", "--ignore-missing-info", f"-S{tree}", *own, *programs]
        found = _said(*command, folder=control.parent.parent)
    return ", ".join([found.partition("=")[2], *WINDOW])


def control(tree: Path, kilobytes: int) -> str:
    """Return the package's control file."""
    fields = {
        "Package": NAME,
        "Version": VERSION,
        "Section": "education",
        "Priority": "optional",
        "Architecture": architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": str(kilobytes),
        "Depends": dependencies(tree),
        "Recommends": ", ".join(SCREENS),
        "Suggests": ", ".join(OPTIONAL),
        "Description": f"handwritten number reader\n {_wrapped(_metainfo('description/p'))}",
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


def _metainfo(tag: str) -> str:
    root = ElementTree.parse(DATA / "metainfo" / "arpa.home.digitpad.metainfo.xml")
    return root.findtext(tag, "")


def _wrapped(text: str) -> str:
    lines = [""]
    for word in text.split():
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < 76 else [lines[-1], word]
    return "\n ".join(lines)


def manual() -> str:
    """Return the manual page: what --help says of the whole, which leads to each command's own."""
    os.environ["COLUMNS"] = "80"  # what argparse folds its lines at
    text = (
        make_parser()
        .format_help()
        .replace("\\", r"\e")
        .replace("-", r"\-")
        .replace("\n.", "\n\\&.")
        .replace("'", r"\(aq")
    )
    return (
        f'.TH DIGITPAD 1 "{date():%Y-%m-%d}" "digitpad {__version__}"\n'
        f".SH NAME\n{NAME} \\- {_metainfo('summary').lower()}\n"
        f".SH SYNOPSIS\n.B {NAME}\n[options] [command]\n.SH DESCRIPTION\n.nf\n{text}.fi\n"
    )


def copyright(program: Path) -> str:
    """Return the copyright file: our licence, and the names of those of what is bundled."""
    own = Path(__file__).parents[2] / "LICENSE"
    table = (program / "licences.txt").read_text(encoding="utf-8").partition("\n" + "-" * 78)[0]
    return (
        f"digitpad\n\n{own.read_text(encoding='utf-8')}\n{table}\n"
        f"Their texts, as far as they bring them: /usr/lib/{NAME}/licences.txt. The GNU Lesser General Public License\n"
        "and the Apache License are in /usr/share/common-licenses/LGPL-2.1 and /usr/share/common-licenses/Apache-2.0.\n"
    )


def changelog() -> str:
    """Return Debian's changelog: one entry that leads to ours."""
    return (
        f"{NAME} ({VERSION}) stable; urgency=medium\n\n  * Release {__version__}: see changelog.gz.\n\n"
        f" -- {MAINTAINER}  {date():%a, %d %b %Y %H:%M:%S +0000}\n"
    )


def files(program: Path, changes: Path) -> dict[str, bytes]:
    """Return what is installed beside the program, by its path."""
    doc = f"usr/share/doc/{NAME}"
    overrides = "".join(f"{NAME}: {tag}\n" for tag in LINTIAN)
    return {
        **{f"usr/share/{name}": content for name, content in launcher_files([f"/usr/bin/{NAME}"], None).items()},
        f"{doc}/copyright": copyright(program).encode(),
        f"{doc}/changelog.gz": _packed(changes.read_bytes()),
        f"{doc}/changelog.Debian.gz": _packed(changelog().encode()),
        f"usr/share/man/man1/{NAME}.1.gz": _packed(manual().encode()),
        f"usr/share/lintian/overrides/{NAME}": overrides.encode(),
    }


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def lay_out(program: Path, changes: Path, tree: Path) -> None:
    """Put the package's files below `tree`."""
    library = tree / "usr/lib" / NAME
    library.parent.mkdir(parents=True)
    subprocess.run(["cp", "-R", program, library], check=True)
    for path in library.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path == library / NAME else 0o644)
    for name, content in files(program, changes).items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")


def describe(tree: Path) -> None:
    """Write the package's own files: control, and a sum for each file that is installed."""
    installed = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in installed]
    kilobytes = sum(-(-path.lstat().st_size // 1024) for path in tree.rglob("*"))
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/md5sums").write_text("".join(sums))
    (tree / "DEBIAN/control").write_text(control(tree, kilobytes), encoding="utf-8")


def main() -> None:
    """Make the package, or say what hinders it."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        make(*(Path(name).absolute() for name in sys.argv[1:]))
    except FileNotFoundError as error:
        sys.exit(f"debian: {error.filename}: not found. Its tools come with: sudo apt install dpkg-dev")
    except subprocess.CalledProcessError as error:
        sys.exit(f"debian: {error.cmd[0]} failed with status {error.returncode}, see above")


def make(program: Path, changes: Path, output: Path) -> None:
    """Make the package of the frozen program."""
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"  # the temporary folder itself is nobody else's to read
        lay_out(program, changes, tree)
        describe(tree)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, output], check=True)


if __name__ == "__main__":
    main()
