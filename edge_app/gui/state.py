"""Everything that the window shows: handlers change it, views only read it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..datasets.file_listing import Entry
from ..i18n import Language
from ..personal.practice import Demonstration, Judgement, Practice
from ..recognition.pictures import Coverage
from ..recognition.results import Digit, Reading
from ..storage.history import StoredPage
from ..storage.settings import Settings
from .actions import Action
from .layer_maps import Maps
from .pad import Pad, Page
from .question import Question
from .side_by_side import Verdict


@dataclass
class Panel:
    """An open panel: its name, its subject (a digit's number, a page's id), and the page of its list."""

    name: str
    value: int | str | None = None
    page: int = 0


@dataclass
class Exercise:
    """A running exercise, with its judgement and its demonstration."""

    practice: Practice
    judged: Judgement | None = None
    shown: Demonstration | None = None
    shown_since: int = 0  # milliseconds


@dataclass
class Picture:
    """An opened picture, shown instead of the ink, with the corrections of its digits."""

    coverage: Coverage
    number: int  # counts the opened pictures
    labels: dict[int, str] = field(default_factory=dict)


@dataclass
class State:
    """The state of the window."""

    settings: Settings
    tr: Language
    languages: dict[str, str]
    pad: Pad = field(default_factory=Pad)
    picture: Picture | None = None
    reading: Reading = field(default_factory=Reading)
    read_page: Page | None = field(default_factory=Page)  # the page that `reading` is of
    live: Reading | None = None  # including the stroke under the pen
    verdict: Verdict | None = None
    running: bool = True
    comparing: bool = False
    erasing: bool = False
    exercise: Exercise | None = None
    question: Question | None = None  # asked by a script
    answer: str | None = None  # to the question
    panels: list[Panel] = field(default_factory=list)
    keep_question: Literal["none", "later", "now"] = "none"  # whether to keep pages: asked after the first one
    heat: dict[int, bytes] = field(default_factory=dict)  # occlusion maps of the reading's digits
    layers: tuple[Maps, ...] = ()  # of the digit written last: its image, then each layer
    message: str | None = None  # an error, shown instead of the number
    toast: str | None = None  # a short notice
    focus: Action | None = None
    focus_seen: bool = False  # true while the keyboard is used
    pressed: Action | None = None
    held: float = 0.0  # share of the time for which a button must be held
    can_speak: bool = False
    light: Literal["on", "dim", "off"] = "on"  # of a kiosk's screen
    pages: list[StoredPage] = field(default_factory=list)  # on the history panel now
    page_count: int = 0
    examples: list[tuple[int, str, bytes, bool]] = field(default_factory=list)  # id, label, image, in use
    folder: Path | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def panel(self) -> Panel | None:
        """The panel on top."""
        return self.panels[-1] if self.panels else None

    def top_panel(self, name: str) -> Panel | None:
        """Return the panel on top if it has this name."""
        return self.panel if self.panel and self.panel.name == name else None

    def open_panel(self, name: str, value: int | str | None = None) -> bool:
        """Open a panel on top of the others, in place of the menu; returns False if it was on top already."""
        self.close_panel("menu")
        if self.top_panel(name):
            return False
        self.panels.append(Panel(name, value))
        return True

    def close_panel(self, name: str) -> None:
        """Close a panel if it is on top."""
        if self.top_panel(name):
            self.panels.pop()

    def close_panels(self) -> None:
        """Close all panels."""
        self.panels.clear()

    def forget_visitor(self) -> None:
        """Remove all traces of a kiosk's visitor, including undo."""
        self.pad = Pad(newest=self.pad.newest)
        self.read_page = self.pad.page
        self.panels.clear()
        self.toast = None

    @property
    def asks_to_keep(self) -> bool:
        """Whether the question what is kept is shown now."""
        return self.keep_question == "now" and self.exercise is None

    @property
    def teaches(self) -> bool:
        """Whether corrections are learned; those of a kiosk's visitors only change the page."""
        return self.settings.learn and not self.settings.kiosk

    @property
    def shows_layers(self) -> bool:
        """Whether the layers belong beside the pad; never those of an answer that nobody else is to see."""
        return self.settings.layers and self.exercise is None and self.question is None

    @property
    def is_read(self) -> bool:
        """Whether the reading is that of the current page."""
        return self.picture is not None or self.read_page is self.pad.page

    @property
    def shown(self) -> Reading:
        """The reading to show: the live one while a stroke is written, if there is one."""
        return self.live if self.live is not None and self.pad.current else self.reading

    def digit(self, number: int) -> Digit | None:
        """Return a digit of the reading, or None if that has changed meanwhile."""
        return self.reading.digits[number] if 0 <= number < len(self.reading.digits) else None
