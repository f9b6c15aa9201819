"""A process of its own for what may crash, hang or want too much: it gets bytes, and answers with bytes."""

import os
import signal
import subprocess
import sys

from ..errors import ModelError
from ..subprocesses import module_command

ROOM = 512_000_000  # bytes of address space; Python, numpy and a runtime with its model take 107


def run_apart(module: str, said: bytes, who: str, seconds: float) -> bytes:
    """Return what a module of this package, run, answers on standard output to `said` on its standard input.

    Raises ModelError with what it complains of, or where it does not live to answer: `who` is to blame then.
    """
    try:
        done = subprocess.run(module_command(module), input=said, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(f"{who} took longer than {seconds:.0f} s and was stopped") from None
    except OSError as error:
        raise ModelError(f"{who} could not be started in a process of its own ({error.strerror})") from None
    if done.returncode:
        raise ModelError(complaint(who, done.returncode, done.stderr.decode(errors="replace")))
    return done.stdout


def complaint(who: str, status: int, said: str) -> str:
    """Return why a process ended with a status other than 0."""
    if "MemoryError" in said or "bad_alloc" in said:
        return f"{who} wanted more than {ROOM / 1e6:.0f} MB of memory"
    if status == -getattr(signal, "SIGXCPU", 0):
        return f"{who} computed for too long and was stopped"
    if status < 0 or status > 255:  # a signal; Windows' codes for the same are large
        return f"{who} crashed ({f'signal {-status}' if status < 0 else f'code {status:#x}'})"
    return (said.strip().splitlines() or [f"{who} ended with status {status}"])[-1]


def limit_this_process(seconds: int, room: int = ROOM) -> None:
    """Limit the computing time and address space of this process, and let it write neither files nor a core dump.

    To be called before anything is read that is not trusted. Windows has no such limits: there, whoever waits for
    this process ends it when its time is up. macOS may refuse the one on address space.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread reserves 40 MB; too late where numpy is loaded
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: room,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        try:
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            # past the soft limit of time comes a signal that says so, at the hard one the end without a word
            resource.setrlimit(kind, (most, most + 1 if kind == resource.RLIMIT_CPU and hard != most else most))
        except (ValueError, OSError):
            if kind != resource.RLIMIT_AS or sys.platform != "darwin":
                raise
