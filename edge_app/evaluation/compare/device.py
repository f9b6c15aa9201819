"""This device and its state, read from the kernel; None ("not measured") where it does not report a value."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from ...subprocesses import find_program

CPU = Path("/sys/devices/system/cpu/cpu0/cpufreq")
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
ENERGY = Path("/sys/class/powercap/intel-rapl:0/energy_uj")


def describe_device() -> dict[str, Any]:
    """Return processor, cores, governor, memory and system."""
    return {
        "processor": processor(),
        "board": _first_line(Path("/proc/device-tree/model")),
        "cores": os.cpu_count(),
        "governor": _first_line(CPU / "scaling_governor"),
        "memory_bytes": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def describe_state() -> dict[str, Any]:
    """Return frequency in MHz, temperature in degrees Celsius, and throttling flags on a Raspberry Pi."""
    return {"frequency_mhz": _frequency(), "temperature_c": _temperature(), "throttled": _throttled()}


def processor() -> str:
    """Return the processor's name."""
    for line in (_text(Path("/proc/cpuinfo")) or "").splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def energy_uj() -> int | None:
    """Return the processor package's energy counter in microjoules; None if unavailable."""
    value = _first_line(ENERGY)  # absent on many systems, or readable by root only
    return int(value) if value and value.isdigit() else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:  # absent on this kernel or board, or not permitted
        return None


def _first_line(path: Path) -> str | None:
    text = (_text(path) or "").strip("\0\n ")
    return text.splitlines()[0] if text else None


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _frequency() -> float | None:
    kilohertz = _first_line(CPU / "scaling_cur_freq")
    if kilohertz and kilohertz.isdigit():
        return int(kilohertz) / 1000
    for line in (_text(Path("/proc/cpuinfo")) or "").splitlines():
        if line.startswith("cpu MHz"):
            return float(line.split(":", 1)[1])
    return None


def _temperature() -> float | None:
    value = _first_line(THERMAL)
    return int(value) / 1000 if value and value.lstrip("-").isdigit() else None


def _throttled() -> str | None:
    """Return the Raspberry Pi firmware's throttling flags in hexadecimal; None elsewhere."""
    tool = find_program("vcgencmd")
    if not tool:
        return None
    try:
        done = subprocess.run([tool, "get_throttled"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().partition("=")[2] or None
