"""What a .tflite file must look like before a runtime may see it: a flatbuffer read here, with every bound checked.

Runtimes follow the offsets in a file without asking where they lead. This knows the part of TFLite's schema that the
networks of this program and of the tutorials are written in, and refuses everything else.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..recognition.normalise import SIZE
from .card import MAX_BYTES

IDENTIFIER, VERSION = b"TFL3", 3
TYPES: dict[int, np.dtype[Any]] = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4"), 9: np.dtype("i1")}
MOST = {"graph": 1, "tensor": 1000, "operator": 500, "operator code": 50, "buffer": 2000, "note": 50, "signature": 10}
MOST_SCALES = 4096  # of one tensor
MOST_NUMBERS = 4_000_000  # in one tensor
MOST_COMPUTED = 16_000_000  # in all that are computed: 64 MB as float32
MOST_SIDES = 5


class Value(NamedTuple):
    """A number in an operator's options: its type as `struct` has it, its bounds, and what it is when left out."""

    kind: str
    low: float
    high: float
    default: float = 0


FLAG, ACTIVATION, PADDING, TYPE, MASK = (
    Value("B", 0, 1), Value("b", 0, 5), Value("b", 0, 1), Value("b", 0, 9), Value("i", 0, 31)
)  # fmt: skip
SIDE, DILATION = Value("i", 1, 64), Value("i", 1, 64, 1)  # a stride of 0 has been divided by
POOL = (PADDING, SIDE, SIDE, SIDE, SIDE, ACTIVATION)


class Operator(NamedTuple):
    """An operator that is taken: the type of its options, their values in order, and how many sides its inputs have.

    None stands for any number of sides; a bias, the third input, may be left out.
    """

    name: str
    options: int
    values: tuple[Value, ...]
    inputs: tuple[int | None, ...]


OPERATORS = {
    0: Operator("ADD", 11, (ACTIVATION, FLAG), (None, None)),
    1: Operator("AVERAGE_POOL_2D", 5, POOL, (4,)),
    3: Operator("CONV_2D", 1, (PADDING, SIDE, SIDE, ACTIVATION, DILATION, DILATION, TYPE), (4, 4, 1)),
    4: Operator("DEPTHWISE_CONV_2D", 2, (PADDING, SIDE, SIDE, SIDE, ACTIVATION, DILATION, DILATION), (4, 4, 1)),
    6: Operator("DEQUANTIZE", 38, (), (None,)),
    9: Operator("FULLY_CONNECTED", 8, (ACTIVATION, Value("b", 0, 0), FLAG, FLAG, TYPE), (None, 2, 1)),
    17: Operator("MAX_POOL_2D", 5, POOL, (4,)),
    22: Operator("RESHAPE", 17, (), (None, 1)),
    25: Operator("SOFTMAX", 9, (Value("f", 1e-3, 1e3),), (None,)),
    34: Operator("PAD", 22, (), (4, 2)),
    40: Operator("MEAN", 27, (FLAG,), (None, 1)),
    45: Operator("STRIDED_SLICE", 32, (MASK, MASK, MASK, MASK, MASK, FLAG), (1, 1, 1, 1)),
    77: Operator("SHAPE", 55, (TYPE,), (None,)),
    83: Operator("PACK", 59, (Value("i", 1, MOST_SIDES), Value("i", 0, 0)), (None, None)),
    114: Operator("QUANTIZE", 89, (), (None,)),
}


@dataclass(frozen=True)
class Structure:
    """What a file that was found sound holds."""

    classes: int  # how many numbers it puts out
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Tensor:
    """A tensor as the file declares it; a constant one has its numbers in the file."""

    shape: tuple[int, ...]
    kind: np.dtype[Any]
    constant: bool


