"""What docs/packaging.md reports: `python -m tools.packaging release` makes one and measures it, `starts` times it."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge_app.evaluation.compare.device import processor
from edge_app.storage.atomic_write import readable_json, write_atomically
from edge_app.version import __version__

from .bench.screen import ROOT
from .freeze.first_frame import first_frame
from .freeze.prune import is_elf

STARTS = 20
PACKAGES = ("cx_Freeze", "numpy", "pillow", "pygame-ce", "tflite-runtime", "ai-edge-litert")
VERSIONS = """
import json, platform, sys
from importlib import metadata
found = {"Python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def output(*words: object) -> str:
    """Return what a command says; raises CalledProcessError where it fails."""
    done = subprocess.run([str(word) for word in words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Give the folder of the frozen program in an archive."""
    with tempfile.TemporaryDirectory() as name, tarfile.open(archive) as packed:
        packed.extractall(name, filter="data")
        yield Path(name) / archive.name.removesuffix(".tar.xz")


def make_release(python: Path, folder: Path) -> dict[str, Any]:
    """Make a release of the last commit in a folder, install and purge its package; return sizes and versions."""
    output("sh", "tools/dist", python, folder)
    files = [path for path in sorted(folder.iterdir()) if path.name.startswith("digitpad") and path.suffix != ".json"]
    sizes = {path.name: path.stat().st_size for path in files}
    with unpacked(next(folder.glob("*.tar.xz"))) as program:
        measured = measure_program(program)
    return {
        "version": __version__,
        "system": _system(),
        "versions": json.loads(output(python, "-c", VERSIONS, *PACKAGES)),
        "files": sizes,
        "program": measured,
        "deb": output("sh", "tools/freeze/test-deb", *folder.glob("*.deb")).splitlines()[-1],
    }


def measure_program(folder: Path) -> dict[str, Any]:
    """Return the size of a frozen program, what is OpenBLAS of it, and the newest glibc that a symbol asks for."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    sizes = {path: path.stat().st_size for path in files}
    blas = sum(size for path, size in sizes.items() if "openblas" in path.name)
    asked = {
        (int(major), int(minor))
        for path in filter(is_elf, files)
        for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", output("readelf", "--version-info", "--wide", path))
    }
    glibc = ".".join(map(str, max(asked)))
    return {"bytes": sum(sizes.values()), "files": len(sizes), "openblas_bytes": blas, "glibc": glibc}


def time_starts(archive: Path) -> dict[str, Any]:
    """Return the milliseconds from the program's start to its first picture, with its files cached and not."""
    found: dict[str, Any] = {"busy_before": round(os.getloadavg()[0], 1)}
    found |= {"processor": processor(), "cores": os.cpu_count()}
    with unpacked(archive) as folder:
        first_frame(folder / "digitpad")  # fills the cache
        for name, cold in (("warm", False), ("cold", True)):
            times = [round(first_frame(folder / "digitpad", cold=cold)) for _ in range(STARTS)]
            found[name] = {"median_ms": round(statistics.median(times)), "slowest_ms": max(times), "all_ms": times}
    return found


def _system() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release["PRETTY_NAME"].strip('"')


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.packaging", allow_abbrev=False, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    release = commands.add_parser("release", help="needs what tools/dist and tools/freeze/test-deb need, and readelf")
    release.add_argument("python", type=Path, help="of the environment that releases are made in")
    release.add_argument("folder", type=Path, help="where the release goes")
    starts = commands.add_parser("starts", help="needs Xvfb and an idle machine")
    starts.add_argument("archive", type=Path, help="the release's .tar.xz")
    for command in (release, starts):
        command.add_argument("figures", type=Path, help="the JSON to write")
    args = parser.parse_args(argv)
    if args.command == "starts":
        found = time_starts(args.archive)
    else:
        found = make_release(args.python.absolute(), args.folder.absolute())
    write_atomically(args.figures, readable_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
