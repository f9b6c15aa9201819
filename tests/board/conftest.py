"""What all tests of the virtual board share: a disk and the figures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .board import OUT
from .image import ARCHITECTURE, ROOT, disk

FIGURES = ROOT / "docs" / "figures" / "board.json"


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, Any]]:
    """What is measured; written to FIGURES at the end, where figures of tests that were not run are kept."""
    found: dict[str, Any] = {}
    yield found
    known = json.loads(FIGURES.read_text())
    known[ARCHITECTURE] = {**known.get(ARCHITECTURE, {}), **found}
    FIGURES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    print(f"\n{FIGURES.read_text()}")


@pytest.fixture(scope="session")
def plain() -> Path:
    """A disk with the app, not yet a kiosk."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "plain.img"
    disk(path)
    return path
