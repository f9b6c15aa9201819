"""The inputs of `recognize`: files of ink or pictures, plain or gzipped, or ink lines on standard input."""

import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import DigitpadError, ImageError, InkError
from ..recognition.ink import Ink, parse_ink
from ..recognition.pictures import SUFFIXES, Coverage, open_picture
from ..storage.safe_open import open_regular, open_unzipped

PICTURES = SUFFIXES
APPLE = {".heic", ".heif"}
INK = {".json", ".jsonl"}
MAX_LINE = 8_000_000  # bytes; MAX_POINTS of ink fit


@dataclass(frozen=True)
class Sample:
    """Something to read and its origin; `content` is the error if it could not be read."""

    where: str
    content: Ink | Coverage | DigitpadError


def read_sources(names: list[str]) -> Iterator[Sample]:
    """Yield the samples of all files in order, `-` for standard input; errors are yielded, not raised."""
    for name in names:
        if name == "-" and sys.stdin is None:
            yield Sample("-", InkError("standard input is closed"))
        elif name == "-":
            yield from _ink_lines(sys.stdin.buffer, "-")
        else:
            yield from _read_file(Path(name))


def _read_file(path: Path) -> Iterator[Sample]:
    kind = path.suffix.lower()
    try:
        if kind in PICTURES:
            yield _picture(path)
        elif is_ink(path):
            with open_unzipped(path) as file:
                yield from _ink_lines(file, str(path)) if _ink_kind(path) == ".jsonl" else _ink_object(file, str(path))
        elif kind in APPLE:
            yield Sample(str(path), ImageError(why_no_picture(path)))
        else:
            expected = ", ".join(sorted(INK | PICTURES))
            yield Sample(str(path), InkError(f"unknown file type: expected {expected}, ink also with .gz"))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield Sample(str(path), InkError(f"cannot be read ({reason})"))


def why_no_picture(path: Path) -> str:
    """Return why a file is not read as a picture, by its name; empty if it is."""
    kind = path.suffix.lower()
    if kind in APPLE:
        how = "convert it to JPEG, on an iPhone by Settings, Camera, Formats, Most Compatible"
        return f"HEIC pictures cannot be read: {how}"
    return "" if kind in PICTURES else f"not a picture: expected {', '.join(sorted(PICTURES))}"


def is_ink(path: Path) -> bool:
    """Return whether the name is that of an ink file, plain or gzipped."""
    return _ink_kind(path) in INK


def _ink_kind(path: Path) -> str:
    return (Path(path.stem) if path.suffix.lower() == ".gz" else path).suffix.lower()


def _picture(path: Path) -> Sample:
    try:
        with open_regular(path) as file:
            return Sample(str(path), open_picture(file))
    except ImageError as error:
        return Sample(str(path), error)


def _ink_object(file: IO[bytes], name: str) -> Iterator[Sample]:
    text = file.read(MAX_LINE + 1)
    yield _parse(text, name)


def _ink_lines(file: IO[bytes], name: str) -> Iterator[Sample]:
    """Yield the ink of each line that is not blank; a line that is too long is skipped, not held in memory."""
    try:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
            rest = line
            while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                rest = file.readline(MAX_LINE + 1)
            if line.strip():
                yield _parse(line, f"{name}:{number}")
    except (OSError, EOFError, zlib.error) as error:  # a truncated or corrupt .gz
        yield Sample(name, InkError(f"cannot be read further ({error})"))


def _parse(text: bytes, where: str) -> Sample:
    try:
        if len(text) > MAX_LINE:
            raise InkError(f"more than {MAX_LINE:,} bytes of ink: use fewer points")
        return Sample(where, parse_ink(text))
    except InkError as error:
        return Sample(where, error)


def bundled_samples() -> Iterator[Sample]:
    """Yield the bundled sample ink."""
    path = Path(__file__).with_name("samples.jsonl")
    yield from _ink_lines(io.BytesIO(path.read_bytes()), path.name)
