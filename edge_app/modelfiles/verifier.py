"""Checks that all offsets in a .tflite file stay inside it, as FlatBuffers' verifier does in C++.

tflite-runtime follows offsets unchecked: a corrupt file can pass a trial in one process and crash the next, in which
memory is laid out differently. The tables are those of TFLite's schema.fbs, with the fields that digit classifiers
use; a file with any other is rejected.
"""

import struct

from ..errors import ModelError

IDENTIFIER = b"TFL3"
SIZES = {"byte": 1, "int": 4, "float": 4, "long": 8, "string": 1}
SCHEMA = {
    "Model": ("int", "[OperatorCode]", "[SubGraph]", "string", "[Buffer]", "[int]", "[Metadata]", "[SignatureDef]"),
    "OperatorCode": ("byte", None, "int", "int"),
    "SubGraph": ("[Tensor]", "[int]", "[int]", "[Operator]", "string"),
    "Tensor": ("[int]", "byte", "int", "string", "Quantization", "byte", None, "[int]", "byte"),
    "Quantization": ("[float]", "[float]", "[float]", "[long]", None, None, "int"),
    "Operator": ("int", "[int]", "[int]", "byte", "options"),
    "Buffer": ("[byte]",),
    "Metadata": ("string", "int"),
    "SignatureDef": ("[TensorMap]", "[TensorMap]", "string", None, "int"),
    "TensorMap": ("string", "int"),
    "ReshapeOptions": ("[int]",),
    "NumericOptions": ("int",) * 8,  # some are bytes, which read no further
}
OPTIONS_TYPE = 3  # the field of an operator that says what its options are
# The other members of the union BuiltinOptions that are accepted, all of them numbers: what an image passes through.
# Not accepted are loops, branches, variables, and lookups at an index that the data gives.
NUMERIC = {
    # Conv2D, DepthwiseConv2D, Pool2D, FullyConnected, Softmax, L2Norm, LocalResponseNormalization, LogSoftmax
    *(1, 2, 5, 8, 9, 12, 13, 36),
    # Add, Mul, Reducer, Sub, Div, Exp, MaximumMinimum, Neg, Pow, Square, LeakyRelu, SquaredDifference, Abs, HardSwish
    *(11, 21, 27, 28, 29, 33, 39, 42, 56, 66, 75, 76, 78, 91),
    # Concatenation, ResizeBilinear, Pad, Transpose, StridedSlice, Split, PadV2, Slice, ExpandDims, Shape, Pack, Unpack
    *(10, 15, 22, 26, 32, 35, 43, 48, 52, 55, 59, 64),
    # ResizeNearestNeighbor, MirrorPad, BroadcastTo, Cast, Dequantize, Quantize, BatchMatMul, Gelu
    *(74, 77, 104, 37, 38, 89, 101, 116),
}
VECTORS = {17: "ReshapeOptions", 30: "ReshapeOptions"}  # Reshape and Squeeze hold a vector of sizes


def verify(content: bytes) -> None:
    """Raise ModelError with the reason unless all offsets and lengths of a model stay inside its bytes."""
    if content[4:8] != IDENTIFIER:
        raise ModelError("not a TFLite file: the identifier TFL3 is missing")
    _Verifier(content).table("Model", 0)


class _Verifier:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def check(self, at: int, size: int, align: int) -> None:
        if not 0 <= at <= len(self.content) - size:
            raise ModelError("truncated or corrupt: an offset leads outside the file")
        if at % align:  # some processors fault on it
            raise ModelError("corrupt: misaligned numbers")

    def number(self, kind: str, at: int) -> int:
        size = struct.calcsize(kind)
        self.check(at, size, size)
        return int(struct.unpack_from("<" + kind, self.content, at)[0])

    def table(self, name: str, at: int) -> None:
        """Check the table that the offset at `at` points to, with all that it holds."""
        start = at + self.number("I", at)
        vtable = start - self.number("i", start)
        offsets = [self.number("H", vtable + i) for i in range(4, self.number("H", vtable), 2)]
        for field, offset in enumerate(offsets):
            if not offset:
                continue  # left out
            kind = SCHEMA[name][field] if field < len(SCHEMA[name]) else None
            if kind == "options":
                kind = self.options(start + offsets[OPTIONS_TYPE])
            if kind is None:
                raise ModelError(f"unsupported field {field} in {name}")
            self.field(kind, start + offset)

    def options(self, at: int) -> str:
        number = self.number("B", at)
        if number in VECTORS:
            return VECTORS[number]
        if number not in NUMERIC:
            raise ModelError(f"unsupported operator, with options of type {number}")
        return "NumericOptions"

    def field(self, kind: str, at: int) -> None:
        if kind in SCHEMA:
            self.table(kind, at)
        elif kind == "string" or kind.startswith("["):
            self.vector(kind.strip("[]"), at + self.number("I", at))
        else:
            self.check(at, SIZES[kind], 1)

    def vector(self, kind: str, at: int) -> None:
        """Check the items of a vector, or the characters of a string, whose number is at `at`."""
        count = self.number("I", at)
        if kind in SCHEMA:
            for i in range(count):
                self.table(kind, at + 4 + 4 * i)
            return
        self.check(at + 4, count * SIZES[kind], SIZES[kind])
        if kind == "string":
            try:
                self.content[at + 4 : at + 4 + count].decode()  # as the runtimes' Python does
            except UnicodeDecodeError:
                raise ModelError("corrupt: a name that is not UTF-8") from None
            if self.number("B", at + 4 + count):
                raise ModelError("corrupt: a name without an end")
