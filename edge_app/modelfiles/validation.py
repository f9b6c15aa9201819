"""Tries a model that did not come with digitpad in a child process: `python -m edge_app.modelfiles.validation`.

TFLite has had memory-safety bugs, so an untrusted file is verified, opened and run there first, with the very bytes
that will be loaded. The limits protect the app from a file that crashes, hangs or takes all memory. The process is no
sandbox: it has all rights of its user.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..recognition.model import HOW_TO_MAKE, REJECT, Model
from .card import DIGITS

if TYPE_CHECKING:  # it imports numpy, which must not be loaded before the limits are set
    from ..recognition.interpreter import Runtime

TIMEOUT = 90.0  # seconds; a Pi Zero takes 8 to import numpy from a slow card
CPU_SECONDS = 40
NEXT = "It was not loaded. Get or make the file again"


def validate(
    path: Path, content: bytes, runtime: "Runtime", classes: Sequence[str] | None = None, *, must_read: bool = True
) -> tuple[str, ...]:
    """Return the classes of a valid model: those of its card, or for None digits by their number.

    With `must_read` it has to recognise clear digits; `compare` accepts models that do not. Raises ModelError.
    """
    from .isolated import run_isolated  # not at import: most starts need no child process

    job = {"runtime": runtime.name, "classes": classes and list(classes), "must_read": must_read}
    stdin = json.dumps(job).encode() + b"\n" + content
    try:
        answer = run_isolated("edge_app.modelfiles.validation", stdin, runtime.name, TIMEOUT)
    except ModelError as error:
        raise ModelError(f"{path}: {error}. {NEXT}") from None
    return tuple(json.loads(answer.splitlines()[-1]))


def reason_of(error: ModelError) -> str:
    """Return what is wrong without the advice, for a file that the user did not name."""
    return str(error).removesuffix(NEXT).removesuffix(HOW_TO_MAKE).rstrip(". ")


def try_model(content: bytes, runtime: str, classes: Sequence[str] | None, *, must_read: bool = True) -> list[str]:
    """Open and run a model in this process; returns its classes. Raises ModelError, or crashes with it."""
    from .verifier import verify

    verify(content)
    from ..recognition.classifier import Classifier
    from ..recognition.interpreter import find_runtime
    from .selftest import FLOOR, check_reading

    found = find_runtime(runtime)
    if classes is None:
        shapes = [[int(side) for side in output["shape"]] for output in found.open(content).get_output_details()]
        if shapes not in ([[1, 10]], [[1, 11]]):
            raise ModelError(f"output shapes {shapes}, expected [[1, 10]], or [[1, 11]] with no digit")
        classes = (*DIGITS, REJECT)[: shapes[0][1]]
    check_reading(Classifier(Model(Path(), content, "", tuple(classes)), found), FLOOR if must_read else 0)
    return list(classes)


def main() -> int:
    """Try the model on standard input, after a line with the job; prints its classes, or the reason on stderr."""
    from .isolated import limit_this_process

    limit_this_process(CPU_SECONDS)
    job = json.loads(sys.stdin.buffer.readline())
    try:
        classes = try_model(sys.stdin.buffer.read(), job["runtime"], job["classes"], must_read=job["must_read"])
    except ModelError as error:
        print(reason_of(error).removeprefix(f"{Path()}: "), file=sys.stderr)
        return 1
    print(json.dumps(classes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
