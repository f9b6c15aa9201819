"""What a user can cause: each prints one line and sets the exit status; any other exception is a bug."""

import errno


class Notice(str):
    """A sentence for the owner; `key` names the text that says it short in the window's languages."""

    __slots__ = ("key",)
    key: str

    def __new__(cls, text: str, key: str) -> "Notice":
        """Make a sentence with its key."""
        notice = super().__new__(cls, text)
        notice.key = key
        return notice


class DigitpadError(Exception):
    """A fault that a user can mend; its text says what, where and what next."""

    exit_status = 1
    key = "fault"  # of the text that says it short in the window's languages

    def __init__(self, text: str = "", key: str = "") -> None:
        """Say `text`; `key` where it is another than that of all errors of its kind."""
        super().__init__(text)
        self.key = key or type(self).key

    @property
    def notice(self) -> Notice:
        """The sentence with its key."""
        return Notice(str(self), self.key)


def room_or(key: str, error: Exception) -> str:
    """Return the key of a full disk where that is the reason, else `key`."""
    full = getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error)
    return "fault_full" if full else key


class InkError(DigitpadError):
    """Ink that is not strokes of finite points."""

    key = "fault_file"


class ImageError(DigitpadError):
    """A picture that cannot be opened or is beyond the limits."""

    key = "fault_file"


class ModelError(DigitpadError):
    """A model file that is missing, altered or of the wrong kind."""

    key = "fault_model"


class RuntimeMissingError(DigitpadError):
    """No TFLite interpreter could be built here."""

    key = "fault_model"


class DataError(DigitpadError):
    """A labelled data set that is missing or not what it claims to be."""


class DisplayError(DigitpadError):
    """No window can be opened here; its own status lets a script choose another way."""

    exit_status = 3


class SettingsError(DigitpadError):
    """Settings or folders that cannot be written or found."""

    key = "fault_settings"


class StoreError(DigitpadError):
    """A history that cannot be opened, read or written."""

    key = "fault_history"


class ExportError(DigitpadError):
    """A pad that is empty or cannot be saved."""

    key = "fault_save"


class FolderError(DigitpadError):
    """A folder that cannot be listed."""

    key = "fault_folder"


class SetupError(DigitpadError):
    """A system, or a folder of one, on which digitpad cannot be set up as asked."""
