"""Model files taken apart and put together again by the schema's own code, so that what is wrong is well-formed."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

Model = Any
"""The schema's ModelT: it has no types."""


def edited(content: bytes, change: Callable[[Model], None]) -> bytes:
    """Return a model file in which something was changed."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content))
    change(model)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def difference(content: bytes, sound: bytes) -> str:
    """Return in what a model file that still reads differs from the sound one that it was made of."""
    one, other = (schema.ModelT.InitFromPackedBuf(bytearray(file)) for file in (content, sound))
    if _weights(one) != _weights(other):
        return "weights"
    return "the network" if _network(one) != _network(other) else "names, notes or padding"


def _weights(model: Model) -> list[Any]:
    buffers = [model.buffers[tensor.buffer].data for tensor in model.subgraphs[0].tensors]
    return [None if data is None else bytes(data) for data in buffers]


def _network(model: Model) -> list[Any]:
    """Return what is computed: shapes, types and scales of the tensors, operators with their options."""
    graph = model.subgraphs[0]
    tensors = [(_plain(tensor.shape), tensor.type, _plain(tensor.quantization)) for tensor in graph.tensors]
    steps = [
        (_plain(model.operatorCodes[step.opcodeIndex]), *map(_plain, (step.inputs, step.outputs, step.builtinOptions)))
        for step in graph.operators
    ]
    return [*tensors, *steps]


def _plain(value: Any) -> Any:
    """Return a part of a model as something that can be compared."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return {name: _plain(part) for name, part in vars(value).items()} if hasattr(value, "__dict__") else value


NUMBERS = (-(2**31), -1000, -2, -1, 0, 1, 2, 3, 7, 16, 28, 255, 4096, 65536, 2**24, 2**31 - 1)
SCALES = (0.0, -1.0, 1e-38, 1e-9, 1.0, 1e30, float("inf"), float("nan"))


def lie(rng: random.Random, model: Model) -> None:
    """Change one thing in a model so that it is well-formed and, most likely, wrong."""
    graph = model.subgraphs[0]
    tensor, step, code = rng.choice(graph.tensors), rng.choice(graph.operators), rng.choice(model.operatorCodes)
    rng.choice(LIES)(rng, Parts(model, graph, tensor, step, code))


class Parts(NamedTuple):
    """A model and one of each of its parts."""

    model: Model
    graph: Any
    tensor: Any
    step: Any
    code: Any


def _shape(rng: random.Random, parts: Parts) -> None:
    shape = [int(side) for side in (parts.tensor.shape if parts.tensor.shape is not None else [])]
    way = rng.randrange(5)
    if way == 0 and shape:
        shape[rng.randrange(len(shape))] = rng.choice(NUMBERS)
    elif way == 1:
        shape.insert(rng.randrange(len(shape) + 1), rng.choice((1, 1, 2, *NUMBERS)))
    elif way == 2 and shape:
        shape.pop(rng.randrange(len(shape)))
    elif way == 3:
        shape = [rng.choice((1, 2, 3, 5, 28, 784, 2**31 - 1)) for _ in range(rng.randrange(7))]
    else:
        rng.shuffle(shape)  # as many numbers as before: a buffer still fits
    parts.tensor.shape = shape


def _open_shape(rng: random.Random, parts: Parts) -> None:
    parts.tensor.shapeSignature = [rng.choice((-1, 1, *NUMBERS)) for _ in range(rng.randrange(6))]


def _type(rng: random.Random, parts: Parts) -> None:
    parts.tensor.type = rng.randrange(20)


def _buffer(rng: random.Random, parts: Parts) -> None:
    parts.tensor.buffer = rng.choice(
        (0, 1, rng.randrange(len(parts.model.buffers)), len(parts.model.buffers), 2**32 - 1)
    )


