"""`python -m tools.arm.window PICTURE.png`: the app as its users start it, a number written in it, what it read."""

import json
import random
import sys
from pathlib import Path
from typing import Any

from edge_app.recognition.ink import Ink, ink_of_record
from tools.bench.hand import Hand, placed, run_with

# isort: split
import pygame

SAMPLES = Path(__file__).parents[2] / "edge_app" / "datasets" / "samples.jsonl"
NUMBER = "2026"
SIZE = (800, 480)


def ink_of(number: str) -> Ink:
    """Return a number of the ink that comes with the program."""
    lines = SAMPLES.read_text().splitlines()
    return next(ink_of_record(record) for record in map(json.loads, lines) if record["label"] == number)


def write(hand: Hand, picture: str) -> dict[str, Any]:
    """Write the number, each point once the one before it is shown; keep the picture; return what was read."""
    strokes = placed(ink_of(NUMBER), hand.app.ctx.view.layout.pad, random.Random(1))
    hand.write(strokes, rate=None)
    hand.call(lambda: pygame.image.save(hand.app.surface, picture))
    return {
        "driver": pygame.display.get_driver(),
        "window": hand.app.surface.get_size(),
        "strokes": len(hand.app.state.pad.strokes),
        "points": sum(map(len, strokes)),
        "text": hand.app.state.reading.text,
    }


if __name__ == "__main__":
    print(json.dumps(run_with(lambda hand: write(hand, sys.argv[1]), SIZE)))
