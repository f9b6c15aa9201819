"""What each action does to the state: a file a subject, and an action's name is the method's."""

from typing import TYPE_CHECKING, get_args

from ..actions import Action, Name
from ..pad import Pad
from .digits import Digits
from .files import Files
from .history import History
from .ink import Writing
from .lessons import Lessons
from .panels import Cards
from .practice import Exercises
from .settings import Setting
from .share import Output
from .subject import Subject

if TYPE_CHECKING:
    from ..app import App


class Deeds:
    """All subjects, and what takes several of them."""

    def __init__(self, app: "App") -> None:
        """Act for `app`."""
        self.app = app
        self.lessons = Lessons(app, self)
        self.writing, self.output, self.digits = Writing(app, self), Output(app, self), Digits(app, self)
        self.cards, self.files, self.history = Cards(app, self), Files(app, self), History(app, self)
        self.exercises, self.setting = Exercises(app, self), Setting(app, self)
        subjects: tuple[Subject, ...] = (
            *(self.writing, self.output, self.digits, self.cards),
            *(self.files, self.history, self.exercises, self.setting),
        )
        self.subjects = {name: one for name in get_args(Name) for one in subjects if name in vars(type(one))}

    def do(self, action: Action) -> None:
        """Carry out an action."""
        getattr(self.subjects[action.name], action.name)(action.value)

    def make_room(self) -> None:
        """Wipe the pad for what is opened, which is no exercise."""
        self.app.state.erasing = False
        if self.app.state.exercise:
            self.exercises.practice()
        else:
            self.writing.clear()

    def start_afresh(self) -> None:
        """Leave nothing of a visitor's for the next one."""
        state = self.app.state
        self.make_room()
        state.pad = Pad(newest=state.pad.newest)
        state.read_page = state.pad.page
        state.panels.clear()
        state.toast = None
