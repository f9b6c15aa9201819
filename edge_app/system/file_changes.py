"""Changes to system files: planned as a dictionary, compared with the disk, checked for permissions, then applied."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import SetupError
from ..storage.atomic_write import make_folder, write_atomically
from ..storage.safe_open import open_regular
from .os_info import Account

Content = bytes | Path | None
"""The bytes of a file, the target of a link, or None for no file."""

Changes = Mapping[Path, Content]


def current(path: Path) -> Content:
    """Return what is at `path` now; raises SetupError for a folder and for what cannot be read."""
    try:
        if path.is_symlink():
            return path.readlink()
        if not path.exists():
            return None
        with open_regular(path) as file:  # opening a named pipe would block
            return file.read()
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}. Nothing was changed") from None


def pending(wanted: Changes) -> dict[Path, Content]:
    """Return the entries that differ from the disk."""
    return {path: content for path, content in wanted.items() if current(path) != content}


def not_permitted(changes: Changes) -> Path | None:
    """Return the first path that this process may not change."""
    effective = os.access in os.supports_effective_ids
    for path in changes:
        folder = next(folder for folder in path.parents if folder.exists())
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
            return path
    return None


def apply(changes: Changes) -> None:
    """Write, link or remove each file, in order; raises SetupError."""
    for path, content in changes.items():
        try:
            if content is not None:
                make_folder(path.parent, 0o755)  # whatever the umask: system folders are not for everyone to write to
            if isinstance(content, bytes):
                write_atomically(path, content, path.stat().st_mode & 0o777 if path.exists() else 0o644)
                continue
            path.unlink(missing_ok=True)
            if content is not None:
                path.symlink_to(content)
        except OSError as error:
            raise SetupError(f"{path}: {error.strerror}. Free some space, or use another folder") from None


def remove_empty_folders(paths: Iterable[Path], top: Path) -> None:
    """Remove the folders of `paths` that are empty now; `top` and everything above it stay."""
    folders = {folder for path in paths for folder in path.parents if folder != top and folder.is_relative_to(top)}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Drop root's rights to those of the account meanwhile, so that root follows no link in a user's home."""
    if account is None or os.geteuid() != 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([account.group])
    os.setegid(account.group)
    os.seteuid(account.number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
