"""Model files and runtimes: found, proven, refused with one clear line."""

import hashlib
import importlib.metadata
import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edge_app.errors import ModelError, RuntimeMissingError
from edge_app.modelfiles.card import CARD, INT8, load_model, models_folder
from edge_app.recognition import interpreter as runtime
from edge_app.recognition.classifier import Classifier


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (INT8, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    return tmp_path / INT8


def test_a_sound_copy_is_loaded(copy: Path) -> None:
    assert load_model(copy).content == load_model().content


def change(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])


@pytest.mark.parametrize(
    ("how", "reason"),
    [("missing", "not found"), ("truncated", "altered"), ("empty", "altered"), ("altered", "altered")],
)
def test_a_damaged_model_is_refused(copy: Path, how: str, reason: str) -> None:
    change(copy, how)
    with pytest.raises(ModelError, match=reason) as caught:
        load_model(copy)
    assert str(copy) in str(caught.value)
    assert "run:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no digits.json beside it"),
        ("", "damaged model card"),
        ("[]", "damaged model card"),
        ('{"classes": []}', "damaged model card"),
        ('{"files": {"digits_int8.tflite": {}}, "classes": ["0"]}', "damaged model card"),
        ('{"files": {}, "classes": [0]}', "damaged model card"),
        ('{"files": {}, "classes": [], "temperature": 0}', "damaged model card"),
        ('{"files": {}, "classes": ["0"]}', "not named in"),
    ],
)
def test_a_damaged_card_is_refused(copy: Path, text: str | None, reason: str) -> None:
    card = copy.with_name(CARD)
    if text is None:
        card.unlink()
    else:
        card.write_text(text)
    with pytest.raises(ModelError, match=reason):
        load_model(copy)


def test_a_file_with_the_right_hash_that_is_no_model_is_refused(copy: Path) -> None:
    copy.write_bytes(b"not a model at all")
    card = json.loads(copy.with_name(CARD).read_text())
    card["files"][INT8]["sha256"] = hashlib.sha256(copy.read_bytes()).hexdigest()
    copy.with_name(CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="cannot load it"):
        Classifier(load_model(copy))


@pytest.fixture
def uncached() -> Iterator[None]:
    runtime.find_runtime.cache_clear()
    yield
    runtime.find_runtime.cache_clear()


@pytest.mark.usefixtures("uncached")
def test_no_runtime_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MODULES", {"digitpad-no-such-runtime": "no.such"})
    monkeypatch.delenv(runtime.VARIABLE, raising=False)
    with pytest.raises(RuntimeMissingError, match="pip install digitpad-no-such-runtime"):
        runtime.find_runtime()


@pytest.mark.usefixtures("uncached")
def test_numpy_2_under_tflite_runtime_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.14.0")
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(RuntimeMissingError, match=r"does not work with numpy 2.1.0. Run: pip install 'numpy<2'"):
        runtime.find_runtime("tflite-runtime")


@pytest.mark.usefixtures("uncached")
def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(RuntimeMissingError, match="unknown runtime 'torch'"):
        runtime.find_runtime("torch")


@pytest.mark.usefixtures("uncached")
def test_a_runtime_that_builds_no_interpreter_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [name for name in runtime.MODULES if _is_installed(name)]
    real, broken = runtime.find_runtime(installed[-1]).name, "broken-runtime"
    runtime.find_runtime.cache_clear()

    class Broken:
        def __init__(self, **_: object) -> None:
            raise RuntimeError("wrong C library")

    monkeypatch.setattr(runtime, "MODULES", {broken: "broken.module", real: runtime.MODULES[real]})
    find, load = importlib.util.find_spec, importlib.import_module
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True if name == "broken" else find(name))
    monkeypatch.setattr(
        importlib,
        "import_module",
        lambda name: SimpleNamespace(Interpreter=Broken) if name == "broken.module" else load(name),
    )
    monkeypatch.delenv(runtime.VARIABLE, raising=False)
    assert runtime.find_runtime().name == real
    with pytest.raises(RuntimeMissingError, match="builds no interpreter"):
        runtime.find_runtime(broken)


def _is_installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False