class Table:
    """A table of a flatbuffer: numbered slots, of which it may leave any out."""

    def __init__(self, content: bytes, at: int, slots: str, what: str) -> None:
        """Read where the slots lie. `slots` are those that are known here, as digits; any other is refused."""
        self.what = what
        self._content, self._at = content, at
        directory = at - self._read("i", at)
        size, self._size = self._read("H", directory), self._read("H", directory + 2)
        if size < 4 or size % 2 or directory + size > len(content) or at + self._size > len(content):
            raise ModelError(f"{what} ends outside the file")
        self._slots = struct.unpack_from(f"<{size // 2 - 2}H", content, directory + 4)
        for slot, offset in enumerate(self._slots):
            if offset and not (4 <= offset < self._size):
                raise ModelError(f"{what} has a part outside of it")
            if offset and (slot > 9 or str(slot) not in slots):
                raise ModelError(f"{what} has a part number {slot}, which no network of this program has")

    def _read(self, kind: str, at: int) -> Any:
        size = struct.calcsize(kind)
        if not 0 <= at <= len(self._content) - size:
            raise ModelError(f"{self.what} points outside the file")
        if at % size:  # some processors fault on it
            raise ModelError(f"{self.what} is not aligned")
        return struct.unpack_from("<" + kind, self._content, at)[0]

    def has(self, slot: int) -> bool:
        """Return whether a slot is filled."""
        return slot < len(self._slots) and self._slots[slot] != 0

    def number(self, slot: int, kind: str, default: float = 0) -> Any:
        """Return a number that stands in the table itself."""
        if not self.has(slot):
            return default
        self._check_inside(slot, struct.calcsize(kind))
        return self._read(kind, self._at + self._slots[slot])

    def table(self, slot: int, slots: str, what: str) -> "Table | None":
        """Return the table that a slot points to."""
        return Table(self._content, self._target(slot), slots, what) if self.has(slot) else None

    def tables(self, slot: int, slots: str, what: str) -> "list[Table]":
        """Return the tables in a list; raises ModelError for more than MOST[what]."""
        offsets = self.numbers(slot, "<u4", most=MOST[what])
        start = self._target(slot) + 4 if len(offsets) else 0
        places = (start + 4 * i + int(offset) for i, offset in enumerate(offsets))
        return [Table(self._content, place, slots, f"{what} {i}") for i, place in enumerate(places)]

    def numbers(self, slot: int, kind: str, most: int = MAX_BYTES) -> "NDArray[Any]":
        """Return the numbers in a list, none where it is left out."""
        if not self.has(slot):
            return np.empty(0, kind)
        at, size = self._target(slot), np.dtype(kind).itemsize
        count = self._read("I", at)
        if count > most:
            raise ModelError(f"{self.what} has a list of {count:,}, expected at most {most:,}")
        if at + 4 + count * size > len(self._content):
            raise ModelError(f"{self.what} has a list that ends outside the file")
        if (at + 4) % size:
            raise ModelError(f"{self.what} has a list that is not aligned")
        return np.frombuffer(self._content, kind, count, at + 4)

    def check_text(self, slot: int) -> None:
        """Raise ModelError unless a slot is a text that ends where it says; runtimes hand names on as UTF-8."""
        if not self.has(slot):
            return
        letters = self.numbers(slot, "u1")
        end = self._target(slot) + 4 + len(letters)
        if self._content[end : end + 1] != b"\0":
            raise ModelError(f"{self.what} has a text without an end")
        try:
            letters.tobytes().decode()
        except UnicodeDecodeError:
            raise ModelError(f"{self.what} has a text that is none") from None

    def _check_inside(self, slot: int, size: int) -> None:
        if self._slots[slot] + size > self._size:
            raise ModelError(f"{self.what} has a part outside of it")

    def _target(self, slot: int) -> int:
        self._check_inside(slot, 4)
        at = self._at + self._slots[slot]
        return at + self._read("I", at)


def check_structure(content: bytes) -> Structure:
    """Return what a model file holds; raises ModelError with the reason unless all of it is as expected.

    Of a file that passes, no offset leads outside, every index has something to point at, every constant is as long
    as its shape says, and operators work on what was there before them.
    """
    if len(content) > MAX_BYTES:
        raise ModelError(f"more than {MAX_BYTES:,} bytes")
    if len(content) < 8 or content[4:8] != IDENTIFIER:
        raise ModelError("not a TFLite file: the identifier TFL3 is missing")
    model = Table(content, struct.unpack_from("<I", content)[0], "01234567", "the model")
    if model.number(0, "I") != VERSION:
        raise ModelError(f"version {model.number(0, 'I')} of the format, expected {VERSION}")
    model.check_text(3)
    buffers = [len(one.numbers(0, "u1")) for one in model.tables(4, "0", "buffer")]
    _check_metadata(model, len(buffers))
    graphs = model.tables(2, "01234", "graph")
    if not graphs:
        raise ModelError("no graph")
    [graph] = graphs
    graph.check_text(4)
    tensors = [_tensor(one, buffers) for one in graph.tables(0, "012345678", "tensor")]
    if sum(math.prod(tensor.shape) for tensor in tensors if not tensor.constant) > MOST_COMPUTED:
        raise ModelError(f"computes more than {MOST_COMPUTED:,} numbers")
    _check_signatures(model, len(tensors))
    return _check_graph(graph, _operator_codes(model), tensors)


