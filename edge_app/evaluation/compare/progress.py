"""Progress on standard error; silent unless it is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
WIDTH = 30


class Progress:
    """The steps of a long job, with a bar where the length of a step is known."""

    def __init__(self) -> None:
        """Print nothing yet; `steps` is set once their number is known."""
        self.steps, self._step = 0, 0
        self._begun = False

    def step(self, name: str) -> None:
        """Begin the next step."""
        self._step += 1
        self._print(name)

    def follow(self, name: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Begin a step and yield `items`, showing how many of `total` are done."""
        self._step += 1
        for number, item in enumerate(items):
            self._print(f"{name} " + ("." * (number % WIDTH) if total is None else "#" * round(WIDTH * number / total)))
            yield item

    def end(self) -> None:
        """End the line."""
        if self._begun:
            print(file=sys.stderr)

    def _print(self, text: str) -> None:
        if sys.stderr.isatty():
            self._begun = True
            print(f"\r{f'[{self._step}/{self.steps}] {text}':<78.78}", end="", file=sys.stderr, flush=True)
