"""Questions asked in a process of their own: what crashes or hangs there is an answer, too."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ...subprocesses import module_command

PATIENCE = 30  # seconds; a Pi Zero takes 8 to import numpy from a slow card


def ask(module: str, job: dict[str, Any], patience: float = PATIENCE) -> dict[str, Any]:
    """Return what `answer(job)` of a module says, or {"fault": sentence} where its process did not live to say it."""
    try:
        done = subprocess.run(
            module_command(module),
            input=json.dumps(job),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # without a terminal, as SDL silences a console's keyboard until it ends
        )
    except subprocess.TimeoutExpired:
        return {"fault": f"gave no answer within {patience:.0f} s"}
    except OSError as error:
        return {"fault": f"cannot be asked ({error.strerror})"}
    return _answer(done)


def _answer(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    if done.returncode < 0:
        return {"fault": f"crashed (signal {-done.returncode})"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # libraries greet on standard output before
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        return {"fault": f"failed with status {done.returncode} ({last})"}
    return answer


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the job on standard input; what a probe's module does when it is run."""
    print("\n" + json.dumps(answer(json.load(sys.stdin))))