def _check_metadata(model: Table, buffers: int) -> None:
    """Raise ModelError for notes that a converter left which point at no buffer; what they say is not read."""
    indices = [int(number) for number in model.numbers(5, "<i4")]
    for note in model.tables(6, "01", "note"):
        note.check_text(0)
        indices.append(note.number(1, "I"))
    _within(indices, buffers, "metadata point at buffer")


def _check_signatures(model: Table, tensors: int) -> None:
    for signature in model.tables(7, "0124", "signature"):
        signature.check_text(2)
        _within([signature.number(4, "I")], 1, "a signature names graph")
        for slot in (0, 1):
            for name in signature.tables(slot, "01", "tensor"):
                name.check_text(0)
                _within([name.number(1, "I")], tensors, "a signature names tensor")


def _within(indices: Sequence[int], count: int, what: str) -> None:
    wrong = [index for index in indices if not 0 <= index < count]
    if wrong:
        raise ModelError(f"{what} {wrong[0]} of {count}")


def _operator_codes(model: Table) -> list[Operator]:
    found = []
    for code in model.tables(1, "0123", "operator code"):
        if code.has(1):
            raise ModelError("holds a custom operator, which is a program of its own")
        number = max(code.number(0, "b"), code.number(3, "i"))  # two slots: the first was too narrow
        if number not in OPERATORS:
            known = ", ".join(operator.name for operator in OPERATORS.values())
            raise ModelError(f"holds operator number {number}, expected {known}")
        found.append(OPERATORS[number])
    return found


def _tensor(table: Table, buffers: Sequence[int]) -> Tensor:
    """Return a tensor whose shape, type, buffer and quantisation fit each other."""
    what = table.what
    shape = tuple(int(side) for side in table.numbers(0, "<i4", MOST_SIDES))
    open_shape = tuple(int(side) for side in table.numbers(7, "<i4", MOST_SIDES))
    if any(side < 1 for side in shape) or math.prod(shape) > MOST_NUMBERS:
        raise ModelError(f"{what} has the shape {shape}, expected sides from 1 and at most {MOST_NUMBERS:,} numbers")
    # the converter leaves the number of images open unless it is told: -1 in front, 1 in the shape
    if open_shape and open_shape not in (shape, (-1, *shape[1:])):
        raise ModelError(f"{what} has a shape that is open: {open_shape}")
    kind = TYPES.get(table.number(1, "b"))
    if kind is None:
        raise ModelError(f"{what} has type number {table.number(1, 'b')}, expected int8, int32, float16 or float32")
    if table.number(5, "B") or table.has(6):
        raise ModelError(f"{what} is a variable or sparse, expected neither")
    table.check_text(3)
    buffer = table.number(2, "I")
    _within([buffer], len(buffers), f"{what} points at buffer")
    expected = math.prod(shape) * kind.itemsize
    if buffers[buffer] not in (0, expected):
        raise ModelError(f"{what} is {expected:,} bytes by its shape, and has {buffers[buffer]:,}")
    _check_quantisation(table, shape, kind)
    return Tensor(shape, kind, buffers[buffer] > 0)


