"""Validation without its child process, for tests of what it finds: a process takes 0.4 s of CPU time."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import pytest

from edge_app.errors import ModelError
from edge_app.modelfiles import isolated, validation


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate in this process, without limits."""

    def run(module: str, job: bytes, name: str, timeout: float) -> bytes:
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(job)))
            patch.setattr(isolated, "limit_this_process", lambda _: None)
            status = validation.main()
        if status:
            raise ModelError(isolated._reason(name, status, err.getvalue()))
        return out.getvalue().encode()

    monkeypatch.setattr(isolated, "run_isolated", run)
