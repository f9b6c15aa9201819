"""The handlers: functions registered under their action's name, in one module per subject."""

from . import ask, digits, files, history, ink, layers, panels, practice, settings, share
from .registry import HANDLERS, dispatch

__all__ = ["HANDLERS", "ask", "digits", "dispatch", "files", "history", "ink", "layers", "panels", "practice"]
__all__ += ["settings", "share"]
