"""A bar on standard error for what takes long; silent where nobody looks."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
WIDTH = 30


class Progress:
    """Steps of a long job, each with a bar where its length is known."""

    def __init__(self, steps: int) -> None:
        """Expect `steps` steps."""
        self._steps, self._step = steps, 0
        self._seen = sys.stderr.isatty()

    def step(self, name: str) -> None:
        """Begin the next step."""
        self._step += 1
        self._show(f"[{self._step}/{self._steps}] {name}")

    def follow(self, name: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Begin a step and yield `items`, showing how many of `total` are done."""
        self._step += 1
        for number, item in enumerate(items):
            done = "." * (number % WIDTH) if total is None else "#" * round(WIDTH * number / total)
            self._show(f"[{self._step}/{self._steps}] {name} {done}")
            yield item

    def end(self) -> None:
        """Leave the line."""
        if self._seen:
            print(file=sys.stderr)

    def _show(self, text: str) -> None:
        if self._seen:
            print(f"\r{text:<78.78}", end="", file=sys.stderr, flush=True)
