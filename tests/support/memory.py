"""The peak of this process's resident memory, as Linux counts it."""

import contextlib
from pathlib import Path

STATUS, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> float:
    """Restart the kernel's count of peak resident memory and return it in MB; 0 where that is not possible."""
    with contextlib.suppress(OSError):
        RESET_PEAK.write_text("5")  # proc(5)
        return peak()
    return 0.0


def peak() -> float:
    """Return the peak of resident memory since it was last reset, in MB."""
    with contextlib.suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0
