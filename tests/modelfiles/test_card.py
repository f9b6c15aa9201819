"""Cards and their models: found, verified, or rejected with one clear line."""

import json
import shutil
from pathlib import Path

import pytest

from edge_app.errors import ModelError
from edge_app.modelfiles.card import CARD, INT8, load_model, models_folder
from edge_app.recognition.classifier import Classifier

from ..support.models import CONTENT, write_with_card


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (INT8, CARD):
        shutil.copy(models_folder() / name, tmp_path)
    return tmp_path / INT8


def test_an_intact_copy_is_loaded(copy: Path) -> None:
    assert load_model(copy).content == load_model().content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "not found"),
        (b"", "altered or truncated"),
        (CONTENT[:-9], "altered or truncated"),
        (CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:], "altered or truncated"),
        (bytes(64_000_001), "larger than 64,000,000 bytes"),
    ],
    ids=["missing", "empty", "truncated", "one bit", "huge"],
)
def test_a_damaged_model_is_rejected(copy: Path, content: bytes | None, reason: str) -> None:
    copy.unlink() if content is None else copy.write_bytes(content)
    with pytest.raises(ModelError, match=reason) as caught:
        load_model(copy)
    assert str(copy) in str(caught.value)
    assert "run:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no digits.json beside it"),
        ("[]", "corrupt model card"),
        ("[" * 20_000, "corrupt model card"),
        ('{"files": {"digits_int8.tflite": {}}, "classes": ["0"]}', "corrupt model card"),
        ('{"files": {}, "classes": [0]}', "corrupt model card"),
        ('{"files": {}, "classes": [], "temperature": 0}', "corrupt model card"),
        ('{"files": {}, "classes": [], "self_test": 7}', "corrupt model card"),
        ('{"files": {}, "classes": ["0"]}', "not named in"),
    ],
)
def test_a_damaged_card_is_rejected(copy: Path, text: str | None, reason: str) -> None:
    card = copy.with_name(CARD)
    if text is None:
        card.unlink()
    else:
        card.write_text(text)
    with pytest.raises(ModelError, match=reason):
        load_model(copy)


def test_a_file_that_matches_its_card_and_is_no_model_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load it"):
        Classifier(load_model(write_with_card(tmp_path, b"not a model at all")))


def test_the_values_of_the_card_are_taken(tmp_path: Path) -> None:
    path = write_with_card(tmp_path, CONTENT, temperature=2.0, refuse_below=0.9)
    model = load_model(path)
    assert (model.temperature, model.refuse_below, model.self_test) == (2.0, 0.9, None)
    assert json.loads(path.with_name(CARD).read_text())["files"]["mine.tflite"]["sha256"] == model.sha256