def _data(rng: random.Random, parts: Parts) -> None:
    """Give a tensor data of its size that are anything: for lists of sizes and axes, worse than another length."""
    buffer = parts.model.buffers[parts.tensor.buffer % len(parts.model.buffers)]
    size = len(buffer.data) if buffer.data is not None else 0
    if rng.randrange(3) and 0 < size <= 64:
        words = [rng.choice(NUMBERS) for _ in range(size // 4)]
        buffer.data = list(b"".join(word.to_bytes(4, "little", signed=True) for word in words).ljust(size, b"\0"))
    else:
        buffer.data = list(rng.randbytes(rng.choice((size, size, size + 1, max(0, size - 4), 0, 64))))


def _quantisation(rng: random.Random, parts: Parts) -> None:
    found = parts.tensor.quantization or schema.QuantizationParametersT()
    count = rng.choice((0, 1, 2, 1000, len(found.scale) if found.scale is not None else 1))
    way = rng.randrange(4)
    if way == 0:
        found.scale = [rng.choice(SCALES) for _ in range(count)]
    elif way == 1:
        found.zeroPoint = [rng.choice((-129, -128, 0, 127, 128, 2**40, -(2**63))) for _ in range(count)]
    elif way == 2:
        found.quantizedDimension = rng.choice(NUMBERS)
    else:
        found.scale, found.zeroPoint = [rng.choice(SCALES)] * count, [0] * count
    parts.tensor.quantization = found


def _indices(rng: random.Random, parts: Parts) -> None:
    """Let an operator work on other tensors, or on fewer, or on more."""
    name = rng.choice(("inputs", "outputs"))
    indices = [int(index) for index in getattr(parts.step, name)]
    other = rng.choice((-1, len(parts.graph.tensors), 2**31 - 1, *[rng.randrange(len(parts.graph.tensors))] * 4))
    way = rng.randrange(4)
    if way == 0 and indices:
        indices.pop(rng.randrange(len(indices)))
    elif way == 1:
        indices.insert(rng.randrange(len(indices) + 1), other)
    elif way == 2:
        rng.shuffle(indices)
    elif indices:
        indices[rng.randrange(len(indices))] = other
    setattr(parts.step, name, indices)


def _ends(rng: random.Random, parts: Parts) -> None:
    setattr(parts.graph, rng.choice(("inputs", "outputs")), [rng.randrange(len(parts.graph.tensors) + 1)])


def _options(rng: random.Random, parts: Parts) -> None:
    options = parts.step.builtinOptions
    names = [name for name, value in vars(options).items() if isinstance(value, int | float)] if options else []
    if not names:
        parts.step.builtinOptionsType = rng.randrange(127)
        return
    name = rng.choice(names)
    wide = name.startswith(("stride", "dilation", "filter", "depth", "begin", "end", "shrink", "axis", "values"))
    flag = isinstance(getattr(options, name), bool)
    setattr(options, name, rng.choice((True, False) if flag else NUMBERS if wide else (0, 1, 2, 5, 100)))


def _code(rng: random.Random, parts: Parts) -> None:
    if rng.randrange(4):
        parts.code.builtinCode = parts.code.deprecatedBuiltinCode = rng.randrange(127)
        return
    parts.code.customCode = rng.choice(("", "Evil", "A" * 1000))
    parts.code.builtinCode = rng.choice((parts.code.builtinCode, 32))  # 32 is CUSTOM


def _version(rng: random.Random, parts: Parts) -> None:
    parts.code.version = rng.choice((0, -1, 1, 2, 5, 12, 2**31 - 1))


def _other_code(rng: random.Random, parts: Parts) -> None:
    parts.step.opcodeIndex = rng.choice((rng.randrange(len(parts.model.operatorCodes)), 99, 2**32 - 1))


def _steps(rng: random.Random, parts: Parts) -> None:
    steps = parts.graph.operators
    way = rng.randrange(4)
    if way == 0:
        steps.remove(parts.step)
    elif way == 1:
        rng.shuffle(steps)
    elif way == 2:
        steps.append(parts.step)
    else:
        steps.extend([parts.step] * 600)


def _more(rng: random.Random, parts: Parts) -> None:
    """Add what no network of ours has: variables, sparse tensors, own options, graphs, far data."""
    way = rng.randrange(7)
    if way == 0:
        parts.tensor.isVariable = True
    elif way == 1:
        parts.tensor.sparsity = schema.SparsityParametersT()
    elif way == 2:
        parts.step.customOptions = list(rng.randbytes(9))
    elif way == 3:
        parts.model.subgraphs.append(parts.graph)
    elif way == 4:
        parts.graph.tensors.extend([parts.tensor] * 1200)
    elif way == 5:
        buffer = rng.choice(parts.model.buffers)
        buffer.offset, buffer.size = rng.choice((8, 2**40)), rng.choice((16, 2**40))
    else:
        parts.step.intermediates = [rng.choice(NUMBERS)]


LIES: tuple[Callable[[random.Random, Parts], None], ...] = (
    *(_shape, _shape, _shape, _open_shape, _type, _buffer, _data, _data, _quantisation, _quantisation),
    *(_indices, _indices, _ends, _options, _options, _code, _version, _other_code, _steps, _more),
)
