"""What is opened: folders, pictures, ink."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...datasets.file_listing import list_folder
from ...datasets.readers import Sample, read_sources
from ...errors import DigitpadError, ImageError, Notice
from ...recognition.ink import Ink, Stroke
from ..pad import Line
from ..state import Picture
from .subject import Subject

if TYPE_CHECKING:
    from ..app import App
    from . import Deeds


class Files(Subject):
    """Folders, and what is in the files of them; ink is put on the pad for the history, too."""

    def __init__(self, app: "App", deeds: "Deeds") -> None:
        """Have opened nothing yet."""
        super().__init__(app, deeds)
        self._pictures = count(1)

    def folder(self, path: str) -> None:
        """Show a folder."""
        try:
            self.state.entries = list_folder(Path(path))
            self.state.folder = Path(path)
        except DigitpadError as error:
            self._fault(error)
        if self.state.panel:
            self.state.panel.page = 0

    def file(self, path: str) -> None:
        """Open a file of ink, of which the first sample is shown, or a picture."""
        self._close_panels()
        sample = next(read_sources([path]), None)
        if sample is None or (isinstance(sample.content, tuple) and not sample.content):
            sample = Sample(path, ImageError("there is nothing in it"))
        content = sample.content
        if isinstance(content, DigitpadError):
            said = Notice(f"{sample.where}: {content}", content.key)
            self.app.say(self.state.tr.fault(said))  # not to the log: what a file is called may be private
            return
        self.deeds.make_room()
        if isinstance(content, np.ndarray):
            self.state.picture = Picture(content, next(self._pictures))
            self.app.changed()
        elif sheet := self.show_ink(content):
            self.services.keeper.leave_out(range(sheet, sheet + 1))  # it has a file of its own
        self.app.say(self.state.tr("opened", name=Path(path).name))

    def show_ink(self, ink: Ink) -> int | None:
        """Put ink of any scale on the pad, as large as fits; returns the number of its sheet, None for no ink."""
        if not ink:
            return None
        points = np.concatenate(ink)
        pad = self.app.layout().pad
        low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
        scale = min(0.8 * pad.width / extent[0], 0.6 * pad.height / extent[1])
        start = (np.array([pad.width, pad.height]) - extent * scale) / 2
        placed = [(stroke - low) * scale + start for stroke in ink]
        sheet = self.state.pad.load(_lines(placed), (pad.width, pad.height))
        self.app.changed()
        return sheet.number


def _lines(ink: Sequence[Stroke]) -> tuple[Line, ...]:
    return tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in ink)
