"""A bar on standard error for what takes long; silent where nobody looks."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
WIDTH = 30


class Progress:
    """Steps of a long job, each with a bar where its length is known."""

    def __init__(self) -> None:
        """Show nothing yet; `steps` is set once their number is known."""
        self.steps, self._step = 0, 0
        self._seen = sys.stderr.isatty()
        self._begun = False

    def step(self, name: str) -> None:
        """Begin the next step."""
        self._step += 1
        self._show(f"[{self._step}/{self.steps}] {name}")

    def follow(self, name: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Begin a step and yield `items`, showing how many of `total` are done."""
        self._step += 1
        for number, item in enumerate(items):
            done = "." * (number % WIDTH) if total is None else "#" * round(WIDTH * number / total)
            self._show(f"[{self._step}/{self.steps}] {name} {done}")
            yield item

    def end(self) -> None:
        """Leave the line."""
        if self._begun:
            print(file=sys.stderr)

    def _show(self, text: str) -> None:
        if self._seen:
            self._begun = True
            print(f"\r{text:<78.78}", end="", file=sys.stderr, flush=True)
