"""digitpad: reads handwritten digits and numbers with a full-int8 TFLite network."""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .recognition.recognizer import Recognizer
    from .recognition.results import Digit, Reading

__all__ = ["Digit", "Reading", "Recognizer", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the recogniser on first use: `digitpad --version` needs neither numpy nor a runtime."""
    if name == "Recognizer":
        from .recognition.recognizer import Recognizer

        return Recognizer
    if name in ("Digit", "Reading"):
        from .recognition import results

        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
