"""A pytest plugin: floats as IEEE 754 has them, below the smallest normal one, too.

tflite-runtime's aarch64 library switches that off in the thread that imports it, and Hypothesis refuses to draw
floats then.
"""

import ctypes

DEFAULT = ctypes.c_void_p(-1)  # FE_DFL_ENV of glibc


def pytest_sessionstart() -> None:
    """Put the floating-point environment back, once conftest.py has loaded the runtimes."""
    if ctypes.CDLL("libm.so.6").fesetenv(DEFAULT):
        raise RuntimeError("the floating-point environment cannot be set")
