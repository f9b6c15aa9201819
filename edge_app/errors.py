"""What a user can cause: each prints one line and sets the exit status; any other exception is a bug."""


class DigitpadError(Exception):
    """A fault that a user can mend; its text says what, where and what next."""

    exit_status = 1


class InkError(DigitpadError):
    """Ink that is not strokes of finite points."""


class ImageError(DigitpadError):
    """A picture that cannot be opened or is beyond the limits."""


class ModelError(DigitpadError):
    """A model file that is missing, altered or of the wrong kind."""


class RuntimeMissingError(DigitpadError):
    """No TFLite interpreter could be built here."""


class DataError(DigitpadError):
    """A labelled data set that is missing or not what it claims to be."""


class DisplayError(DigitpadError):
    """No window can be opened here; its own status lets a script choose another way."""

    exit_status = 3


class SettingsError(DigitpadError):
    """Settings or folders that cannot be written or found."""


class StoreError(DigitpadError):
    """A history that cannot be opened, read or written."""


class ExportError(DigitpadError):
    """A pad that is empty or cannot be saved."""


class FolderError(DigitpadError):
    """A folder that cannot be listed."""


class SetupError(DigitpadError):
    """A system, or a folder of one, on which digitpad cannot be set up as asked."""
