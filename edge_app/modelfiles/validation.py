"""Checks a model that did not come with the program: `python -m edge_app.modelfiles.validation`.

TFLite's loaders have had memory-safety faults, so a strange file is looked at, opened and run in a process of its own
first, with the very bytes that will be loaded. That process has limits and no more rights than its user has already:
it keeps a file that crashes, hangs or swells from the app, and is no jail for one that takes the process over.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..recognition.model import HOW_TO_MAKE, REJECT, Model
from .card import DIGITS

if TYPE_CHECKING:  # it brings numpy, whose threads are limited before it is loaded
    from ..recognition.interpreter import Runtime

PATIENCE = 90.0  # seconds; a Pi Zero takes 8 to import numpy from a slow card
COMPUTING = 40  # seconds of the processor
NEXT = "It was not loaded. Get or make the file again"


def pass_gate(
    path: Path, content: bytes, runtime: "Runtime", classes: Sequence[str] | None = None, *, reads: bool = True
) -> tuple[str, ...]:
    """Return the classes of a model that has passed; those of its card, or digits by their number for None.

    With `reads` it must know clear digits; a comparison takes what reads badly, too.
    Raises ModelError, in one sentence with the file, what is wrong with it, and what to do.
    """
    job = {"runtime": runtime.name, "classes": list(classes) if classes else None, "reads": reads}
    try:
        answer = examine_apart(content, job)
    except ModelError as error:
        raise ModelError(f"{path}: {error} when it was tried. {NEXT}") from None
    if "refused" in answer:
        raise ModelError(f"{path}: {answer['reason']}. {NEXT}")
    return tuple(answer["classes"])


def examine_apart(content: bytes, job: dict[str, Any]) -> dict[str, Any]:
    """Return what `examine` says, from a process of its own; raises ModelError where that does not live to say it."""
    from .isolated import run_apart  # not at import: most starts need no process

    said = run_apart(
        "edge_app.modelfiles.validation", json.dumps(job).encode() + b"\n" + content, job["runtime"], PATIENCE
    )
    answer: dict[str, Any] = json.loads(said)
    return answer


def examine(content: bytes, job: dict[str, Any]) -> dict[str, Any]:
    """Return the classes of a sound model, and its share of clear digits; or where it was refused, and the reason.

    The places are structure, runtime and reading. Nothing but the first, which is Python, keeps a process safe.
    """
    from .structure import check_structure

    place = "structure"
    try:
        found = check_structure(content)
        classes = _classes(found.classes, job["classes"])
        place = "runtime"
        from ..recognition.classifier import Classifier
        from ..recognition.interpreter import find_runtime

        model = Model(Path(), content, "", classes)
        classifier = Classifier(model, find_runtime(job["runtime"]))
        place = "reading"
        from .selftest import FLOOR, check_reading

        share = check_reading(classifier, FLOOR if job["reads"] else 0)
    except ModelError as error:
        reason = str(error).removeprefix(f"{Path()}: ").removesuffix(f". {HOW_TO_MAKE}")
        return {"refused": place, "reason": reason}
    return {"classes": classes, "right": share}


def _classes(count: int, named: Sequence[str] | None) -> tuple[str, ...]:
    if named is not None:
        if len(named) != count:
            raise ModelError(f"{count} classes, and its card names {len(named)}")
        return tuple(named)
    if count not in (len(DIGITS), len(DIGITS) + 1):
        raise ModelError(f"{count} classes, expected 10 digits, or 11 with one for no digit")
    return DIGITS if count == len(DIGITS) else (*DIGITS, REJECT)


def main() -> int:
    """Examine the model on standard input, behind a line with the job."""
    from .isolated import limit_this_process

    limit_this_process(COMPUTING)
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    with os.fdopen(0, "rb") as said:
        job = json.loads(said.readline())
        content = said.read()
    os.write(answers, json.dumps(examine(content, job)).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
