"""`python -m tools.arm.window PICTURE.png`: writes a number in the app's window, and prints what was read as JSON."""

import json
import random
import sys
from typing import Any

from edge_app.recognition.ink import ink_of_record
from tools.bench.hand import Hand, placed, run_with
from tools.bench.process import ROOT

# isort: split
import pygame

SAMPLES = ROOT / "edge_app" / "datasets" / "samples.jsonl"
NUMBER = "2026"


def write(hand: Hand, picture: str) -> dict[str, Any]:
    """Write the number, each point once the one before it is shown, and save the window's picture."""
    records = map(json.loads, SAMPLES.read_text().splitlines())
    ink = next(ink_of_record(record) for record in records if record["label"] == NUMBER)
    hand.write(placed(ink, hand.app.ctx.view.layout.pad, random.Random(1)), rate=None)
    hand.call(lambda: pygame.image.save(hand.app.surface, picture))
    return {"driver": pygame.display.get_driver(), "text": hand.app.state.reading.text}


if __name__ == "__main__":
    print(json.dumps(run_with(lambda hand: write(hand, sys.argv[1]))))
