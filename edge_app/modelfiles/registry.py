"""Models installed by `digitpad use-model`: files named by their SHA-256, and `in-use.json`, which says which is used.

That file is replaced after all it names has been written, and nothing that it names is removed: after a kill at any
point, either the old model is in use or the new one.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ModelError
from ..escape import escape, print_error
from ..recognition.classifier import Classifier
from ..recognition.interpreter import find_runtime
from ..recognition.model import Model
from ..storage.atomic_write import readable_json, write_atomically
from ..storage.paths import PRIVATE_FILE, Paths, find_paths, make_private_folder, set_aside
from .card import ModelOption, load_model, make_model, parse_card, read_file, read_verified
from .loader import open_model, open_named
from .validation import reason_of

IN_USE = "in-use.json"
BUNDLED = "the bundled model"


class Installed(NamedTuple):
    """The SHA-256 of an installed model, and that of its card."""

    model: str
    card: str

    @property
    def files(self) -> set[str]:
        """The names of both files."""
        return {f"{self.model}.tflite", f"{self.card}.json"}


class Choice(NamedTuple):
    """The model in use and the one before it; None is the bundled one."""

    now: Installed | None = None
    before: Installed | None = None


class Registry:
    """The folder of installed models; its methods raise ModelError."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or created yet."""
        self.folder = folder

    def read(self) -> Choice:
        """Return which models are in use."""
        path = self.folder / IN_USE
        try:
            found = json.loads(path.read_bytes())
            return Choice(_parse(found["now"]), _parse(found["before"]))
        except (FileNotFoundError, NotADirectoryError):
            return Choice()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ModelError(f"{path}: corrupt, so the model in use is unknown") from None

    def load(self, installed: Installed) -> Model:
        """Return an installed model, its two files checked against their names."""
        path, card = self.folder / f"{installed.model}.tflite", self.folder / f"{installed.card}.json"
        content = read_verified(path, installed.model)
        return make_model(path, content, installed.model, parse_card(card, read_verified(card, installed.card)))

    def is_intact(self, installed: Installed | None) -> bool:
        """Return whether a model can be loaded; the bundled one, None, is taken to be."""
        try:
            return installed is None or bool(self.load(installed))
        except ModelError:
            return False

    def title(self, installed: Installed) -> str:
        """Return what to call a model: the name of the file it was installed from, and its SHA-256."""
        self.load(installed)
        card = json.loads(read_file(self.folder / f"{installed.card}.json"))
        return f"{next(iter(card['files']), installed.model)} (SHA-256 {installed.model[:12]}…)"

    def install(self, model: Model) -> Installed:
        """Write a model and its card into the folder, where they are not used yet."""
        card = readable_json(
            {
                "classes": model.classes,
                "temperature": model.temperature,
                "refuse_below": model.refuse_below,
                "input": dict(zip(("paper", "ink"), model.input_range, strict=True)),
                "files": {model.path.name: {"sha256": model.sha256, "bytes": len(model.content)}},
                **({"self_test": model.self_test} if model.self_test else {}),
            }
        )
        installed = Installed(model.sha256, hashlib.sha256(card).hexdigest())
        self._write(f"{installed.model}.tflite", model.content)
        self._write(f"{installed.card}.json", card)
        return installed

    def choose(self, choice: Choice) -> None:
        """Use other models from the next start on, and remove those that the old choice named and the new does not.

        A corrupt in-use.json is set aside; what it may have named stays.
        """
        try:
            old = self.read()
        except ModelError:
            old = Choice()
            with contextlib.suppress(OSError):
                set_aside(self.folder / IN_USE)
        content = {name: installed and installed._asdict() for name, installed in choice._asdict().items()}
        self._write(IN_USE, json.dumps(content).encode())
        for name in _files(old) - _files(choice):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def _write(self, name: str, content: bytes) -> None:
        try:
            make_private_folder(self.folder)
            write_atomically(self.folder / name, content, PRIVATE_FILE)
        except OSError as error:
            raise ModelError(f"{self.folder}: cannot be written ({error.strerror}). Nothing was changed") from None


def _parse(found: Any) -> Installed | None:
    if found is None:
        return None
    installed = Installed(found["model"], found["card"])
    if not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in installed):  # they become names of files
        raise ValueError
    return installed


def _files(choice: Choice) -> set[str]:
    return {name for installed in choice if installed for name in installed.files}


def open_classifier(option: ModelOption, paths: Paths | None, report: Callable[[str], None]) -> Classifier:
    """Return the model that was asked for, opened.

    If the installed model fails, the one before it is used, then the bundled one, and `report` is called with the
    reason; a file that the user named has no fallback. Raises ModelError or RuntimeMissingError.
    """
    runtime = find_runtime()
    if option.path is not None:
        return open_named(option.path, runtime, paths, unlisted=option.unlisted)
    if paths is not None:
        registry = Registry(paths.models)
        for installed, fallback in _candidates(registry, report):
            try:
                return open_model(registry.load(installed), runtime, paths)
            except ModelError as error:
                report(f"{reason_of(error)}. {fallback} is used instead: digitpad use-model --list")
    return open_model(load_model(), runtime, paths)


def _candidates(registry: Registry, report: Callable[[str], None]) -> Iterator[tuple[Installed, str]]:
    """Yield the installed models to try, each with the name of its fallback."""
    try:
        now, before = registry.read()
    except ModelError as error:
        report(f"{reason_of(error)}. The bundled model is used: digitpad use-model FILE")
        return
    if now is not None:
        yield now, "The previous model" if before else "The bundled model"
        if before is not None:
            yield before, "The bundled model"


def use_model_command(file: Path | None, *, unlisted: bool, back: bool, bundled: bool) -> int:
    """Install a model and use it, or go back to the one before or to the bundled one; else list what is in use."""
    paths = find_paths()
    registry = Registry(paths.models)
    try:
        choice = registry.read()
    except ModelError as error:
        print_error(f"{reason_of(error)}. The bundled model is taken to be in use")
        choice = Choice()
    if file is not None:
        new = registry.install(open_named(file, find_runtime(), paths, unlisted=unlisted).model)
        registry.load(new)  # what was written is what was validated
        before = choice.now if registry.is_intact(choice.now) else choice.before
        return _switch(registry, choice, Choice(new, before))
    if back:
        if choice == Choice():
            raise ModelError("no other model has been in use. To use one: digitpad use-model FILE")
        if choice.before:
            open_model(registry.load(choice.before), find_runtime(), paths)
        return _switch(registry, choice, Choice(choice.before, choice.now))
    if bundled:
        return _switch(registry, choice, Choice(None, choice.now))
    print(f"in use: {_title(registry, choice.now)}")
    print(f"before: {_title(registry, choice.before)}")
    return 0


def _switch(registry: Registry, old: Choice, new: Choice) -> int:
    if new.now == old.now:
        print(f"Already in use: {_title(registry, new.now)}")
        return 0
    registry.choose(new)
    print(f"From the next start on, {_title(registry, new.now)} reads. The one before is kept: use-model --back")
    return 0


def _title(registry: Registry, installed: Installed | None) -> str:
    if installed is None:
        return BUNDLED
    try:
        return escape(registry.title(installed))
    except ModelError as error:
        return escape(f"a model that cannot be used: {reason_of(error)}")
