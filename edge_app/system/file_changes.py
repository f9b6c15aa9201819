"""Changes to a system's files, drafted before any is made: shown, checked for the rights they need, then made."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import SetupError
from ..storage.atomic_write import write_atomically
from ..storage.safe_open import open_regular
from .os_info import Account

Content = bytes | Path | None
"""A file's bytes, a link's target, or None where nothing is."""


class Draft:
    """What files shall hold, over what they hold now."""

    def __init__(self) -> None:
        """Begin with the system as it is."""
        self._wanted: dict[Path, Content] = {}

    def get(self, path: Path) -> Content:
        """Return what `path` will hold; raises SetupError for a folder or what cannot be read."""
        return self._wanted[path] if path in self._wanted else _now(path)

    def put(self, path: Path, content: Content) -> None:
        """Have `path` hold `content`; None takes it away."""
        self._wanted[path] = content

    def changes(self) -> list[tuple[Path, Content]]:
        """Return what differs from now, in the order in which it was wanted."""
        return [(path, content) for path, content in self._wanted.items() if _now(path) != content]

    def missing_folders(self) -> list[Path]:
        """Return the folders that have to be made for it, outer before inner."""
        found: list[Path] = []
        for path, content in self._wanted.items():
            missing = [folder for folder in path.parents if not folder.exists()] if content is not None else []
            found += [folder for folder in reversed(missing) if folder not in found]
        return found

    def forbidden(self) -> list[Path]:
        """Return what this process has no right to change."""
        return [path for path, _ in self.changes() if not _may_change(path)]

    def make(self) -> None:
        """Make the changes; those of a link are made before it is."""
        for folder in self.missing_folders():
            folder.mkdir(0o755)  # a careless umask must not open the system's folders to everybody
        for path, content in self.changes():
            _replace(path, content)


def _now(path: Path) -> Content:
    try:
        if path.is_symlink():
            return path.readlink()
        if not path.exists():
            return None
        with open_regular(path) as file:  # a pipe in somebody's home must not hold root
            return file.read()
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}. Nothing was changed") from None


def _may_change(path: Path) -> bool:
    folder = next(folder for folder in path.parents if folder.exists())
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)


def _replace(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        write_atomically(path, content, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        return
    path.unlink(missing_ok=True)
    if content is not None:
        path.symlink_to(content)


def remove_if_empty(folders: list[Path]) -> list[Path]:
    """Take away those of our folders that nobody else uses by now, inner before outer; returns which."""
    gone = []
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            gone.append(folder)
    return gone


@contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Where root asks, be the account meanwhile: its home is its own, and root follows no link in it."""
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
