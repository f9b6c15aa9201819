"""Errors that a user can cause: each is one line and an exit status; any other exception is a bug."""

import errno


class Notice(str):
    """A message with the key of its short translation for the window."""

    __slots__ = ("key",)
    key: str

    def __new__(cls, text: str, key: str) -> "Notice":
        """Return `text` with its key."""
        notice = super().__new__(cls, text)
        notice.key = key
        return notice


class DigitpadError(Exception):
    """An error that the user can fix; its text says what, where and what next."""

    exit_status = 1
    key = "fault"  # of its short translation

    def __init__(self, text: str = "", key: str = "") -> None:
        """Set the text, and the key if it is not that of the class."""
        super().__init__(text)
        self.key = key or type(self).key

    @property
    def notice(self) -> Notice:
        """The text with its key."""
        return Notice(str(self), self.key)


def disk_full_or(key: str, error: Exception) -> str:
    """Return the key of a full disk if that is the cause of `error`, else `key`."""
    full = getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error)
    return "fault_full" if full else key


class InkError(DigitpadError):
    """Ink is not a list of strokes with finite points."""

    key = "fault_file"


class ImageError(DigitpadError):
    """A picture cannot be opened or is too large."""

    key = "fault_file"


class NoInkError(ImageError):
    """A picture in which no writing is found."""

    key = "fault_no_ink"


class ModelError(DigitpadError):
    """A model file is missing, altered or invalid."""

    key = "fault_model"


class RuntimeMissingError(DigitpadError):
    """No TFLite runtime works here."""

    key = "fault_model"


class DataError(DigitpadError):
    """A labelled data set is missing or invalid."""


class DisplayError(DigitpadError):
    """No window can be opened; a script can tell by the exit status."""

    exit_status = 3


class SettingsError(DigitpadError):
    """Settings or their folders cannot be found or written."""

    key = "fault_settings"


class StoreError(DigitpadError):
    """The history cannot be opened, read or written."""

    key = "fault_history"


class ExportError(DigitpadError):
    """The pad is empty or cannot be saved."""

    key = "fault_save"


class FolderError(DigitpadError):
    """A folder cannot be listed."""

    key = "fault_folder"


class SetupError(DigitpadError):
    """digitpad cannot be installed on this system as requested."""
