"""What each action does to the state; an action's name is the method's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..errors import DigitpadError, ImageError, StoreError
from ..ink import Ink, Stroke, make_ink
from ..language import available_languages, load_language
from ..modelfile import REJECT
from ..occlusion import occlusion_map
from ..pad import Line, Pad, Page
from ..picker import list_folder
from ..practice import Practice, demonstration, labelled_glyphs
from ..reading import Digit, Pin, Reading
from ..sources import Sample, read_sources
from .actions import Action
from .layout import Area
from .learning import Key
from .panels.digit import best_of
from .panels.history import per_page
from .panels.parts import card_area, framed
from .state import Exercise, Panel, Picture

if TYPE_CHECKING:
    from .app import App

LONGEST = 12  # digits that can be typed

Keys: TypeAlias = set[Key]


class Deeds:
    """The actions; what they need beside the state is in `app`."""

    def __init__(self, app: "App") -> None:
        """Act for `app`."""
        self.app = app
        self.state = app.state
        self.services = app.services
        self._pictures = count(1)

    # Writing

    def undo(self, _: Any = None) -> None:
        """Take the last change back, and what it taught."""
        if self.state.panel and self.state.panel.name == "keypad":
            self.rub()
            return
        picture = self.state.picture
        if picture is not None and picture.labels:
            number, _ = picture.labels.popitem()
            self._relearn({_picture_key(picture, number)}, set())
            self._changed_back()
            return
        before = self.state.pad.page
        if self.state.pad.undo():
            self.state.picture = None  # it took the place of what comes back
            gone, come = _difference(before, self.state.pad.page)
            self._relearn(gone, come)
            self._changed_back()

    def redo(self, _: Any = None) -> None:
        """Make the undone change again, and teach it again."""
        before = self.state.pad.page
        if self.state.pad.redo():
            gone, come = _difference(before, self.state.pad.page)
            corrected = {strokes for strokes, _ in come}  # what goes with its ink has been learned all the same
            self._relearn({key for key in gone if key[0] in corrected}, come)
            self._changed_back()

    def _changed_back(self) -> None:
        self._close_panels()
        self.app.changed()

    def clear(self, _: Any = None) -> None:
        """Wipe the pad; the page is stored."""
        self.app.after("speak", None)
        self.app.finish()
        self.services.keeper.flush()
        self.state.picture = None
        if self.state.exercise:
            self.state.exercise.judged = None  # asked again
        if self.state.pad.clear() or self.state.reading.digits:
            self.app.changed()

    def erase(self, _: Any = None) -> None:
        """Take up the eraser, or the pen again."""
        self.state.erasing = not self.state.erasing
        self._leave("menu")

    def compare(self, _: Any = None) -> None:
        """Show float beside int8, or one reading again; what is written is read anew."""
        self.state.comparing = not self.state.comparing
        with self.services.worker.alone():
            self.services.duel.forget_fault()
        self._leave("menu")
        self.app.changed()

    def copy(self, _: Any = None) -> None:
        """Put the number on the clipboard."""
        text = self.state.reading.text  # with ? where nothing was read: without it, it would be another number
        self._leave("menu")
        if text.strip(REJECT) and self.services.copy(text):
            self.app.say(self.state.say("copied", text=text))
        else:
            self.app.say(self.state.say("nothing_to_copy"))

    def speak(self, _: Any = None) -> None:
        """Read the number aloud."""
        self._leave("menu")
        speaker = self.services.speaker
        if speaker and not speaker.say(self.state.reading.text, self.state.say.code) and speaker.problem:
            self.app.say(speaker.problem)

    def save(self, _: Any = None) -> None:
        """Write the pad as PNG, SVG and ink."""
        self._leave("menu")
        if self.services.folders is None or self.state.picture is not None:
            return
        from ..export import save_pad  # not at import: it needs Pillow

        pad, scale = self.app.layout().pad, self.app.viewport().scale
        size = round(pad.width / scale), round(pad.height / scale)
        try:
            paths = save_pad(
                self.services.folders.pictures,
                self.state.pad.ink(),
                size,
                self.state.reading,
                self.app.layout().pen / scale,
                self.services.now(),
            )
        except DigitpadError as error:
            self._fault(error)
        else:
            self.app.say(self.state.say("saved", path=paths[0]))

    # Digits

    def look(self, _: Any = None) -> None:
        """Show what the network sees of the first digit."""
        if self.state.reading.digits:
            self._leave("menu")
            self.digit_panel(0)

    def digit_panel(self, number: int) -> None:
        """Show a digit with its alternatives."""
        self.open("digit", number)

    def neighbour(self, step: int) -> None:
        """Go on to the next digit."""
        panel = self.state.panel
        if panel and panel.name == "digit" and self.state.digit(int(panel.value or 0) + step):
            panel.value = int(panel.value or 0) + step

    def digit(self, name: str) -> None:
        """Take a digit key: the correction of a digit, or a digit typed."""
        panel = self.state.panel
        if panel and panel.name == "digit":
            self.label(name)
        elif panel and panel.name == "keypad" and len(str(panel.value or "")) < LONGEST:
            panel.value = f"{panel.value or ''}{name}"

    def label(self, name: str) -> None:
        """Correct the digit of the panel: it counts at once, for this page and for what comes."""
        panel = self.state.panel
        if panel is None or panel.name != "digit":
            return
        number, state = int(panel.value or 0), self.state
        digit = state.digit(number)
        self._leave("digit")
        if digit is None or not state.is_read:
            return
        if state.picture is not None:
            state.picture.labels.pop(number, None)  # the last one said is the first to be taken back
            state.picture.labels[number] = name
            self._learn(_picture_key(state.picture, number), digit, name)
        else:
            before = state.pad.page
            if state.pad.correct(state.reading, number, name):
                self._relearn(_difference(before, state.pad.page)[0], set())  # what was said of it before
                self._learn(_key(state.pad.page, state.pad.page.pins[-1]), digit, name)
        self.app.changed()

    def split(self, number: int) -> None:
        """Take a digit for two."""
        digit, recognizer = self.state.digit(number), self.app.recognizer
        if digit is None or recognizer is None or not self.state.is_read or not digit.parts:
            return
        with self.services.worker.alone():
            halves = recognizer.split(digit.parts)
        if halves and self.state.pad.split(self.state.reading, number, halves):
            self._leave("digit")
            self.app.changed()

    def join(self, number: int) -> None:
        """Take a digit and its right neighbour for one."""
        if self.state.is_read and self.state.pad.join(self.state.reading, number):
            self._leave("digit")
            self.app.changed()

    def map(self, number: int) -> None:
        """Show what mattered for a digit, or hide it again."""
        digit, recognizer, reading = self.state.digit(number), self.app.recognizer, self.state.reading
        if self.state.heat.pop(number, None) or digit is None or recognizer is None or digit.image is None:
            return
        image, best = digit.image, best_of(digit)

        def job() -> tuple[Reading, int, bytes]:
            heat = occlusion_map(recognizer.classifier, image, best)
            return reading, number, np.rint(heat * 255).astype(np.uint8).tobytes()

        self.services.worker.ask("map", job)

    # Panels

    def open(self, name: str, value: int | str | None = None) -> None:
        """Open a panel over what is there; the menu makes way for it."""
        self._leave("menu")
        if self.state.panel and self.state.panel.name == name:
            return
        self.state.panels.append(Panel(name, value))
        if name == "history":
            self._load_pages()
        elif name == "hand":
            self.state.examples = self.services.learner.shown()
        elif name == "files":
            self.folder(str(self._first_folder()))

    def escape(self, _: Any = None) -> None:
        """Close what is on top, or leave the exercise; on the pad it does nothing, as fingers are used to it."""
        state = self.state
        if state.panel:
            state.panels.pop()
        elif state.exercise:
            self.practice()

    def turn(self, step: int) -> None:
        """Turn the page of a panel, where its buttons can."""
        panel = self.state.panel
        buttons = [widget.takes for widget in self.app.scene().card]
        if panel and any(action and action.name == "turn" and action.value == step for action in buttons):
            panel.page += step
            if panel.name == "history":
                self._load_pages()

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
            self.typed()
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

    # Files

    def folder(self, path: str) -> None:
        """Show a folder."""
        try:
            self.state.entries = list_folder(Path(path))
            self.state.folder = Path(path)
        except DigitpadError as error:
            self._fault(error)
        if self.state.panel:
            self.state.panel.page = 0

    def file(self, path: str) -> None:
        """Open a file of ink, of which the first sample is shown, or a picture."""
        self._close_panels()
        sample = next(read_sources([path]), None)
        if sample is None or (isinstance(sample.content, tuple) and not sample.content):
            sample = Sample(path, ImageError("there is nothing in it"))
        content = sample.content
        if isinstance(content, DigitpadError):
            self.app.say(f"{sample.where}: {content}")  # not to the log: what a file is called may be private
            return
        self._make_room()
        if isinstance(content, np.ndarray):
            self.state.picture = Picture(content, next(self._pictures))
            self.app.changed()
        elif sheet := self._show_ink(content):
            self.services.keeper.leave_out(range(sheet, sheet + 1))  # it has a file of its own
        self.app.say(self.state.say("opened", name=Path(path).name))

    def _make_room(self) -> None:
        """Wipe the pad for what is opened, which is no exercise."""
        self.state.erasing = False
        if self.state.exercise:
            self.practice()
        else:
            self.clear()

    def _show_ink(self, ink: Ink) -> int | None:
        """Put ink of any scale on the pad, as large as fits; returns the number of its sheet, None for no ink."""
        if not ink:
            return None
        points = np.concatenate(ink)
        pad = self.app.layout().pad
        low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
        scale = min(0.8 * pad.width / extent[0], 0.6 * pad.height / extent[1])
        start = (np.array([pad.width, pad.height]) - extent * scale) / 2
        placed = [(stroke - low) * scale + start for stroke in ink]
        sheet = self.state.pad.load(_lines(placed), (pad.width, pad.height))
        self.app.changed()
        return sheet.number

    def _first_folder(self) -> Path:
        """Return the folder to begin with: where was opened last, where pictures are saved, or home."""
        wanted = [self.state.folder, self.services.folders.pictures if self.services.folders else None, Path.home()]
        return next((folder for folder in wanted if folder and folder.is_dir()), Path("/"))

    # History

    def entry(self, number: int) -> None:
        """Show one page of the history."""
        self.open("entry", number)

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
        self._make_room()
        if sheet := self._show_ink(ink):
            self.services.keeper.restored(sheet, number, self.state.pad.ink())
            self.app.changed()

    def keypad(self, _: Any = None) -> None:
        """Ask what a page of the history really says."""
        self.open("keypad", "")

    def rub(self, _: Any = None) -> None:
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
        self._load_pages()

    def delete(self, number: int) -> None:
        """Delete a page of the history."""
        if self._stored(lambda: self.services.keeper.store.delete_page(number)):
            self.services.keeper.deleted(number)
        self._leave("entry")
        self._load_pages()

    def export(self, _: Any = None) -> None:
        """Write what was labelled as ink lines for training."""
        if self.services.folders is None:
            return
        path = self.services.folders.pictures / f"digitpad-{self.services.now():%Y%m%d-%H%M%S}.jsonl"

        def job() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            count = self.services.keeper.store.export(path)
            say = self.state.say
            self.app.say(say("exported", count=count, path=path) if count else say("examples_none"))

        self._stored(job)

    def forget(self, _: Any = None) -> None:
        """Delete history and lessons."""
        self._close_panels()
        left: list[Path] = []
        if not self._stored(lambda: left.extend(self.services.forget_everything())):
            return
        self.services.keeper.forgotten(self.state.pad.newest)
        with self.services.worker.alone():
            self.services.learner.attach(self.services.learner.classifier)
            self._unsee()
        names = ", ".join(path.name for path in left)  # damaged files, set aside: the owner's to delete
        self.app.say(self.state.say("forgotten") + (f" ({names})" if names else ""))
        self.app.changed()

    def unlearn(self, number: int) -> None:
        """Forget one example."""
        with self.services.worker.alone():
            self.services.learner.remove(number)
            self._unsee()
        self.state.examples = self.services.learner.shown()
        self.app.changed()

    def _load_pages(self) -> None:
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

        self._stored(job)

    def _history_body(self) -> Area:
        return framed(self.state, "", self.app.metrics, card_area(self.app.metrics))[0]

    # Practice

    def practice(self, _: Any = None) -> None:
        """Begin an exercise, or end it; the pad is wiped for it."""
        self._leave("menu")
        self.state.erasing = False
        self.clear()
        for timer in ("judge", "demonstration"):
            self.app.after(timer, None)
        self.state.exercise = None if self.state.exercise else Exercise(Practice(self.services.dice))

    def next(self, _: Any = None) -> None:
        """Ask for the next number."""
        if self.state.exercise:
            self.clear()
            self.state.exercise.practice.next()
            self.state.exercise.judged = self.state.exercise.shown = None

    def show(self, _: Any = None) -> None:
        """Show how the number is written."""
        exercise = self.state.exercise
        if exercise:
            if exercise.judged is not None:
                exercise.judged = None
            self.clear()
            pad = self.app.layout().pad
            exercise.shown = demonstration(exercise.practice.target, pad.width, pad.height)
            exercise.shown_since = self.app.now
            self.app.after("demonstration", 0)

    def judge(self, _: Any = None) -> None:
        """Say whether the number is right, and keep its digits as examples where they are sure to be what was asked."""
        exercise, reading = self.state.exercise, self.state.reading
        if exercise is None or exercise.judged is not None or not self.state.is_read or self.state.pad.current:
            return
        exercise.judged = exercise.practice.judge(reading.text)
        for number, label in labelled_glyphs(exercise.practice.target, reading):
            digit = reading.digits[number]
            strokes = tuple(self.state.pad.strokes[i] for i in digit.strokes)
            self._learn((strokes, label), digit, label, "practice")

    # Settings

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
                notices.append(state.say("saved_settings_not", reason=error))
        if name == "language":
            folder = self.services.folders.config / "languages" if self.services.folders else None
            state.say, problems = load_language(value, folder)
            state.languages = available_languages(folder)
            notices += problems
        elif name == "history":
            state.panels[:] = [panel for panel in state.panels if panel.name != "privacy"]
            notices += self.services.keep_history(value == "on")
            with self.services.worker.alone():
                self._unsee()
            self.app.changed()
        elif name == "learn":
            with self.services.worker.alone():
                if self.services.learner.classifier:
                    self.services.learner.classifier.enabled = value
                self._unsee()
            self.app.changed()
        self.app.resize(self.app.surface)
        for notice in notices:
            self.app.complain(notice)

    def fullscreen(self, _: Any = None) -> None:
        """Fill the screen, or not."""
        self._leave("menu")
        self.set(("fullscreen", not self.state.settings.fullscreen))

    def start_afresh(self) -> None:
        """Leave nothing of a visitor's for the next one."""
        if self.state.exercise:
            self.practice()
        self.clear()
        self.state.pad = Pad(newest=self.state.pad.newest)
        self.state.read_page = self.state.pad.page
        self.state.panels.clear()
        self.state.erasing, self.state.toast = False, None

    # What they share

    def _learn(self, key: Key, digit: Digit, label: str, source: str = "correction") -> None:
        """Teach that a digit is a `label`, where that is news; what was learned is said."""
        if not self._learns or digit.image is None:
            return
        if source == "correction" and digit.digit == label and not digit.pinned:
            return  # it was read so: nothing to learn
        ink = make_ink([part.points for part in digit.parts])
        lesson = None
        try:
            with self.services.worker.alone():
                lesson = self.services.learner.teach(key, digit.image, label, ink, source)
                self._unsee()
        except DigitpadError as error:  # it stands corrected on the page all the same
            self._fault(error)
        if lesson is None or source == "practice":
            return
        if lesson.used:
            self.app.say(self.state.say("learned", digit=label if label != REJECT else self.state.say("no_digit")))
        else:
            self.app.say(self.state.say("learned_set_aside", other=lesson.like or best_of(digit)))

    def _relearn(self, gone: Keys, come: Keys) -> None:
        """Take lessons back, and teach others again."""
        learner = self.services.learner
        come = come if self._learns else set()
        try:
            with self.services.worker.alone():
                if any([*map(learner.take_back, gone), *map(learner.teach_again, come)]):
                    self._unsee()
        except DigitpadError as error:
            self._fault(error)

    @property
    def _learns(self) -> bool:
        """Whether corrections teach; a kiosk's visitors correct the page alone."""
        return self.state.settings.learn and not self.state.settings.kiosk

    def _unsee(self) -> None:
        if self.app.recognizer:
            self.app.recognizer.forget_seen()

    def _stored(self, job: Callable[[], Any]) -> bool:
        """Do something with the store; returns whether that went well, and says it if not."""
        try:
            job()
        except (StoreError, OSError) as error:
            self._fault(error)
            return False
        return True

    def _fault(self, error: Exception) -> None:
        self.app.complain(str(error))

    def _close_panels(self) -> None:
        """Close all panels but the question that has not been answered yet."""
        self.state.panels[:] = [panel for panel in self.state.panels if panel.name == "privacy"]

    def _leave(self, name: str) -> None:
        """Close a panel if it is on top."""
        if self.state.panel and self.state.panel.name == name:
            self.state.panels.pop()


def _lines(ink: Sequence[Stroke]) -> tuple[Line, ...]:
    return tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in ink)


def _picture_key(picture: Picture, number: int) -> Key:
    return (), f"{picture.number}-{number}"


def _key(page: Page, pin: Pin) -> Key:
    return tuple(page.strokes[i] for i in pin.strokes), pin.label or ""


def _difference(before: Page, after: Page) -> tuple[Keys, Keys]:
    """Return what is said of digits on one page and no more on the other, and the other way round."""
    return _said(before) - _said(after), _said(after) - _said(before)


def _said(page: Page) -> Keys:
    """Return what was said of digits on a page."""
    return {_key(page, pin) for pin in page.pins if pin.label is not None}
