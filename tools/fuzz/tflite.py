"""Model files taken apart and put together again by the schema's own code, so that what is wrong is well-formed."""

from collections.abc import Callable
from typing import Any

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
