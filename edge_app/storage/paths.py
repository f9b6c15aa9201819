"""Where settings, history and saved pictures belong on this system, and how private files come and go there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ..errors import SettingsError
from .atomic_write import make_folder

VARIABLE = "DIGITPAD_HOME"
APP = "digitpad"
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True)
class Paths:
    """The folders of one user; none needs to exist."""

    config: Path
    data: Path
    pictures: Path

    @property
    def settings_file(self) -> Path:
        """Where the settings are kept."""
        return self.config / "settings.toml"

    @property
    def store_file(self) -> Path:
        """Where the history and the examples are kept."""
        return self.data / "digitpad.sqlite3"

    @property
    def models(self) -> Path:
        """Where models are kept that were put in the bundled one's place."""
        return self.data / "models"

    @property
    def validation_cache(self) -> Path:
        """Which models have passed validation."""
        return self.models / "proven.json"

    @property
    def log_file(self) -> Path:
        """Where the window's faults are kept."""
        return self.data / "digitpad.log"


def find_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """Return the folders of this system's user, or those in the folder that DIGITPAD_HOME names; creates nothing.

    Raises SettingsError for a home that cannot be told. XDG's own variables are always those of the process.
    """
    if environ.get(VARIABLE):
        home = _absolute(environ[VARIABLE])
        return Paths(home / "config", home / "data", home / "pictures")
    from platformdirs import PlatformDirs  # not at import: it takes as long as the rest of this module tenfold

    system = PlatformDirs(APP, appauthor=False)
    return Paths(system.user_config_path, system.user_data_path, system.user_pictures_path / APP)


def _absolute(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # ~nobody, or no home at all
        raise SettingsError(f"{VARIABLE}={text}: {error}. Name a folder by its full path") from None


def make_private_folder(path: Path) -> None:
    """Create a folder that its owner alone may enter; one that is there keeps the rights it has. Raises OSError.

    So are those above it that are missing, as the XDG Base Directory Specification asks.
    """
    make_folder(path, PRIVATE_FOLDER)


def create_private_file(path: Path) -> None:
    """Create an empty file that its owner alone may read; one that is there stays as it is. Raises OSError."""
    flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)  # a pipe of that name must not hold us
    os.close(os.open(path, flags, PRIVATE_FILE))


def set_aside(path: Path, companions: tuple[str, ...] = ()) -> Path:
    """Rename a damaged file to the next free name.damaged-N.suffix beside it and return that name.

    Files whose name is the path's with one of the `companions` after it go along. Raises OSError.
    """
    aside = name_aside(path, companions)
    path.rename(aside)
    for ending in companions:
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + ending))
    return aside


def name_aside(path: Path, companions: tuple[str, ...] = ()) -> Path:
    """Return the next free name.damaged-N.suffix beside a file; that of no companion is taken either."""
    names = (path.with_name(f"{path.stem}.damaged-{number}{path.suffix}") for number in count(1))
    return next(
        name for name in names if not any(name.with_name(name.name + end).exists() for end in ("", *companions))
    )


def files_set_aside(path: Path) -> list[Path]:
    """Return the damaged files that were set aside from `path`, and logs that were without their file, oldest first."""
    prefix, endings = f"{path.stem}.damaged-", (path.suffix, f"{path.suffix}-wal")
    if not path.parent.is_dir():
        return []
    found = {file for file in path.parent.iterdir() if file.name.startswith(prefix) and file.suffix in endings}
    found -= {file.with_name(file.name + "-wal") for file in found}  # which go with their file
    return sorted(found, key=lambda file: (len(file.name), file.name))
