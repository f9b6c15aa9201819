"""The process that a target runs in: `python -m tools.fuzz.inside MODULE OPTIONS`."""

import faulthandler
import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from edge_app.errors import DigitpadError

from .run import Run

ADDRESSES = 6 << 30  # bytes: what asks for more gets a MemoryError, and the machine does not


def main(name: str, options: str) -> None:
    """Let a target fuzz."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    wanted = json.loads(options)
    if not wanted.pop("guided", False):  # its instrumentation maps more than it uses
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    target = importlib.import_module(name if "." in name else f"tools.fuzz.{name}")
    if "case" in wanted:
        print(_try(target, Path(wanted["case"]).read_bytes(), Path(wanted["folder"])))
        return
    run = Run(**{**wanted, "folder": Path(wanted["folder"])})
    target.fuzz(run)
    run.report()


def _try(target: Any, case: bytes, folder: Path) -> str:
    try:
        return str(target.check(case, folder))
    except DigitpadError as error:
        return f"refused: {error}"


if __name__ == "__main__":
    main(*sys.argv[1:])
