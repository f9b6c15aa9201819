"""Opens the window at once, loads the model in the background, and runs the event loop."""

import contextlib
import os
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from .platform.display import (
    Display,
    copy_text,
    density,
    on_lost_display,
    wait_for_screen,
)  # before pygame: it sets what SDL reads when it is loaded

# isort: split
import pygame

from ..errors import ModelError, Notice, SettingsError
from ..i18n import available_languages, load_language
from ..modelfiles.card import ModelOption
from ..recognition.recognizer import Recognizer
from ..storage.history import HistoryStore
from ..storage.log import Log
from ..storage.paths import Paths, find_paths
from ..storage.settings import Settings, read_settings, write_settings
from ..system.speech import find_speaker
from ..system.watchdog import Watchdog
from .actions import Action
from .app import WAKE, App
from .background import Worker
from .handlers.panels import leave
from .history_recorder import HistoryRecorder
from .input import is_sound
from .page_printer import PagePrinter
from .personalization import Personalization
from .platform.sdl import make_waiter, milliseconds
from .question import Question
from .reader import Loaded, with_lessons
from .services import Services
from .side_by_side import Comparison, open_float
from .state import State

BUNDLED = ModelOption()  # or the installed model
LOST = 1  # exit status when the display is lost; 3 means that there never was one, and a service is not restarted
NO_ANSWER = 1
SWITCH = 0.0005  # seconds between thread switches: drawing must not wait for the network


def run(
    wanted: ModelOption = BUNDLED,
    *,
    changes: dict[str, Any] | None = None,
    settings_file: Path | None = None,
    compare: bool = False,
    float_model: Path | None = None,
    file: str | None = None,
    size: tuple[int, int] | None = None,
    question: Question | None = None,
    print_pages: bool = False,
    screen: int | None = None,
) -> int:
    """Open the window and run it until it is closed; returns the exit status.

    `changes` are settings for this run only. With a `question`, the number goes to standard output, and the status is 1
    if there is none; with `print_pages`, each finished page does. A `float_model` that cannot be opened sets the exit
    status; a missing default one does not.
    """
    sys.setswitchinterval(SWITCH)
    if screen is None:
        screen = int(chosen) if (chosen := os.environ.get("PYGAME_DISPLAY", "")).isdecimal() else 0
    folders, problems = _folders()
    path = settings_file or (folders.settings_file if folders else None)
    settings, found = read_settings(path) if path else (Settings(), [])
    problems += [Notice(problem, SettingsError.key) for problem in found]
    settings = replace(settings, **(changes or {}))
    if wanted.unlisted and settings.kiosk:
        raise ModelError("--unlisted is not allowed in kiosk mode. First run: digitpad use-model FILE --unlisted")
    if settings.kiosk:
        wait_for_screen(Watchdog(os.environ, milliseconds).waiting)
    display = Display(
        rotate=settings.rotate, fullscreen=settings.fullscreen, kiosk=settings.kiosk, size=size, screen=screen
    )
    comparison = Comparison(partial(open_float, float_model, folders, unlisted=wanted.unlisted))
    app = make_app(display, settings, folders, path, comparison, screen)
    app.state.comparing, app.state.question = compare, question
    printer = None
    if print_pages:
        printer = PagePrinter(sys.stdout.fileno(), app.services.now, app.services.log, _quit)
        app.services.recorder.on_page = printer.print_page
    display.show(app.draw())  # before anything slow
    app.tick(milliseconds())  # sets the clock by which notices are hidden
    app.in_use()
    open_rest(app, wanted, problems)
    if file:
        app.do(Action("file", file))
    if question and question.timeout:
        app.ctx.timers.after(round(1000 * question.timeout), leave, app.ctx)
    status = serve(app, display)
    if printer:
        printer.close()
    if question:
        if app.state.answer is None:
            return status or NO_ANSWER
        print(app.state.answer, flush=True)
    if float_model and app.services.comparison.fault:
        status = status or app.services.comparison.fault.exit_status
    return status


def _folders() -> tuple[Paths | None, list[str]]:
    try:
        return find_paths(), []
    except SettingsError as error:
        return None, [Notice(f"{error}. Until then nothing is kept", error.key)]


