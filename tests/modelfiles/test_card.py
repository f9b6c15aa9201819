"""Model files and runtimes: found, proven, refused with one clear line."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from edge_app.errors import ModelError
from edge_app.modelfiles.card import CARD, INT8, load_model, models_folder
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
