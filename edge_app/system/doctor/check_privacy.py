"""Whether others on this system may read, change or exchange what digitpad keeps of its owner."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from .host import Finding, World

OTHERS = stat.S_IRWXG | stat.S_IRWXO
ENTER = stat.S_IXGRP | stat.S_IXOTH


def check_privacy(world: World) -> Iterator[Finding]:
    """Look at the rights of the folders that digitpad keeps things in, and of what is in them.

    What was there before digitpad keeps the rights that it has, so somebody else has to say so.
    """
    if world.folders is None or world.platform == "win32":  # where rights are other
        return
    kept = [folder for folder in (world.folders.config, world.folders.data, world.folders.pictures) if folder.is_dir()]
    if not kept:
        return
    faults = [finding for folder in kept for finding in (*_strangers(folder), *_open(folder), *_exchangeable(folder))]
    yield from faults
    if not faults:
        yield Finding("privacy", "good", "nobody else on this system may read what is kept")


def _strangers(folder: Path) -> Iterator[Finding]:
    if folder.stat().st_uid != os.geteuid():
        said = f"{folder} is somebody else's, who may read and change what is kept there"
        yield Finding("privacy", "note", said, "Name a folder of your own: DIGITPAD_HOME=FOLDER digitpad")


def _open(folder: Path) -> Iterator[Finding]:
    """Find what others may read: nothing below a folder that only its owner may enter, as homes often are."""
    if not folder.stat().st_mode & OTHERS or not all(above.stat().st_mode & ENTER for above in folder.parents):
        return
    inside = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    wide = [path for path in inside if path.stat().st_mode & OTHERS]
    said = f"others on this system may see {folder}, with {_many(len(wide) - 1)} that they may open"
    advice = f"chmod -R go= {shlex.quote(str(folder))} (on a disk without rights, such as FAT: mount it with umask=077)"
    yield Finding("privacy", "note", said, advice)


def _exchangeable(folder: Path) -> Iterator[Finding]:
    """Find a folder above in which others may put another one in this one's place."""
    for above in folder.parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            said = f"others may write to {above}, and so put another folder in the place of {folder}"
            yield Finding("privacy", "note", said, f"chmod go-w {shlex.quote(str(above))}")
            return


def _many(number: int) -> str:
    return f"{number} file or folder in it" if number == 1 else f"{number} files or folders in it"
