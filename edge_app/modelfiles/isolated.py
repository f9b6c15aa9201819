"""Runs a module in a child process that may crash, hang or run out of memory without harm to this one."""

import os
import signal
import subprocess
import sys

from ..errors import ModelError
from ..subprocesses import module_command

MEMORY = 512_000_000  # bytes of address space; Python, numpy and a runtime with a model take 107 MB


def run_isolated(module: str, job: bytes, name: str, timeout: float) -> bytes:
    """Run a module of this package with `job` as standard input; returns its standard output.

    Raises ModelError if it fails: "`name` crashed", or the last line of its standard error.
    """
    try:
        # A session of its own has no terminal: SDL would mute the keyboard of a console.
        done = subprocess.run(
            module_command(module), input=job, capture_output=True, timeout=timeout, check=False, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{name} took longer than {timeout:.0f} s") from None
    except OSError as error:
        raise ModelError(f"{name} could not be started in a child process ({error.strerror})") from None
    if done.returncode:
        raise ModelError(_reason(name, done.returncode, done.stderr.decode(errors="replace")))
    return done.stdout


def _reason(name: str, status: int, stderr: str) -> str:
    if "MemoryError" in stderr or "bad_alloc" in stderr:
        return f"{name} needed more than {MEMORY / 1e6:.0f} MB of memory"
    if status == -getattr(signal, "SIGXCPU", 0):
        return f"{name} exceeded its CPU time"
    if status < 0 or status > 255:  # a signal, or an exception code of Windows
        return f"{name} crashed ({f'signal {-status}' if status < 0 else f'code {status:#x}'})"
    lines = [line for line in stderr.strip().splitlines() if not line.startswith("INFO:")]  # CompiledModel's
    return (lines or [f"{name} ended with status {status}"])[-1]


def limit_this_process(cpu_seconds: int) -> None:
    """Limit this process's CPU time and memory, and let it write neither files nor core dumps.

    Call it before anything untrusted is read. Windows has no such limits, only the parent's timeout; macOS may ignore
    the one on memory.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread reserves 40 MB; no effect once numpy is loaded
    try:
        import resource
    except ImportError:
        return
    for kind, limit in {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }.items():
        try:
            _, hard = resource.getrlimit(kind)
            soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            # SIGXCPU comes at the soft limit, SIGKILL, which explains nothing, at the hard one
            resource.setrlimit(kind, (soft, soft + 1 if kind == resource.RLIMIT_CPU and hard != soft else soft))
        except (ValueError, OSError):
            if kind != resource.RLIMIT_AS or sys.platform != "darwin":
                raise
