"""The steps of the bench: each measures some of the figures."""

from collections.abc import Callable
from pathlib import Path

from .engine import measure_engine
from .figures import Figure, measured, missing, slope
from .screen import Screen, scenario
from .start import first_frames

MINUTES = 10
WARM_UP = 2  # minutes in which memory fills that is then full

Figures = dict[str, Figure]
Size = tuple[int, int]
Step = Callable[[Screen, Size | None, bool], Figures]
"""Measures on a screen, in a window of a size; quickly, to see whether it works, or in earnest."""


def engine(_: Screen, __: Size | None, quick: bool) -> Figures:
    """Measure the parts of recognition, without a window."""
    return {name: measured(name, times) for name, times in measure_engine(20 if quick else 300).items()}


def start(screen: Screen, _: Size | None, quick: bool) -> Figures:
    """Measure process start to first picture, in the size in which the window opens of itself."""
    return {"first_frame": measured("first_frame", first_frames(screen, 2 if quick else 9))}


def writing(screen: Screen, size: Size | None, quick: bool) -> Figures:
    """Measure event to pixel and lifting to label, with reading along as in real use."""
    found = scenario(screen, "writing", size=size, count=1 if quick else 20)
    seen = {name: found[name] for name in ("window", "ignored", "unseen")}
    # how far the hand was off its own beat: what else the machine had to do
    late = measured("event_to_pixel", found["late"])
    seen["late_ms"] = {name: late[name] for name in ("median", "p99")}
    return {
        "event_to_pixel": measured("event_to_pixel", found["event_to_pixel"], **seen),
        **{name: measured(name, found[name]) for name in ("lift_to_label", "last_lift_to_label")},
    }


def memory(screen: Screen, size: Size | None, _: bool) -> Figures:
    """Measure resident memory after a number and each panel."""
    if reason := screen.unseen or no_kernel():
        return {name: missing(name, reason) for name in ("resident_memory", "peak_memory")}
    found = scenario(screen, "memory", size=size)
    return {
        "resident_memory": measured("resident_memory", [found["resident"]], parts=found["parts"]),
        "peak_memory": measured("peak_memory", [found["peak"]]),
    }


def idle(screen: Screen, size: Size | None, quick: bool) -> Figures:
    """Measure CPU time and wake-ups without input."""
    if reason := screen.unseen or no_kernel():
        return {name: missing(name, reason) for name in ("idle_cpu", "idle_wake_ups")}
    found = scenario(screen, "idle", size=size, seconds=1 if quick else 10)
    return {name: measured(name, [found[name]]) for name in ("idle_cpu", "idle_wake_ups")}


def growth(screen: Screen, size: Size | None, quick: bool) -> Figures:
    """Measure how memory grows over ten minutes of writing, done as fast as it goes."""
    if reason := no_kernel():
        return {"growth": missing("growth", reason)}
    found = scenario(screen, "growth", size=size, minutes=0.2 if quick else MINUTES, steps=MINUTES)
    steps = [(minutes, resident) for minutes, resident in found["steps"]]
    return {"growth": measured("growth", [MINUTES * slope(steps[WARM_UP:])], minutes_and_mb=steps)}


def no_kernel() -> str | None:
    """Return why the kernel cannot be asked; None where it can."""
    return None if Path("/proc/self/status").exists() else "this system has no /proc"


STEPS: dict[str, tuple[str, Step]] = {
    "engine": ("reading without a window", engine),
    "start": ("starting the window some times", start),
    "writing": ("writing numbers at a hand's pace", writing),
    "memory": ("a number, and each panel once", memory),
    "idle": ("letting the window be", idle),
    "growth": ("ten minutes' writing, as fast as it goes", growth),
}
