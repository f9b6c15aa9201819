"""What each action does: a file a subject, each handler a function that registers itself under the action's name."""

from . import digits, files, history, ink, panels, practice, settings, share
from .registry import HANDLERS, dispatch

__all__ = ["HANDLERS", "digits", "dispatch", "files", "history", "ink", "panels", "practice", "settings", "share"]
