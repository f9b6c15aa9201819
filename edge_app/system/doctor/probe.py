"""Jobs for modules that run in a process of their own, as a broken library may crash or hang it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ...subprocesses import module_command

PATIENCE = 30  # seconds; a Pi Zero takes 8 to import numpy from a slow card


def ask(module: str, job: dict[str, Any], patience: float = PATIENCE) -> dict[str, Any]:
    """Return what `serve` answers in a module, or {"fault": sentence} if its process fails."""
    command, environ = module_command(module), {**os.environ, "PYTHONIOENCODING": "utf-8"}
    options: dict[str, Any] = {"capture_output": True, "text": True, "errors": "replace", "env": environ}
    try:
        # A session without a terminal: SDL would mute the console's keyboard.
        done = subprocess.run(
            command, input=json.dumps(job), timeout=patience, check=False, start_new_session=True, **options
        )
    except subprocess.TimeoutExpired:
        return {"fault": f"gave no answer within {patience:.0f} s"}
    except OSError as error:
        return {"fault": f"cannot be started ({error.strerror})"}
    if done.returncode < 0:
        return {"fault": f"crashed (signal {-done.returncode})"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # libraries may have printed before
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return {"fault": f"failed with status {done.returncode} ({last})"}
    return answer


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the job on standard input."""
    print("\n" + json.dumps(answer(json.load(sys.stdin))))
