"""The command `digitpad`, run in this process, or, where the process is the point, in one of its own."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest import mock

from edge_app.cli import main

from ..conftest import ROOT


def digitpad(*words: object, stdin: bytes = b"", **environment: str) -> CompletedProcess[str]:
    """Run a command; an exception that would print a traceback is raised here."""
    arguments = [str(word) for word in words]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.dict(os.environ, environment),  # restores what the command itself sets, too
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8")),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
    texts = (stream.detach().getvalue().decode() for stream in (out, err))
    return CompletedProcess(arguments, status, *texts)


def run_process(*words: object, **environment: str) -> CompletedProcess[str]:
    """Run a command in a process of its own, which takes half a second of CPU time to start."""
    command = [sys.executable, "-m", "edge_app", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **environment}, timeout=120
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    return CompletedProcess(command, done.returncode, out, err)


def complaints(done: CompletedProcess[str]) -> list[str]:
    """Return digitpad's own lines; the runtimes print to standard error too."""
    return [line for line in done.stderr.splitlines() if line.startswith("digitpad:")]