def make_app(
    display: Display,
    settings: Settings,
    folders: Paths | None,
    path: Path | None,
    comparison: Comparison,
    screen: int = 0,
) -> App:
    """Return the app with what its first frame needs; `open_rest` opens store and model."""
    extra = folders.config / "languages" if folders else None
    tr, problems = load_language(settings.language, extra)
    state = State(settings, tr, {})
    log = Log(folders.log_file if folders else None)
    for problem in problems:
        log(problem)

    memory = HistoryStore.in_memory()
    comparison.log = log
    services = Services(
        worker=Worker(_wake),
        recorder=HistoryRecorder(memory),
        personalization=Personalization(memory),
        comparison=comparison,
        rng=random.Random(),
        now=lambda: datetime.now(UTC).astimezone(),
        copy=copy_text,
        log=log,
        folders=folders,
        write_settings=partial(write_settings, path) if path else None,
    )
    return App(display.surface, state, services, density=density(screen))


def _wake() -> None:
    pygame.event.post(pygame.event.Event(WAKE))


def _quit() -> None:
    with contextlib.suppress(pygame.error):  # the window is closed already
        pygame.event.post(pygame.event.Event(pygame.QUIT))


def open_rest(app: App, wanted: ModelOption, problems: list[str]) -> None:
    """Open what the first frame does not need: model, history, speech, list of languages."""
    state, services = app.state, app.services
    services.worker.submit("load", partial(_load, wanted, services.folders))
    state.languages = available_languages(services.folders.config / "languages" if services.folders else None)
    services.speaker = find_speaker()
    state.can_speak = services.speaker is not None
    if state.settings.history == "on":
        problems += services.keep_history(True)
    elif state.settings.history == "ask" and not (state.settings.kiosk or state.question) and services.folders:
        state.keep_question = "later"
    for problem in problems:
        app.report(problem)


def _load(wanted: ModelOption, folders: Paths | None) -> Loaded:
    from ..modelfiles.registry import open_classifier  # in the worker's thread, after the first frame

    notices: list[str] = []
    return with_lessons(Recognizer(classifier=open_classifier(wanted, folders, notices.append)), notices)


def serve(app: App, display: Display) -> int:
    """Handle events until the app ends; returns the exit status."""
    wait, watchdog = make_waiter(), Watchdog(os.environ, milliseconds)
    settings, awake, closing = app.state.settings, None, False
    dark = settings.kiosk  # as one that crashed may have left it
    display.show(app.draw())
    on_lost_display(partial(_leave_at_once, app))
    watchdog.ready()
    while app.state.running:
        if awake is not (lit := app.state.settings.kiosk and app.state.light != "off"):
            awake = lit
            display.keep_awake(lit)
        wait(watchdog.at_most(app.next_tick()))
        watchdog.alive()
        for event in _events(app.services.log):
            if event.type == pygame.WINDOWCLOSE:
                closing = app.state.settings.kiosk and not app.state.question
            elif event.type == pygame.QUIT and closing:
                closing = False  # Alt+F4 in a kiosk; a QUIT without WINDOWCLOSE comes from the system
            elif event.type in (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
                display.refit()
                app.resize(display.surface)
            elif is_sound(event):
                app.handle(display.upright(event), milliseconds())
        app.tick(milliseconds())
        if settings is not app.state.settings:
            settings = app.state.settings
            display.change(rotate=settings.rotate, fullscreen=settings.fullscreen, kiosk=settings.kiosk)
            app.resize(display.surface)
        goes_dark = app.state.light == "off"
        if dark and not goes_dark:
            display.switch(on=True)  # only then it takes a picture
        display.show(app.draw())
        if goes_dark and not dark:
            display.switch(on=False)
        dark = goes_dark
    if dark:
        display.switch(on=True)
    watchdog.stopping()
    app.close()
    pygame.quit()
    return app.reader.exit_status


def _events(log: Callable[[str], None]) -> list[pygame.event.Event]:
    try:
        return pygame.event.get()
    except SystemError as error:  # pygame raises it for a dropped file whose name is not UTF-8
        log(f"events were lost: {error.__cause__ or error}")
        return []


def _leave_at_once(app: App) -> None:
    """Save what is on the pad and exit, with a status on which a service restarts."""
    try:
        app.services.log("the display is lost; what was written is saved")
        app.close()
    finally:
        os._exit(LOST)
