"""What was read before, and what was learned."""

from pathlib import Path
from typing import Any

from ...errors import DigitpadError
from ...storage.paths import make_private_folder
from ..views.history import per_page
from ..views.layout import Area
from ..views.parts import card_area, framed
from .subject import Subject


class History(Subject):
    """Pages that were read before, and lessons."""

    def entry(self, number: int) -> None:
        """Show one page of the history."""
        self.deeds.cards.open("entry", number)

    def restore(self, number: int) -> None:
        """Put a page of the history on the pad."""
        page = next((page for page in self.state.pages if page.id == number), None)
        if page is None:
            return
        self._close_panels()
        try:
            ink = page.ink
        except DigitpadError as error:
            self._fault(error)
            return
        self.deeds.make_room()
        if sheet := self.deeds.files.show_ink(ink):
            self.services.keeper.restored(sheet, number, self.state.pad.ink())
            self.app.changed()

    def keypad(self, _: Any = None) -> None:
        """Ask what a page of the history really says."""
        self.deeds.cards.open("keypad", "")

    def backspace(self, _: Any = None) -> None:
        """Take back the last digit typed."""
        panel = self.state.panel
        if panel and panel.name == "keypad":
            panel.value = str(panel.value or "")[:-1]

    def typed(self, _: Any = None) -> None:
        """Take what was typed for the page that is shown below."""
        panels = self.state.panels
        if len(panels) < 2 or panels[-1].name != "keypad" or panels[-2].name != "entry" or not panels[-1].value:
            return
        number, text = panels[-2].value, str(panels.pop().value)
        self._stored(lambda: self.services.keeper.store.correct_page(int(number or 0), text))
        self.load_pages()

    def delete(self, number: int) -> None:
        """Delete a page of the history."""
        if self._stored(lambda: self.services.keeper.store.delete_page(number)):
            self.services.keeper.deleted(number)
        self._leave("entry")
        self.load_pages()

    def export(self, _: Any = None) -> None:
        """Write what was labelled as ink lines for training."""
        if self.services.folders is None:
            return
        path = self.services.folders.pictures / f"digitpad-{self.services.now():%Y%m%d-%H%M%S}.jsonl"

        def job() -> None:
            make_private_folder(path.parent)
            count = self.services.keeper.store.export(path)
            say = self.state.tr
            self.app.say(say("exported", count=count, path=path) if count else say("examples_none"))

        self._stored(job)

    def forget(self, _: Any = None) -> None:
        """Delete history and lessons."""
        self._close_panels()
        left: list[Path] = []
        if not self._stored(lambda: left.extend(self.services.forget_everything())):
            return
        self.services.keeper.forgotten(self.state.pad.newest)
        with self.services.worker.exclusive():
            self.services.learner.attach(self.services.learner.classifier)
            self.lessons.clear_cache()
        names = ", ".join(path.name for path in left)  # damaged files, set aside: the owner's to delete
        self.app.say(self.state.tr("forgotten") + (f" ({names})" if names else ""))
        self.app.changed()

    def unlearn(self, number: int) -> None:
        """Forget one example."""
        with self.services.worker.exclusive():
            self.services.learner.remove(number)
            self.lessons.clear_cache()
        self.state.examples = self.services.learner.shown()
        self.app.changed()

    def load_pages(self) -> None:
        """Fetch the pages that the list shows now, where it is open."""
        panel = next((panel for panel in reversed(self.state.panels) if panel.name == "history"), None)
        if panel is None:
            return
        self.services.keeper.flush()
        each = per_page(self.app.metrics, self._history_body())

        def job() -> None:
            store = self.services.keeper.store
            self.state.page_count = store.count_pages()
            panel.page = min(panel.page, max(0, -(-self.state.page_count // each) - 1))
            self.state.pages = store.pages(each, panel.page * each)

        begun = len(self.services.keeper.store.notices)
        if not self._stored(job) and len(self.services.keeper.store.notices) > begun:
            self._stored(job)  # of the file that was begun anew

    def _history_body(self) -> Area:
        return framed(self.state, "", self.app.metrics, card_area(self.app.metrics))[0]
