"""`python -m tools.packaging PYTHON FOLDER FILE`: make a release of the last commit, measure it, write the figures.

PYTHON is that of the environment that releases are made in. Needs what tools/freeze/test-deb needs, and readelf.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from edge_app.atomic import readable_json, write_atomically
from edge_app.comparison.device import processor
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
    """Return what a command says; ends where it fails."""
    done = subprocess.run([str(word) for word in words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def timed(*words: object) -> tuple[int, str]:
    """Return the seconds of a command, and its last line."""
    started = time.monotonic()
    said = output(*words).splitlines()
    return round(time.monotonic() - started), said[-1]


def files(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def newest_glibc(folder: Path) -> str:
    """Return the newest version of glibc that a symbol of a folder's libraries asks for."""
    found = set()
    for path in filter(is_elf, files(folder)):
        found |= set(re.findall(r"GLIBC_(\d+)\.(\d+)", output("readelf", "--version-info", "--wide", path)))
    return ".".join(max(found, key=lambda numbers: tuple(map(int, numbers))))


def starts(program: Path, *, cold: bool) -> dict[str, Any]:
    """Return the milliseconds from start to first picture."""
    times = [round(first_frame(program, cold=cold)) for _ in range(STARTS)]
    return {"n": STARTS, "median_ms": round(statistics.median(times)), "slowest_ms": max(times), "all_ms": times}


def main() -> None:
    """Build, measure, write."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    python, release = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    found: dict[str, Any] = {"version": __version__, "busy_before": round(os.getloadavg()[0], 1)}
    found["machine"] = {"processor": processor(), "cores": os.cpu_count(), "system": _system()}
    found["versions"] = json.loads(output(python, "-c", VERSIONS, *PACKAGES))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        work.chmod(0o755)
        found["dist_s"], _ = timed("sh", "tools/dist", python, release)
        found["files"] = {path.name: path.stat().st_size for path in sorted(release.iterdir())}
        (archive,) = release.glob("*.tar.xz")
        with tarfile.open(archive) as packed:
            packed.extractall(work, filter="data")
        folder = work / archive.name.removesuffix(".tar.xz")
        sizes = {path: path.stat().st_size for path in files(folder)}
        blas = sum(size for path, size in sizes.items() if "openblas" in path.name)
        found["program"] = {"bytes": sum(sizes.values()), "files": len(sizes), "openblas_bytes": blas}
        found["program"]["glibc"] = newest_glibc(folder)
        first_frame(folder / "digitpad")  # fills the cache
        found["warm"] = starts(folder / "digitpad", cold=False)
        found["cold"] = starts(folder / "digitpad", cold=True)
        found["deb_s"], found["deb"] = timed("sh", "tools/freeze/test-deb", *release.glob("*.deb"))
    write_atomically(Path(sys.argv[3]), readable_json(found))


def _system() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release["PRETTY_NAME"].strip('"')


if __name__ == "__main__":
    main()
