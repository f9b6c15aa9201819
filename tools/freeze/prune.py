"""Taking out of a frozen program what cx_Freeze copies with a package and nothing reaches.

A package's folder is copied whole, with the extension modules that were excluded, and so are its wheel's libraries,
with those that only such a module needs.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

UNUSED = [
    *("lib/*/test", "lib/*/tests", "lib/ctypes/macholib/fetch*"),
    *("lib/numpy/doc", "lib/numpy/core/include", "lib/numpy/**/*.a", "lib/numpy/**/*.pyi"),
    # LiteRT's compilers for other processors, graphics, and its newer interface: the interpreter needs none of them
    *("lib/ai_edge_litert/tools", "lib/ai_edge_litert/vendors", "lib/ai_edge_litert/libLiteRt*.so"),
]


def prune(folder: Path, excluded: Iterable[str]) -> None:
    """Remove what the excluded modules have left below `folder`, and the ELF libraries that nothing needs then."""
    modules = [f"lib/{name.replace('.', '/')}.*" for name in excluded]
    for path in [path for pattern in (*modules, *UNUSED) for path in folder.glob(pattern)]:
        _remove(path)
    needed = reached(folder)
    for path in folder.glob("lib/*.libs/*"):
        if is_elf(path) and path not in needed:
            path.unlink()


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        return
    for part in path.iterdir():
        _remove(part)
    path.rmdir()


def reached(folder: Path) -> set[Path]:
    """Return the ELF files that the program and its modules reach; a wheel's library is reached by being asked for."""
    files = [path for path in folder.rglob("*") if path.is_file() and is_elf(path)]
    libraries = {path.name: path for path in files if path.parent.name.endswith(".libs")}
    waiting = [path for path in files if path not in libraries.values()]
    found = set(waiting)
    while waiting:
        new = {libraries[name] for name in libraries_needed(waiting.pop()) if name in libraries} - found
        found |= new
        waiting += new
    return found


def is_elf(path: Path) -> bool:
    """Tell whether a file is a program or a library of Linux."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries_needed(file: Path) -> set[str]:
    """Return the names of the libraries that an ELF file asks for."""
    done = subprocess.run(["patchelf", "--print-needed", file], check=True, capture_output=True, text=True)
    return set(done.stdout.split())
