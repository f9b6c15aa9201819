"""From the start of the process to the first picture on the screen."""

import sys
import time

from .screen import Screen, output

# what `python -m edge_app` does, until the first picture is on the screen; it imports nothing that the app does not
FIRST_FRAME = """
import sys, time
from edge_app.cli import main
from edge_app.gui.platform.display import Display

show = Display.show

def show_once(display, changed):
    show(display, changed)
    print(time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time())
    sys.exit()

Display.show = show_once
main([])
"""


def system_clock() -> float:
    """Return seconds of the clock that the started process reads, too."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


def first_frames(screen: Screen, times: int) -> list[float]:
    """Return milliseconds to the first picture, of so many starts; the files are in the system's cache."""
    taken = []
    for _ in range(times):
        started = system_clock()
        taken.append(1000 * (float(output([sys.executable, "-c", FIRST_FRAME], screen.environment)) - started))
    return taken
