"""Questions to modules in a process of their own, as a broken library may crash or hang it."""

import json
import sys
from collections.abc import Callable
from typing import Any

from ...errors import ModelError
from ...modelfiles.isolated import run_isolated

TIMEOUT = 30  # seconds; a Pi Zero takes 8 to import numpy from a slow card


def ask(module: str, question: dict[str, Any], timeout: float = TIMEOUT) -> dict[str, Any]:
    """Return what a module's `serve` answers, or {"fault": sentence} if its process fails."""
    try:
        output = run_isolated(module, json.dumps(question).encode(), "it", timeout)
    except ModelError as error:
        return {"fault": str(error)}
    return dict(json.loads(output.splitlines()[-1]))  # libraries may have printed before


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the question on standard input."""
    print("\n" + json.dumps(answer(json.load(sys.stdin))))
