"""The handlers: functions registered under their action's name, in one module per subject."""

from . import digits, files, history, ink, panels, practice, settings, share
from .registry import HANDLERS, dispatch

__all__ = ["HANDLERS", "digits", "dispatch", "files", "history", "ink", "panels", "practice", "settings", "share"]
