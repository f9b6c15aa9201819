"""Where settings, history and saved pictures are kept, and private files and folders there."""

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
    """One user's folders and files; none needs to exist."""

    config: Path
    data: Path
    pictures: Path

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.config / "settings.toml"

    @property
    def store_file(self) -> Path:
        """The history with its examples."""
        return self.data / "digitpad.sqlite3"

    @property
    def models(self) -> Path:
        """Models installed in place of the bundled one."""
        return self.data / "models"

    @property
    def validation_cache(self) -> Path:
        """Which models have passed validation."""
        return self.models / "proven.json"

    @property
    def log_file(self) -> Path:
        """The window's log."""
        return self.data / "digitpad.log"


def find_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """Return this user's paths, all below DIGITPAD_HOME if that is set; creates nothing.

    Raises SettingsError for a home that does not exist. XDG's own variables are always those of the process.
    """
    if environ.get(VARIABLE):
        try:
            home = Path(environ[VARIABLE]).expanduser().absolute()
        except RuntimeError as error:  # ~nobody, or no home at all
            message = f"{VARIABLE}={environ[VARIABLE]}: {error}. Name a folder by its full path"
            raise SettingsError(message) from None
        return Paths(home / "config", home / "data", home / "pictures")
    from platformdirs import PlatformDirs  # imported late: it takes ten times as long as this module

    system = PlatformDirs(APP, appauthor=False)
    return Paths(system.user_config_path, system.user_data_path, system.user_pictures_path / APP)


def make_private_folder(path: Path) -> None:
    """Create a folder, and its missing parents, for its owner only; an existing one is left as is. Raises OSError."""
    make_folder(path, PRIVATE_FOLDER)


def create_private_file(path: Path) -> None:
    """Create an empty file for its owner only; an existing one is left as is. Raises OSError."""
    flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not block
    os.close(os.open(path, flags, PRIVATE_FILE))


def set_aside(path: Path, companions: tuple[str, ...] = ()) -> Path:
    """Rename a damaged file to the next free name.damaged-N.suffix and return that path; raises OSError.

    Companions, named like the file plus an ending, go first: a crash in between never leaves one without its file.
    """
    names = (path.with_name(f"{path.stem}.damaged-{number}{path.suffix}") for number in count(1))
    endings = (*companions, "")
    aside = next(name for name in names if not any(Path(f"{name}{ending}").exists() for ending in endings))
    for ending in endings:
        file = Path(f"{path}{ending}")
        if not ending or file.exists():
            file.rename(f"{aside}{ending}")
    return aside


def files_set_aside(path: Path) -> list[Path]:
    """Return the damaged files that were set aside from `path`, oldest first."""
    found = path.parent.glob(f"{path.stem}.damaged-*{path.suffix}")
    return sorted(found, key=lambda file: (len(file.name), file.name))
