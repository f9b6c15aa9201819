"""A target for the fuzzer's own test: what becomes of a try is its number's business."""

import os
import signal
import time

import numpy as np

from edge_app.errors import InkError
from tools.fuzz.run import Run


def fuzz(run: Run) -> None:
    run.limits.seconds, run.limits.megabytes = 1.0, 100.0
    for rng in run.tries():
        run.attempt(b"%d %d" % (run.number, rng.randrange(10**6)), lambda: act(run.number))


def act(number: int) -> str:
    if number == 1:
        raise InkError("no strokes")
    if number == 2:
        raise InkError("no strokes\nand more")
    if number in (3, 4):
        raise KeyError("a bug")
    if number == 5:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 6:
        time.sleep(60)
    if number == 7:
        began = time.process_time()
        while time.process_time() - began < 1.2:
            pass
    if number == 8:
        assert np.ones(25_000_000).sum() > 0
    if number == 9:
        np.float32(1e38) * np.float32(1e38)
    return "well"
