"""`digitpad use-model`: another model in the bundled one's place, and back."""

from pathlib import Path

from ..errors import ModelError
from ..escape import escape, print_error
from ..recognition.interpreter import find_runtime
from ..storage.paths import Paths, find_paths
from .loader import in_short, open_kept, open_named
from .registry import Choice, Kept, choose, keep, load_kept, name_of, read_choice

BUNDLED = "the bundled model"


def use_model_command(file: Path | None, *, unlisted: bool, back: bool, bundled: bool) -> int:
    """Use a model in place of the bundled one, or the one before, or the bundled one; else list which is in use."""
    folders = find_paths()
    choice = _read_choice(folders)
    if file is not None:
        return _use_file(folders, choice, file, unlisted=unlisted)
    if back:
        return _go_back(folders, choice)
    if bundled:
        return _switch(folders, Choice(None, choice.now)) if choice.now else _unchanged(BUNDLED)
    print(f"in use: {_title(folders, choice.now)}")
    print(f"before: {_title(folders, choice.before)}")
    return 0


def _read_choice(folders: Paths) -> Choice:
    try:
        return read_choice(folders.models)
    except ModelError as error:
        print_error(f"{in_short(error)}. {BUNDLED.capitalize()} counts as in use")
        return Choice()


def _use_file(folders: Paths, choice: Choice, file: Path, *, unlisted: bool) -> int:
    """Prove a model, keep it, look at what was written, and only then name it as the one in use."""
    model = open_named(file, find_runtime(), folders, unlisted=unlisted).model
    kept = keep(folders.models, model)
    load_kept(folders.models, kept)
    if kept == choice.now:
        return _unchanged(_title(folders, kept))
    return _switch(folders, Choice(kept, choice.now if _is_sound(folders, choice.now) else choice.before))


def _go_back(folders: Paths, choice: Choice) -> int:
    if choice == Choice():
        raise ModelError("no model has been in use before the bundled one. To use another: digitpad use-model FILE")
    if choice.before:
        open_kept(choice.before, find_runtime(), folders)
    return _switch(folders, Choice(choice.before, choice.now))


def _is_sound(folders: Paths, kept: Kept | None) -> bool:
    if kept is None:
        return True
    try:
        load_kept(folders.models, kept)
    except ModelError:
        return False
    return True


def _switch(folders: Paths, choice: Choice) -> int:
    choose(folders.models, choice)
    print(f"From the next start on, {_title(folders, choice.now)} reads. The one before is kept: use-model --back")
    return 0


def _unchanged(title: str) -> int:
    print(f"Already in use: {title}")
    return 0


def _title(folders: Paths, kept: Kept | None) -> str:
    """Return what people call a model; with its fault, where it has one."""
    if kept is None:
        return BUNDLED
    try:
        return escape(f"{name_of(folders.models, kept)} (SHA-256 {kept.model[:12]}…)")
    except ModelError as error:
        return escape(f"a model that cannot be used: {in_short(error)}")
