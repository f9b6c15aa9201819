"""The verifier of model files: valid files pass, and no offset that it accepts leads outside the file."""

import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema

from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8, models_folder
from edge_app.modelfiles.verifier import verify

from ..conftest import DATA
from ..support.models import CONTENT, edited

VALID = [models_folder() / INT8, models_folder() / FLOAT, *sorted((DATA / "models").glob("*.tflite"))]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_files_pass(path: Any) -> None:
    verify(path.read_bytes())
    verify(edited(path.read_bytes(), lambda _: None))  # as another writer lays it out


def first_tensor(model: Any) -> Any:
    return model.subgraphs[0].tensors[9]


def first_operator(model: Any) -> Any:
    return model.subgraphs[0].operators[0]


def add_custom_quantisation(model: Any) -> None:
    quantisation = first_tensor(model).quantization
    quantisation.detailsType, quantisation.details = 1, schema.CustomQuantizationT()


def place_data_elsewhere(model: Any) -> None:
    model.buffers[4].offset, model.buffers[4].size = 2**40, 16


def use_another_operator(model: Any) -> None:
    first_operator(model).builtinOptionsType = 24
    first_operator(model).builtinOptions = schema.BatchToSpaceNDOptionsT()


UNSUPPORTED: dict[str, tuple[Callable[[Any], None], str]] = {
    "a sparse tensor": (lambda m: setattr(first_tensor(m), "sparsity", schema.SparsityParametersT()), "in Tensor"),
    "variant tensors": (lambda m: setattr(first_tensor(m), "variantTensors", []), "field 9 in Tensor"),
    "custom quantisation": (add_custom_quantisation, "in Quantization"),
    "custom operator": (lambda m: setattr(m.operatorCodes[0], "customCode", "Evil"), "field 1 in OperatorCode"),
    "custom options": (lambda m: setattr(first_operator(m), "customOptions", [1]), "field 5 in Operator"),
    "data outside the flatbuffer": (place_data_elsewhere, "in Buffer"),
    "other operator": (use_another_operator, "unsupported operator, with options of type 24"),
    "a name that is not UTF-8": (lambda m: setattr(first_tensor(m), "name", b"\xff\xff"), "not UTF-8"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_classifiers_do_not_need_is_rejected(name: str) -> None:
    change, reason = UNSUPPORTED[name]
    with pytest.raises(ModelError, match=reason):
        verify(edited(CONTENT, change))


def test_other_files_are_rejected() -> None:
    for content in (b"", b"TFL3", bytes(8), b"\x08\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + bytes(100), b"GIF89a" * 9):
        with pytest.raises(ModelError):
            verify(content)


@pytest.mark.parametrize("name", [INT8, FLOAT])
def test_truncated_files_are_rejected(name: str) -> None:
    content = (models_folder() / name).read_bytes()
    for length in [*range(0, 2000, 7), *range(2000, len(content), len(content) // 150), len(content) - 1]:
        with pytest.raises(ModelError):
            verify(content[:length])


def test_any_other_offset_is_rejected_or_stays_inside_the_file() -> None:
    """An oracle that shares no code: flatbuffers' Python raises for what lies outside its buffer."""
    rng, accepted, rejected = random.Random(1), 0, 0
    for _ in range(250):
        at = 4 * rng.choice((rng.randrange(400), len(CONTENT) // 4 - 1 - rng.randrange(1700)))
        word = rng.choice((0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, len(CONTENT), rng.randrange(len(CONTENT))))
        content = CONTENT[:at] + struct.pack("<I", word) + CONTENT[at + 4 :]
        try:
            verify(content)
        except ModelError:
            rejected += 1
            continue
        accepted += 1
        schema.ModelT.InitFromPackedBuf(bytearray(content))
    assert min(accepted, rejected) > 50
