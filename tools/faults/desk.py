"""The window's own program with a hand that writes, corrects, forgets, saves and sets; says what the screen confirms.

`python -m tools.faults.desk SEED COUNT` does so many things below DIGITPAD_HOME. The screen confirms

- a page by the wiped pad, and by its line in the history with what was read and what it really says;
- a lesson by the notice that it was noted, an exported file and a saved picture by the notice that names them,
- that all is forgotten by the notice of that, and a setting by being shown without a complaint.

What is confirmed then is all that the app's own connection holds.
"""

import os
import random
import sys
from collections.abc import Callable
from typing import Any

from edge_app.datasets.readers import bundled_samples
from edge_app.storage.paths import find_paths
from edge_app.storage.settings import OPTIONS
from tools.bench.hand import Hand, run_with
from tools.bench.samples import placed

from .ledger import Facts, Ledger, did, facts_of, lie, short, told, will
from .scribe import Say, teller

CHANGED = [
    name for name, option in OPTIONS.items() if option.choices and name not in ("history", "kiosk", "fullscreen")
]
SIZE = (480, 320)  # of the window: less to draw


class Desk:
    """Does things in the window by chance, one after the other."""

    def __init__(self, hand: Hand, rng: random.Random, say: Say) -> None:
        """Let `hand` do them; lines go to `say`."""
        self.hand, self.rng, self.say = hand, rng, say
        self.facts: Facts = {}  # as the app's connection saw them last
        self.complained = False  # since the last confirmation
        self.about = Ledger()  # what is about to change
        hand.app.services.note = self._note
        self.deeds: list[Callable[[], None]] = [
            *[self.write_page] * 4,
            *[self.teach] * 3,
            *[self.set] * 2,
            *[self.correct, self.delete, self.save, self.export],
        ]
        hand.await_model()
        self.confirm()

    def do_something(self) -> None:
        """Do one thing; all is forgotten only now and then."""
        self.rng.choice([*self.deeds, *self.deeds, self.forget])()

    def write_page(self) -> None:
        """Write a number and wipe the pad."""
        self._will()
        self._write()
        self.hand.do("clear")
        self.confirm()

    def teach(self) -> None:
        """Write a number, correct its first digit, wipe the pad; undo takes the lesson back at times."""
        self._will("example *")
        self._write()
        self.hand.do("digit_panel", 0)
        label = self.rng.choice("0123456789?")
        known = set(self.facts)
        self.hand.do("label", label)
        said = self._claims("learned_reject") or self._claims("learned", digit=label)
        claimed = said and self.hand.app.services.keeper.store.path
        self.confirm()
        if claimed and not any(name.startswith("example") for name in set(self.facts) - known):
            self.say(lie(f"said to have learned a {label}, and kept nothing"))
        if self.rng.random() < 0.3:
            self._will("example *")
            self.hand.do("undo")
            self.confirm()
        self._will()
        self.hand.do("clear")
        self.confirm()

    def correct(self) -> None:
        """Type what a page of the history really says."""
        if number := self._listed_page():
            self._will(f"page {number}")
            self.hand.do("entry", number)
            self.hand.do("keypad")
            for digit in str(self.rng.randrange(10**6)):
                self.hand.do("digit", digit)
            self.hand.do("typed")
            self.confirm()
        self._close_panels()

    def delete(self) -> None:
        """Delete a page of the history."""
        if number := self._listed_page():
            self._will(f"page {number}")
            self.hand.do("entry", number)
            self.hand.do("delete", number)
            self.confirm()
        self._close_panels()

    def forget(self) -> None:
        """Forget everything."""
        self._will("page *", "example *")
        self.hand.do("forget")
        claimed = self._claims("forgotten")
        self.confirm()
        if claimed and self.facts:
            self.say(lie(f"said to have forgotten everything, and kept {len(self.facts)} things"))

    def set(self) -> None:
        """Change a setting."""
        name = self.rng.choice(CHANGED)
        value = self.rng.choice(OPTIONS[name].choices)
        self._will(f"setting {name}")
        self.hand.do("set", (name, value))
        self.confirm({f"setting {name}": value})

    def save(self) -> None:
        """Save what is on the pad as files."""
        self._will()
        self._write()
        self.hand.do("save")
        self.confirm(self._files_named())
        self.hand.do("clear")
        self.confirm()

    def export(self) -> None:
        """Write what was labelled as a file."""
        self._will()
        self.hand.do("export")
        self.confirm(self._files_named())

    def confirm(self, more: Facts | None = None) -> None:
        """Say what holds now: what the store has, and `more` unless the window complained meanwhile."""
        before, complained = self.facts, self.complained
        self.hand.have(self._look)
        changed = {
            name: self.facts.get(name) for name in {*self.facts, *before} if self.facts.get(name) != before.get(name)
        }
        gone = [name for name in before if name not in self.facts and not self.about.is_changing(name)]
        if gone and not self.complained:
            self.say(lie(f"{', '.join(gone)} vanished without a word"))
        self.complained = False
        self.say(did({**changed, **({} if complained else more or {})}))

    def _will(self, *names: str) -> None:
        """Say what is about to change; the page on the pad always may, when it has lain there for a while."""
        pages = [int(name.split()[1]) for name in self.facts if name.startswith("page")]
        self.about = Ledger(changing=(*names, *(f"page {number}" for number in sorted(pages)[-1:])))
        self.say(will(*self.about.changing))

    def _look(self) -> None:
        store = self.hand.app.services.keeper.store
        if store.path:  # in memory alone nothing is promised, and the owner has been told
            self.facts = facts_of(store)

    def _claims(self, name: str, **named: Any) -> bool:
        """Return whether the notice that is shown is this one of the language."""
        return self.hand.app.state.toast == self.hand.app.state.tr(name, **named)

    def _note(self, text: str) -> None:
        self.complained = True
        self.say(told(text))

    def _write(self) -> None:
        hand = self.hand
        ink = self.rng.choice(INKS)
        hand.write(placed(ink, hand.app.layout().pad, self.rng), rate=None)
        hand.forget()

    def _listed_page(self) -> int | None:
        """Open the history; returns a page of its list."""
        self.hand.do("open", "history")
        pages = self.hand.app.state.pages
        return self.rng.choice(pages).id if pages else None

    def _close_panels(self) -> None:
        while self.hand.app.state.panels:
            self.hand.do("escape")

    def _files_named(self) -> Facts:
        """Return the files that the notice names: a picture stands for the drawing and the ink beside it."""
        toast, folders = self.hand.app.state.toast or "", self.hand.app.services.folders
        assert folders
        there = folders.pictures.glob("[!.]*")
        named = [file for file in there if file.name in toast or file.with_suffix(".png").name in toast]
        return {f"file {file.name}": short(file.read_bytes()) for file in named}


INKS = [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple) and len(sample.content) < 4]


def script(seed: int, count: int) -> Callable[[Hand], dict[str, Any]]:
    """Return what a hand shall do."""

    def act(hand: Hand) -> dict[str, Any]:
        desk = Desk(hand, random.Random(seed), teller())
        for _ in range(count):
            desk.do_something()
        return {}

    return act


def main(seed: str, count: str) -> None:
    """Open the window and do so many things in it."""
    folders = find_paths()
    if not folders.settings_file.exists():
        folders.config.mkdir(parents=True, exist_ok=True)
        folders.settings_file.write_text('history = "on"\n')
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    run_with(script(int(seed), int(count)), SIZE)


if __name__ == "__main__":
    main(*sys.argv[1:])
