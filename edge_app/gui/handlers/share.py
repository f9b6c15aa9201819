"""What leaves the pad."""

from typing import Any

from ...errors import DigitpadError
from ...recognition.model import REJECT
from .subject import Subject


class Output(Subject):
    """What leaves the pad: copied, spoken, saved."""

    def copy(self, _: Any = None) -> None:
        """Put the number on the clipboard."""
        text = self.state.reading.text  # with ? where nothing was read: without it, it would be another number
        self._leave("menu")
        if text.strip(REJECT) and self.services.copy(text):
            self.app.say(self.state.tr("copied", text=text))
        else:
            self.app.say(self.state.tr("nothing_to_copy"))

    def speak(self, _: Any = None) -> None:
        """Read the number aloud."""
        self._leave("menu")
        speaker = self.services.speaker
        if speaker and not speaker.say(self.state.reading.text, self.state.tr.code) and speaker.problem:
            self.app.say(self.state.tr.fault(speaker.problem))

    def save(self, _: Any = None) -> None:
        """Write the pad as PNG, SVG and ink."""
        self._leave("menu")
        if self.services.folders is None or self.state.picture is not None:
            return
        from ...datasets.export import save_pad  # not at import: it needs Pillow

        pad, scale = self.app.layout().pad, self.app.viewport().scale
        size = round(pad.width / scale), round(pad.height / scale)
        try:
            paths = save_pad(
                self.services.folders.pictures,
                self.state.pad.ink(),
                size,
                self.state.reading,
                self.app.layout().pen / scale,
                self.services.now(),
            )
        except DigitpadError as error:
            self._fault(error)
        else:
            self.app.say(self.state.tr("saved", path=paths[0]))
