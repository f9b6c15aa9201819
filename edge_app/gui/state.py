"""All that the window shows, in one place: actions change it, drawing only looks at it."""

from dataclasses import dataclass, field
from pathlib import Path

from ..datasets.file_listing import Entry
from ..i18n import Language
from ..personal.practice import Demonstration, Judgement, Practice
from ..recognition.pictures import Coverage
from ..recognition.results import Digit, Reading
from ..storage.history import StoredPage
from ..storage.settings import Settings
from .actions import Action
from .pad import Pad, Page
from .side_by_side import Verdict


@dataclass
class Panel:
    """What lies over the pad: which it is, what it is about, and the page that is shown."""

    name: str
    value: int | str | None = None
    page: int = 0


@dataclass
class Exercise:
    """Practice under way: what was asked, how it went, and the demonstration while it runs."""

    practice: Practice
    judged: Judgement | None = None
    shown: Demonstration | None = None
    shown_since: int = 0  # milliseconds


@dataclass
class Picture:
    """An opened picture instead of ink, and what was said of its digits."""

    coverage: Coverage
    number: int  # of the pictures that were opened
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
    read_page: Page | None = field(default_factory=Page)  # what `reading` is the reading of
    live: Reading | None = None  # of the strokes with the one under the pen
    verdict: Verdict | None = None
    running: bool = True
    comparing: bool = False
    erasing: bool = False
    exercise: Exercise | None = None
    panels: list[Panel] = field(default_factory=list)
    heat: dict[int, bytes] = field(default_factory=dict)  # occlusion maps of the reading's digits
    message: str | None = None  # a fault, in place of the number
    toast: str | None = None  # a short notice
    focus: Action | None = None
    focus_seen: bool = False  # by keyboard only
    pressed: Action | None = None
    held: float = 0.0  # share of the time that a press must last
    can_speak: bool = False
    in_use: bool = False  # a kiosk that was touched not long ago: its screen stays on
    pages: list[StoredPage] = field(default_factory=list)  # of the history panel
    page_count: int = 0
    examples: list[tuple[int, str, bytes, bool]] = field(default_factory=list)  # id, label, image, in use
    folder: Path | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def panel(self) -> Panel | None:
        """The panel on top."""
        return self.panels[-1] if self.panels else None

    def top_panel(self, name: str) -> Panel | None:
        """Return the panel on top if it is this one."""
        return self.panel if self.panel and self.panel.name == name else None

    def open_panel(self, name: str, value: int | str | None = None) -> bool:
        """Open a panel over what is there, in place of the menu; returns whether it was not on top already."""
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
        """Close all panels but the question about privacy, which must be answered."""
        self.panels[:] = [panel for panel in self.panels if panel.name == "privacy"]

    def forget_visitor(self) -> None:
        """Leave nothing of a kiosk's visitor, who cannot undo the next one's writing either."""
        self.pad = Pad(newest=self.pad.newest)
        self.read_page = self.pad.page
        self.panels.clear()
        self.toast, self.in_use = None, False

    @property
    def teaches(self) -> bool:
        """Whether corrections teach; a kiosk's visitors correct the page alone."""
        return self.settings.learn and not self.settings.kiosk

    @property
    def is_read(self) -> bool:
        """Whether the reading is that of the finished strokes on the pad now."""
        return self.picture is not None or self.read_page is self.pad.page

    @property
    def shown(self) -> Reading:
        """The reading to show: of the stroke being written where that is read along."""
        return self.live if self.live is not None and self.pad.current else self.reading

    def digit(self, number: int) -> Digit | None:
        """Return a digit of the reading; None where that has changed meanwhile."""
        return self.reading.digits[number] if 0 <= number < len(self.reading.digits) else None
