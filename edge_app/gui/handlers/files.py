"""Open folders, pictures and ink."""

from itertools import count
from pathlib import Path

import numpy as np

from ...datasets.file_listing import list_folder
from ...datasets.readers import Sample, read_sources
from ...errors import DigitpadError, ImageError, Notice
from ...recognition.ink import Ink
from ..context import Context
from ..state import Picture
from .practice import make_room
from .registry import handles

_PICTURES = count(1)


@handles("folder")
def folder(ctx: Context, path: str) -> None:
    """List a folder."""
    state = ctx.state
    try:
        state.entries, state.folder = list_folder(Path(path)), Path(path)
    except DigitpadError as error:
        ctx.notices.report(error)
    if state.panel:
        state.panel.page = 0


def first_folder(ctx: Context) -> Path:
    """Return the folder to list first: the last one, that of saved pictures, or home."""
    folders = ctx.services.folders
    wanted = [ctx.state.folder, folders.pictures if folders else None, Path.home()]
    return next((folder for folder in wanted if folder and folder.is_dir()), Path("/"))


@handles("file")
def file(ctx: Context, path: str) -> None:
    """Open a picture, or the first sample of a file of ink."""
    state = ctx.state
    state.close_panels()
    sample = next(read_sources([path]), None)
    if sample is None or (isinstance(sample.content, tuple) and not sample.content):
        sample = Sample(path, ImageError("there is nothing in it"))
    content = sample.content
    if isinstance(content, DigitpadError):
        fault = Notice(f"{sample.where}: {content}", content.key)
        ctx.notices.show(state.tr.fault(fault))  # not to the log: file names may be private
        return
    make_room(ctx)
    if isinstance(content, np.ndarray):
        state.picture = Picture(content, next(_PICTURES))
        ctx.reader.submit()
    elif sheet := show_ink(ctx, content):
        ctx.services.recorder.exclude(range(sheet, sheet + 1))  # it already is in a file
    ctx.notices.show(state.tr("opened", name=Path(path).name))


def show_ink(ctx: Context, ink: Ink) -> int | None:
    """Put ink of any scale on the pad, as large as fits; returns the number of its sheet, None for no ink."""
    if not ink:
        return None
    points = np.concatenate(ink)
    width, height = ctx.view.pad_size
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    scale = min(0.8 * width / extent[0], 0.6 * height / extent[1])
    start = (np.array([width, height]) - extent * scale) / 2
    placed = [(stroke - low) * scale + start for stroke in ink]
    lines = (tuple((float(x), float(y)) for x, y in stroke) for stroke in placed)
    sheet = ctx.state.pad.load(lines, (width, height))
    ctx.reader.submit()
    return sheet.number
