"""What lies over the pad, and what the keyboard acts on."""

from pathlib import Path
from typing import Any

from ..actions import Action
from ..state import Panel
from .subject import Subject


class Cards(Subject):
    """What lies over the pad, and the way through it by keyboard."""

    def open(self, name: str, value: int | str | None = None) -> None:
        """Open a panel over what is there; the menu makes way for it."""
        self._leave("menu")
        if self.state.panel and self.state.panel.name == name:
            return
        self.state.panels.append(Panel(name, value))
        if name == "history":
            self.deeds.history.load_pages()
        elif name == "hand":
            self.state.examples = self.services.learner.shown()
        elif name == "files":
            self.deeds.files.folder(str(self._first_folder()))

    def escape(self, _: Any = None) -> None:
        """Close what is on top, or leave the exercise; on the pad it does nothing, as fingers are used to it."""
        state = self.state
        if state.panel:
            state.panels.pop()
        elif state.exercise:
            self.deeds.exercises.practice()

    def turn(self, step: int) -> None:
        """Turn the page of a panel, where its buttons can."""
        panel = self.state.panel
        buttons = [widget.takes for widget in self.app.scene().card]
        if panel and any(action and action.name == "turn" and action.value == step for action in buttons):
            panel.page += step
            if panel.name == "history":
                self.deeds.history.load_pages()

    def focus(self, step: int) -> None:
        """Move the keyboard's focus to the next thing that can be pressed."""
        scene = self.app.scene()
        takers = [widget.takes for widget in (scene.card or scene.widgets) if widget.takes and not widget.hold]
        actions = list(dict.fromkeys(takers))  # two may do the same
        if not actions:
            return
        at = actions.index(self.state.focus) if self.state.focus in actions else -1 if step > 0 else 0
        self.state.focus = actions[(at + step) % len(actions)]
        self.state.focus_seen = True

    def press(self, _: Any = None) -> None:
        """Press what has the focus."""
        focus, panel, before = self.state.focus, self.state.panel, self._takers()
        if panel and panel.name == "keypad" and not self.state.focus_seen:
            self.deeds.history.typed()
            return
        if not self.state.focus_seen or focus is None or focus not in before:
            return
        self.app.do(focus)
        after = self._takers()
        if self.state.panel is panel and len(after) == len(before) and focus not in after:
            self.state.focus = after[before.index(focus)]  # a switch: pressed again, it does something else

    def _takers(self) -> list[Action | None]:
        scene = self.app.scene()
        return [widget.takes for widget in scene.card or scene.widgets]

    def quit(self, _: Any = None) -> None:
        """End; in a kiosk, only after a button was held."""
        if self.state.settings.kiosk:
            self.open("quit")
        else:
            self.leave()

    def leave(self, _: Any = None) -> None:
        """End."""
        self.app.running = False

    def _first_folder(self) -> Path:
        """Return the folder to begin with: where was opened last, where pictures are saved, or home."""
        wanted = [self.state.folder, self.services.folders.pictures if self.services.folders else None, Path.home()]
        return next((folder for folder in wanted if folder and folder.is_dir()), Path("/"))