def _check_quantisation(table: Table, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
    found = table.table(4, "01236", f"the quantisation of {table.what}")
    if found is None:
        return
    for slot in (0, 1):  # what was seen in calibration; nothing computes with it
        found.numbers(slot, "<f4", MOST_NUMBERS)
    scales, zeros = found.numbers(2, "<f4", MOST_SCALES), found.numbers(3, "<i8", MOST_SCALES)
    axis = found.number(6, "i")
    if not 0 <= axis < max(1, len(shape)):
        raise ModelError(f"{table.what} is quantised along side {axis} of {len(shape)}")
    if len(scales) not in (0, 1, *shape[axis : axis + 1]) or len(zeros) not in (0, len(scales)):
        raise ModelError(f"{table.what} has {len(scales)} scales and {len(zeros)} zero points for {shape}")
    if not (np.isfinite(scales) & (np.asarray(scales) > 0)).all():
        raise ModelError(f"{table.what} has a scale that is no positive number")
    low, high = (-128, 127) if kind == np.int8 else (0, 0)
    if not ((np.asarray(zeros) >= low) & (np.asarray(zeros) <= high)).all():
        raise ModelError(f"{table.what} has a zero point outside {low} to {high}")


def _check_graph(graph: Table, codes: Sequence[Operator], tensors: Sequence[Tensor]) -> Structure:
    ends = [[int(index) for index in graph.numbers(slot, "<i4")] for slot in (1, 2)]
    if [len(end) for end in ends] != [1, 1]:
        raise ModelError(f"{len(ends[0])} inputs and {len(ends[1])} outputs, expected 1 and 1")
    [first], [last] = ends
    _within([first, last], len(tensors), "the graph begins or ends at tensor")
    ready = {index for index, tensor in enumerate(tensors) if tensor.constant}
    if first in ready or tensors[first].shape != (1, SIZE, SIZE, 1):
        raise ModelError(f"input {tensors[first].shape}, expected (1, {SIZE}, {SIZE}, 1)")
    if last in {first, *ready} or len(tensors[last].shape) != 2 or tensors[last].shape[0] != 1:
        raise ModelError(f"output {tensors[last].shape}, expected (1, classes)")
    for end in (first, last):
        if tensors[end].kind not in (np.int8, np.float32):
            raise ModelError(f"{tensors[end].kind.name} input or output, expected int8 or float32")
    ready.add(first)
    names = []
    for step in graph.tables(3, "01234", "operator"):
        operator, outputs = _step(step, codes, tensors, ready)
        ready |= outputs
        names.append(operator.name)
    if last not in ready:
        raise ModelError("the output is never computed")
    return Structure(tensors[last].shape[1], tuple(names))


def _step(
    step: Table, codes: Sequence[Operator], tensors: Sequence[Tensor], ready: set[int]
) -> tuple[Operator, set[int]]:
    """Return an operator of the graph and the tensors it computes, which none before it may have touched."""
    index = step.number(0, "I")
    _within([index], len(codes), f"{step.what} is of code")
    operator = codes[index]
    what = f"{step.what}, {operator.name},"
    inputs = [int(number) for number in step.numbers(1, "<i4", MOST_SIDES)]
    outputs = {int(number) for number in step.numbers(2, "<i4", MOST_SIDES)}
    if operator.inputs == (4, 4, 1) or operator.name == "FULLY_CONNECTED":
        inputs = inputs[:2] if inputs[2:] == [-1] else inputs
        expected: tuple[int, ...] = (2, 3)
    else:
        expected = (1, 2) if operator.name == "RESHAPE" else (len(operator.inputs),)
    if len(inputs) not in expected or len(outputs) != 1:
        raise ModelError(f"{what} has {len(inputs)} inputs and {len(outputs)} outputs")
    _within([*inputs, *outputs], len(tensors), f"{what} works on tensor")
    if not set(inputs) <= ready or outputs & ready:
        raise ModelError(f"{what} works on what is not computed yet, or computes it again")
    for number, sides in zip(inputs, operator.inputs, strict=False):
        if sides not in (None, len(tensors[number].shape)):
            raise ModelError(f"{what} takes {tensors[number].shape}, expected {sides} sides")
    _check_options(step, operator, what)
    return operator, outputs


def _check_options(step: Table, operator: Operator, what: str) -> None:
    kind = step.number(3, "B")
    if kind not in (0, operator.options) or bool(kind) != step.has(4):
        raise ModelError(f"{what} has the options of another operator")
    slots = "0" if operator.name == "RESHAPE" else "".join(str(i) for i in range(len(operator.values)))
    options = step.table(4, slots, f"the options of {what[:-1]}")
    if options is None:
        if operator.values:
            raise ModelError(f"{what} has no options")
        return
    if operator.name == "RESHAPE":
        options.numbers(0, "<i4", MOST_SIDES)
    for slot, value in enumerate(operator.values):
        number = options.number(slot, value.kind, value.default)
        if not value.low <= number <= value.high:  # also where it is not a number
            raise ModelError(f"{what} has {number:g} as option {slot}, expected {value.low:g} to {value.high:g}")
