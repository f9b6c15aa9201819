"""From what was asked for to an opened model: listed on a card, through the gate where it is strange, self-tested."""

from collections.abc import Callable
from pathlib import Path

from ..errors import ModelError
from ..recognition.classifier import Classifier
from ..recognition.interpreter import Runtime, find_runtime
from ..recognition.model import HOW_TO_MAKE, Model
from ..storage.paths import Paths
from .card import CARD, Wanted, has_card, load_model, make_unlisted, models_folder, read_card, read_file
from .registry import Kept, load_kept, read_choice
from .selftest import check_expected
from .validation import NEXT, pass_gate
from .validation_cache import proof_of, read_proofs, remember

Say = Callable[[str], None]


def open_classifier(wanted: Wanted, folders: Paths | None, say: Say) -> Classifier:
    """Return the model that was asked for, opened.

    A model that was put in the bundled one's place and fails is left for the one before it, then for the bundled one;
    `say` is told so. A file that was named has no such stand-in. Raises ModelError or RuntimeMissingError.
    """
    runtime = find_runtime()
    if wanted.path is not None:
        return open_named(wanted.path, runtime, folders, unlisted=wanted.unlisted)
    if folders is not None:
        for kept, instead in _in_use(folders, say):
            try:
                return open_kept(kept, runtime, folders)
            except ModelError as error:
                say(f"{in_short(error)}. {instead} is used instead: digitpad use-model --list")
    return _open(load_model(), runtime)


def _in_use(folders: Paths, say: Say) -> list[tuple[Kept, str]]:
    """Return the models that were put in the bundled one's place, each with what stands in for it."""
    try:
        choice = read_choice(folders.models)
    except ModelError as error:
        say(f"{in_short(error)}. The bundled model is used: digitpad use-model FILE")
        return []
    if choice.now is None:
        return []
    if choice.before is None:
        return [(choice.now, "The bundled model")]
    return [(choice.now, "The model before it"), (choice.before, "The bundled model")]


def in_short(error: ModelError) -> str:
    """Return what is wrong without the advice on a file that somebody named."""
    return str(error).removesuffix(NEXT).removesuffix(HOW_TO_MAKE).rstrip(". ")


def open_named(path: Path, runtime: Runtime, folders: Paths | None, *, unlisted: bool = False) -> Classifier:
    """Return the model in a file that somebody named; raises ModelError."""
    if not unlisted or has_card(path):
        return _open(_proven(load_model(path), runtime, folders), runtime)
    content = read_file(path)
    return _open(make_unlisted(path, content, pass_gate(path, content, runtime)), runtime)


def open_file(path: Path | None) -> Classifier:
    """Return the model beside its card at `path`, or the bundled one, with nothing remembered; raises ModelError."""
    return open_named(path, find_runtime(), None) if path else _open(load_model(), find_runtime())


def open_kept(kept: Kept, runtime: Runtime, folders: Paths) -> Classifier:
    """Return a model that is kept in the user's folder; raises ModelError."""
    return _open(_proven(load_kept(folders.models, kept), runtime, folders), runtime)


def _proven(model: Model, runtime: Runtime, folders: Paths | None) -> Model:
    """Return the model, which has passed the gate now or before unless it is one of the program's own."""
    if not is_bundled(model):
        proof, passed = proof_of(model, runtime), read_proofs(folders.proofs_file) if folders else []
        if proof not in passed:
            pass_gate(model.path, model.content, runtime, model.classes)
            if folders:
                remember(folders.proofs_file, proof)
    return model


def _open(model: Model, runtime: Runtime) -> Classifier:
    classifier = Classifier(model, runtime)
    check_expected(classifier)
    return classifier


def is_bundled(model: Model) -> bool:
    """Return whether a model is one of those that the program's own card names."""
    entries = read_card(models_folder() / CARD)["files"].values()
    return model.sha256 in {entry["sha256"] for entry in entries}
