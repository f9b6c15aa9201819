"""A pytest plugin that restores subnormal floats, without which Hypothesis refuses to draw floats.

tflite-runtime's aarch64 library switches them off in the thread that imports it.
"""

import ctypes

DEFAULT = ctypes.c_void_p(-1)  # FE_DFL_ENV of glibc


def pytest_sessionstart() -> None:
    """Restore the floating-point environment, after conftest.py has loaded the runtimes."""
    if ctypes.CDLL("libm.so.6").fesetenv(DEFAULT):
        raise RuntimeError("fesetenv failed")
