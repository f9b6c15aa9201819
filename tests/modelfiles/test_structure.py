"""What a model file must look like before a runtime may see it: sound files of every kind, and all kinds of lies."""

import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge_app.errors import ModelError
from edge_app.modelfiles.card import FLOAT, INT8, models_folder
from edge_app.modelfiles.structure import check_structure
from tools.fuzz.tflite import edited

from ..conftest import DATA

CONTENT = (models_folder() / INT8).read_bytes()


def test_sound_files_pass_and_say_what_they_hold() -> None:
    for name in (INT8, FLOAT):
        found = check_structure((models_folder() / name).read_bytes())
        assert (found.classes, found.operators) == (11, (*["CONV_2D"] * 4, "RESHAPE", "FULLY_CONNECTED"))
    assert check_structure(edited(CONTENT, lambda _: None)).classes == 11  # as another writer packs it


TUTORIAL = ("CONV_2D", "MAX_POOL_2D", "CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED")


def test_the_tutorial_s_network_passes_in_every_kind() -> None:
    found = {path.stem: check_structure(path.read_bytes()) for path in (DATA / "models").glob("*.tflite")}
    assert {kind: structure.classes for kind, structure in found.items()} == dict.fromkeys(found, 10)
    assert {kind: structure.operators for kind, structure in found.items()} == {
        "classic_int8": TUTORIAL,
        "classic_dynamic": TUTORIAL,
        "classic_float16": (*["DEQUANTIZE"] * 6, *TUTORIAL),
        "open_int8": (*TUTORIAL[:4], "SHAPE", "STRIDED_SLICE", "PACK", *TUTORIAL[4:], "SOFTMAX"),
    }


def tensor(model: Any, index: int) -> Any:
    return model.subgraphs[0].tensors[index]


def step(model: Any, index: int) -> Any:
    return model.subgraphs[0].operators[index]


