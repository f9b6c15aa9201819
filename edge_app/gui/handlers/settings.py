"""The settings."""

from dataclasses import replace
from typing import Any

from ...errors import DigitpadError
from ...i18n import available_languages, load_language
from .subject import Subject


class Setting(Subject):
    """The settings."""

    def set(self, change: tuple[str, Any]) -> None:
        """Change a setting, for now and for later."""
        name, value = change
        state = self.state
        state.settings = replace(state.settings, **{name: value})
        notices: list[str] = []
        if self.services.write_settings:
            try:
                notices += self.services.write_settings({name: value})
            except DigitpadError as error:
                notices.append(state.tr("saved_settings_not", reason=error))
        if name == "language":
            folder = self.services.folders.config / "languages" if self.services.folders else None
            state.tr, problems = load_language(value, folder)
            state.languages = available_languages(folder)
            notices += problems
        elif name == "history":
            state.panels[:] = [panel for panel in state.panels if panel.name != "privacy"]
            notices += self.services.keep_history(value == "on")
            with self.services.worker.exclusive():
                self.lessons.clear_cache()
            self.app.changed()
        elif name == "learn":
            with self.services.worker.exclusive():
                if self.services.learner.classifier:
                    self.services.learner.classifier.enabled = value
                self.lessons.clear_cache()
            self.app.changed()
        self.app.resize(self.app.surface)
        for notice in notices:
            self.app.report(notice)

    def fullscreen(self, _: Any = None) -> None:
        """Fill the screen, or not."""
        self._leave("menu")
        self.set(("fullscreen", not self.state.settings.fullscreen))
