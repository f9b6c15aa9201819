"""The pad as files: a PNG picture, an SVG drawing, and the ink as JSON."""

import html
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

from PIL import Image, ImageDraw

from ..errors import ExportError, disk_full_or
from ..escape import escape
from ..recognition.ink import Ink, Stroke, box_of, dump_ink
from ..recognition.results import Reading
from ..recognition.segmentation import Box
from ..storage.atomic_write import remove_stale, write_atomically
from ..storage.paths import PRIVATE_FILE, make_private_folder

FORMATS = ("png", "svg", "json")
LONG_SIDE = 1600  # pixels of the picture
FINE = 3  # oversampling, for smooth edges


def save_pad(
    folder: Path,
    ink: Ink,
    size: tuple[int, int],
    reading: Reading,
    pen_width: float,
    now: datetime,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:
    """Save a pad of `size` (width, height) as digitpad-YYYYMMDD-HHMMSS, with -2 and so on if that exists.

    Returns the files in the order of `formats`; the folder is created if missing. `size` and `pen_width` are in the
    units of the ink. Raises ExportError for an empty pad or a folder that cannot be written; then no file is left.
    """
    if not ink:
        raise ExportError("the pad is empty: nothing to save. Write something first", "nothing_to_save")
    frame = _frame(ink, size, pen_width)
    contents = [WRITERS[name](ink, frame, pen_width, reading) for name in formats]
    try:
        make_private_folder(folder)
        remove_stale(file for file in folder.glob("digitpad-*") if _is_empty(file))  # of an interrupted save
        paths = _reserve(folder, f"digitpad-{now:%Y%m%d-%H%M%S}", formats)
        _fill(paths, contents)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{folder}: cannot save there ({reason}). Free some space, or choose another folder",
            disk_full_or("fault_save", error),
        ) from None
    return paths


def _frame(ink: Ink, size: tuple[int, int], pen_width: float) -> Box:
    """Return left, top, right, bottom of the drawing: the pad, extended to ink beyond its edge."""
    left, top, right, bottom = box_of(ink)
    rim = pen_width / 2
    return min(0.0, left - rim), min(0.0, top - rim), max(size[0], right + rim), max(size[1], bottom + rim)


def _reserve(folder: Path, stem: str, formats: Sequence[str]) -> list[Path]:
    """Return new files of one name, created empty so that no other process takes it."""
    stems = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    return next(paths for name in stems if _take(paths := [folder / f"{name}.{ending}" for ending in formats]))


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.stat().st_size  # not a broken link


def _take(paths: Sequence[Path]) -> bool:
    """Create all of `paths`, or none if one exists."""
    made = []
    try:
        for path in paths:
            path.open("xb").close()
            made.append(path)
    except OSError as error:
        _remove(made)
        if not isinstance(error, FileExistsError):
            raise
        return False
    return True


def _fill(paths: Sequence[Path], contents: Sequence[bytes]) -> None:
    try:
        for path, content in zip(paths, contents, strict=True):
            write_atomically(path, content, PRIVATE_FILE)
    except BaseException:
        _remove(paths)
        raise


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _png(ink: Ink, frame: Box, pen_width: float, _: Reading) -> bytes:
    """Return a picture, black on white, LONG_SIDE pixels long, lines with round ends and joins."""
    left, top, right, bottom = frame
    scale = LONG_SIDE / max(right - left, bottom - top)
    width, height = (max(1, round(side * scale)) for side in (right - left, bottom - top))
    canvas = Image.new("L", (width * FINE, height * FINE), 255)
    pen = ImageDraw.Draw(canvas)
    for stroke in ink:
        _draw(pen, (stroke - (left, top)) * (scale * FINE), max(FINE, pen_width * scale * FINE))
    file = io.BytesIO()
    canvas.reduce(FINE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(pen: ImageDraw.ImageDraw, stroke: Stroke, width: float) -> None:
    """Draw a line `width` pixels wide with a disc on each point, as Pillow's ends are square."""
    points = [(x, y) for x, y in stroke.tolist()]
    pen.line(points, fill=0, width=round(width))
    for x, y in points:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=0)


def _svg(ink: Ink, frame: Box, pen_width: float, reading: Reading) -> bytes:
    """Return a drawing in the units of the ink, a polyline for each stroke; its title is the reading."""
    left, top, right, bottom = frame
    view = " ".join(f"{side:.6g}" for side in (left, top, right - left, bottom - top))
    x, y, width, height = view.split()
    title = html.escape(escape(reading.text.replace("\n", " ")))
    lines = "".join(f'<polyline points="{_points(stroke)}"/>\n' for stroke in ink)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{view}">\n'
        f"<title>{title}</title>\n"
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="white"/>\n'
        f'<g fill="none" stroke="black" stroke-width="{pen_width:.6g}" stroke-linecap="round" '
        f'stroke-linejoin="round">\n{lines}</g>\n</svg>\n'
    ).encode()


def _points(stroke: Stroke) -> str:
    points = [f"{x:.6g},{y:.6g}" for x, y in stroke.tolist()]
    return " ".join(points if len(points) > 1 else points * 2)  # a single point would not be drawn


def _json(ink: Ink, _frame: Box, _pen_width: float, reading: Reading) -> bytes:
    """Return ink for `recognize`; the reading is its `text`, not its `label`, which would be the truth."""
    return (dump_ink(ink, text=reading.text) + "\n").encode()


WRITERS: dict[str, Callable[[Ink, Box, float, Reading], bytes]] = {"png": _png, "svg": _svg, "json": _json}
