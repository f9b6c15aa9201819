"""Tries a model that did not come with digitpad in a child process: `python -m edge_app.modelfiles.validation`.

TFLite has had memory-safety bugs, so an untrusted file is verified, opened and run there first, with the very bytes
that will be loaded. The limits protect the app from a file that crashes, hangs or takes all memory. The process is no
sandbox: it has all rights of its user.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..recognition.model import HOW_TO_MAKE, REJECT, Model
from .card import DIGITS

if TYPE_CHECKING:  # it imports numpy, which must not be loaded before the limits are set
    from ..recognition.interpreter import Runtime

TIMEOUT = 90.0  # seconds; a Pi Zero takes 8 to import numpy from a slow card
CPU_SECONDS = 40
VALUES = ("classes", "temperature", "refuse_below", "input_range")  # of the card, for the trial
CANNOT_LOAD = "cannot load it"
NEXT = "It was not loaded. Get or make the file again"


def validate(model: Model, runtime: "Runtime", *, must_read: bool = True) -> Model:
    """Return a valid model; without classes, as one without a card has none, with those and its input's range found.

    With `must_read` it has to recognise clear digits; `compare` accepts models that do not. Raises ModelError.
    """
    from .isolated import run_isolated  # not at import: most starts need no child process

    card = {name: getattr(model, name) for name in VALUES}

    def run(name: str) -> bytes:
        job = json.dumps({"runtime": name, "card": card, "must_read": must_read}).encode()
        return run_isolated("edge_app.modelfiles.validation", job + b"\n" + model.content, name, TIMEOUT)

    try:
        answer = run(runtime.name)
    except ModelError as error:
        hint = _other_runtime(runtime.name, run) if CANNOT_LOAD in str(error) else ""
        raise ModelError(f"{model.path}: {error}. {hint or NEXT}") from None
    found = json.loads(answer.splitlines()[-1])
    return replace(model, classes=tuple(found["classes"]), input_range=tuple(found["input_range"]))


def _other_runtime(name: str, run: Callable[[str], object]) -> str:
    """Return which runtime can read a file that `name` cannot; empty for none."""
    from ..recognition.interpreter import MODULES

    other = next(own for own in MODULES if own != name)
    try:
        run(other)
    except ModelError as error:
        newer = other == "ai-edge-litert" and "not installed" in str(error)
        return f"{other} may: pip install {other}" if newer else ""
    return f"{other} can: digitpad --runtime {other}"


def reason_of(error: ModelError) -> str:
    """Return what is wrong without the advice, for a file that the user did not name."""
    return str(error).removesuffix(NEXT).removesuffix(HOW_TO_MAKE).rstrip(". ")


def try_model(model: Model, runtime: str, *, must_read: bool = True) -> Model:
    """Open and run a model in this process; returns it as `validate` does. Raises ModelError, or crashes with it."""
    from .verifier import verify

    verify(model.content)
    from ..recognition.classifier import Classifier, find_outputs
    from ..recognition.interpreter import find_runtime
    from .selftest import FLOOR, check_reading, find_input_range

    found = find_runtime(runtime)
    if not model.classes:
        shapes = [[int(side) for side in output["shape"]] for output in find_outputs(found.open(model.content))]
        bare = [[side for side in shape if side != 1] for shape in shapes]
        if bare[0] not in ([10], [11]):
            raise ModelError(f"output shapes {shapes}, expected [[1, 10]], or [[1, 11]] with no digit")
        model = replace(model, classes=(*DIGITS, REJECT)[: bare[0][0]])
        model = replace(model, input_range=find_input_range(model, found))
    check_reading(Classifier(model, found), FLOOR if must_read else 0)
    return model


def main() -> int:
    """Try the model on standard input, after a line with the job; prints what was found, or the reason on stderr."""
    from .isolated import limit_this_process

    limit_this_process(CPU_SECONDS)
    job = json.loads(sys.stdin.buffer.readline())
    model = Model(Path(), sys.stdin.buffer.read(), "", **{name: job["card"][name] for name in VALUES})
    try:
        model = try_model(model, job["runtime"], must_read=job["must_read"])
    except ModelError as error:
        print(reason_of(error).removeprefix(f"{Path()}: "), file=sys.stderr)
        return 1
    print(json.dumps({"classes": model.classes, "input_range": model.input_range}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