def set_on(find: Callable[..., Any], index: int, **values: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in values.items():
            setattr(find(model, index), name, value)

    return change


def set_all(things: list[Any], **values: Any) -> None:
    for thing in things:
        vars(thing).update(values)


def code(model: Any, index: int) -> Any:
    return model.operatorCodes[index]


def options(model: Any, index: int) -> Any:
    return step(model, index).builtinOptions


def scales(model: Any, index: int) -> Any:
    return tensor(model, index).quantization


def graph(model: Any, index: int) -> Any:
    return model.subgraphs[index]


def note(model: Any, index: int) -> Any:
    return model.metadata[index]


def signed(model: Any, index: int) -> Any:
    return model.signatureDefs[index]


def buffer(model: Any, index: int) -> Any:
    return model.buffers[index]


LIES: dict[str, tuple[Callable[[Any], None], str]] = {
    "another version": (lambda m: setattr(m, "version", 4), "version 4"),
    "two graphs": (lambda m: m.subgraphs.append(m.subgraphs[0]), "a list of 2, expected at most 1"),
    "no graph": (lambda m: m.subgraphs.clear(), "no graph"),
    "two inputs": (set_on(graph, 0, inputs=[0, 0]), "2 inputs and 1 outputs"),
    "an input that is none": (set_on(graph, 0, inputs=[99]), "tensor 99 of 18"),
    "a negative output": (set_on(graph, 0, outputs=[-1]), "tensor -1 of 18"),
    "a constant as input": (set_on(graph, 0, inputs=[11]), r"input \(32, 5, 5, 1\)"),
    "the input as output": (set_on(graph, 0, outputs=[0]), "output"),
    "another size of input": (set_on(tensor, 0, shape=[1, 32, 32, 1]), "input"),
    "an input of many images": (set_on(tensor, 0, shape=[100, 28, 28, 1]), "input"),
    "float16 as output": (set_on(tensor, 17, type=1), "zero point|float16"),
    "a huge shape": (set_on(tensor, 12, shape=[1, 2**31 - 1, 2**31 - 1, 32]), "expected sides from 1"),
    "many large shapes": (
        lambda m: set_all(m.subgraphs[0].tensors[12:17], shape=[1, 1000, 1000, 4]),
        "computes more than",
    ),
    "a negative side": (set_on(tensor, 12, shape=[1, -1, 12, 32]), "expected sides from 1"),
    "an empty side": (set_on(tensor, 12, shape=[1, 0, 12, 32]), "expected sides from 1"),
    "many sides": (set_on(tensor, 12, shape=[1] * 6), "a list of 6, expected at most 5"),
    "an open side": (set_on(tensor, 12, shapeSignature=[1, -1, 12, 32]), "a shape that is open"),
    "texts": (set_on(tensor, 12, type=5), "type number 5"),
    "a name that is no text": (set_on(tensor, 17, name=b"serv\xff\xff"), "a text that is none"),
    "a weight with fewer bytes": (set_on(tensor, 9, shape=[48, 3, 3, 64]), "27,648 bytes by its shape, and has 13,824"),
    "a wider type over the same bytes": (set_on(tensor, 9, type=0), "bytes by its shape"),
    "a buffer that is none": (set_on(tensor, 9, buffer=99), "buffer 99 of 21"),
    "a variable": (set_on(tensor, 12, isVariable=True), "variable or sparse"),
    "a sparse tensor": (set_on(tensor, 9, sparsity=schema.SparsityParametersT()), "variable or sparse"),
    "a tensor of variants": (set_on(tensor, 9, variantTensors=[]), "a part number 9"),
    "too few scales": (set_on(scales, 9, scale=np.ones(7, np.float32)), "7 scales and 48 zero points"),
    "zero points without scales": (set_on(scales, 9, scale=np.ones(0, np.float32)), "0 scales and 48 zero points"),
    "a scale that is no number": (set_on(scales, 0, scale=np.array([np.nan], np.float32)), "no positive number"),
    "a negative scale": (set_on(scales, 0, scale=np.array([-1], np.float32)), "no positive number"),
    "a zero point past int8": (set_on(scales, 0, zeroPoint=np.array([128])), "zero point outside -128 to 127"),
    "a side that is quantised and none": (set_on(scales, 9, quantizedDimension=4), "along side 4 of 4"),
    "a custom quantisation": (
        set_on(scales, 9, detailsType=1, details=schema.CustomQuantizationT()),
        "a part number [45]",
    ),
    "a custom operator": (set_on(code, 0, customCode="Evil"), "a custom operator"),
    "an operator that is not taken": (
        set_on(code, 0, builtinCode=118, deprecatedBuiltinCode=118),
        "operator number 118",
    ),
    "a code that is none": (set_on(step, 0, opcodeIndex=3), "code 3 of 3"),
    "an operator on nothing": (set_on(step, 0, inputs=[0, 99, 10]), "tensor 99 of 18"),
    "an operator on a later result": (set_on(step, 0, inputs=[13, 11, 10]), "not computed yet"),
    "an operator on its own result": (set_on(step, 0, inputs=[12, 11, 10]), "not computed yet"),
    "an operator that overwrites a weight": (set_on(step, 0, outputs=[9]), "computes it again"),
    "two results": (set_on(step, 0, outputs=[12, 13]), "2 outputs"),
    "no inputs": (set_on(step, 0, inputs=[]), "0 inputs"),
    "a convolution of one number": (set_on(step, 0, inputs=[0, 2, 10]), "expected 4 sides"),
    "a bias of many sides": (set_on(step, 0, inputs=[0, 11, 9]), "expected 1 sides"),
    "a stride of nothing": (set_on(options, 0, strideW=0), "0 as option 1"),
    "a backward stride": (set_on(options, 0, strideH=-2), "-2 as option 2"),
    "a padding that is none": (set_on(options, 0, padding=7), "7 as option 0"),
    "another operator's options": (
        set_on(step, 5, builtinOptionsType=1, builtinOptions=schema.Conv2DOptionsT()),
        "options of another",
    ),
    "no options": (set_on(step, 0, builtinOptionsType=0, builtinOptions=None), "no options"),
    "options of its own": (set_on(step, 0, customOptions=[1, 2, 3]), "a part number 5"),
    "tensors in between": (set_on(step, 0, intermediates=[1]), "a part number 8"),
    "a note that points nowhere": (set_on(note, 0, buffer=77), "metadata point at buffer 77 of 21"),
    "a signature of another graph": (set_on(signed, 0, subgraphIndex=5), "a signature names graph 5 of 1"),
    "data outside of the flatbuffer": (set_on(buffer, 4, offset=2**40, size=16), "a part number [12]"),
    "an output that nothing computes": (lambda m: m.subgraphs[0].operators.pop(), "the output is never computed"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_lies_is_refused_with_the_reason(name: str) -> None:
    change, reason = LIES[name]
    with pytest.raises(ModelError, match=reason) as caught:
        check_structure(edited(CONTENT, change))
    assert len(str(caught.value).splitlines()) == 1


def test_files_that_are_no_flatbuffer_are_refused() -> None:
    for content in (b"", b"TFL3", bytes(8), b"\x08\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + bytes(100), b"GIF89a" * 9):
        with pytest.raises(ModelError):
            check_structure(content)
    with pytest.raises(ModelError, match="more than 64,000,000 bytes"):
        check_structure(bytes(64_000_001))


@pytest.mark.parametrize("name", [INT8, FLOAT])
def test_no_end_is_too_early_to_be_noticed(name: str) -> None:
    content = (models_folder() / name).read_bytes()
    for length in [*range(0, 2000, 7), *range(2000, len(content), len(content) // 150)]:
        with pytest.raises(ModelError):
            check_structure(content[:length])


def test_offsets_that_lead_anywhere_end_in_a_refusal_or_a_sound_file() -> None:
    """Each word of the file's tables is set to what offsets and lengths fear most; weights hold half of the answer."""
    tables = [at for at in range(0, len(CONTENT) - 4, 12) if at < 1500 or at > len(CONTENT) - 7000]
    refused = 0
    for i, at in enumerate(tables):
        for word in (0x7FFFFFFF, (0, 1, 3, 0x80000000, 0xFFFFFFFC)[i % 5]):
            try:
                check_structure(CONTENT[:at] + struct.pack("<I", word) + CONTENT[at + 4 :])
            except ModelError:
                refused += 1
    assert len(tables) < refused < 2 * len(tables)


def test_lists_that_share_their_bytes_take_no_time() -> None:
    def repeat(model: Any) -> None:
        model.subgraphs[0].tensors += [tensor(model, 9)] * 900

    content = edited(CONTENT, repeat)
    started = time.process_time()
    check_structure(content)
    assert time.process_time() - started < 2
    with pytest.raises(ModelError, match="a list of 1,019"):
        check_structure(edited(content, lambda m: m.subgraphs[0].tensors.extend([tensor(m, 9)] * 101)))
