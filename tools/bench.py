"""`make bench`: how fast the app is on this device, as JSON."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge_app import Recognizer
from edge_app.ink import Ink
from edge_app.normalise import normalise_digit
from edge_app.sources import bundled_samples

FIRST_FRAME = """
import time, edge_app.window.app as a
a.show(a.App(a.open_window(False)))
print(time.clock_gettime(time.CLOCK_BOOTTIME))
"""


def spread(action: Callable[[], object], times: int = 300) -> dict[str, float]:
    """Return median and p99 microseconds of `action`, warm."""
    for _ in range(20):
        action()
    taken = []
    for _ in range(times):
        started = time.perf_counter_ns()
        action()
        taken.append((time.perf_counter_ns() - started) / 1000)
    return {"median_us": round(float(np.median(taken)), 1), "p99_us": round(float(np.percentile(taken, 99)), 1)}


def first_frame() -> float | None:
    """Return seconds from process start to the first frame, best of five; None where the clock is missing."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    best = []
    for _ in range(5):
        started = time.clock_gettime(time.CLOCK_BOOTTIME)
        done = subprocess.run(
            [sys.executable, "-c", FIRST_FRAME],
            env={"SDL_VIDEODRIVER": "dummy", **os.environ},
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        )
        best.append(float(done.stdout.split()[-1]) - started)
    return round(min(best), 3)


def main() -> None:
    """Measure and print."""
    recognizer = Recognizer()
    inks = {len(sample.content): sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)}
    number: Ink = inks[max(inks)]
    image = normalise_digit(number[:1])[None]
    print(
        json.dumps(
            {
                "normalise": spread(lambda: normalise_digit(number[:1])),
                "inference": spread(lambda: recognizer.classifier.logits(image)),
                "five_digit_number": spread(lambda: recognizer.read(number)),
                "first_frame_s": first_frame(),
                "runtime": f"{recognizer.classifier.runtime.name} {recognizer.classifier.runtime.version}",
                "python": platform.python_version(),
                "machine": platform.machine(),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
